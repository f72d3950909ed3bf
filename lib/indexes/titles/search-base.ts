// Finding rows: the rarest grams of a query give candidates, and each candidate is looked through.
import type { TitleBase } from "./base.ts";
import { firstPlace } from "./bisect.ts";
import { BLOCK_ROWS } from "./blocks.ts";
import { Grams } from "./grams.ts";
import { Needle } from "./needle.ts";
import type { Postings, Walk } from "./postings.ts";
import type { RowSet } from "./row-set.ts";

/** So many lists are gone through side by side: what is not in all of them need not be looked at. */
const MOST_LISTS = 4;
/** So many steps on a list take the time of one look at a title. */
const LOOK_STEPS = 16;
/** So many steps a list may take for nothing before it is left out. */
const PATIENCE = 64;

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
  const needles = words.map((word) => new Needle(word));
  const { bytes, offsets } = base.columns.folded;
  /** False: there are enough. */
  const take = (row: number): boolean => {
    if (hidden.has(row)) return true;
    for (const needle of needles) {
      if (!needle.isIn(bytes, offsets[row] as number, offsets[row + 1] as number)) return true;
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
  const walks = rarest(base.long, needles);
  if (walks.length > 0) {
    walkAll(walks, end, take);
    return found;
  }
  const short = shortBuckets(needles);
  for (let block = 0; block * BLOCK_ROWS < end; block++) {
    if (!base.short.hasAll(block, short)) continue;
    if (!takeAll(block * BLOCK_ROWS, Math.min((block + 1) * BLOCK_ROWS, end))) break;
  }
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

/** Ways through the lists of rare long grams, the shortest first; none: the words are too short to have any. */
function rarest(postings: Postings, needles: readonly Needle[]): Walk[] {
  const bySize = (a: number, b: number): number => postings.size(a) - postings.size(b);
  // Each word's rarest gram comes before the others: the grams of one word stand in the same titles.
  const first: number[] = [];
  const others: number[] = [];
  for (const { bytes } of needles) {
    grams.read(bytes, 0, bytes.length);
    const sorted = grams.long.slice(0, grams.longCount).sort(bySize);
    for (let at = 0; at < sorted.length && at < MOST_LISTS; at++)
      (at === 0 ? first : others).push(sorted[at] as number);
  }
  first.sort(bySize);
  const [shortest] = first;
  if (shortest === undefined) return [];
  const longest = LOOK_STEPS * postings.size(shortest);
  return [...new Set([...first, ...others.sort(bySize)])]
    .filter((bucket) => postings.size(bucket) <= longest)
    .slice(0, MOST_LISTS)
    .map((bucket) => postings.walk(bucket));
}

function shortBuckets(needles: readonly Needle[]): number[] {
  const buckets: number[] = [];
  for (const { bytes } of needles) {
    grams.read(bytes, 0, bytes.length);
    buckets.push(...grams.short.subarray(0, grams.shortCount));
  }
  return buckets;
}

/** Hands over what is in all the lists and before `end`, until there is enough; what is not in all of them may come, too. */
function walkAll([first, ...others]: readonly Walk[], end: number, take: (row: number) => boolean): void {
  if (first === undefined) return;
  const filters = others.map((walk) => new Filter(walk));
  rows: while (first.next() && first.row < end) {
    for (let at = 0; at < filters.length; at++) {
      const filter = filters[at] as Filter;
      if (!filter.walk.reach(first.row)) return;
      const isOut = filter.walk.row !== first.row;
      if (!filter.isWorthIt(isOut)) filters.splice(at--, 1);
      if (isOut) continue rows;
    }
    if (!take(first.row)) return;
  }
}

/** A list beside the shortest one. It has to keep out as many titles as its own steps would pay for. */
class Filter {
  readonly walk: Walk;
  #spared = PATIENCE;

  constructor(walk: Walk) {
    this.walk = walk;
  }

  /** `isOut`: it has just spared us a look. */
  isWorthIt(isOut: boolean): boolean {
    if (isOut) this.#spared += LOOK_STEPS;
    return this.walk.steps <= this.#spared;
  }
}
