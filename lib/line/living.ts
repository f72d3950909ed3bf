// Which messages live on a way, and which of them a cut hides. The long loops ask of a block what is asked of a row elsewhere: a
// session can have a million rows, and no reader may hold up the others for long.
import { Block, BLOCK_MASK, BLOCK_SHIFT } from "./block.ts";
import { isLivingMessage, PART } from "./flags.ts";
import { NONE } from "./rows.ts";
import type { Rows } from "./rows.ts";
import type { Stamp } from "./stamp.ts";
import type { Way } from "./tree.ts";

/** So many more a list has room for at least when it is made, or made wider. */
const LEAST_ROOM = 16;

export interface Living {
  /** The rows of the messages on the way, oldest first, and room for more. */
  rows: Uint32Array;
  count: number;
  /** How many other messages live. */
  readonly others: number;
}

/** The messages as they are now: what is added later does not show in it. */
export function listOf({ rows, count }: Living): Uint32Array {
  return rows.subarray(0, count);
}

/** The newest of all goes on from the others. */
export function addLiving(living: Living, row: number): void {
  if (living.count === living.rows.length) {
    const wider = new Uint32Array(Math.max(LEAST_ROOM, living.count * 2));
    wider.set(living.rows);
    living.rows = wider;
  }
  living.rows[living.count++] = row;
}

const NO_BLOCK = new Block(0);

export type RowTest = (row: number) => boolean;

/** Asks of rows whether they lie on a way. Neighbours mostly lie on one run, whose limit is looked up once. */
class WayTest {
  readonly #rows: Rows;
  readonly #way: Way;
  #run = NONE;
  #limit: Stamp | undefined;
  #limitMs = Number.NEGATIVE_INFINITY;

  constructor(rows: Rows, way: Way) {
    this.#rows = rows;
    this.#way = way;
  }

  /** `block` is the one that the row stands in. */
  has(row: number, block: Block): boolean {
    const at = row & BLOCK_MASK;
    const run = block.run[at] as number;
    if (run !== this.#run) {
      this.#run = run;
      this.#limit = this.#way.get(run);
      this.#limitMs = this.#limit?.ms ?? Number.NEGATIVE_INFINITY;
    }
    const order = (block.ms[at] as number) - this.#limitMs;
    return order < 0 || (order === 0 && this.#rows.comparePlace(row, this.#limit as Stamp) <= 0);
  }
}

export function livingOn(rows: Rows, way: Way): Living {
  // With room for those that come next: who reads goes on to write.
  const list = new Uint32Array(rows.length + Math.max(LEAST_ROOM, rows.length >>> 3));
  const test = new WayTest(rows, way);
  let count = 0;
  let living = 0;
  let block = NO_BLOCK;
  let number = NONE;
  for (let position = 0; position < rows.length; position++) {
    const row = rows.at(position);
    if (row >>> BLOCK_SHIFT !== number) {
      block = rows.block(row);
      number = row >>> BLOCK_SHIFT;
    }
    if (!isLivingMessage(block.flags[row & BLOCK_MASK] as number)) continue;
    living++;
    if (test.has(row, block)) list[count++] = row;
  }
  return { rows: list, count, others: living - count };
}

/** Sets the flag of the messages at the positions [first, end) that lie on the way. */
export function markOn(rows: Rows, way: Way, first: number, end: number, flag: number): void {
  const test = new WayTest(rows, way);
  let block = NO_BLOCK;
  let number = NONE;
  for (let position = first; position < end; position++) {
    const row = rows.at(position);
    if (row >>> BLOCK_SHIFT !== number) {
      block = rows.writable(row);
      number = row >>> BLOCK_SHIFT;
    }
    const flags = block.flags[row & BLOCK_MASK] as number;
    if ((flags & PART) === 0 && test.has(row, block)) block.flags[row & BLOCK_MASK] = flags | flag;
  }
}

export function isOn(rows: Rows, way: Way, row: number): boolean {
  const limit = way.get(rows.runOf(row));
  return limit !== undefined && rows.comparePlace(row, limit) <= 0;
}

/** The same for many rows. */
export function testOf(rows: Rows, way: Way): RowTest {
  const test = new WayTest(rows, way);
  return (row) => test.has(row, rows.block(row));
}
