// The titles that stand: 100,000 of them in a few typed arrays, newest first. Nothing in it ever changes.
import { firstPlace } from "./bisect.ts";
import { Blocks } from "./blocks.ts";
import { IS_ARCHIVED, IS_PROMPT } from "./columns.ts";
import type { Columns } from "./columns.ts";
import { fold } from "../../line/searched.ts";
import { Postings } from "./postings.ts";
import { Strings } from "./strings.ts";
import { comparePlaces } from "./title.ts";
import type { Place, Title, TitleHit } from "./title.ts";

/** No row. */
export const NONE = -1;

/** So many hits' strings are kept. */
const MOST_MADE = 16_384;

export class TitleBase {
  readonly columns: Columns;
  /** The rows in the order of their keys. */
  readonly byKey: Uint32Array;
  readonly long: Postings;
  readonly short: Blocks;
  readonly #made = new Map<number, { readonly id: string; readonly text: string }>();

  constructor(columns: Columns, byKey: Uint32Array, long: Postings, short: Blocks) {
    this.columns = columns;
    this.byKey = byKey;
    this.long = long;
    this.short = short;
  }

  static empty(): TitleBase {
    const none = new Strings(new Uint32Array(1), Buffer.alloc(0));
    const columns = { at: new Float64Array(0), flags: new Uint8Array(0), ids: none, keys: none };
    const postings = new Postings(new Uint32Array(0), new Uint8Array(0));
    const rest = { texts: none, folded: none, ties: none };
    return new TitleBase({ ...columns, ...rest }, new Uint32Array(0), postings, Blocks.ofRows(0));
  }

  get size(): number {
    return this.byKey.length;
  }

  title(row: number): Title {
    const { at, ids, texts, ties } = this.columns;
    const flag = this.columns.flags[row] as number;
    return {
      id: ids.at(row),
      text: texts.at(row),
      isPrompt: (flag & IS_PROMPT) !== 0,
      archived: (flag & IS_ARCHIVED) !== 0,
      at: at[row] as number,
      tie: ties.at(row),
    };
  }

  hit(row: number): TitleHit {
    const { ids, texts } = this.columns;
    const flag = this.columns.flags[row] as number;
    // To make strings of bytes takes longer than to find the row, and who types finds the same ones again.
    let made = this.#made.get(row);
    if (made === undefined) {
      if (this.#made.size === MOST_MADE) this.#made.clear();
      made = { id: ids.at(row), text: texts.at(row) };
      this.#made.set(row, made);
    }
    return {
      id: made.id,
      text: made.text,
      isPrompt: (flag & IS_PROMPT) !== 0,
      archived: (flag & IS_ARCHIVED) !== 0,
      updatedMs: this.columns.at[row] as number,
    };
  }

  /** The row of the session with this very id. */
  find(id: string): number {
    const key = Buffer.from(fold(id));
    for (let place = this.firstKey(key); this.isKey(place, key); place++) {
      const row = this.byKey[place] as number;
      if (this.columns.ids.at(row) === id) return row;
    }
    return NONE;
  }

  /** The first place of `byKey` whose key is this one or comes after it. Those that begin with it follow each other. */
  firstKey(key: Uint8Array): number {
    const { byKey } = this;
    const { keys } = this.columns;
    return firstPlace(0, byKey.length, (place) => keys.compareTo(byKey[place] as number, key) >= 0);
  }

  /** Where, from the first of them on, the keys that begin with this one end. */
  lastKey(key: Uint8Array, first: number): number {
    const isPast = (place: number): boolean => !this.columns.keys.startsWith(this.byKey[place] as number, key);
    // What is typed is hardly ever an id.
    return first === this.size || isPast(first) ? first : firstPlace(first, this.size, isPast);
  }

  isKey(place: number, key: Uint8Array): boolean {
    return place < this.size && this.columns.keys.compareTo(this.byKey[place] as number, key) === 0;
  }

  /** How many rows are newer. */
  countNewer(place: Place): number {
    return firstPlace(0, this.size, (row) => this.compareTo(row, place) >= 0);
  }

  /** comparePlaces() of a row and another place. */
  compareTo(row: number, place: Place): number {
    const { at, ids, ties } = this.columns;
    const own = at[row] as number;
    if (own !== place.at) return own > place.at ? -1 : 1;
    return comparePlaces({ id: ids.at(row), at: own, tie: ties.at(row) }, place);
  }
}
