// Which messages are the history: the living ones on the way from the root to the tip.
import { NONE } from "./rows.ts";
import type { Rows } from "./rows.ts";
import { compareStamps } from "./stamp.ts";
import type { Stamp } from "./stamp.ts";
import type { Tree, Way } from "./tree.ts";

export class History {
  readonly #rows: Rows;
  readonly #tree: Tree;
  /** The greatest stamp of a `head`, `truncate` or `remove`. */
  #mark: Stamp | undefined;
  /** The living message with the greatest place; undefined: to be looked for. */
  #newest: number | undefined = NONE;
  #newestPlace: Stamp | undefined;
  #way: { readonly tip: Stamp | undefined; readonly runs: number; readonly way: Map<number, Stamp> } | undefined;
  #list: Uint32Array | undefined;

  constructor(rows: Rows, tree: Tree) {
    this.#rows = rows;
    this.#tree = tree;
  }

  /** A line was applied: the list of rows is made anew when somebody asks. */
  changed(): void {
    this.#list = undefined;
  }

  setMark(stamp: Stamp): void {
    if (this.#mark === undefined || compareStamps(stamp, this.#mark) > 0) this.#mark = stamp;
  }

  /** A message has a new line, and may live. */
  put(row: number, place: Stamp): void {
    if (this.#newest === undefined || !this.#rows.isAlive(row)) return;
    if (this.#newestPlace !== undefined && compareStamps(place, this.#newestPlace) <= 0) return;
    this.#newest = row;
    this.#newestPlace = place;
  }

  kill(row: number, flag: number): void {
    this.#rows.mark(row, flag);
    if (row === this.#newest) this.#newest = undefined;
  }

  /** Any message may live again. */
  revive(): void {
    this.#newest = undefined;
  }

  /** The greatest stamp among the places of living messages and the marks. */
  get tip(): Stamp | undefined {
    this.newest();
    const place = this.#newestPlace;
    if (place === undefined) return this.#mark;
    return this.#mark === undefined || compareStamps(place, this.#mark) > 0 ? place : this.#mark;
  }

  newest(): number {
    if (this.#newest === undefined) {
      this.#newest = NONE;
      for (let position = this.#rows.length - 1; position >= 0 && this.#newest === NONE; position--) {
        const row = this.#rows.at(position);
        if (this.#isLivingMessage(row)) this.#newest = row;
      }
      this.#newestPlace = this.#newest === NONE ? undefined : this.#rows.place(this.#newest);
    }
    return this.#newest;
  }

  /** The rows of the history's messages, oldest first. */
  list(): Uint32Array {
    this.#list ??= this.listOn(this.#currentWay());
    return this.#list;
  }

  /** The rows of the living messages on this way, oldest first. */
  listOn(way: Way): Uint32Array {
    const list = new Uint32Array(this.#rows.length);
    let count = 0;
    for (let position = 0; position < this.#rows.length; position++) {
      const row = this.#rows.at(position);
      if (this.#isLivingMessage(row) && isOn(this.#rows, way, row)) list[count++] = row;
    }
    return list.slice(0, count);
  }

  includes(row: number): boolean {
    return this.#isLivingMessage(row) && isOn(this.#rows, this.#currentWay(), row);
  }

  /** The newest messages of the other branches, newest first. */
  otherTips(): number[] {
    const ways: Way[] = [this.#currentWay()];
    const tips: number[] = [];
    for (let position = this.#rows.length - 1; position >= 0; position--) {
      const row = this.#rows.at(position);
      if (!this.#isLivingMessage(row) || ways.some((way) => isOn(this.#rows, way, row))) continue;
      tips.push(row);
      ways.push(this.#tree.way(this.#rows.place(row)));
    }
    return tips;
  }

  /** True when the session went on in two places at once. */
  get isDiverged(): boolean {
    if (this.#tree.length < 2) return false;
    const current = this.#currentWay();
    return this.otherTips().some((row) => this.#tree.partsUnseen(current, this.#tree.way(this.#rows.place(row))));
  }

  #isLivingMessage(row: number): boolean {
    return !this.#rows.isPart(row) && this.#rows.isAlive(row);
  }

  #currentWay(): Way {
    const { tip } = this;
    const known = this.#way;
    // Within one run the way goes on with the tip; only a new run, or a tip on another one, makes a new way.
    if (known?.tip !== undefined && tip !== undefined && known.runs === this.#tree.length) {
      const run = this.#tree.runOf(tip);
      if (run === this.#tree.runOf(known.tip)) {
        if (run !== NONE) known.way.set(run, tip);
        this.#way = { ...known, tip };
        return known.way;
      }
    }
    const way = this.#tree.way(tip);
    this.#way = { tip, runs: this.#tree.length, way };
    return way;
  }
}

export function isOn(rows: Rows, way: Way, row: number): boolean {
  const limit = way.get(rows.run[row] as number);
  return limit !== undefined && rows.comparePlace(row, limit) <= 0;
}
