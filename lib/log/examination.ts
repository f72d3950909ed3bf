// All that stands in a log, byte by byte: its lines, and what is wrong with everything between them. Readers take NUL
// runs, carriage returns and a missing last newline for nothing; here they are found, too.
import { CRC_LENGTH, CRC_START, LF, LINE_START } from "../line/codec.ts";
import type { LineHead } from "../line/decode.ts";
import { LineTable } from "../line/line-table.ts";
import type { VfsFile } from "../disk/vfs.ts";
import { readPieces } from "./pieces.ts";
import type { PieceSink, Problem, ProblemCode } from "./pieces.ts";
import { scan } from "./scan.ts";

/**
 * Beside what readers meet: `fragment`: the torn end of a write that a later one sealed. `nul`: NUL bytes around a line.
 * `line-ends`: carriage returns or a byte order mark around lines, all of the log in one. `unended`: the last line has no
 * newline.
 */
export type FindingCode = Exclude<ProblemCode, "incomplete" | "twice"> | "fragment" | "nul" | "line-ends" | "unended";

interface Finding {
  readonly code: FindingCode;
  readonly offset: number;
  readonly length: number;
}

/** The first `session` line of a log. */
interface Header {
  readonly id: string | undefined;
  readonly format: unknown;
  readonly sound: boolean;
  readonly offset: number;
  readonly length: number;
}

export interface Examination {
  /** How much of the file this is about: up to its torn end, if it has one. */
  readonly end: number;
  readonly lines: LineTable;
  /** In the order of their offsets. */
  readonly findings: readonly Finding[];
  readonly header: Header | undefined;
  /** The log ends in a write that did not finish, or that goes on at this moment. */
  readonly isTorn: boolean;
}

/** Of more, those that stand side by side are one. */
const MOST_FINDINGS = 1000;
const GAP_BYTES = 64 * 1024;
const CR = 13;
const BOM_START = 0xef;

/**
 * Reads the first `size` bytes. `onLine` is told of each line. `sealed`: the torn end is read as if a newline had been
 * written after it, which is what the next append does: what is whole in it becomes lines.
 */
export async function examineLog(
  file: VfsFile,
  size: number,
  {
    onLine,
    sealed = false,
    signal,
  }: {
    readonly onLine?: (line: LineHead, before: LineTable) => void;
    readonly sealed?: boolean;
    readonly signal?: AbortSignal | undefined;
  } = {},
): Promise<Examination> {
  const examiner = new Examiner(file, onLine);
  const { end, tail } = await scan(file, 0, size, examiner, signal);
  const isTorn = tail === "torn";
  if (isTorn && sealed) {
    const bytes = Buffer.allocUnsafe(size - end + 1);
    const count = file.read(bytes, 0, size - end, end);
    bytes[count] = LF;
    readPieces(bytes, 0, count + 1, end, examiner);
  } else if (isTorn) {
    examiner.problem({ code: "torn", offset: end, length: size - end });
  }
  examiner.finish(size, tail === "line");
  const { lines, findings, header } = examiner;
  return { end: isTorn ? end : size, lines, findings, header, isTorn };
}

class Examiner implements PieceSink {
  readonly lines = new LineTable();
  readonly findings: Finding[] = [];
  header: Header | undefined;
  readonly #file: VfsFile;
  readonly #onLine: ((line: LineHead, lines: LineTable) => void) | undefined;
  /** Where the last line or problem ended. */
  #end = 0;
  #lineEnds: { readonly offset: number; length: number } | undefined;

  constructor(file: VfsFile, onLine: ((line: LineHead, lines: LineTable) => void) | undefined) {
    this.#file = file;
    this.#onLine = onLine;
  }

  line(line: LineHead): void {
    const { type, sound, offset, length, id, data } = line;
    this.#passTo(offset, offset + length);
    if (type === "session" && this.header === undefined)
      this.header = { id, format: (data as { format?: unknown } | null | undefined)?.format, sound, offset, length };
    this.lines.add(line);
    this.#onLine?.(line, this.lines);
  }

  problem({ code, offset, length }: Problem): void {
    const end = this.#end;
    this.#passTo(offset, offset + length);
    const last = this.findings.at(-1);
    // A text that is no log at all is not a finding for each line.
    if (
      this.findings.length >= MOST_FINDINGS &&
      code === "damaged" &&
      last?.code === "damaged" &&
      last.offset + last.length === end &&
      offset === end + 1
    ) {
      this.findings[this.findings.length - 1] = { code, offset: last.offset, length: offset + length - last.offset };
    } else {
      this.findings.push({ code: code as FindingCode, offset, length });
    }
  }

  finish(size: number, isUnended: boolean): void {
    const end = this.#end;
    if (end < size) this.#passTo(size, size);
    if (isUnended) this.findings.push({ code: "unended", offset: end, length: 0 });
    if (this.#lineEnds !== undefined) this.findings.push({ code: "line-ends", ...this.#lineEnds });
    for (const [index, finding] of this.findings.entries()) {
      if (finding.code === "damaged" && this.#isFragment(finding))
        this.findings[index] = { ...finding, code: "fragment" };
    }
    this.findings.sort((a, b) => a.offset - b.offset);
  }

  #passTo(offset: number, end: number): void {
    // One byte between two pieces is the newline.
    if (offset - this.#end > 1 || (this.#end === 0 && offset > 0)) this.#lookBetween(this.#end, offset);
    this.#end = Math.max(this.#end, end);
  }

  /** Between two pieces stand newlines, blanks, NULs, carriage returns and byte order marks. */
  #lookBetween(from: number, to: number): void {
    let nulFrom = -1;
    let nulTo = -1;
    let others = 0;
    let othersFrom = -1;
    const bytes = Buffer.allocUnsafe(Math.min(to - from, GAP_BYTES));
    for (let at = from; at < to;) {
      const count = this.#file.read(bytes, 0, Math.min(bytes.length, to - at), at);
      if (count === 0) break;
      for (let index = 0; index < count; index++) {
        const byte = bytes[index];
        if (byte === 0) {
          if (nulFrom === -1) nulFrom = at + index;
          nulTo = at + index + 1;
        } else if (byte === CR || byte === BOM_START) {
          if (othersFrom === -1) othersFrom = at + index;
          others += byte === CR ? 1 : 3;
        }
      }
      at += count;
    }
    if (nulFrom !== -1) this.findings.push({ code: "nul", offset: nulFrom, length: nulTo - nulFrom });
    if (others === 0) return;
    this.#lineEnds ??= { offset: othersFrom, length: 0 };
    this.#lineEnds.length += others;
  }

  /** It begins as a line does and has no line's end: a write was cut, and sealed later. */
  #isFragment({ offset, length }: Finding): boolean {
    const bytes = Buffer.alloc(LINE_START.length + CRC_LENGTH);
    const count = this.#file.read(bytes, 0, Math.min(LINE_START.length, length), offset);
    if (!LINE_START.subarray(0, count).equals(bytes.subarray(0, count))) return false;
    if (length < CRC_LENGTH) return true;
    const tail = this.#file.read(bytes, 0, CRC_LENGTH, offset + length - CRC_LENGTH);
    return tail < CRC_LENGTH || !bytes.subarray(0, CRC_START.length).equals(CRC_START) || bytes[CRC_LENGTH - 1] !== 125;
  }
}
