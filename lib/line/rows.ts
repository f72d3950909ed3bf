// The places of a session, messages and parts, one row each, in columns: 45 bytes a row where objects would take 250.
import type { LineHead } from "./decode.ts";
import type { Stamp } from "./stamp.ts";

/** No row, no run. */
export const NONE = -1;

/** A line of it was seen (a part can come before its message, a version without its first line). */
export const HAS_LINE = 1;
export const REMOVED = 2;
/** Hidden by a truncation or a deletion. */
export const CUT = 4;
export const PURGED = 8;
/** The newest line is not sound. */
export const ALTERED = 16;
export const PART = 32;
/** The newest line is not the first one of its place. */
export const VERSION = 64;
const STATE = HAS_LINE | REMOVED | CUT | PURGED;
/** So many rows one late row is moved past before it is left to a sort. */
const FAR = 1000;

export class Rows {
  length = 0;
  flags: Uint8Array = new Uint8Array(16);
  /** The run that the place lies on. */
  run: Int32Array = new Int32Array(16);
  idHash: Uint32Array = new Uint32Array(16);
  /** Where the newest line lies: the log's number, the offset of its first byte, its length without the newline. */
  log: Uint16Array = new Uint16Array(16);
  offset: Float64Array = new Float64Array(16);
  size: Uint32Array = new Uint32Array(16);
  /** Of a message: its newest part. Of a part: the part before it. So each message has a chain of parts. */
  part: Int32Array = new Int32Array(16);
  /** Of a part: its message. */
  owner: Int32Array = new Int32Array(16);
  #ms: Float64Array = new Float64Array(16);
  #counter: Uint16Array = new Uint16Array(16);
  #writer: Uint32Array = new Uint32Array(16);
  readonly #writers: string[] = [];
  readonly #writerNumbers = new Map<string, number>();
  /** Rows by place; undefined while the rows themselves stand in that order. */
  #order: Uint32Array | undefined;
  #needsSort = false;

