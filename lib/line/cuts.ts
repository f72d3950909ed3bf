// What truncations and deletions hide: messages with from <= place < to among those that their writer had seen.
import { CUT } from "./flags.ts";
import type { Rows } from "./rows.ts";
import { isOn, markOn } from "./living.ts";
import { compareStamps, parseStamp } from "./stamp.ts";
import type { Stamp } from "./stamp.ts";
import type { Tree, Way } from "./tree.ts";

export interface Cut {
  readonly at: Stamp;
  readonly from: Stamp | undefined;
  readonly to: Stamp;
  readonly isDelete: boolean;
  isRestored: boolean;
}

export class Cuts {
  readonly #rows: Rows;
  readonly #tree: Tree;
  readonly #cuts: Cut[];

  constructor(rows: Rows, tree: Tree, cuts: readonly Cut[] = []) {
    this.#rows = rows;
    this.#tree = tree;
    this.#cuts = [...cuts];
  }

  /** As they are now, in the order in which they came. */
  save(): Cut[] {
    return this.#cuts.map((cut) => ({ ...cut }));
  }

  /** Takes in the data of a `truncate`: {from, to}, null for the beginning and for its own stamp. False: it has none. */
  truncate(at: Stamp, data: unknown): boolean {
    const range = data as { from?: unknown; to?: unknown } | null | undefined;
    const from = range?.from === null ? undefined : parseStamp(range?.from);
    const to = range?.to === null ? at : parseStamp(range?.to);
    if (to === undefined || (from === undefined && range?.from !== null)) return false;
    this.#add({ at, from, to, isDelete: false, isRestored: false });
    return true;
  }

  delete(at: Stamp): void {
    // It was taken back before it came.
    if (this.#deletionAt(at) !== undefined) return;
    this.#add({ at, from: undefined, to: at, isDelete: true, isRestored: false });
  }

  /** Takes a deletion back; a row that another cut hides stays hidden. */
  restore(deletion: Stamp): void {
    const cut = this.#deletionAt(deletion);
    if (cut === undefined) {
      this.#cuts.push({ at: deletion, from: undefined, to: deletion, isDelete: true, isRestored: true });
      return;
    }
    cut.isRestored = true;
    const ways = this.#cuts.map((each) => this.#tree.way(each.at));
    for (let row = 0; row < this.#rows.length; row++) {
      if (this.#rows.has(row, CUT) && !this.#cuts.some((each, index) => this.#hides(each, ways[index] as Way, row))) {
        this.#rows.clear(row, CUT);
      }
    }
  }

  /** The newest deletion that was not taken back. */
  get deletion(): Stamp | undefined {
    return this.#cuts.findLast((cut) => cut.isDelete && !cut.isRestored)?.at;
  }

  /** For a row that comes late, as does a place whose first line was compacted away: cuts are for good. */
  hide(row: number): void {
    if (this.#cuts.some((cut) => this.#hides(cut, this.#tree.way(cut.at), row))) this.#rows.mark(row, CUT);
  }

  /**
   * Asked of a hidden row: a truncation hides it, for good. What only a deletion hides may be restored, and what a
   * truncation hides whose way is not `certain` may come back.
   */
  truncationTest(certain: (at: Stamp) => boolean): (row: number) => boolean {
    const cuts = this.#cuts.filter(({ at, isDelete }) => !isDelete && certain(at));
    if (cuts.length === this.#cuts.length) return () => true;
    const ways = cuts.map(({ at }) => this.#tree.way(at));
    return (row) => cuts.some((cut, index) => this.#hides(cut, ways[index] as Way, row));
  }

  #deletionAt(at: Stamp): Cut | undefined {
    return this.#cuts.find((each) => each.isDelete && compareStamps(each.at, at) === 0);
  }

  #add(cut: Cut): void {
    this.#cuts.push(cut);
    const first = cut.from === undefined ? 0 : this.#rows.positionOf(cut.from);
    markOn(this.#rows, this.#tree.way(cut.at), first, this.#rows.positionOf(cut.to), CUT);
  }

  #hides(cut: Cut, way: Way, row: number): boolean {
    if (cut.isRestored || this.#rows.comparePlace(row, cut.to) >= 0) return false;
    if (cut.from !== undefined && this.#rows.comparePlace(row, cut.from) < 0) return false;
    return isOn(this.#rows, way, row);
  }
}
