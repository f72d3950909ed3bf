// Which messages live on a way, and which of them a cut hides. The long loops ask of a block what is asked of a row elsewhere: a
// session can have a million rows, and no reader may hold up the others for long.
import { Block, BLOCK_MASK, BLOCK_SHIFT } from "./block.ts";
import { isLivingMessage, PART } from "./flags.ts";
import { NONE } from "./rows.ts";
import type { Rows } from "./rows.ts";
import type { Stamp } from "./stamp.ts";
import type { Way } from "./tree.ts";

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

const LEAST_ROOM = 16;
const NO_BLOCK = new Block(0);

export type RowTest = (row: number) => boolean;

export function livingOn(rows: Rows, way: Way): Living {
  const list = new Uint32Array(rows.length);
  let count = 0;
  let living = 0;
  let block = NO_BLOCK;
  let number = NONE;
  let run = NONE;
  let limit: Stamp | undefined;
  let limitMs = Number.NEGATIVE_INFINITY;
  for (let position = 0; position < rows.length; position++) {
    const row = rows.at(position);
    if (row >>> BLOCK_SHIFT !== number) {
      block = rows.block(row);
      number = row >>> BLOCK_SHIFT;
    }
    const at = row & BLOCK_MASK;
    if (!isLivingMessage(block.flags[at] as number)) continue;
    living++;
    const own = block.run[at] as number;
    if (own !== run) {
      run = own;
      limit = way.get(own);
      limitMs = limit?.ms ?? Number.NEGATIVE_INFINITY;
    }
    const order = (block.ms[at] as number) - limitMs;
    if (order < 0 || (order === 0 && rows.comparePlace(row, limit as Stamp) <= 0)) list[count++] = row;
  }
  return { rows: list, count, others: living - count };
}

/** Sets the flag of the messages at the positions [first, end) that lie on the way. */
export function markOn(rows: Rows, way: Way, first: number, end: number, flag: number): void {
  let block = NO_BLOCK;
  let number = NONE;
  let run = NONE;
  let limit: Stamp | undefined;
  let limitMs = Number.NEGATIVE_INFINITY;
  for (let position = first; position < end; position++) {
    const row = rows.at(position);
    if (row >>> BLOCK_SHIFT !== number) {
      block = rows.writable(row);
      number = row >>> BLOCK_SHIFT;
    }
    const at = row & BLOCK_MASK;
    const flags = block.flags[at] as number;
    if ((flags & PART) !== 0) continue;
    const own = block.run[at] as number;
    if (own !== run) {
      run = own;
      limit = way.get(own);
      limitMs = limit?.ms ?? Number.NEGATIVE_INFINITY;
    }
    const order = (block.ms[at] as number) - limitMs;
    if (order < 0 || (order === 0 && rows.comparePlace(row, limit as Stamp) <= 0)) block.flags[at] = flags | flag;
  }
}

export function isOn(rows: Rows, way: Way, row: number): boolean {
  const limit = way.get(rows.runOf(row));
  return limit !== undefined && rows.comparePlace(row, limit) <= 0;
}

/** The same for many rows. Neighbours mostly lie on one run, whose limit is looked up once. */
export function testOf(rows: Rows, way: Way): RowTest {
  let run = NONE;
  let limit: Stamp | undefined;
  return (row) => {
    const own = rows.runOf(row);
    if (own !== run) {
      run = own;
      limit = way.get(own);
    }
    return limit !== undefined && rows.comparePlace(row, limit) <= 0;
  };
}
