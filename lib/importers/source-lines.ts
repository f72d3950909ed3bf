// The bytes of a file as lines, split at newlines alone, however long the file is.

/** A longer line is no message of anybody's. */
const MOST_LINE_BYTES = 256 * 1024 * 1024;

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

/** The lines that are not blank. The bytes of a chunk are used until the next one is asked for, and not after that. They begin at `from`. */
export async function* splitLines(
  chunks: AsyncIterable<{ readonly bytes: Uint8Array }>,
  from = 0,
): AsyncGenerator<SourceLine> {
  let number = 1;
  let offset = from;
  /** The beginning of a line that goes on in the next chunk. */
  let pieces: Buffer[] = [];
  let length = 0;
  const take = (rest: Buffer, isOpen: boolean): SourceLine | undefined => {
    const bytes = length + rest.length;
    const text = bytes > MOST_LINE_BYTES ? undefined : join(pieces, rest);
    const line = { number, offset, length: bytes, text: offset === 0 ? withoutMark(text) : text, isOpen };
    number++;
    offset += bytes + 1;
    pieces = [];
    length = 0;
    return line.text?.trim() === "" ? undefined : line;
  };
  for await (const { bytes } of chunks) {
    const chunk = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    let start = 0;
    for (let end = chunk.indexOf(10); end !== -1; end = chunk.indexOf(10, start)) {
      const line = take(chunk.subarray(start, end), false);
      start = end + 1;
      if (line !== undefined) yield line;
    }
    length += chunk.length - start;
    // What is too long is counted, not kept.
    if (length > MOST_LINE_BYTES) pieces = [];
    else if (start < chunk.length) pieces.push(Buffer.from(chunk.subarray(start)));
  }
  const last = take(Buffer.alloc(0), true);
  if (last !== undefined) yield last;
}

function join(pieces: readonly Buffer[], rest: Buffer): string {
  return pieces.length === 0 ? rest.toString("utf8") : Buffer.concat([...pieces, rest]).toString("utf8");
}

/** A mark of the byte order belongs to no line. */
function withoutMark(text: string | undefined): string | undefined {
  return text?.startsWith("\uFEFF") === true ? text.slice(1) : text;
}
