// A session is a small tree of runs of lines. A run is what one writer wrote in a row; `session`, `open` and `head`
// begin one, and say with `after` which line it goes on from.
import { NONE } from "./rows.ts";
import { compareStamps } from "./stamp.ts";
import type { Stamp } from "./stamp.ts";

export interface Run {
  readonly first: Stamp;
  readonly after: Stamp | undefined;
  /** It begins with a `head`: somebody went back on purpose. */
  readonly isMove: boolean;
}

/** From the root to a line: for each run on the way, its last stamp that lies on it. */
export type Way = ReadonlyMap<number, Stamp>;

export class Tree {
  readonly #runs: Run[] = [];
  /** A writer's runs in the order of their first stamps. */
  readonly #byWriter = new Map<string, number[]>();

  /** `runs` in the order in which they were begun. */
  constructor(runs: Iterable<Run> = []) {
    for (const run of runs) this.#add(run);
  }

  get runs(): readonly Run[] {
    return this.#runs;
  }

  get length(): number {
    return this.#runs.length;
  }

  /** `after` that is no earlier line is no parent: a way always goes back in time, so it ends. */
  begin(first: Stamp, after: Stamp | undefined, isMove: boolean): number {
    const parent = after && compareStamps(after, first) < 0 ? after : undefined;
    return this.#add({ first, after: parent, isMove });
  }

  #add(run: Run): number {
    const number = this.#runs.push(run) - 1;
    const own = this.#byWriter.get(run.first.writer);
    if (own === undefined) this.#byWriter.set(run.first.writer, [number]);
    else own.push(number);
    return number;
  }

  knows(writer: string): boolean {
    return this.#byWriter.has(writer);
  }

  /** True when this very line has begun a run. */
  begins(first: Stamp): boolean {
    const run = this.runOf(first);
    return run !== NONE && compareStamps((this.#runs[run] as Run).first, first) === 0;
  }

  /** The run that a line lies on, also one that was compacted away: the last of its writer that began before it. */
  runOf(stamp: Stamp): number {
    const own = this.#byWriter.get(stamp.writer);
    if (own === undefined) return NONE;
    const newest = own[own.length - 1] as number;
    if (compareStamps((this.#runs[newest] as Run).first, stamp) <= 0) return newest;
    let low = 0;
    let high = own.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (compareStamps((this.#runs[own[middle] as number] as Run).first, stamp) <= 0) low = middle + 1;
      else high = middle;
    }
    return low === 0 ? NONE : (own[low - 1] as number);
  }

  /** True when the next line of this writer goes on from `tip`: its newest run has it, or began right after it. */
  goesOnFrom(tip: Stamp, writer: string): boolean {
    const run = this.#byWriter.get(writer)?.at(-1);
    if (run === undefined) return false;
    const { first, after } = this.#runs[run] as Run;
    if (tip.writer === writer && compareStamps(first, tip) <= 0) return true;
    return after !== undefined && compareStamps(after, tip) === 0;
  }

  /** True when two ways part because two writers did not know of each other; false: somebody went back on purpose. */
  partsUnseen(a: Way, b: Way): boolean {
    const leaves = (run: number, way: Way): boolean => {
      const { after, isMove } = this.#runs[run] as Run;
      return !isMove && !way.has(run) && (after === undefined || way.has(this.runOf(after)));
    };
    return [...a.keys()].some((run) => leaves(run, b)) || [...b.keys()].some((run) => leaves(run, a));
  }

  /** The way from the root to this line. */
  way(stamp: Stamp | undefined): Map<number, Stamp> {
    const way = new Map<number, Stamp>();
    let at = stamp;
    while (at !== undefined) {
      const run = this.runOf(at);
      if (run === NONE) break;
      way.set(run, at);
      at = (this.#runs[run] as Run).after;
    }
    return way;
  }
}
