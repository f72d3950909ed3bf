// A column of texts in one buffer: 100,000 strings would be 100,000 objects to make at load and to keep.

export class Strings {
  /** Text n lies from offsets[n] to offsets[n + 1]. */
  readonly offsets: Uint32Array;
  readonly bytes: Buffer;

  constructor(offsets: Uint32Array, bytes: Buffer) {
    this.offsets = offsets;
    this.bytes = bytes;
  }

  get length(): number {
    return this.offsets.length - 1;
  }

  start(row: number): number {
    return this.offsets[row] as number;
  }

  end(row: number): number {
    return this.offsets[row + 1] as number;
  }

  at(row: number): string {
    return this.bytes.toString("utf8", this.offsets[row], this.offsets[row + 1]);
  }

  /** The order of the bytes of two texts. */
  compare(row: number, other: number): number {
    return this.compareTo(row, this.bytes, this.start(other), this.end(other));
  }

  compareTo(row: number, bytes: Uint8Array, start = 0, end: number = bytes.length): number {
    const own = this.bytes;
    const length = this.end(row) - this.start(row);
    const shorter = Math.min(length, end - start);
    for (let at = this.start(row), to = at + shorter, other = start; at < to; at++, other++) {
      const difference = (own[at] as number) - (bytes[other] as number);
      if (difference !== 0) return difference;
    }
    return length - (end - start);
  }

  /** How many bytes, at most so many, the two texts have in common from the beginning. */
  sharedStart(row: number, other: number, most: number): number {
    const { bytes } = this;
    const [a, b] = [this.start(row), this.start(other)];
    const end = Math.min(most, this.end(row) - a, this.end(other) - b);
    let length = 0;
    while (length < end && bytes[a + length] === bytes[b + length]) length++;
    return length;
  }

  startsWith(row: number, bytes: Uint8Array): boolean {
    const from = this.start(row);
    if (this.end(row) - from < bytes.length) return false;
    for (let at = 0; at < bytes.length; at++) if (this.bytes[from + at] !== bytes[at]) return false;
    return true;
  }
}

/** The bytes of a column are gathered in pieces: a buffer that doubles leaves as much again to the collector. */
const FIRST_PIECE = 32 * 1024;
const MOST_PIECE = 1024 * 1024;

export class StringsBuilder {
  #offsets = new Uint32Array(1024);
  /** The pieces that are full, and how many bytes they have. */
  #full: Buffer[] = [];
  #fullBytes = 0;
  #piece = Buffer.allocUnsafeSlow(FIRST_PIECE);
  #used = 0;
  #length = 0;

  add(text: string): void {
    // UTF-8 takes at most three bytes for what is one unit of a string.
    this.#makeRoom(3 * text.length);
    this.#added(this.#piece.write(text, this.#used));
  }

  copy(from: Strings, row: number): void {
    const [start, end] = [from.start(row), from.end(row)];
    this.#makeRoom(end - start);
    this.#added(from.bytes.copy(this.#piece, this.#used, start, end));
  }

  /** Another one with the same texts but the last. */
  withoutLast(): StringsBuilder {
    const others = new StringsBuilder();
    others.#length = this.#length - 1;
    others.#offsets = this.#offsets.slice();
    others.#fullBytes = others.#offsets[others.#length] as number;
    others.#full = [this.#gather(others.#fullBytes)];
    return others;
  }

  build(): Strings {
    const bytes = this.#gather(this.#fullBytes + this.#used);
    return new Strings(this.#offsets.slice(0, this.#length + 1), bytes);
  }

  /** The first `end` bytes, in one buffer. */
  #gather(end: number): Buffer {
    const bytes = Buffer.allocUnsafeSlow(end);
    let at = 0;
    for (const piece of this.#full) at += piece.copy(bytes, at);
    this.#piece.copy(bytes, at, 0, this.#used);
    return bytes;
  }

  #added(length: number): void {
    this.#used += length;
    this.#offsets[++this.#length] = this.#fullBytes + this.#used;
  }

  #makeRoom(length: number): void {
    if (this.#length + 1 === this.#offsets.length) {
      const offsets = new Uint32Array(2 * this.#offsets.length);
      offsets.set(this.#offsets);
      this.#offsets = offsets;
    }
    if (this.#used + length <= this.#piece.length) return;
    this.#full.push(this.#piece.subarray(0, this.#used));
    this.#fullBytes += this.#used;
    this.#used = 0;
    this.#piece = Buffer.allocUnsafeSlow(Math.max(length, Math.min(2 * this.#piece.length, MOST_PIECE)));
  }
}
