// A base as bytes: a line of JSON that says what follows, then the arrays as they lie in memory, each at a multiple of
// eight. In front of all stand its CRC-32 and the length of the line. What does not fit is no base: it is made anew.
import { crc32 } from "node:zlib";
import { TitleBase } from "./base.ts";
import { BLOCK_ROWS, Blocks } from "./blocks.ts";
import { LONG_BUCKETS, SHORT_BUCKETS } from "./grams.ts";
import { Postings } from "./postings.ts";
import { Strings } from "./strings.ts";
import { Turns } from "../../base/slices.ts";

const FRONT = 8;
const ALIGNMENT = 8;
/** So many bytes are summed up before the clock is asked. */
const CHUNK = 4 * 1024 * 1024;
/** Whoever folds with other tables of Unicode, or lays numbers out in another way, cannot use it. */
const KIND = JSON.stringify({
  format: "turnlog titles 1",
  unicode: process.versions["unicode"],
  bytes: [...new Uint8Array(new Uint16Array([1]).buffer)],
  grams: [LONG_BUCKETS, SHORT_BUCKETS, BLOCK_ROWS],
});

interface Head {
  readonly kind: string;
  readonly tag: string;
  /** The lengths of the arrays, in bytes. */
  readonly lengths: readonly number[];
}

export interface DecodedBase {
  readonly base: TitleBase;
  readonly tag: string;
}

/** The bytes, in pieces to be written one after the other. `tag` comes back with them: what the base stands for. */
export async function encodeBase(base: TitleBase, tag: string, signal?: AbortSignal): Promise<Uint8Array[]> {
  const { at, flags, ids, keys, texts, folded, ties } = base.columns;
  const strings = [ids, texts, folded, ties, ...(keys === ids ? [] : [keys])];
  const arrays: readonly ArrayBufferView[] = [
    at,
    flags,
    base.byKey,
    base.long.starts,
    base.long.bytes,
    base.short.bits,
    ...strings.flatMap(({ offsets, bytes }) => [offsets, bytes]),
  ];
  const head: Head = { kind: KIND, tag, lengths: arrays.map(({ byteLength }) => byteLength) };
  const line = Buffer.from(`${JSON.stringify(head)}\n`);
  const front = Buffer.alloc(FRONT);
  front.writeUInt32LE(line.length, 4);
  const pieces: Uint8Array[] = [front, line, padding(FRONT + line.length)];
  for (const { buffer, byteOffset, byteLength } of arrays) {
    pieces.push(new Uint8Array(buffer, byteOffset, byteLength), padding(byteLength));
  }
  const turns = new Turns(signal);
  let crc = crc32(front.subarray(4));
  for (const piece of pieces.slice(1)) crc = await sum(piece, crc, turns);
  front.writeUInt32LE(crc, 0);
  return pieces.filter((piece) => piece.length > 0);
}

/** The base that lies in these bytes, which it goes on using; undefined: they are something else, or damaged. */
export async function decodeBase(bytes: Uint8Array, signal?: AbortSignal): Promise<DecodedBase | undefined> {
  const turns = new Turns(signal);
  const whole = aligned(bytes);
  if (whole.length < FRONT || (await sum(whole.subarray(4), 0, turns)) !== whole.readUInt32LE(0)) return undefined;
  try {
    const lineEnd = FRONT + whole.readUInt32LE(4);
    const { kind, tag, lengths } = JSON.parse(whole.toString("utf8", FRONT, lineEnd)) as Head;
    if (kind !== KIND) return undefined;
    let start = lineEnd + padding(lineEnd).length;
    const arrays = lengths.map((length) => {
      const array = whole.subarray(start, start + length);
      start += length + padding(length).length;
      return array;
    });
    return start === whole.length ? { base: baseOf(arrays), tag } : undefined;
  } catch {
    // Somebody else's bytes, with the right sum.
    return undefined;
  }
}

function baseOf(arrays: readonly Buffer[]): TitleBase {
  let next = 0;
  const take = (): Buffer => {
    const array = arrays[next++];
    if (array === undefined) throw new RangeError("arrays are missing");
    return array;
  };
  const numbers = (): Uint32Array => {
    const { buffer, byteOffset, byteLength } = take();
    return new Uint32Array(buffer, byteOffset, byteLength / Uint32Array.BYTES_PER_ELEMENT);
  };
  const strings = (): Strings => new Strings(numbers(), take());
  const times = take();
  const at = new Float64Array(times.buffer, times.byteOffset, times.byteLength / Float64Array.BYTES_PER_ELEMENT);
  const flags = take();
  const byKey = numbers();
  const long = new Postings(numbers(), take());
  const short = new Blocks(take());
  const [ids, texts, folded, ties] = [strings(), strings(), strings(), strings()];
  const keys = next < arrays.length ? strings() : ids;
  return new TitleBase({ at, flags, ids, keys, texts, folded, ties }, byKey, long, short);
}

async function sum(bytes: Uint8Array, before: number, turns: Turns): Promise<number> {
  let crc = before;
  for (let start = 0; start < bytes.length; start += CHUNK) {
    crc = crc32(bytes.subarray(start, start + CHUNK), crc);
    if (turns.isOver) await turns.giveWay();
  }
  return crc;
}

/** Arrays can lie at multiples of their elements' size only. */
function aligned(bytes: Uint8Array): Buffer {
  if (bytes.byteOffset % ALIGNMENT === 0) return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const copy = Buffer.allocUnsafeSlow(bytes.length);
  copy.set(bytes);
  return copy;
}

/** What fills up this length. */
function padding(length: number): Uint8Array {
  return new Uint8Array(-length & (ALIGNMENT - 1));
}
