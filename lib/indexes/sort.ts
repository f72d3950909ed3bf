// Sorting rows in slices: one sort of 100,000 would hold the event loop for longer than a reader may.
import type { Turns } from "../base/slices.ts";

const RUN = 2048;
/** So many rows are merged before the clock is asked. */
const STEP = 4096;

/** The rows from 0 to count in the order that `compare` gives. Those that it takes for equal stay in their order. */
export async function sortRows(
  count: number,
  compare: (a: number, b: number) => number,
  turns: Turns,
): Promise<Uint32Array> {
  let rows = new Uint32Array(count);
  for (let row = 0; row < count; row++) rows[row] = row;
  for (let start = 0; start < count; start += RUN) {
    rows.subarray(start, start + RUN).sort(compare);
    if (turns.isOver) await turns.giveWay();
  }
  let merged = new Uint32Array(count);
  for (let width = RUN; width < count; width *= 2) {
    for (let start = 0; start < count; start += 2 * width) {
      await mergeRuns(rows, merged, start, width, compare, turns);
    }
    [rows, merged] = [merged, rows];
  }
  return rows;
}

/** Merges the run at `start` and the one behind it, each of this width or what is left of it. */
async function mergeRuns(
  from: Uint32Array,
  to: Uint32Array,
  start: number,
  width: number,
  compare: (a: number, b: number) => number,
  turns: Turns,
): Promise<void> {
  const middle = Math.min(start + width, from.length);
  const end = Math.min(middle + width, from.length);
  let left = start;
  let right = middle;
  for (let at = start; at < end; at++) {
    const takesLeft = right === end || (left < middle && compare(from[left] as number, from[right] as number) <= 0);
    to[at] = from[takesLeft ? left++ : right++] as number;
    if (at % STEP === 0 && turns.isOver) await turns.giveWay();
  }
}
