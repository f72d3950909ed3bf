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
  load(block: number): Block;
}

export class Blocks {
  readonly #blocks: (Block | undefined)[];
  readonly #source: BlockSource | undefined;

  /** `blocks` that may be changed from now on, or where they come from. */
  constructor(blocks: Block[] | BlockSource = []) {
    this.#blocks = Array.isArray(blocks) ? blocks : Array.from({ length: blocks.length });
    this.#source = Array.isArray(blocks) ? undefined : blocks;
  }

  get length(): number {
    return this.#blocks.length;
  }

  get isWhole(): boolean {
    return this.#source === undefined;
  }

  /** How many are in memory. */
  get loaded(): number {
    return this.#blocks.filter((block) => block !== undefined).length;
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
    const blocks = this.#blocks as Block[];
    for (const block of blocks) block.isShared = true;
    return [...blocks];
  }

  #load(number: number): Block {
    const block = (this.#source as BlockSource).load(number);
    this.#blocks[number] = block;
    return block;
  }
}
