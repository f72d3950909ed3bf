// From a line to its bytes.
import { crc32 } from "node:zlib";
import { CRC_LENGTH, CRC_START, LF } from "./codec.ts";
import { formatStamp } from "./stamp.ts";
import type { Stamp } from "./stamp.ts";

/** A line that is about to be written. `json` is the text of `data`. */
export interface Draft {
  readonly stamp: Stamp;
  readonly type: string;
  readonly after?: Stamp | undefined;
  readonly id?: string | undefined;
  /** The id needs no escape: the store made it. */
  readonly isPlainId?: boolean | undefined;
  readonly of?: Stamp | undefined;
  readonly message?: Stamp | undefined;
  readonly json?: string | undefined;
}

const FIRST_BYTES = 16 * 1024;
/** A larger buffer is not kept. */
const MOST_BYTES = 1024 * 1024;
const HEX_DIGITS = Buffer.from("0123456789abcdef");
const QUOTE = 34;
const BRACE = 125;
const encoder = new TextEncoder();

/** Lines one after the other, each with its checksum and its newline. Used again and again: encoding allocates little. */
export class LineBuffer {
  bytes: Buffer = Buffer.allocUnsafeSlow(FIRST_BYTES);
  length = 0;

  /** `batch` stands on the first line of a commit of several. -> the line's length without its newline */
  add(draft: Draft, batch = 0): number {
    const start = this.length;
    let end = this.#write(bodyOf(draft, batch), start);
    const { bytes } = this;
    // A plain view is made sooner than a Buffer.
    const crc = crc32(new Uint8Array(bytes.buffer, bytes.byteOffset + start, end - start));
    for (let index = 0; index < CRC_START.length; index++) bytes[end++] = CRC_START[index] as number;
    for (let shift = 28; shift >= 0; shift -= 4) bytes[end++] = HEX_DIGITS[(crc >>> shift) & 15] as number;
    bytes[end++] = QUOTE;
    bytes[end++] = BRACE;
    bytes[end++] = LF;
    this.length = end;
    return end - 1 - start;
  }

  /** A newline alone seals a torn end. */
  addNewline(): void {
    this.bytes[this.length++] = LF;
  }

  clear(): void {
    this.length = 0;
    if (this.bytes.length > MOST_BYTES) this.bytes = Buffer.allocUnsafeSlow(FIRST_BYTES);
  }

  /** -> where the text ends */
  #write(text: string, start: number): number {
    this.#reserve(text);
    const { written } = encoder.encodeInto(text, start === 0 ? this.bytes : this.bytes.subarray(start));
    // As many bytes as characters: nothing but ASCII, so nothing to escape.
    if (written === text.length || !(text.includes("\u2028") || text.includes("\u2029"))) return start + written;
    // The two separators that some readers take for line ends. They stand in texts only, so JSON stays JSON.
    return this.#write(text.replaceAll("\u2028", "\\u2028").replaceAll("\u2029", "\\u2029"), start);
  }

  #reserve(text: string): void {
    const free = this.bytes.length - this.length - CRC_LENGTH - 2;
    if (text.length * 3 <= free) return;
    const bytes = Buffer.byteLength(text);
    if (bytes <= free) return;
    const wider = Buffer.allocUnsafeSlow(Math.max(this.bytes.length * 2, this.length + bytes + 1024));
    this.bytes.copy(wider, 0, 0, this.length);
    this.bytes = wider;
  }
}

function bodyOf(draft: Draft, batch: number): string {
  let text = `{"at":"${formatStamp(draft.stamp)}","type":"${draft.type}"`;
  if (draft.after !== undefined) text += `,"after":"${formatStamp(draft.after)}"`;
  if (batch > 1) text += `,"batch":${batch}`;
  if (draft.id !== undefined) text += draft.isPlainId ? `,"id":"${draft.id}"` : `,"id":${JSON.stringify(draft.id)}`;
  if (draft.of !== undefined) text += `,"of":"${formatStamp(draft.of)}"`;
  if (draft.message !== undefined) text += `,"message":"${formatStamp(draft.message)}"`;
  if (draft.json !== undefined) text += `,"data":${draft.json}`;
  return text;
}
