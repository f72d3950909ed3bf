// Messages from a stream: JSONL, or one JSON object over several lines.
//
// ndjson's parser reads a line, and is given one line at a time, because as the end of a pipe it would lose some: a line
// `null` ends it; after a line that does not parse it goes on with the next; what was read before an error may never be
// asked for; its error tells no number, but quotes the line; and a line that comes in many pieces is searched again from
// its start with each, without a limit.
import { addAbortSignal } from "node:stream";
import type { Readable } from "node:stream";
import { EXIT, Failure, messageOf, wrongUsage } from "./exit.ts";

/** The longest line, and the longest object over several lines. */
const MOST_BYTES = 64 * 1024 * 1024;

export interface MessageIn {
  /** The number of its line, or of its first, from 1. */
  readonly line: number;
  readonly message: Record<string, unknown>;
}

interface Line {
  readonly number: number;
  readonly text: string;
}

/** The messages in order. Throws a usage error that names the line at the first that is none. */
export async function* messagesIn(input: Readable, signal: AbortSignal): AsyncGenerator<MessageIn> {
  const parseLine = await lineParser();
  const lines = linesIn(input, signal);
  let isFirst = true;
  for await (const { number, text } of lines) {
    let value = parseLine(text);
    // An object over several lines begins with a line that is no JSON, so only the first can tell.
    if (value === undefined && isFirst) value = parseWhole(await restOf(lines, text));
    isFirst = false;
    if (value === undefined) throw wrongUsage(`line ${number} is not JSON`);
    if (value === null || typeof value !== "object" || Array.isArray(value)) {
      throw wrongUsage(`line ${number} is not a message: it must be a JSON object`);
    }
    yield { line: number, message: value as Record<string, unknown> };
  }
}

/** -> the value of a line that is not blank; undefined: it is not JSON. */
async function lineParser(): Promise<(text: string) => unknown> {
  const { default: ndjson } = await import("ndjson");
  const parser = ndjson.parse({ strict: true });
  parser.on("error", () => undefined);
  return (text) => {
    if (text.trim() === "null") return null;
    parser.write(`${text}\n`);
    return (parser as unknown as Readable).read() ?? undefined;
  };
}

function parseWhole(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

async function restOf(lines: AsyncIterable<Line>, first: string): Promise<string> {
  const texts = [first];
  let length = first.length;
  for await (const { number, text } of lines) {
    texts.push(text);
    length += text.length;
    if (length > MOST_BYTES) throw tooLong(number);
  }
  return texts.join("\n");
}

/** The lines that are not blank, split at newlines alone. Bytes that are no UTF-8 are an error, not other characters. */
async function* linesIn(input: Readable, signal: AbortSignal): AsyncGenerator<Line> {
  let number = 1;
  let pieces: Buffer[] = [];
  let length = 0;
  for await (const chunk of chunksOf(input, signal)) {
    let start = 0;
    for (let end = chunk.indexOf(10); end !== -1; end = chunk.indexOf(10, start)) {
      const text = decode([...pieces, chunk.subarray(start, end)], number);
      if (text.trim() !== "") yield { number, text };
      pieces = [];
      length = 0;
      number++;
      start = end + 1;
    }
    pieces.push(chunk.subarray(start));
    length += chunk.length - start;
    if (length > MOST_BYTES) throw tooLong(number);
  }
  const text = decode(pieces, number);
  if (text.trim() !== "") yield { number, text };
}

async function* chunksOf(input: Readable, signal: AbortSignal): AsyncGenerator<Buffer> {
  addAbortSignal(signal, input);
  try {
    for await (const chunk of input) yield Buffer.from(chunk as Uint8Array);
  } catch (error) {
    if (signal.aborted) throw error;
    throw new Failure(EXIT.io, `could not read the input: ${messageOf(error)}`, { cause: error });
  }
}

/** A byte order mark at the beginning goes. */
function decode(pieces: readonly Buffer[], number: number): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: number > 1 }).decode(Buffer.concat(pieces));
  } catch {
    throw wrongUsage(`line ${number} is not UTF-8`);
  }
}

function tooLong(number: number): Failure {
  return wrongUsage(`line ${number} is longer than ${MOST_BYTES} bytes`);
}
