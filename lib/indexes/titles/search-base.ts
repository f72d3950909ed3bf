// Finding rows: the rarest grams of a query give candidates, and each candidate is looked through.
import type { TitleBase } from "./base.ts";
import { firstPlace } from "./bisect.ts";
import { BLOCK_ROWS, Grams } from "./grams.ts";
import type { Postings, Walk } from "./postings.ts";
import type { RowSet } from "./row-set.ts";

/** A list that is longer, in bytes, is not gone through alone: where the second rarest gram is missing, none is looked at. */
const SHORT_LIST = 64;

const grams = new Grams();

/** What to leave out: rows from `end` on, and those that are hidden. */
export interface Bounds {
  readonly limit: number;
  readonly end: number;
  readonly hidden: RowSet;
}

/** The newest rows before `end` that are not hidden and have all the words; at most `limit`. */
export function searchBase(base: TitleBase, words: readonly string[], { limit, end, hidden }: Bounds): number[] {
  const found: number[] = [];
  const needles = words.map((word) => Buffer.from(word));
  const { bytes, offsets } = base.columns.folded;
  /** False: there are enough. */
  const take = (row: number): boolean => {
    if (hidden.has(row)) return true;
    for (const needle of needles) {
      if (!contains(bytes, offsets[row] as number, offsets[row + 1] as number, needle)) return true;
    }
    return found.push(row) < limit;
  };
  const takeAll = (from: number, to: number): boolean => {
    for (let row = from; row < to; row++) if (!take(row)) return false;
    return true;
  };
  if (limit <= 0 || end <= 0) return found;
  if (needles.length === 0) {
    takeAll(0, end);
    return found;
  }
  const long = rarest(base.long, needles, "long");
  if (long.length > 0) {
    walkBoth(long, end, take);
    return found;
  }
  walkBoth(rarest(base.short, needles, "short"), Math.ceil(end / BLOCK_ROWS), (block) =>
    takeAll(block * BLOCK_ROWS, Math.min((block + 1) * BLOCK_ROWS, end)),
  );
  return found;
}

/** The newest rows of a stretch of `byKey`, within the same bounds. */
export function newestOf(base: TitleBase, first: number, last: number, { limit, end, hidden }: Bounds): number[] {
  const { byKey } = base;
  const isShown = (row: number): boolean => row < end && !hidden.has(row);
  if (last - first <= 2 * limit) return [...byKey.slice(first, last).filter(isShown).sort().subarray(0, limit)];
  const rows: number[] = [];
  // Ids that are made of the time stand oldest first. From behind, the first ones taken keep out all others.
  for (let place = last - 1; place >= first; place--) {
    const row = byKey[place] as number;
    if (!isShown(row) || (rows.length === limit && row > (rows[limit - 1] as number))) continue;
    if (rows.length === limit) rows.pop();
    rows.splice(
      firstPlace(0, rows.length, (at) => (rows[at] as number) > row),
      0,
      row,
    );
  }
  return rows;
}

/** Ways through the lists of the one or two rarest grams of this kind; none: the words are too short for it. */
function rarest(postings: Postings, needles: readonly Buffer[], kind: "long" | "short"): Walk[] {
  const buckets = new Set<number>();
  for (const needle of needles) {
    grams.read(needle, 0, needle.length);
    const count = kind === "long" ? grams.longCount : grams.shortCount;
    for (let at = 0; at < count; at++) buckets.add(grams[kind][at] as number);
  }
  const sorted = [...buckets].sort((a, b) => postings.size(a) - postings.size(b));
  const isShort = sorted[0] === undefined || postings.size(sorted[0]) <= SHORT_LIST;
  return sorted.slice(0, isShort ? 1 : 2).map((bucket) => postings.walk(bucket));
}

/** Hands over what is in all the lists and before `end`, until there is enough. */
function walkBoth(walks: readonly Walk[], end: number, take: (row: number) => boolean): void {
  const [first, second] = walks;
  if (first === undefined) return;
  while (first.next() && first.row < end) {
    if (second !== undefined && second.row !== first.row) {
      if (!second.reach(first.row)) return;
      if (second.row !== first.row) continue;
    }
    if (!take(first.row)) return;
  }
}

function contains(bytes: Uint8Array, start: number, end: number, needle: Uint8Array): boolean {
  const first = needle[0] as number;
  const last = end - needle.length;
  for (let at = start; at <= last; at++) {
    if (bytes[at] !== first) continue;
    let length = 1;
    while (length < needle.length && bytes[at + length] === needle[length]) length++;
    if (length === needle.length) return true;
  }
  return false;
}
