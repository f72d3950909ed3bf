// The bytes of a file as lines, split at newlines alone, however long the file is.

/** A longer line is no message of anybody's. */
const MOST_LINE_BYTES = 256 * 1024 * 1024;
const MARK = "\uFEFF";

/** One line of a file, numbered from 1 where the reading began. Undefined text: longer than any line may be. */
export interface SourceLine {
  readonly number: number;
  /** Where it begins, and its bytes without the newline. */
  readonly offset: number;
  readonly length: number;
  readonly text: string | undefined;
  /** It has no newline: the last one, perhaps torn. */
  readonly isOpen: boolean;
}

export class LineSplitter {
  #number = 1;
  #offset: number;
  /** The beginning of a line that goes on in the next chunk. */
  #pieces: Buffer[] = [];
  #length = 0;

  /** The first bytes are the file's from `offset` on. */
  constructor(offset: number) {
    this.#offset = offset;
  }

  /** The lines that end in these bytes and are not blank. The bytes are used until the last of them has been taken, and not after that. */
  *feed(bytes: Uint8Array): Generator<SourceLine> {
    const chunk = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    let start = 0;
    for (let end = chunk.indexOf(10); end !== -1; end = chunk.indexOf(10, start)) {
      const line = this.#take(chunk, start, end, false);
      start = end + 1;
      if (line !== undefined) yield line;
    }
    this.#length += chunk.length - start;
    // What is too long is counted, not kept.
    if (this.#length > MOST_LINE_BYTES) this.#pieces = [];
    else if (start < chunk.length) this.#pieces.push(Buffer.from(chunk.subarray(start)));
  }

  /** The last line, if it has no newline. */
  *end(): Generator<SourceLine> {
    const line = this.#take(Buffer.alloc(0), 0, 0, true);
    if (line !== undefined) yield line;
  }

  #take(chunk: Buffer, start: number, end: number, isOpen: boolean): SourceLine | undefined {
    const length = this.#length + end - start;
    let text: string | undefined;
    if (this.#length === 0) text = chunk.toString("utf8", start, end);
    else if (length <= MOST_LINE_BYTES)
      text = Buffer.concat([...this.#pieces, chunk.subarray(start, end)]).toString("utf8");
    // A mark of the byte order belongs to no line.
    if (this.#offset === 0 && text?.startsWith(MARK) === true) text = text.slice(MARK.length);
    const line = { number: this.#number++, offset: this.#offset, length, text, isOpen };
    this.#offset += length + 1;
    this.#pieces = [];
    this.#length = 0;
    return isBlank(text) ? undefined : line;
  }
}

function isBlank(text: string | undefined): boolean {
  if (text === undefined) return false;
  // Nearly all begin with a bracket.
  return text.charCodeAt(0) <= 32 || text === "" ? text.trim() === "" : false;
}
