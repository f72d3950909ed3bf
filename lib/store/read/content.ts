// All that a log holds, for those who write it anew or look for something in it: its lines, and the pieces that are none.
import type { OpenFile } from "../../disk/descriptors.ts";
import type { LineHead } from "../../line/decode.ts";
import { compareStamps } from "../../line/stamp.ts";
import { isFragment } from "../../log/pieces.ts";
import type { Fragment, Problem } from "../../log/pieces.ts";
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

/** All lines of a log, and the pieces that are none. */
export async function readLog(open: OpenFile): Promise<LogContent> {
  const { size } = open.file.stat();
  const lines: LineHead[] = [];
  const fragments: Fragment[] = [];
  const keep = ({ offset, length }: Pick<Problem, "offset" | "length">): void =>
    void fragments.push({ file: open.file, offset, length, before: last?.stamp });
  let isSorted = true;
  let last: LineHead | undefined;
  const { end, tail } = await scan(open.file, 0, size, {
    line: (line) => {
      isSorted &&= last === undefined || compareStamps(line.stamp, last.stamp) > 0;
      last = line;
      lines.push(line);
    },
    problem: (problem) => void (isFragment(problem) && keep(problem)),
  });
  if (tail === "torn") keep({ offset: end, length: size - end });
  return {
    open,
    size: tail === "torn" ? end : size,
    fragments,
    isSorted,
    lines: unique(lines.map((line) => ({ line, open }))).map(({ line }) => line),
  };
}
