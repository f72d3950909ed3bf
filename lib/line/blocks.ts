// The blocks of a session's rows: all in memory, or those that were asked for.
import { Block, BLOCK_MASK, BLOCK_ROWS, BLOCK_SHIFT } from "./block.ts";
import type { Stamp } from "./stamp.ts";

/** What the first block has room for at first: most sessions are small. */
const FIRST_CAPACITY = 16;

/** Rows that are not in memory yet; they stand in the order of their places. */
export interface BlockSource {
  /** How many blocks there are. */
  readonly length: number;
  /** The place of the block's first row. */
  first(block: number): Stamp;
  /** `spare` is nobody's any more: its memory may be used. */
  load(block: number, spare?: Block): Block;
}

export class Blocks {
  readonly #blocks: (Block | undefined)[];
  readonly #source: BlockSource | undefined;
  readonly #most: number;
  /** Those that are in memory, the first to go first. */
  readonly #loaded: number[] = [];
  /** One that went: who compares two rows may still look at it while the other's is loaded, and no longer. */
  #gone: Block | undefined;

  /** `blocks` that may be changed from now on, or where they come from, and how many of them may be in memory. */
  constructor(blocks: Block[] | BlockSource = [], most: number = Infinity) {
    this.#blocks = Array.isArray(blocks) ? blocks : Array.from({ length: blocks.length });
    this.#source = Array.isArray(blocks) ? undefined : blocks;
    this.#most = most;
  }

  get length(): number {
    return this.#blocks.length;
  }

  get isWhole(): boolean {
    return this.#source === undefined;
  }

  /** How many are in memory. */
  get loaded(): number {
    return this.isWhole ? this.length : this.#loaded.length;
  }

  /** The block of a row. */
  of(row: number): Block {
    const number = row >>> BLOCK_SHIFT;
    return this.#blocks[number] ?? this.#load(number);
  }

  /** The place of the first row of a block that is not in memory. */
  missingFirst(number: number): Stamp | undefined {
    return this.#blocks[number] === undefined ? this.#source?.first(number) : undefined;
  }

  /** The block of a row, to be changed. */
  writable(row: number): Block {
    const block = this.of(row);
    if (!block.isShared) return block;
    const own = block.copy(block.capacity);
    this.#blocks[row >>> BLOCK_SHIFT] = own;
    return own;
  }

  /** The block of the row that comes next. */
  roomFor(row: number): Block {
    const number = row >>> BLOCK_SHIFT;
    const block = this.#blocks[number];
    if (block !== undefined && (row & BLOCK_MASK) < block.capacity) return this.writable(row);
    const wider =
      block === undefined
        ? new Block(number === 0 ? FIRST_CAPACITY : BLOCK_ROWS)
        : block.copy(Math.min(block.capacity * 4, BLOCK_ROWS));
    this.#blocks[number] = wider;
    return wider;
  }

  /** All blocks as they are now: what is changed from now on is changed in copies. */
  freeze(): Block[] {
    const blocks = [...(this.#blocks as Block[])];
    // Rows are mostly added: to the last one, which is copied here and not under the next append.
    const last = blocks.pop();
    for (const block of blocks) block.isShared = true;
    if (last !== undefined) blocks.push(last.copy(last.capacity));
    return blocks;
  }

  #load(number: number): Block {
    const spare = this.#gone;
    this.#gone = undefined;
    if (this.#loaded.length >= this.#most) {
      const first = this.#loaded.shift() as number;
      this.#gone = this.#blocks[first];
      this.#blocks[first] = undefined;
    }
    const block = (this.#source as BlockSource).load(number, spare);
    this.#blocks[number] = block;
    this.#loaded.push(number);
    return block;
  }
}
