// A fold at one moment, to be saved in steps, while lines go on to be applied to it.
import { Block, BLOCK_MASK, BLOCK_ROWS, BLOCK_SHIFT, blocksOf, savedCapacity } from "./block.ts";
import type { Fold, SavedState } from "./fold.ts";
import { PART } from "./flags.ts";
import { NONE } from "./rows.ts";
import type { FrozenRows } from "./rows.ts";
import type { Stamp } from "./stamp.ts";

export interface FrozenFold {
  readonly rows: FrozenRows;
  readonly state: SavedState;
  /** The rows of the history's messages, oldest first. */
  readonly history: Uint32Array;
  readonly tip: Stamp | undefined;
  readonly deletedAt: Stamp | undefined;
  readonly isDiverged: boolean;
  readonly otherBranches: number;
}

/** So many rows at a time, before others get their turn. */
const STEP_ROWS = 32 * 1024;

export function freeze(fold: Fold): FrozenFold {
  const { tip, deletedAt, isDiverged, otherBranches } = fold;
  const history = fold.history.list();
  return { rows: fold.rows.freeze(), state: fold.save(), history, tip, deletedAt, isDiverged, otherBranches };
}

/** The same with its rows in the order of their places, which is the only one that is saved. */
export function* inOrder(frozen: FrozenFold): Generator<void, FrozenFold> {
  const { order, length } = frozen.rows;
  if (order === undefined) return frozen;
  const position = new Int32Array(length);
  for (let at = 0; at < length; at++) {
    if (at % STEP_ROWS === 0) yield;
    position[order[at] as number] = at;
  }
  const rows = yield* sortRows(frozen.rows, order, position);
  const moved = (row: number): number => position[row] as number;
  const { places } = frozen.state;
  return {
    ...frozen,
    rows,
    history: frozen.history.map(moved),
    state: {
      ...frozen.state,
      places: { ...places, onceRemoved: places.onceRemoved.map(moved), unplaced: places.unplaced.map(moved) },
    },
  };
}

/** `position` says where a row goes, `order` what comes to a position. */
function* sortRows(
  { length, blocks, writers }: FrozenRows,
  order: Uint32Array,
  position: Int32Array,
): Generator<void, FrozenRows> {
  // Chains of parts begin at the newest one, by place.
  const newest = new Int32Array(length).fill(NONE);
  const before = new Int32Array(length).fill(NONE);
  const sorted: Block[] = [];
  for (let number = 0; number < blocksOf(length); number++) sorted.push(new Block(savedCapacity(number, length)));
  for (let at = 0; at < length; at++) {
    if (at % STEP_ROWS === 0) yield;
    const row = order[at] as number;
    const from = blocks[row >>> BLOCK_SHIFT] as Block;
    const to = sorted[at >>> BLOCK_SHIFT] as Block;
    to.copyRow(at & BLOCK_MASK, from, row & BLOCK_MASK);
    if (((from.flags[row & BLOCK_MASK] as number) & PART) === 0) continue;
    const owner = position[from.owner[row & BLOCK_MASK] as number] as number;
    to.owner[at & BLOCK_MASK] = owner;
    before[at] = newest[owner] as number;
    newest[owner] = at;
  }
  for (const [number, block] of sorted.entries()) {
    if (number % (STEP_ROWS / BLOCK_ROWS) === 0) yield;
    for (let at = 0; at < block.capacity && number * BLOCK_ROWS + at < length; at++) {
      const isPart = ((block.flags[at] as number) & PART) !== 0;
      block.part[at] = (isPart ? before : newest)[number * BLOCK_ROWS + at] as number;
    }
  }
  return { length, blocks: sorted, writers, order: undefined };
}
