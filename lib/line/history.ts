// Which messages are the history: the living ones on the way from the root to the tip.
import { addLiving, isOn, listOf, livingOn, testOf } from "./living.ts";
import type { Living, RowTest } from "./living.ts";
import type { HistoryReading } from "./reading.ts";
import { NONE } from "./rows.ts";
import type { Rows } from "./rows.ts";
import { compareStamps } from "./stamp.ts";
import type { Stamp } from "./stamp.ts";
import type { Tree, Way } from "./tree.ts";

/** The way to a tip. What goes on from there makes it longer. */
interface KnownWay {
  tip: Stamp;
  readonly way: Map<number, Stamp>;
}

export class History implements HistoryReading {
  readonly #rows: Rows;
  readonly #tree: Tree;
  /** The greatest stamp of a `head`, `truncate` or `remove`. */
  #mark: Stamp | undefined;
  /** The living message with the greatest place; undefined: to be looked for. */
  #newest: number | undefined;
  #newestPlace: Stamp | undefined;
  #way: KnownWay | undefined;
  /** Undefined: somebody must ask for it first, or what came since changed more of it than its end. The same holds for the tips. */
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

  /** A line came late: it may stand between those that are known. */
  forget(): void {
    this.#way = undefined;
    this.#forgetLists();
  }

  setMark(stamp: Stamp): void {
    if (this.#mark === undefined || compareStamps(stamp, this.#mark) > 0) this.#mark = stamp;
    this.#forgetLists();
  }

  /** A message has a new line, and may live; `wasLiving`: it did before. */
  put(row: number, place: Stamp, wasLiving: boolean): void {
    if (wasLiving || !this.#rows.isAlive(row)) return;
    if (!this.#isLast(place)) {
      this.#forgetLists();
      return;
    }
    this.#newest = row;
    this.#newestPlace = place;
    if (this.#living !== undefined && this.#way !== undefined && this.#goOn(this.#way, place))
      addLiving(this.#living, row);
    else this.#forgetLists();
  }

  kill(row: number, flag: number): void {
    this.#rows.mark(row, flag);
    if (row === this.#newest) this.#newest = undefined;
    this.#forgetLists();
  }

  /** Any message may live again, or no more. */
  changed(): void {
    this.#newest = undefined;
    this.#forgetLists();
  }

  #forgetLists(): void {
    this.#living = undefined;
    this.#tips = undefined;
  }

  #isLast(place: Stamp): boolean {
    if (this.#newest === undefined) return false;
    return this.#newestPlace === undefined || compareStamps(place, this.#newestPlace) > 0;
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
    return listOf(this.#read());
  }

  get length(): number {
    return this.#read().count;
  }

  rowAt(position: number): number {
    return this.#read().rows[position] as number;
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
    return listOf(livingOn(this.#rows, way));
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
    if (tip === undefined) return new Map();
    if (this.#way === undefined || !this.#goOn(this.#way, tip)) this.#way = { tip, way: this.#tree.way(tip) };
    return this.#way.way;
  }

  /**
   * True when the way to `tip` is the known one, made longer, which it is from now on. All that lives has a place before the known
   * tip, so nothing else has come onto it. Whoever lets writers take turns has as many runs as lines: to walk all of them for each
   * line would make each take longer than the one before.
   */
  #goOn(known: KnownWay, tip: Stamp): boolean {
    const last = this.#tree.runOf(known.tip);
    const added: [run: number, to: Stamp][] = [];
    for (let at: Stamp | undefined = tip; at !== undefined;) {
      const run = this.#tree.runOf(at);
      if (run === NONE) return false;
      added.push([run, at]);
      if (run === last) {
        if (compareStamps(at, known.tip) < 0) return false;
        for (const [each, to] of added) known.way.set(each, to);
        known.tip = tip;
        return true;
      }
      if (known.way.has(run)) return false;
      at = this.#tree.runs[run]?.after;
    }
    return false;
  }
}
