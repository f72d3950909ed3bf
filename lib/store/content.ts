// All that a log holds, for those who write it anew or look for something in it: its lines, and the pieces that are none.
import { Aside } from "../disk/aside.ts";
import type { OpenFile } from "../disk/descriptors.ts";
import type { Layout } from "../disk/names.ts";
import type { Vfs } from "../disk/vfs.ts";
import type { LineHead } from "../line/decode.ts";
import { compareStamps } from "../line/stamp.ts";
import type { Problem } from "../log/pieces.ts";
import { scan } from "../log/scan.ts";
import { unique } from "./unite.ts";

export interface LogContent {
  readonly open: OpenFile;
  /** How much of the file was read. */
  readonly size: number;
  /** Sorted, each stamp once. */
  readonly lines: LineHead[];
  readonly fragments: readonly Problem[];
  /** They stand so in the file. */
  readonly isSorted: boolean;
}

/** All lines of a log, and the pieces that are none. */
export async function readLog(open: OpenFile): Promise<LogContent> {
  const { size } = open.file.stat();
  const lines: LineHead[] = [];
  const problems: Problem[] = [];
  let isSorted = true;
  let last: LineHead | undefined;
  const { end, tail } = await scan(open.file, 0, size, {
    line: (line) => {
      isSorted &&= last === undefined || compareStamps(line.stamp, last.stamp) > 0;
      last = line;
      lines.push(line);
    },
    problem: (problem) => problems.push(problem),
  });
  if (tail === "torn") problems.push({ code: "torn", offset: end, length: size - end });
  const fragments = problems.filter(({ code }) => code !== "altered" && code !== "glued");
  return {
    open,
    size,
    fragments,
    isSorted,
    lines: unique(lines.map((line) => ({ line, open }))).map(({ line }) => line),
  };
}

/** What is no line and not taken over goes to lost+found/. */
export function keepFragment(
  { vfs, layout }: { readonly vfs: Vfs; readonly layout: Layout },
  name: string,
  open: OpenFile,
  { offset, length }: Problem,
): void {
  const bytes = Buffer.alloc(length);
  const count = open.file.read(bytes, 0, length, offset);
  const aside = new Aside(vfs, layout.aside);
  try {
    aside.write(bytes.subarray(0, count));
    aside.publish(layout.lost(name, `${Date.now()}-${offset}`));
  } finally {
    aside.discard();
  }
}
