// A file whose bytes lie in the database: what was fetched of it, and what was written to it and is not there yet.
import { NotHere } from "../disk/far.ts";
import type { Content } from "../disk/memory-vfs.ts";

/** So much is fetched when a read in passing lacks something; each time after that more, so that who reads all of it soon has it. */
const FIRST_BYTES = 64 * 1024;
const MORE = 16;
/** So much is copied in any case, to have one piece instead of two. */
const JOINED_BYTES = 4096;

interface Piece {
  readonly from: number;
  readonly bytes: Buffer;
}

/** Gives the bytes [from, to), newlines where the database has no line. */
export type Fetch = (from: number, to: number) => Promise<Buffer>;

export class FarContent implements Content {
  readonly isFar = true;
  /** For messages. */
  readonly path: string;
  /** How much of it the database has. */
  stored: number;
  readonly #fetch: Fetch;
  /** What is in memory of that, by its place; none overlaps another. */
  #pieces: Piece[] = [];
  /** What comes after it. */
  #tail: Buffer = Buffer.alloc(0);
  #tailBytes = 0;
  #nextBytes = FIRST_BYTES;

  constructor(path: string, stored: number, fetch: Fetch) {
    this.path = path;
    this.stored = stored;
    this.#fetch = fetch;
  }

  get size(): number {
    return this.stored + this.#tailBytes;
  }

  /** Bytes in memory. */
  get held(): number {
    return this.#pieces.reduce((sum, { bytes }) => sum + bytes.length, this.#tail.length);
  }

  write(content: string | Buffer, bytes: number): number {
    const end = this.#tailBytes + bytes;
    if (end > this.#tail.length) {
      const wider = Buffer.allocUnsafe(Math.max(end, this.#tail.length * 2, 4096));
      this.#tail.copy(wider, 0, 0, this.#tailBytes);
      this.#tail = wider;
    }
    if (typeof content === "string") this.#tail.write(content, this.#tailBytes, "utf8");
    else content.copy(this.#tail, this.#tailBytes, 0, bytes);
    this.#tailBytes = end;
    return bytes;
  }

  read(target: Buffer, start: number, length: number, position: number): number {
    const end = Math.min(position + length, this.size);
    if (position >= end) return 0;
    if (!this.#copy(target, start, position, end)) throw new NotHere(this.path, () => this.#bringMore(position, end));
    return end - position;
  }

  async readLater(target: Buffer, start: number, length: number, position: number): Promise<number> {
    const end = Math.min(position + length, this.size);
    if (position >= end) return 0;
    if (this.#copy(target, start, position, end)) return end - position;
    const stored = Math.min(end, this.stored);
    const bytes = await this.#fetch(position, stored);
    bytes.copy(target, start);
    if (end > stored) this.#tail.copy(target, start + stored - position, 0, end - stored);
    return end - position;
  }

  /** Has the bytes [from, to) of what is stored in memory. */
  async bring(from: number, to: number): Promise<void> {
    if (from >= to || this.#has(from, to)) return;
    const bytes = await this.#fetch(from, to);
    const others = this.#pieces.flatMap((each) => [
      { from: each.from, bytes: each.bytes.subarray(0, Math.max(0, from - each.from)) },
      { from: Math.max(each.from, to), bytes: each.bytes.subarray(Math.max(0, to - each.from)) },
    ]);
    this.#pieces = joined([...others.filter((each) => each.bytes.length > 0), { from, bytes }]);
  }

  /** Has all that is stored in memory. */
  async bringAll(): Promise<void> {
    let at = 0;
    for (const { from, bytes } of this.#pieces) if (from <= at) at = Math.max(at, from + bytes.length);
    await this.bring(at, this.stored);
  }

  /** What was written and is not in the database. */
  get written(): Buffer {
    return this.#tail.subarray(0, this.#tailBytes);
  }

  /** The database has all that was written. */
  settle(): void {
    if (this.#tailBytes === 0) return;
    // Whoever writes next is likely to read what came before: the next line's check, a cached end.
    this.#pieces = joined([...this.#pieces, { from: this.stored, bytes: Buffer.from(this.written) }]);
    this.stored += this.#tailBytes;
    this.#tail = Buffer.alloc(0);
    this.#tailBytes = 0;
  }

  /** What was written is not in the database, and will not be. */
  unwrite(): void {
    this.#tail = Buffer.alloc(0);
    this.#tailBytes = 0;
  }

  /** Gives memory back. */
  drop(): void {
    this.#pieces = [];
    this.#nextBytes = FIRST_BYTES;
  }

  async #bringMore(from: number, to: number): Promise<void> {
    const spare = Math.max(0, this.#nextBytes - (to - from));
    this.#nextBytes *= MORE;
    // Who reads in passing reads on from there, or what comes before where the end is near.
    const first = to + spare >= this.stored ? Math.max(0, from - spare) : from;
    await this.bring(first, Math.min(this.stored, to + spare));
  }

  #has(from: number, to: number): boolean {
    let at = from;
    for (const { from: start, bytes } of this.#pieces) {
      if (start > at) return false;
      if (start + bytes.length > at) at = start + bytes.length;
      if (at >= to) return true;
    }
    return at >= to;
  }

  #copy(target: Buffer, start: number, from: number, to: number): boolean {
    const stored = Math.min(to, this.stored);
    if (from < stored && !this.#has(from, stored)) return false;
    for (const { from: first, bytes } of this.#pieces) {
      const [begin, end] = [Math.max(first, from), Math.min(first + bytes.length, stored)];
      if (begin < end) bytes.copy(target, start + begin - from, begin - first, end - first);
    }
    const begin = Math.max(from, this.stored);
    if (begin < to) this.#tail.copy(target, start + begin - from, begin - this.stored, to - this.stored);
    return true;
  }
}

/**
 * In their order. Those that touch become one when they are of about one size, so that many appends leave few pieces, and no byte is
 * copied more often than there are sizes.
 */
function joined(pieces: Piece[]): Piece[] {
  pieces.sort((a, b) => a.from - b.from);
  const list: Piece[] = [];
  for (const piece of pieces) {
    let last = piece;
    for (let before = list.at(-1); before !== undefined; before = list.at(-1)) {
      const touches = before.from + before.bytes.length === last.from;
      if (!touches || before.bytes.length > 2 * last.bytes.length + JOINED_BYTES) break;
      last = { from: before.from, bytes: Buffer.concat([before.bytes, last.bytes]) };
      list.pop();
    }
    list.push(last);
  }
  return list;
}
