// The places of a session, messages and parts, one row each, in columns: 45 bytes a row where objects would take 250.
import type { Block } from "./block.ts";
import { BLOCK_MASK, BLOCK_ROWS } from "./block.ts";
import { Blocks } from "./blocks.ts";
import type { BlockSource } from "./blocks.ts";
import type { LineHead } from "./decode.ts";
import { HAS_LINE, REMOVED, ALTERED, PART, VERSION, isLivingMessage, isAlive } from "./flags.ts";
import { Order } from "./order.ts";
import { compareStamps } from "./stamp.ts";
import type { Stamp } from "./stamp.ts";

/** No row, no run. */
export const NONE = -1;

/** Rows at one moment: what is changed later is changed in copies. */
export interface FrozenRows {
  readonly length: number;
  readonly blocks: readonly Block[];
  readonly writers: readonly string[];
  /** The rows by place; undefined: they stand in that order. */
  readonly order: Uint32Array | undefined;
}

export class Rows {
  length: number;
  readonly #blocks: Blocks;
  readonly #writers: string[];
  readonly #writerNumbers: Map<string, number>;
  /** Undefined while the rows themselves stand in the order of their places. */
  #order: Order | undefined;

  /** Empty, or rows that were saved in the order of their places. `most`: so many blocks of them may be in memory. */
  constructor(length = 0, writers: readonly string[] = [], blocks?: Block[] | BlockSource, most?: number) {
    this.length = length;
    this.#blocks = new Blocks(blocks, most);
    this.#writers = [...writers];
    this.#writerNumbers = new Map(writers.map((writer, number) => [writer, number]));
  }

