// Where a session's logs lie: it is looked up by name in the folder of every machine and every month, and in the archive.
import { sep } from "node:path";
import { fingerprintOf, isSameFile } from "../disk/fingerprint.ts";
import type { Fingerprint } from "../disk/fingerprint.ts";
import type { Layout } from "../disk/names.ts";
import { LOG_ENDING, OLD_ENDING, PACKED_ENDING } from "../disk/names.ts";
import type { Vfs } from "../disk/vfs.ts";

export interface Place {
  readonly path: string;
  readonly machine: string;
  /** Bytes, where it was looked at. */
  readonly size?: number;
  /** It is an archived log, and this is the file as it was met. */
  readonly packed?: Fingerprint;
}

/** The directory of a machine and month. */
export interface Month {
  readonly machine: string;
  readonly isArchive: boolean;
  /** As indexes call it: `laptop-k3f9x2ab/2026-11`, and in the archive `archive/laptop-k3f9x2ab/2026-11`. */
  readonly directory: string;
  readonly path: string;
  readonly print: Fingerprint;
}

/** So long a listing of the folders serves before they are looked at again. */
const SERVES_MS = 1000;
/** A change within this of the last one may not show in a directory's time. */
const RACY_MS = 2000;

/** A log that was met in a directory. */
export function placeOf(
  { machine, isArchive }: Pick<Month, "machine" | "isArchive">,
  path: string,
  stat: Fingerprint,
): Place {
  const { size } = stat;
  return isArchive ? { path, machine, size, packed: fingerprintOf(stat) } : { path, machine, size };
}

export class Locator {
  readonly #vfs: Vfs;
  readonly #layout: Layout;
  #months: Month[] = [];
  #checkedAt = Number.NEGATIVE_INFINITY;
  /** The listing has changed since the last check: who looked for one session may have met what concerns another. */
  #isChanged = false;
  /** How often the directories were looked at. */
  looks = 0;
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

  /**
   * All logs of a session, those that a compaction left beside among them, and at last the archived ones. `isListed`: check()
   * has just looked at the directories.
   */
  find(name: string, isListed = false): Place[] {
    if (!isListed) this.#list();
    // Looked for first: what goes to the archive stays under its old name for a while, and what comes back from it has its
    // log before it goes there. So no session is ever in neither.
    const packed = this.#findEnding(name, PACKED_ENDING);
    return [...this.#findEnding(name, LOG_ENDING), ...this.#findEnding(name, OLD_ENDING), ...packed];
  }

  /** Looks at the directories again if the last look is a second old. -> whether it did */
  check(): boolean {
    const isOld = performance.now() - this.#checkedAt >= SERVES_MS;
    if (isOld) this.refresh();
    return isOld;
  }

  /** Looks at the directories again. */
  refresh(): void {
    this.#checkedAt = performance.now();
    this.#list();
    const racy = Date.now() - RACY_MS;
    if (this.#isChanged || this.#months.some(({ print }) => print.mtimeMs > racy)) this.generation++;
    this.#isChanged = false;
  }

  /** The same where nobody waits for it. False: they cannot be looked at now; whoever reads a session says so. */
  tryRefresh(): boolean {
    try {
      this.refresh();
      return true;
    } catch {
      return false;
    }
  }

  #list(): void {
    this.looks++;
    const before = new Map(this.#months.map(({ path, print }) => [path, print]));
    const months: Month[] = [];
    this.#listRoom(false, months);
    this.#listRoom(true, months);
    this.#months = months;
    this.#isChanged ||=
      before.size !== months.length ||
      months.some(({ path, print }) => {
        const known = before.get(path);
        return known === undefined || !isSameFile(known, print);
      });
  }

  #listRoom(isArchive: boolean, months: Month[]): void {
    const root = isArchive ? this.#layout.archive : this.#layout.sessions;
    // Most stores have no archive: to ask first costs a sixth of the error.
    if (isArchive && this.#vfs.stat(root) === undefined) return;
    for (const machine of this.#vfs.names(root)) {
      for (const name of this.#vfs.names(root + sep + machine)) {
        const path = this.#layout.month(machine, name, isArchive);
        const stat = this.#vfs.stat(path);
        if (!stat?.isDirectory) continue;
        const directory = this.#layout.directoryName(machine, name, isArchive);
        months.push({ machine, isArchive, directory, path, print: fingerprintOf(stat) });
      }
    }
  }

  #findEnding(name: string, ending: string): Place[] {
    const places: Place[] = [];
    const isArchive = ending === PACKED_ENDING;
    for (const month of this.#months) {
      if (month.isArchive !== isArchive) continue;
      const path = month.path + sep + name + ending;
      const stat = this.#vfs.stat(path);
      if (stat !== undefined) places.push(placeOf(month, path, stat));
    }
    return places;
  }
}
