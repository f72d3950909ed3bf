// All that a log holds, for those who write it anew or look for something in it: its lines, and the pieces that are none.
import type { OpenFile } from "../../disk/descriptors.ts";
import type { LineHead } from "../../line/decode.ts";
import { compareStamps } from "../../line/stamp.ts";
import { isFragment } from "../../log/pieces.ts";
import type { Fragment, PieceSink, Problem } from "../../log/pieces.ts";
import { scan } from "../../log/scan.ts";
import { unique } from "./unite.ts";

export interface LogContent {
  readonly open: OpenFile;
  /** How much of the file this is about: what may still become whole in its torn end is not. */
  readonly size: number;
  /** Sorted, each stamp once. */
  readonly lines: LineHead[];
  readonly fragments: readonly Fragment[];
  /** They stand so in the file. */
  readonly isSorted: boolean;
}

/** Bytes of a log, [start, end): whole lines with their newlines. */
export interface Stretch {
  readonly start: number;
  readonly end: number;
}

/** All lines of a log, and the pieces that are none. What is `known`, in the order of the file, is passed over. */
export async function readLog(open: OpenFile, known: readonly Stretch[] = []): Promise<LogContent> {
  const { size } = open.file.stat();
  const lines: LineHead[] = [];
  const fragments: Fragment[] = [];
  const keep = ({ offset, length }: Pick<Problem, "offset" | "length">): void =>
    void fragments.push({ file: open.file, offset, length, before: last?.stamp });
  let isSorted = true;
  let last: LineHead | undefined;
  const sink: PieceSink = {
    line: (line) => {
      isSorted &&= last === undefined || compareStamps(line.stamp, last.stamp) > 0;
      last = line;
      lines.push(line);
    },
    problem: (problem) => void (isFragment(problem) && keep(problem)),
  };
  let from = 0;
  for (const { start, end } of known) {
    if (start > from) await scan(open.file, from, start, sink);
    from = end;
  }
  const { end, tail } = await scan(open.file, Math.min(from, size), size, sink);
  if (tail === "torn") keep({ offset: end, length: size - end });
  return {
    open,
    size: tail === "torn" ? end : size,
    fragments,
    isSorted,
    lines: isSorted ? lines : unique(lines.map((line) => ({ line, open }))).map(({ line }) => line),
  };
}
