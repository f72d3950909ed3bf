// Which messages are the history: the living ones on the way from the root to the tip.
import { isOn, livingOn, testOf } from "./living.ts";
import type { Living, RowTest } from "./living.ts";
import type { HistoryReading } from "./reading.ts";
import { NONE } from "./rows.ts";
import type { Rows } from "./rows.ts";
import { compareStamps } from "./stamp.ts";
import type { Stamp } from "./stamp.ts";
import type { Tree, Way } from "./tree.ts";

export class History implements HistoryReading {
  readonly #rows: Rows;
  readonly #tree: Tree;
  /** The greatest stamp of a `head`, `truncate` or `remove`. */
  #mark: Stamp | undefined;
  /** The living message with the greatest place; undefined: to be looked for. */
  #newest: number | undefined;
  #newestPlace: Stamp | undefined;
  #way: { readonly tip: Stamp | undefined; readonly runs: number; readonly way: Map<number, Stamp> } | undefined;
  #living: Living | undefined;
  #tips: number[] | undefined;

  constructor(rows: Rows, tree: Tree, mark?: Stamp) {
    this.#rows = rows;
    this.#tree = tree;
    this.#mark = mark;
    this.#newest = rows.length === 0 ? NONE : undefined;
  }

  get mark(): Stamp | undefined {
    return this.#mark;
  }

  /** A line was applied: the list of rows is made anew when somebody asks. */
  changed(): void {
    this.#living = undefined;
    this.#tips = undefined;
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
        if (this.#rows.isLivingMessage(row)) this.#newest = row;
      }
      this.#newestPlace = this.#newest === NONE ? undefined : this.#rows.place(this.#newest);
    }
    return this.#newest;
  }

  /** The rows of the history's messages, oldest first. */
  list(): Uint32Array {
    return this.#read().list;
  }

  get length(): number {
    return this.list().length;
  }

  rowAt(position: number): number {
    return this.list()[position] as number;
  }

  slice(first: number, end: number): Uint32Array {
    return this.list().subarray(first, end);
  }

  positionOf(place: Stamp): number {
    const list = this.list();
    let low = 0;
    let high = list.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#rows.comparePlace(list[middle] as number, place) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** The rows of the living messages on this way, oldest first. */
  listOn(way: Way): Uint32Array {
    return livingOn(this.#rows, way).list;
  }

  includes(row: number): boolean {
    return this.#rows.isLivingMessage(row) && isOn(this.#rows, this.#currentWay(), row);
  }

  /** The newest messages of the other branches, newest first. */
  otherTips(): readonly number[] {
    this.#tips ??= this.#findTips();
    return this.#tips;
  }

  #findTips(): number[] {
    const rows = this.#rows;
    const isOnWay = [testOf(rows, this.#currentWay())];
    const tips: number[] = [];
    // The messages beside the history, all of which some tip's way has.
    let others = this.#read().others;
    for (let position = rows.length - 1; others > 0; position--) {
      const row = rows.at(position);
      if (!rows.isLivingMessage(row) || (isOnWay[0] as RowTest)(row)) continue;
      others--;
      if (isOnWay.some((test) => test(row))) continue;
      tips.push(row);
      isOnWay.push(testOf(rows, this.#tree.way(rows.place(row))));
    }
    return tips;
  }

  /** True when the session went on in two places at once. */
  get isDiverged(): boolean {
    if (this.#tree.length < 2) return false;
    const current = this.#currentWay();
    return this.otherTips().some((row) => this.#tree.partsUnseen(current, this.#tree.way(this.#rows.place(row))));
  }

  #read(): Living {
    this.#living ??= livingOn(this.#rows, this.#currentWay());
    return this.#living;
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
