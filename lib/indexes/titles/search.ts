// A query's answer out of both parts, in one order: the base's rows and the young titles.
import { queryOf } from "../../line/searched.ts";
import { RANKS, rankOf } from "./rank.ts";
import { newestOf, searchBase } from "./search-base.ts";
import { comparePlaces } from "./title.ts";
import type { Place, TitleHit } from "./title.ts";
import type { TitleSet } from "./title-set.ts";
import type { Young } from "./young.ts";

export interface TitleSearchOptions {
  /** Default 50. */
  limit?: number | undefined;
  /**
   * "updated": newest first. "best": of the newest 1,000 hits (or `limit`, if that is more) first those whose title begins
   * with the text, then those in which each word begins a word. Default "updated".
   */
  order?: "updated" | "best" | undefined;
}

/** A hit on its way: a row of the base, or a young title. */
type Found = number | Young;

const DEFAULT_LIMIT = 50;
const MOST_RANKED = 1000;
/** A shorter beginning of an id would be that of too many. */
const LEAST_OF_ID = 4;

export function searchTitles(titles: TitleSet, text: string, options: TitleSearchOptions): TitleHit[] {
  const { limit = DEFAULT_LIMIT, order = "updated" } = options;
  if (!(limit > 0)) return [];
  const { words, key } = queryOf(text);
  const named = namedBy(titles, key);
  const most = order === "best" ? Math.max(limit, MOST_RANKED) : limit;
  let found = newest(titles, words, named, most);
  if (order === "best") found = ranked(titles, found, words);
  const { meant } = named;
  if (meant.length > 0) found = [...meant, ...found.filter((each) => !meant.includes(each))];
  return found.slice(0, limit).map((each) => hitOf(titles, each));
}

/** The sessions that a query names by their id. */
interface Named {
  /** A stretch of the base's rows by key. */
  readonly first: number;
  readonly last: number;
  readonly young: readonly Young[];
  /** Those whose id it is; else the only one whose id begins with it. */
  readonly meant: readonly Found[];
}

function namedBy(titles: TitleSet, key: string): Named {
  if (key === "") return { first: 0, last: 0, young: [], meant: [] };
  const { base, hidden, young } = titles;
  const bytes = Buffer.from(key);
  const first = base.firstKey(bytes);
  const isShort = key.length < LEAST_OF_ID;
  const begun = young.named(key, isShort);
  const equal: Found[] = begun.filter((each) => each.key === key);
  for (let place = first; base.isKey(place, bytes); place++) {
    const row = base.byKey[place] as number;
    if (!hidden.has(row)) equal.push(row);
  }
  if (equal.length > 1) equal.sort((a, b) => comparePlaces(placeOf(titles, a), placeOf(titles, b)));
  if (isShort) return { first, last: first, young: [], meant: equal };
  const last = base.lastKey(bytes, first);
  return { first, last, young: begun, meant: equal.length > 0 ? equal : onlyOne(titles, first, last, begun) };
}

function onlyOne({ base, hidden }: TitleSet, first: number, last: number, young: readonly Young[]): Found[] {
  const found: Found[] = young.slice(0, 2);
  for (let place = first; place < last && found.length < 2; place++) {
    const row = base.byKey[place] as number;
    if (!hidden.has(row)) found.push(row);
  }
  return found.length === 1 ? found : [];
}

/** The newest `most` that have all the words or are named. */
function newest({ base, hidden, young }: TitleSet, words: readonly string[], named: Named, most: number): Found[] {
  let newer = young.search(words, most);
  if (named.young.length > 0) {
    const all = [...new Set([...newer, ...named.young])];
    newer = all.sort((a, b) => comparePlaces(a.title, b.title)).slice(0, most);
  }
  // Where the young ones are enough, rows that are older than all of them are of no use.
  const oldest = newer[most - 1];
  const end = oldest === undefined ? base.size : base.countNewer(oldest.title);
  const bounds = { limit: most, end, hidden };
  let rows = searchBase(base, words, bounds);
  if (named.first < named.last) {
    const all = new Set([...rows, ...newestOf(base, named.first, named.last, bounds)]);
    rows = [...all].sort((a, b) => a - b);
  }
  if (newer.length === 0) return rows.slice(0, most);
  const found: Found[] = [];
  let next = 0;
  for (const row of rows) {
    for (; next < newer.length && base.compareTo(row, (newer[next] as Young).title) > 0; next++) {
      found.push(newer[next] as Young);
    }
    found.push(row);
  }
  return [...found, ...newer.slice(next)].slice(0, most);
}

/** By how well they fit, and then as they were. */
function ranked({ base }: TitleSet, found: readonly Found[], words: readonly string[]): Found[] {
  const ranks: Found[][] = Array.from({ length: RANKS }, () => []);
  for (const each of found) {
    const folded = typeof each === "number" ? base.columns.folded.at(each) : each.folded;
    ranks[rankOf(folded, words)]?.push(each);
  }
  return ranks.flat();
}

function placeOf({ base }: TitleSet, found: Found): Place {
  return typeof found === "number" ? base.title(found) : found.title;
}

function hitOf({ base }: TitleSet, found: Found): TitleHit {
  if (typeof found === "number") return base.hit(found);
  const { id, text, isPrompt, archived, at } = found.title;
  return { id, text, isPrompt, archived, updatedMs: at };
}
