// A log's bytes as the database has them: a row for each piece between newlines, at the place where it lies in the file. So what
// comes out is what went in, byte for byte, whatever it is.
import { LF } from "../../line/codec.ts";
import { readAt } from "../../line/decode.ts";
import { formatStamp } from "../../line/stamp.ts";
import type { NewLine } from "./stored.ts";

/** Positions of one session's logs: the number of the log, and the offset in it. */
const LOG_BYTES = 2 ** 44;

export function positionOf(log: number, offset: number): number {
  return log * LOG_BYTES + offset;
}

/** Where the log begins that has this position. */
export function logOf(position: number): number {
  return Math.floor(position / LOG_BYTES) * LOG_BYTES;
}

/** The pieces of a log's bytes from `offset` on. Blank ones are no rows: where nothing is there are newlines. */
export function* linesOf(bytes: Buffer, log: number, offset: number): Generator<NewLine> {
  for (let start = 0; start < bytes.length;) {
    const newline = bytes.indexOf(LF, start);
    const end = newline === -1 ? bytes.length : newline;
    if (end > start) {
      const stamp = readAt(bytes, start, end);
      yield {
        position: positionOf(log, offset + start),
        stamp: stamp === undefined ? "" : formatStamp(stamp),
        bytes: bytes.subarray(start, end),
      };
    }
    start = end + 1;
  }
}

/** The bytes [from, to) of a log of which these are the rows. */
export function bytesOf(
  rows: readonly { readonly position: number; readonly bytes: Buffer }[],
  log: number,
  from: number,
  to: number,
): Buffer {
  const bytes = Buffer.alloc(to - from, LF);
  for (const row of rows) {
    const at = row.position - positionOf(log, from);
    const skipped = Math.max(0, -at);
    if (skipped < row.bytes.length) row.bytes.copy(bytes, at + skipped, skipped);
  }
  return bytes;
}
