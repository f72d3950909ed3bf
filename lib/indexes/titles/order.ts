// The rows of a base in order: newest first, each session once.
import { STEP } from "./columns.ts";
import type { Columns } from "./columns.ts";
import { sortRows } from "../sort.ts";
import { StringsBuilder } from "./strings.ts";
import type { Strings } from "./strings.ts";
import { comparePlaces } from "./title.ts";
import type { Place } from "./title.ts";
import type { Turns } from "../../base/slices.ts";

/** As many as a number holds. */
const START_BYTES = 6;

export async function sortByTime(columns: Columns, turns: Turns): Promise<Columns> {
  const { at, ids, ties } = columns;
  const placeOf = (row: number): Place => ({ id: ids.at(row), at: at[row] as number, tie: ties.at(row) });
  const compare = (a: number, b: number): number => {
    const [atA, atB] = [at[a] as number, at[b] as number];
    if (atA !== atB) return atA > atB ? -1 : 1;
    return comparePlaces(placeOf(a), placeOf(b));
  };
  return await pickRows(columns, await sortRows(at.length, compare, turns), turns);
}

/** The rows in the order of their keys, and whether two have the same: rows that follow each other were compared. */
export async function sortByKey(
  { keys }: Columns,
  turns: Turns,
): Promise<{ readonly rows: Uint32Array; readonly hasEqual: boolean }> {
  const starts = await keyStarts(keys, turns);
  let hasEqual = false;
  const compare = (a: number, b: number): number => {
    const order = (starts[a] as number) - (starts[b] as number) || keys.compare(a, b);
    if (order === 0) hasEqual = true;
    return order;
  };
  return { rows: await sortRows(keys.length, compare, turns), hasEqual };
}

/** Of each key the six bytes after what all keys begin with, as a number. Hardly any two need to be compared further. */
async function keyStarts(keys: Strings, turns: Turns): Promise<Float64Array> {
  let shared = keys.length === 0 ? 0 : keys.end(0) - keys.start(0);
  for (let row = 1; row < keys.length; row++) {
    shared = keys.sharedStart(0, row, shared);
    if (row % STEP === 0 && turns.isOver) await turns.giveWay();
  }
  const starts = new Float64Array(keys.length);
  for (let row = 0; row < keys.length; row++) {
    const from = keys.start(row) + shared;
    for (let at = from; at < from + START_BYTES; at++) {
      starts[row] = (starts[row] as number) * 256 + (at < keys.end(row) ? (keys.bytes[at] as number) : 0);
    }
    if (row % STEP === 0 && turns.isOver) await turns.giveWay();
  }
  return starts;
}

/** The columns without the rows of sessions that have a newer one; the same columns where there is none. */
export async function withoutDoubles(columns: Columns, byKey: Uint32Array, turns: Turns): Promise<Columns> {
  const { ids, keys } = columns;
  const doubles = new Set<number>();
  /** The ids with the present key. */
  let seen = new Set<string>();
  for (let place = 1; place < byKey.length; place++) {
    const [before, row] = [byKey[place - 1] as number, byKey[place] as number];
    if (place % STEP === 0 && turns.isOver) await turns.giveWay();
    if (keys.compare(before, row) !== 0) {
      seen = new Set();
      continue;
    }
    // Of equal keys the newer ones stand first.
    seen.add(ids.at(before));
    if (seen.has(ids.at(row))) doubles.add(row);
  }
  if (doubles.size === 0) return columns;
  const rows = new Uint32Array(byKey.length - doubles.size);
  for (let row = 0, next = 0; row < byKey.length; row++) if (!doubles.has(row)) rows[next++] = row;
  return await pickRows(columns, rows, turns);
}

/** These rows, in this order. */
async function pickRows(columns: Columns, rows: Uint32Array, turns: Turns): Promise<Columns> {
  const { at, flags, ids, keys, texts, folded, ties } = columns;
  const picked = async (strings: Strings): Promise<Strings> => {
    const builder = new StringsBuilder();
    for (let next = 0; next < rows.length; next++) {
      builder.copy(strings, rows[next] as number);
      if (next % STEP === 0 && turns.isOver) await turns.giveWay();
    }
    return builder.build();
  };
  const pickedIds = await picked(ids);
  return {
    at: Float64Array.from(rows, (row) => at[row] as number),
    flags: Uint8Array.from(rows, (row) => flags[row] as number),
    ids: pickedIds,
    keys: keys === ids ? pickedIds : await picked(keys),
    texts: await picked(texts),
    folded: await picked(folded),
    ties: await picked(ties),
  };
}
