// Where a session's logs lie: it is looked up by name in the folder of every machine and every month.
import { join } from "node:path";
import { fingerprintOf, isSameFile } from "../disk/fingerprint.ts";
import type { Fingerprint } from "../disk/fingerprint.ts";
import type { Layout } from "../disk/names.ts";
import { LOG_ENDING, OLD_ENDING } from "../disk/names.ts";
import type { Vfs } from "../disk/vfs.ts";

export interface Place {
  readonly path: string;
  readonly machine: string;
}

/** The directory of a machine and month. */
export interface Month {
  readonly machine: string;
  /** Below sessions/, as in `laptop-k3f9x2ab/2026-11`. */
  readonly directory: string;
  readonly path: string;
  readonly print: Fingerprint;
}

/** So long a listing of the folders serves before they are looked at again. */
const SERVES_MS = 1000;
/** A change within this of the last one may not show in a directory's time. */
const RACY_MS = 2000;

export class Locator {
  readonly #vfs: Vfs;
  readonly #layout: Layout;
  #months: Month[] = [];
  #checkedAt = Number.NEGATIVE_INFINITY;
  /** The listing has changed since the last check: who looked for one session may have met what concerns another. */
  #isChanged = false;
  /** Grows when a log may have come or gone. */
  generation = 0;

  constructor(vfs: Vfs, layout: Layout) {
    this.#vfs = vfs;
    this.#layout = layout;
  }

  /** The month directories of all machines, as they were at the last look. */
  get months(): readonly Month[] {
    return this.#months;
  }

  /** All logs of a session, those that a compaction left beside among them. */
  find(name: string): Place[] {
    this.#list();
    return [LOG_ENDING, OLD_ENDING].flatMap((ending) => this.#findEnding(name, ending, this.#months));
  }

  /** Looks at the directories again if the last look is a second old. */
  check(): void {
    if (performance.now() - this.#checkedAt >= SERVES_MS) this.refresh();
  }

  /** Looks at the directories again. */
  refresh(): void {
    this.#checkedAt = performance.now();
    this.#list();
    const racy = Date.now() - RACY_MS;
    if (this.#isChanged || this.#months.some(({ print }) => print.mtimeMs > racy)) this.generation++;
    this.#isChanged = false;
  }

  #list(): void {
    const before = new Map(this.#months.map(({ path, print }) => [path, print]));
    const months: Month[] = [];
    for (const machine of this.#vfs.names(this.#layout.sessions)) {
      for (const name of this.#vfs.names(join(this.#layout.sessions, machine))) {
        const path = this.#layout.month(machine, name);
        const stat = this.#vfs.stat(path);
        if (stat?.isDirectory)
          months.push({ machine, directory: `${machine}/${name}`, path, print: fingerprintOf(stat) });
      }
    }
    this.#months = months;
    this.#isChanged ||=
      before.size !== months.length ||
      months.some(({ path, print }) => {
        const known = before.get(path);
        return known === undefined || !isSameFile(known, print);
      });
  }

  #findEnding(name: string, ending: string, months: readonly Month[]): Place[] {
    const places: Place[] = [];
    for (const month of months) {
      const path = join(month.path, name + ending);
      if (this.#vfs.stat(path) !== undefined) places.push({ path, machine: month.machine });
    }
    return places;
  }
}
