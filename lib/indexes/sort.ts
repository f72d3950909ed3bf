// Sorting in steps, so that a hundred thousand keys hold up nobody.
import { giveWay } from "../base/turn.ts";

const RUN = 4096;
const STEPS_A_LOOK = 4096;

/** Row numbers 0 to count - 1 in the order that `compare` gives them. */
export async function sortRows(count: number, compare: (a: number, b: number) => number): Promise<Uint32Array> {
  let rows = Uint32Array.from({ length: count }, (_, row) => row);
  for (let start = 0; start < count; start += RUN) {
    rows.subarray(start, start + RUN).sort(compare);
    await giveWay();
  }
  let into = new Uint32Array(count);
  for (let width = RUN; width < count; width *= 2) {
    for (let start = 0; start < count; start += 2 * width) await mergeRuns(rows, into, start, width, compare);
    [rows, into] = [into, rows];
  }
  return rows;
}

async function mergeRuns(
  from: Uint32Array,
  into: Uint32Array,
  start: number,
  width: number,
  compare: (a: number, b: number) => number,
): Promise<void> {
  const middle = Math.min(start + width, from.length);
  const end = Math.min(start + 2 * width, from.length);
  let left = start;
  let right = middle;
  for (let at = start; at < end; at++) {
    const takesLeft = right >= end || (left < middle && compare(from[left] as number, from[right] as number) <= 0);
    into[at] = from[takesLeft ? left++ : right++] as number;
    if ((at - start) % STEPS_A_LOOK === STEPS_A_LOOK - 1) await giveWay();
  }
}
