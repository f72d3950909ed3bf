// One moment of the catalog, to be walked in either order and direction, from any place.
import type { Base, MonthFiles } from "./base.ts";
import { msOf } from "./build.ts";
import { compareMarks, DELETED, flagsOf, markOf } from "./entry.ts";
import type { CatalogEntry, Mark, Order } from "./entry.ts";
import { ROWS_A_PART, Selection } from "./selection.ts";
import type { Narrowing } from "./selection.ts";

/** So many steps are taken before the caller is asked whether others have waited long enough. */
const STEPS_A_TURN = 1024;

export class CatalogView {
  readonly base: Base | undefined;
  readonly #young: ReadonlyMap<string, CatalogEntry>;
  readonly #sorted = new Map<Order, CatalogEntry[]>();

  constructor(base: Base | undefined, young: ReadonlyMap<string, CatalogEntry>) {
    this.base = base;
    this.#young = young;
  }

  /**
   * The entries behind the mark, or all; backwards those before it. Deleted sessions only where `narrowing` is
   * undefined. Now and then undefined, so that others can have their turn. The base must stay open meanwhile.
   */
  *walk(
    order: Order,
    direction: 1 | -1,
    mark?: Mark,
    narrowing?: Narrowing,
  ): Generator<CatalogEntry | undefined, void, undefined> {
    const young = this.#sortedYoung(order);
    const { base } = this;
    const end = base?.count ?? 0;
    const selection = base === undefined || narrowing === undefined ? undefined : new Selection(base, narrowing);
    let at =
      young.length === 0
        ? 0
        : startOf(young.length, direction, mark, (index) => markOf(young[index] as CatalogEntry, order));
    let position = base === undefined ? 0 : baseStart(base, order, direction, mark);
    let steps = 0;
    for (;;) {
      const next = young[at];
      let old: CatalogEntry | undefined;
      for (
        ;
        position >= 0 && position < end;
        position = selection?.next(order, position, direction) ?? position + direction
      ) {
        if (++steps % STEPS_A_TURN === 0) yield undefined;
        const row = (base as Base).rowAt(order, position);
        if (selection?.has(row) === false) continue;
        const entry = (base as Base).entry(row);
        if (this.#young.has(entry.name)) continue;
        if (mark !== undefined && compareMarks(markOf(entry, order), mark) * direction <= 0) continue;
        old = entry;
        break;
      }
      if (next === undefined && old === undefined) return;
      const isOld =
        next === undefined ||
        (old !== undefined && compareMarks(markOf(old, order), markOf(next, order)) * direction < 0);
      if (isOld) {
        position += direction;
        yield old;
      } else {
        at += direction;
        if (narrowing === undefined || (flagsOf(next) & DELETED) === 0) yield next;
      }
    }
  }

  /**
   * How many sessions pass, where the columns alone can tell: undefined where the entries must be asked. `passes` tells
   * it of a young one.
   */
  *count(narrowing: Narrowing, passes: (entry: CatalogEntry) => boolean): Generator<undefined, number | undefined> {
    const { project, directory, parent, title, tags } = narrowing;
    if ([project, directory, parent, title, tags].some((each) => each !== undefined)) return undefined;
    const { base } = this;
    const selection = base === undefined ? undefined : new Selection(base, narrowing);
    let count = 0;
    for (let part = 0; part * ROWS_A_PART < (base?.count ?? 0); part++) {
      count += selection?.countIn(part) ?? 0;
      yield undefined;
    }
    for (const [name, entry] of this.#young) {
      const row = base?.find(name)?.row;
      if (row !== undefined && selection?.has(row) === true) count--;
      if (entry.logs.length > 0 && entry.kind !== "deleted" && passes(entry)) count++;
    }
    return count;
  }

  /** Directories of which files are known. */
  directories(): string[] {
    const directories = new Set(this.base?.content.files.map(({ directory }) => directory));
    for (const { logs } of this.#young.values()) for (const { directory } of logs) directories.add(directory);
    return [...directories];
  }

  /** The files of a directory that the base knows; what is younger may say otherwise. */
  filesOf(directory: string): MonthFiles | undefined {
    return this.base?.content.files.find((each) => each.directory === directory);
  }

  /** The session that a file of the base is of; undefined: the base is not the newest to know of it. */
  nameOfFile(number: number): string | undefined {
    const name = this.base?.nameOfFile(number);
    return name === undefined || this.#young.has(name) ? undefined : name;
  }

  /** What is known of a session; undefined: nothing, or that it is gone. */
  find(name: string): CatalogEntry | undefined {
    const young = this.#young.get(name);
    if (young !== undefined) return young.logs.length === 0 ? undefined : young;
    return this.base?.find(name)?.entry;
  }

  /** What was learnt of a session since the base was made. */
  young(name: string): CatalogEntry | undefined {
    return this.#young.get(name);
  }

  /** All that was learnt since then; what is gone has no logs. */
  youngEntries(): Iterable<CatalogEntry> {
    return this.#young.values();
  }

  /** About so many sessions. */
  get size(): number {
    return (this.base?.count ?? 0) + this.#young.size;
  }

  *youngIn(directory: string): Generator<CatalogEntry> {
    for (const entry of this.#young.values()) {
      if (entry.logs.some((log) => log.directory === directory)) yield entry;
    }
  }

  /** The sessions of which a log is known in this directory. */
  *namesIn(directory: string): Generator<string> {
    for (const { name } of this.youngIn(directory)) yield name;
    const { first = 0, count = 0 } = this.filesOf(directory) ?? {};
    for (let number = first; number < first + count; number++) {
      const name = this.nameOfFile(number);
      if (name !== undefined) yield name;
    }
  }

  #sortedYoung(order: Order): readonly CatalogEntry[] {
    const known = this.#sorted.get(order);
    if (known !== undefined) return known;
    const sorted = [...this.#young.values()].filter(({ logs }) => logs.length > 0);
    sorted.sort((a, b) => compareMarks(markOf(a, order), markOf(b, order)));
    this.#sorted.set(order, sorted);
    return sorted;
  }
}

/** The first index behind the mark, or the last one before it. */
function startOf(length: number, direction: 1 | -1, mark: Mark | undefined, markAt: (index: number) => Mark): number {
  if (mark === undefined) return direction === 1 ? 0 : length - 1;
  let low = 0;
  let high = length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const order = compareMarks(markAt(middle), mark);
    if (direction === 1 ? order <= 0 : order < 0) low = middle + 1;
    else high = middle;
  }
  return direction === 1 ? low : low - 1;
}

/** Near enough: what lies on the wrong side of the mark is passed over. */
function baseStart(base: Base, order: Order, direction: 1 | -1, mark: Mark | undefined): number {
  if (mark === undefined) return direction === 1 ? 0 : base.count - 1;
  const position = base.positionOf(order, mark, msOf(mark.stamp));
  return direction === 1 ? position : position - 1;
}
