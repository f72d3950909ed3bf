// opencode's ids: a prefix, twelve hex digits of the time and a counter, fourteen characters of chance. The digits hold 48 of the
// 53 bits that would be needed, so that they began anew on 2026-08-14: what is younger than that sorts before what is older.

/** In ms; the counter has twelve bits. */
const WRAP_MS = 2 ** 36;
const COUNTER = 2 ** 12;
const DIGITS = /^[a-z]+_([0-9a-f]{12})/;
/** Ids of sessions count backwards, so that the youngest comes first. */
const BACKWARDS = /^ses_/;

/** What has an id, and a time as far as that is known. */
export interface Dated {
  readonly id: string;
  readonly ms: number;
}

/** When an id was made, in ms, by a time not much more than a year away from that. */
export function timeOfId(id: string, nearMs: number): number | undefined {
  return madeAt(id, nearMs)?.ms;
}

/** By time; what has one time, in the order in which the ids were made. */
export function compareDated(a: Dated, b: Dated): number {
  return a.ms - b.ms || compareIds(a.id, b.id, a.ms);
}

/** In the order in which they were made: parts have no time that can be trusted, their message has. */
export function compareIds(a: string, b: string, nearMs: number): number {
  const unknown = { ms: nearMs, counter: 0 };
  const first = madeAt(a, nearMs) ?? unknown;
  const second = madeAt(b, nearMs) ?? unknown;
  return first.ms - second.ms || first.counter - second.counter || (a < b ? -1 : a > b ? 1 : 0);
}

/** Apart: together they have more bits than a number from 2039 on. The number of new beginnings is what brings it nearest. */
function madeAt(id: string, nearMs: number): { readonly ms: number; readonly counter: number } | undefined {
  const digits = DIGITS.exec(id)?.[1];
  if (digits === undefined) return undefined;
  const value = Number.parseInt(digits, 16);
  const low = BACKWARDS.test(id) ? 2 ** 48 - 1 - value : value;
  const turns = Math.max(0, Math.round((nearMs - low / COUNTER) / WRAP_MS));
  return { ms: Math.floor(low / COUNTER) + turns * WRAP_MS, counter: low % COUNTER };
}
