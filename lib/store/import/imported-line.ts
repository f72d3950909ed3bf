// A line that an import wrote: still in memory on its way into the log, or in a file. It is looked at only where the source
// says its message or part again.
import type { VfsFile } from "../../disk/vfs.ts";
import { dataText, decodeLabel, readAt } from "../../line/decode.ts";
import { isSameData } from "../../line/same-data.ts";
import { compareStamps } from "../../line/stamp.ts";
import type { Stamp } from "../../line/stamp.ts";

/** What stands before its data nearly always fits in so much. */
const HEAD_BYTES = 512;

export class ImportedLine {
  readonly #stamp: Stamp;
  /** Until it is written. */
  #json: string | undefined;
  #file: VfsFile | undefined;
  #offset = 0;
  #length = 0;

  constructor(stamp: Stamp, json?: string) {
    this.#stamp = stamp;
    this.#json = json;
  }

  /** It was written. */
  isAt(file: VfsFile, offset: number, length: number): void {
    this.#json = undefined;
    this.#file = file;
    this.#offset = offset;
    this.#length = length;
  }

  /** The id that stands in it. */
  id(): string | undefined {
    const head = this.#read(Math.min(this.#length, HEAD_BYTES));
    const id = head === undefined ? undefined : decodeLabel(head, 0, head.length).id;
    if (id !== undefined || this.#length <= HEAD_BYTES) return id;
    const bytes = this.#read(this.#length);
    return bytes === undefined ? undefined : decodeLabel(bytes, 0, bytes.length).id;
  }

  #read(length: number): Buffer | undefined {
    if (this.#file === undefined) return undefined;
    const bytes = Buffer.allocUnsafe(length);
    return this.#file.read(bytes, 0, length, this.#offset) === length ? bytes : undefined;
  }

  /** The JSON of its data; undefined: nobody can tell, it was altered, or another line lies there by now. */
  text(): string | undefined {
    if (this.#json !== undefined) return this.#json;
    const bytes = this.#read(this.#length);
    const stamp = bytes === undefined ? undefined : readAt(bytes, 0, bytes.length);
    if (bytes === undefined || stamp === undefined || compareStamps(stamp, this.#stamp) !== 0) return undefined;
    return dataText(bytes, 0, bytes.length);
  }

  /** True if its data is this; undefined: nobody can tell. */
  says(json: string): boolean | undefined {
    const text = this.text();
    if (text === undefined) return undefined;
    return text === json || isSameData(JSON.parse(text), json);
  }
}