  freeze(): FrozenRows {
    const { length } = this;
    return { length, blocks: this.#blocks.freeze(), writers: [...this.#writers], order: this.#order?.copy() };
  }

  /** How many rows take memory. */
  get inMemory(): number {
    return this.#blocks.isWhole ? this.length : this.#blocks.loaded * BLOCK_ROWS;
  }

  /** The block that a row stands in, for those who read many rows. */
  block(row: number): Block {
    return this.#blocks.of(row);
  }

  /** The same for those who change many. */
  writable(row: number): Block {
    return this.#blocks.writable(row);
  }

  add(place: Stamp, flags: number, run: number, owner: number): number {
    const row = this.length;
    const block = this.#blocks.roomFor(row);
    const at = row & BLOCK_MASK;
    block.ms[at] = place.ms;
    block.counter[at] = place.counter;
    block.writer[at] = this.#numberOf(place.writer);
    block.flags[at] = flags;
    block.run[at] = run;
    block.part[at] = owner === NONE ? NONE : this.partOf(owner);
    block.owner[at] = owner;
    this.length++;
    if (owner !== NONE) this.#blocks.writable(owner).part[owner & BLOCK_MASK] = row;
    if (this.#order === undefined && row > 0 && this.compareRows(row - 1, row) > 0)
      this.#order = new Order(row, (a, b) => this.compareRows(a, b));
    this.#order?.insert(row);
    return row;
  }

  /** Takes over where a line lies and what its id is. */
  setLine(row: number, line: LineHead, log: number): void {
    const block = this.#blocks.writable(row);
    const at = row & BLOCK_MASK;
    const kept = (block.flags[at] as number) & ~(REMOVED | ALTERED | VERSION);
    block.flags[at] = kept | HAS_LINE | (line.sound ? 0 : ALTERED) | (line.of === undefined ? 0 : VERSION);
    block.idHash[at] = line.idHash;
    this.moveTo(row, line.offset, line.length, log);
  }

  /** The same line lies elsewhere. */
  moveTo(row: number, offset: number, length: number, log: number): void {
    const block = this.#blocks.writable(row);
    const at = row & BLOCK_MASK;
    block.log[at] = log;
    block.offset[at] = offset;
    block.size[at] = length;
  }

  setRun(row: number, run: number): void {
    this.#blocks.writable(row).run[row & BLOCK_MASK] = run;
  }

  mark(row: number, flag: number): void {
    const block = this.#blocks.writable(row);
    block.flags[row & BLOCK_MASK] = this.#flags(row) | flag;
  }

  clear(row: number, flag: number): void {
    const block = this.#blocks.writable(row);
    block.flags[row & BLOCK_MASK] = this.#flags(row) & ~flag;
  }

  isAlive(row: number): boolean {
    return isAlive(this.#flags(row));
  }

  isPart(row: number): boolean {
    return (this.#flags(row) & PART) !== 0;
  }

  isLivingMessage(row: number): boolean {
    return isLivingMessage(this.#flags(row));
  }

  has(row: number, flag: number): boolean {
    return (this.#flags(row) & flag) !== 0;
  }

  runOf(row: number): number {
    return this.block(row).run[row & BLOCK_MASK] as number;
  }

  idHashOf(row: number): number {
    return this.block(row).idHash[row & BLOCK_MASK] as number;
  }

  logOf(row: number): number {
    return this.block(row).log[row & BLOCK_MASK] as number;
  }

  offsetOf(row: number): number {
    return this.block(row).offset[row & BLOCK_MASK] as number;
  }

  sizeOf(row: number): number {
    return this.block(row).size[row & BLOCK_MASK] as number;
  }

  place(row: number): Stamp {
    const block = this.block(row);
    const at = row & BLOCK_MASK;
    return {
      ms: block.ms[at] as number,
      counter: block.counter[at] as number,
      writer: this.#writers[block.writer[at] as number] as string,
    };
  }

  comparePlace(row: number, stamp: Stamp): number {
    const block = this.block(row);
    const at = row & BLOCK_MASK;
    const order = (block.ms[at] as number) - stamp.ms || (block.counter[at] as number) - stamp.counter;
    if (order !== 0) return order;
    const writer = this.#writers[block.writer[at] as number] as string;
    return writer === stamp.writer ? 0 : writer < stamp.writer ? -1 : 1;
  }

  compareRows(a: number, b: number): number {
    const inA = this.block(a);
    const inB = this.block(b);
    const order =
      (inA.ms[a & BLOCK_MASK] as number) - (inB.ms[b & BLOCK_MASK] as number) ||
      (inA.counter[a & BLOCK_MASK] as number) - (inB.counter[b & BLOCK_MASK] as number);
    return order !== 0 ? order : this.comparePlace(a, this.place(b));
  }

  /** The row at this position in the order of places. */
  at(position: number): number {
    return this.#order === undefined ? position : this.#order.at(position);
  }

  /** How many rows have a place before this stamp, which is also the position of the first that has not. */
  positionOf(stamp: Stamp): number {
    let low = 0;
    let high = this.length;
    if (this.#order === undefined && this.#blocks.length > 1) {
      const block = this.#blockOf(stamp);
      if (block === NONE) return 0;
      low = block * BLOCK_ROWS + 1;
      high = Math.min(low - 1 + BLOCK_ROWS, high);
    }
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.comparePlace(this.at(middle), stamp) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  find(place: Stamp): number {
    // Most often it is the newest one.
    if (this.#blocks.isWhole && this.length > 0) {
      const last = this.at(this.length - 1);
      const order = this.comparePlace(last, place);
      if (order <= 0) return order === 0 ? last : NONE;
    }
    const position = this.positionOf(place);
    if (position === this.length) return NONE;
    const row = this.at(position);
    return this.comparePlace(row, place) === 0 ? row : NONE;
  }

  /** The rows stand in the order of their places. */
  get isSorted(): boolean {
    return this.#order === undefined;
  }

  hasParts(message: number): boolean {
    return this.partOf(message) !== NONE;
  }

  /** The message of a part, or NONE. */
  ownerOf(part: number): number {
    return this.block(part).owner[part & BLOCK_MASK] as number;
  }

  /** Of a message: its newest part. Of a part: the one before it. Or NONE. */
  partOf(row: number): number {
    return this.block(row).part[row & BLOCK_MASK] as number;
  }

  /** Of a part: its message, and the part before it. Of a message (NONE): its newest part. */
  link(row: number, owner: number, part: number): void {
    const block = this.#blocks.writable(row);
    [block.owner[row & BLOCK_MASK], block.part[row & BLOCK_MASK]] = [owner, part];
  }

  /** The parts of a message, oldest place first. */
  partsOf(message: number): number[] {
    const parts: number[] = [];
    for (let row = this.partOf(message); row !== NONE; row = this.partOf(row)) parts.push(row);
    parts.reverse();
    return this.#order === undefined ? parts : parts.sort((a, b) => this.compareRows(a, b));
  }

  /** The bytes of the newest lines of all that lives, with their newlines. */
  get liveBytes(): number {
    let bytes = 0;
    for (let row = 0; row < this.length; row++) if (this.isSeen(row)) bytes += this.sizeOf(row) + 1;
    return bytes;
  }

  /** It lives, and if it is a part, its message does. */
  isSeen(row: number): boolean {
    if (!this.isAlive(row)) return false;
    return !this.isPart(row) || this.isAlive(this.ownerOf(row));
  }

  #flags(row: number): number {
    return this.block(row).flags[row & BLOCK_MASK] as number;
  }

  /** The last block whose first row has a place before this stamp. */
  #blockOf(stamp: Stamp): number {
    let low = 0;
    let high = this.#blocks.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const first = this.#blocks.missingFirst(middle);
      const order = first === undefined ? this.comparePlace(middle * BLOCK_ROWS, stamp) : compareStamps(first, stamp);
      if (order < 0) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }

  #numberOf(writer: string): number {
    let number = this.#writerNumbers.get(writer);
    if (number === undefined) {
      number = this.#writers.push(writer) - 1;
      this.#writerNumbers.set(writer, number);
    }
    return number;
  }
}
