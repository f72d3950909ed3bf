// From places to rows, and what is known of places that have no row, or whose row was made before its line came.
import type { Cuts } from "./cuts.ts";
import { PART } from "./flags.ts";
import { NONE } from "./rows.ts";
import type { Rows } from "./rows.ts";
import { compareStamps, formatStamp } from "./stamp.ts";
import type { Stamp } from "./stamp.ts";
import type { Tree } from "./tree.ts";

export interface SavedPlaces {
  readonly purged: readonly string[];
  readonly absent: readonly string[];
  readonly onceRemoved: readonly number[];
  readonly unplaced: readonly number[];
  readonly isAhead: boolean;
}

export class Places {
  readonly purged: Set<string>;
  /** Removed places of which no line was seen. */
  readonly absent: Set<string>;
  /** Messages that a `remove` has hidden once, though a later version brought them back: their parts stay hidden. */
  readonly onceRemoved: Set<number>;
  /** Rows whose run may not be the one that it seems: a line about them came before any line of their writer, or theirs. */
  readonly #unplaced: Set<number>;
  /** A row was made for a place that is greater than all stamps so far: somebody wrote a line by hand. */
  #isAhead: boolean;
  readonly #rows: Rows;
  readonly #tree: Tree;
  readonly #cuts: Cuts;

  constructor(rows: Rows, tree: Tree, cuts: Cuts, saved?: SavedPlaces) {
    this.#rows = rows;
    this.#tree = tree;
    this.#cuts = cuts;
    this.purged = new Set(saved?.purged);
    this.absent = new Set(saved?.absent);
    this.onceRemoved = new Set(saved?.onceRemoved);
    this.#unplaced = new Set(saved?.unplaced);
    this.#isAhead = saved?.isAhead ?? false;
  }

  save(): SavedPlaces {
    return {
      purged: [...this.purged],
      absent: [...this.absent],
      onceRemoved: [...this.onceRemoved],
      unplaced: [...this.#unplaced],
      isAhead: this.#isAhead,
    };
  }

  /** The row of a message's place, made if there is none; NONE: it was purged. `last` is the greatest stamp so far. */
  rowOf(place: Stamp, last: Stamp | undefined): number {
    const known = this.find(place, last);
    if (known !== NONE) return known;
    if (this.isPurged(place)) return NONE;
    const run = this.#tree.runOf(place);
    const row = this.#rows.add(place, 0, run, NONE);
    const isAhead = last !== undefined && compareStamps(place, last) > 0;
    this.#isAhead ||= isAhead;
    if (run === NONE || isAhead) this.#unplaced.add(row);
    if (place !== last) this.#cuts.hide(row);
    return row;
  }

  /** A part's row, which there is none of yet. */
  addPart(place: Stamp, owner: number, last: Stamp | undefined): number {
    this.#isAhead ||= last !== undefined && compareStamps(place, last) > 0;
    return this.#rows.add(place, PART, NONE, owner);
  }

  /** A place that is greater than all before it has no row yet, unless one was made ahead of its line. */
  find(place: Stamp, last: Stamp | undefined): number {
    if (place === last && !this.#isAhead) return NONE;
    return this.#rows.find(place);
  }

  isPurged(place: Stamp): boolean {
    return this.purged.size > 0 && this.purged.has(formatStamp(place));
  }

  /** A run began, and `last` is the greatest stamp so far. True: it is that of a row which had another, or none. */
  placeRows(last: Stamp | undefined): boolean {
    let isAny = false;
    for (const row of this.#unplaced) {
      const run = this.#tree.runOf(this.#rows.place(row));
      if (run === NONE) continue;
      // A later run may begin before a place that is still ahead.
      if (last === undefined || this.#rows.comparePlace(row, last) <= 0) this.#unplaced.delete(row);
      if (run === this.#rows.runOf(row)) continue;
      this.#rows.setRun(row, run);
      this.#cuts.hide(row);
      isAny = true;
    }
    return isAny;
  }
}
