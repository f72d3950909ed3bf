// The newest and the oldest stamp of a log, from its ends.
import type { VfsFile } from "../disk/vfs.ts";
import type { LineHead } from "../line/decode.ts";
import { compareStamps } from "../line/stamp.ts";
import type { Stamp } from "../line/stamp.ts";
import { readPieces, readTail } from "./pieces.ts";

const FIRST_BYTES = 4096;

/** The stamp of the last whole line; undefined: there is none. A log is written in the order of its stamps. */
export function lastStamp(file: VfsFile, size: number): Stamp | undefined {
  for (let bytes = FIRST_BYTES; ; bytes *= 8) {
    const length = Math.min(bytes, size);
    const line = endsOf(file, size - length, length, length < size)?.last;
    if (line !== undefined || length === size) return line?.stamp;
  }
}

/** True when no line of the log has this stamp or a greater one. */
export function endsBefore(file: VfsFile, size: number, stamp: Stamp): boolean {
  const last = lastStamp(file, size);
  return last === undefined || compareStamps(last, stamp) < 0;
}

/** The log's first line, which is its header where all is well. */
export function firstLine(file: VfsFile, size: number): LineHead | undefined {
  for (let bytes = FIRST_BYTES; ; bytes *= 8) {
    const length = Math.min(bytes, size);
    const line = endsOf(file, 0, length, false)?.first;
    if (line !== undefined || length === size) return line;
  }
}

/** The first and the last line that stand whole in this stretch; `isCut`: it may begin in the middle of one. */
function endsOf(
  file: VfsFile,
  from: number,
  length: number,
  isCut: boolean,
): { first: LineHead; last: LineHead } | undefined {
  const bytes = Buffer.allocUnsafe(length);
  const count = file.read(bytes, 0, length, from);
  const start = isCut ? bytes.indexOf(10) + 1 : 0;
  if (isCut && start === 0) return undefined;
  let first: LineHead | undefined;
  let last: LineHead | undefined;
  const sink = {
    line(line: LineHead): void {
      first ??= line;
      last = line;
    },
    problem(): void {},
  };
  const rest = readPieces(bytes, start, count, from, sink);
  readTail(bytes, rest, count, from, sink);
  return first !== undefined && last !== undefined ? { first, last } : undefined;
}
