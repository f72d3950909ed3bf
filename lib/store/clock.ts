// What time it is, for those who delete by age. No wall clock is simply believed: one that was set ten years forward would
// take all that there is.
//
// A store remembers when it was looked after last. A clock that is more than a year ahead of that (or, where nothing is
// remembered, of all that the file system says of the store's directories) has either leapt or the store lay unused for as
// long: nobody can tell. So the leap does not count, and time goes on from where it was, until the clock has gone on for a
// week after it, or is back. Leaps of less than a year look like holidays, and are believed.
import { join } from "node:path";
import { errno } from "../base/errors.ts";
import { replaceText } from "../disk/aside.ts";
import type { Layout } from "../disk/names.ts";
import type { Vfs } from "../disk/vfs.ts";

const DAY_MS = 86_400_000;
const LEAP_MS: number = 366 * DAY_MS;
/** So long a leap is doubted. */
const SETTLES_MS: number = 7 * DAY_MS;
/** A time that was remembered so long ago is remembered anew. */
const NOTED_MS = 3_600_000;

/** What time it is, as far as it is believed. */
export interface Moment {
  readonly ms: number;
  /** Why the wall clock is not believed. */
  readonly doubt?: string;
}

/** What is remembered; times of the wall clock. */
interface Memory {
  readonly seenMs?: number;
  /** A leap that is doubted: from when to when it went. */
  readonly fromMs?: number;
  readonly toMs?: number;
  /** When the trash, the sizes and the attachments were looked at. */
  readonly trashMs?: number;
  readonly sizeMs?: number;
  readonly blobsMs?: number;
  /** What all live logs took then. */
  readonly bytes?: number;
}

export class Clock {
  readonly #vfs: Vfs;
  readonly #layout: Layout;

  constructor(vfs: Vfs, layout: Layout) {
    this.#vfs = vfs;
    this.#layout = layout;
  }

  /** Writes nothing. */
  now(): Moment {
    return momentOf(this.#renewed(this.#read()), Date.now());
  }

  /** The same, and it is remembered. */
  note(): Moment {
    const before = this.#read();
    const after = this.#renewed(before);
    const now = Date.now();
    const isOld =
      before.fromMs !== after.fromMs || before.toMs !== after.toMs || Math.abs(now - (before.seenMs ?? 0)) >= NOTED_MS;
    if (isOld) this.#write({ ...after, seenMs: now });
    return momentOf(after, now);
  }

  /** True once in this time, for all processes that look after the store. */
  isDue(what: "trashMs" | "sizeMs" | "blobsMs", everyMs: number): boolean {
    const memory = this.#read();
    const now = Date.now();
    const age = now - (memory[what] ?? Number.NEGATIVE_INFINITY);
    if (age >= 0 && age < everyMs) return false;
    this.#write({ ...memory, [what]: now });
    return true;
  }

  /** What all live logs took when that was looked at. */
  get bytes(): number | undefined {
    return this.#read().bytes;
  }

  keepBytes(bytes: number): void {
    this.#write({ ...this.#read(), bytes });
  }

  #renewed(memory: Memory): Memory {
    const now = Date.now();
    const { fromMs, toMs, ...others } = memory;
    if (fromMs !== undefined && toMs !== undefined) {
      const { seenMs = toMs } = memory;
      const isLeap = now - seenMs > LEAP_MS;
      const isBack = now < toMs && now - fromMs <= LEAP_MS;
      if (isBack || (now - toMs >= SETTLES_MS && !isLeap)) return others;
      // After one more the week begins anew, from the time that was believed until then.
      if (isLeap) return { ...memory, fromMs: fromMs + Math.max(0, seenMs - toMs), toMs: now };
      return now < toMs ? { ...memory, toMs: now } : memory;
    }
    const known = memory.seenMs ?? this.#evidence();
    return known === undefined || now - known <= LEAP_MS ? others : { ...others, fromMs: known, toMs: now };
  }

  /** When something was last made or removed in the store, as far as its directories tell. */
  #evidence(): number | undefined {
    const { marker, root, sessions, trash } = this.#layout;
    const paths = [marker, root, sessions, trash];
    for (const machine of this.#vfs.names(sessions)) {
      const directory = join(sessions, machine);
      paths.push(directory, ...this.#vfs.names(directory).map((month) => join(directory, month)));
    }
    const times = paths.map((path) => this.#vfs.stat(path)?.mtimeMs ?? Number.NEGATIVE_INFINITY);
    const newest = times.reduce((most, each) => Math.max(most, each), Number.NEGATIVE_INFINITY);
    return newest > 0 ? newest : undefined;
  }

  #read(): Memory {
    try {
      const memory = JSON.parse(this.#vfs.readText(this.#layout.upkeep) ?? "{}") as unknown;
      const entries = Object.entries(memory ?? {}).filter(([, value]) => Number.isFinite(value));
      return Object.fromEntries(entries);
    } catch {
      // It may vanish, so it may be anything: the directories tell then.
      return {};
    }
  }

  #write(memory: Memory): void {
    try {
      replaceText(this.#vfs, this.#layout.aside, this.#layout.upkeep, JSON.stringify(memory));
    } catch (error) {
      if (errno(error) === undefined) throw error;
    }
  }
}

function momentOf({ fromMs, toMs }: Memory, now: number): Moment {
  if (fromMs === undefined || toMs === undefined) return { ms: now };
  const days = Math.floor((toMs - fromMs) / DAY_MS);
  const doubt = `the clock is ${days} days ahead of the last time that the store was used; ages do not count these days`;
  return { ms: fromMs + Math.max(0, now - toMs), doubt };
}