  add(place: Stamp, flags: number, run: number, owner: number): number {
    if (this.length === this.flags.length) this.#grow();
    const row = this.length++;
    this.#ms[row] = place.ms;
    this.#counter[row] = place.counter;
    this.#writer[row] = this.#numberOf(place.writer);
    this.flags[row] = flags;
    this.run[row] = run;
    this.part[row] = NONE;
    this.owner[row] = owner;
    if (owner !== NONE) {
      this.part[row] = this.part[owner] as number;
      this.part[owner] = row;
    }
    if (this.#order !== undefined || (row > 0 && this.compareRows(row - 1, row) > 0)) this.#insert(row);
    return row;
  }

  /** Takes over where a line lies and what its id is. */
  setLine(row: number, line: LineHead, log: number): void {
    const kept = (this.flags[row] as number) & ~(REMOVED | ALTERED | VERSION);
    this.flags[row] = kept | HAS_LINE | (line.sound ? 0 : ALTERED) | (line.of === undefined ? 0 : VERSION);
    this.idHash[row] = line.idHash;
    this.moveTo(row, line.offset, line.length, log);
  }

  /** The same line lies elsewhere. */
  moveTo(row: number, offset: number, length: number, log: number): void {
    this.log[row] = log;
    this.offset[row] = offset;
    this.size[row] = length;
  }

  isAlive(row: number): boolean {
    return ((this.flags[row] as number) & STATE) === HAS_LINE;
  }

  isPart(row: number): boolean {
    return ((this.flags[row] as number) & PART) !== 0;
  }

  has(row: number, flag: number): boolean {
    return ((this.flags[row] as number) & flag) !== 0;
  }

  mark(row: number, flag: number): void {
    this.flags[row] = (this.flags[row] as number) | flag;
  }

  clear(row: number, flag: number): void {
    this.flags[row] = (this.flags[row] as number) & ~flag;
  }

  place(row: number): Stamp {
    return {
      ms: this.#ms[row] as number,
      counter: this.#counter[row] as number,
      writer: this.#writers[this.#writer[row] as number] as string,
    };
  }

  comparePlace(row: number, stamp: Stamp): number {
    const order = (this.#ms[row] as number) - stamp.ms || (this.#counter[row] as number) - stamp.counter;
    if (order !== 0) return order;
    const writer = this.#writers[this.#writer[row] as number] as string;
    return writer === stamp.writer ? 0 : writer < stamp.writer ? -1 : 1;
  }

  /** The row at this position in the order of places. */
  at(position: number): number {
    if (this.#order === undefined) return position;
    if (this.#needsSort) {
      this.#order.subarray(0, this.length).sort((a, b) => this.compareRows(a, b));
      this.#needsSort = false;
    }
    return this.#order[position] as number;
  }

  /** How many rows have a place before this stamp, which is also the position of the first that has not. */
  positionOf(stamp: Stamp): number {
    let low = 0;
    let high = this.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.comparePlace(this.at(middle), stamp) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  find(place: Stamp): number {
    // Most often it is the newest one.
    const last = this.length === 0 ? NONE : this.at(this.length - 1);
    if (last === NONE || this.comparePlace(last, place) === 0) return last;
    const position = this.positionOf(place);
    if (position === this.length) return NONE;
    const row = this.at(position);
    return this.comparePlace(row, place) === 0 ? row : NONE;
  }

  hasParts(message: number): boolean {
    return this.part[message] !== NONE;
  }

  /** The parts of a message, oldest place first. */
  partsOf(message: number): number[] {
    const parts: number[] = [];
    for (let row = this.part[message] as number; row !== NONE; row = this.part[row] as number) parts.push(row);
    parts.reverse();
    return this.#order === undefined ? parts : parts.sort((a, b) => this.compareRows(a, b));
  }

  /** Brings the newest row to its position. A late one is nearly last; where it is not, the next reader sorts. */
  #insert(row: number): void {
    this.#order ??= Uint32Array.from({ length: this.flags.length }, (_, each) => each);
    const order = this.#order;
    let position = row;
    while (position > 0 && this.compareRows(order[position - 1] as number, row) > 0) {
      if (row - position === FAR || this.#needsSort) {
        this.#needsSort = true;
        break;
      }
      order[position] = order[position - 1] as number;
      position--;
    }
    order[position] = row;
  }

  compareRows(a: number, b: number): number {
    const order =
      (this.#ms[a] as number) - (this.#ms[b] as number) || (this.#counter[a] as number) - (this.#counter[b] as number);
    return order !== 0 ? order : this.comparePlace(a, this.place(b));
  }

  #numberOf(writer: string): number {
    let number = this.#writerNumbers.get(writer);
    if (number === undefined) {
      number = this.#writers.push(writer) - 1;
      this.#writerNumbers.set(writer, number);
    }
    return number;
  }

  #grow(): void {
    const capacity = this.length * (this.length < 1024 ? 4 : 2);
    const wider = <T extends { set(from: T): void }>(to: T, from: T): T => {
      to.set(from);
      return to;
    };
    this.flags = wider(new Uint8Array(capacity), this.flags);
    this.run = wider(new Int32Array(capacity), this.run);
    this.idHash = wider(new Uint32Array(capacity), this.idHash);
    this.log = wider(new Uint16Array(capacity), this.log);
    this.offset = wider(new Float64Array(capacity), this.offset);
    this.size = wider(new Uint32Array(capacity), this.size);
    this.part = wider(new Int32Array(capacity), this.part);
    this.owner = wider(new Int32Array(capacity), this.owner);
    this.#ms = wider(new Float64Array(capacity), this.#ms);
    this.#counter = wider(new Uint16Array(capacity), this.#counter);
    this.#writer = wider(new Uint32Array(capacity), this.#writer);
    if (this.#order !== undefined) this.#order = wider(new Uint32Array(capacity), this.#order);
  }
}
