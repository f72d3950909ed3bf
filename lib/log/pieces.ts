// From bytes to lines. A log is split at 0x0A only; what stands between two newlines is a piece, and a piece is a line,
// nothing (blank), or damage. Damage is reported, never dropped in silence.
import type { VfsFile } from "../disk/vfs.ts";
import { LF, LINE_START } from "../line/codec.ts";
import { decodeHead, hasRightCrc } from "../line/decode.ts";
import type { LineHead } from "../line/decode.ts";
import type { Stamp } from "../line/stamp.ts";

/**
 * `torn`: a write that did not finish, at the end of the log. `damaged`: a piece that is no line.
 * `glued`: lines found inside a damaged piece. `altered`: a line whose checksum is wrong. `conflict`: a marker of git's.
 * `incomplete`: lines of a commit whose end is missing. `twice`: another line with this stamp counts.
 */
export type ProblemCode = "torn" | "damaged" | "glued" | "altered" | "conflict" | "incomplete" | "twice";

export interface Problem {
  readonly code: ProblemCode;
  readonly offset: number;
  readonly length: number;
}

/** A piece that is no line, and where it stood. */
export interface Fragment {
  readonly file: VfsFile;
  readonly offset: number;
  readonly length: number;
  /** The line before it. */
  readonly before: Stamp | undefined;
}

/** True for what is no line; an altered one is, and so is what was found glued to something. */
export function isFragment({ code }: Problem): boolean {
  return code !== "altered" && code !== "glued";
}

export interface PieceSink {
  line(line: LineHead): unknown;
  problem(problem: Problem): unknown;
}

/** How much is checksummed to take one piece apart, at least, so that a hostile one costs no hours. */
const TAKE_APART_BYTES = 64 * 1024 * 1024;
const BOM = Buffer.from([0xef, 0xbb, 0xbf]);
const CONFLICT = /^(?:<{7}|={7}|>{7}|\|{7})(?: |$)/;
const CRC_START = Buffer.from(',"crc":"');
const CRC_LENGTH = ',"crc":"00000000"}'.length;

/** A piece can only begin where one has ended. */
export async function isPieceStart(file: VfsFile, offset: number): Promise<boolean> {
  const before = Buffer.alloc(1);
  if (offset === 0) return true;
  const count =
    file.isFar === true ? await file.readLater(before, 0, 1, offset - 1) : file.read(before, 0, 1, offset - 1);
  return count === 1 && before[0] === LF;
}

/** Reads the pieces in bytes[start, end) that end in a newline; bytes[0] is at `base` in the log. -> where the rest begins */
export function readPieces(bytes: Buffer, start: number, end: number, base: number, sink: PieceSink): number {
  let at = start;
  for (;;) {
    const newline = bytes.indexOf(LF, at);
    if (newline === -1 || newline >= end) return at;
    readPiece(bytes, at, newline, base, sink);
    at = newline + 1;
  }
}

/** What stands after the last newline: a line if its checksum is right, else the torn end of a write. */
export function readTail(
  bytes: Buffer,
  start: number,
  end: number,
  base: number,
  sink: PieceSink,
): "none" | "line" | "torn" {
  const [from, to] = trim(bytes, start, end);
  if (from === to) return "none";
  const line = hasRightCrc(bytes, from, to) ? decodeHead(bytes, from, to) : undefined;
  if (line === undefined) return "torn";
  line.offset = base + from;
  sink.line(line);
  return "line";
}

function readPiece(bytes: Buffer, start: number, end: number, base: number, sink: PieceSink): void {
  // Nearly every piece is a line as it stands.
  let from = start;
  let to = end;
  let line = to > from ? decodeHead(bytes, from, to) : undefined;
  if (line === undefined || !line.sound) {
    [from, to] = trim(bytes, start, end);
    if (from === to) return;
    line = decodeHead(bytes, from, to);
  }
  const offset = base + from;
  if (line !== undefined) {
    line.offset = offset;
    if (!line.sound) sink.problem({ code: "altered", offset, length: to - from });
    sink.line(line);
  } else if (CONFLICT.test(bytes.toString("latin1", from, Math.min(to, from + 8)))) {
    sink.problem({ code: "conflict", offset, length: to - from });
  } else {
    takeApart(bytes, from, to, base, sink);
  }
}

/** Without what editors, line endings and power cuts leave around a line: blanks, CR, NUL, a BOM. */
function trim(bytes: Buffer, start: number, end: number): [from: number, to: number] {
  let from = start;
  let to = end;
  while (from < to && isBlank(bytes[from] as number)) from++;
  if (to - from >= BOM.length && BOM.equals(bytes.subarray(from, from + BOM.length))) from += BOM.length;
  while (from < to && isBlank(bytes[from] as number)) from++;
  while (to > from && isBlank(bytes[to - 1] as number)) to--;
  return [from, to];
}

function isBlank(byte: number): boolean {
  return byte === 32 || byte === 9 || byte === 13 || byte === 0;
}

/** Finds the whole lines in a piece that is none: a line begins at {"at":" and ends in its own checksum. */
function takeApart(bytes: Buffer, start: number, end: number, base: number, sink: PieceSink): void {
  let lost = start;
  let budget = Math.max(TAKE_APART_BYTES, 8 * (end - start));
  let from = bytes.indexOf(LINE_START, start);
  while (from !== -1 && from < end && budget > 0) {
    let next = from + 1;
    for (
      let mark = bytes.indexOf(CRC_START, from);
      mark !== -1 && budget > 0;
      mark = bytes.indexOf(CRC_START, mark + 1)
    ) {
      const to = mark + CRC_LENGTH;
      if (to > end) break;
      budget -= to - from;
      const line = hasRightCrc(bytes, from, to) ? decodeHead(bytes, from, to) : undefined;
      if (line === undefined) continue;
      if (from > lost) sink.problem({ code: "damaged", offset: base + lost, length: from - lost });
      sink.problem({ code: "glued", offset: base + from, length: to - from });
      line.offset = base + from;
      sink.line(line);
      next = to;
      lost = to;
      break;
    }
    from = bytes.indexOf(LINE_START, next);
  }
  if (lost < end) sink.problem({ code: "damaged", offset: base + lost, length: end - lost });
}
