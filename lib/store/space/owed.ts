// Sessions of which something is to be erased yet: a purge that a crash cut short, or one that came with a sync from
// another machine. Kept in files, so that the next process goes on; and found anew where the cache is gone, by the `purge`
// lines of each session that is read.
import { join } from "node:path";
import { errno } from "../../base/errors.ts";
import { replaceText } from "../../disk/aside.ts";
import type { Layout } from "../../disk/names.ts";
import type { Vfs } from "../../disk/vfs.ts";
import type { Reading } from "../../line/reading.ts";

const DONE_ENDING = ".done";

export interface OwedOne {
  readonly id: string;
  /** A purge of this machine's: it may have come as far as the caches. */
  readonly isBegun: boolean;
  /** The hashes of attachments that go with it. */
  readonly blobs: readonly string[];
}

export class Owed {
  readonly #vfs: Vfs;
  readonly #layout: Layout;
  /** Sessions that this process has met. */
  readonly #met = new Set<string>();
  /** For each of these: the purges that were obeyed. */
  readonly #done = new Map<string, number>();
  readonly #onMet: () => void;

  /** `onMet` is called when one is met. */
  constructor(vfs: Vfs, layout: Layout, onMet: () => void) {
    this.#onMet = onMet;
    this.#vfs = vfs;
    this.#layout = layout;
  }

  /** True when this process has met some. */
  get hasMet(): boolean {
    return this.#met.size > 0;
  }

  /** A session was read. Whoever purged something of it has told how often, and of that we know how much we obeyed. */
  notice(session: { readonly id: string; readonly name: string }, { tally }: Pick<Reading, "tally">): void {
    const purges = purgesIn({ tally });
    if (purges === 0 || this.#met.has(session.id)) return;
    if (this.#done.get(session.name) === purges) return;
    if (this.#readDone(session.name) === purges) this.#done.set(session.name, purges);
    else this.#meet(session);
  }

  /** A purge begins. Throws what the system throws: what is not noted would be forgotten by a crash. */
  begin({ id, name }: { readonly id: string; readonly name: string }, blobs: ReadonlySet<string> = new Set()): void {
    this.#met.add(id);
    const before = parse(this.#vfs.readText(this.#pathOf(name)))?.blobs ?? [];
    this.#write(name, { id, isBegun: true, blobs: [...new Set([...before, ...blobs])] });
  }

  #meet({ id, name }: { readonly id: string; readonly name: string }): void {
    this.#met.add(id);
    try {
      if (this.#vfs.stat(this.#pathOf(name)) === undefined) this.#write(name, { id, isBegun: false, blobs: [] });
    } catch (error) {
      // Who reads has promised nothing: this process knows, and the next one reads the session again.
      if (errno(error) === undefined) throw error;
    }
    this.#onMet();
  }

  #write(name: string, one: OwedOne): void {
    replaceText(this.#vfs, this.#layout.aside, this.#pathOf(name), JSON.stringify(one));
  }

  /** Nothing is left of what so many purges named. */
  end({ id, name }: { readonly id: string; readonly name: string }, purges: number): void {
    replaceText(this.#vfs, this.#layout.aside, this.#pathOf(name) + DONE_ENDING, String(purges));
    this.#vfs.remove(this.#pathOf(name));
    this.#done.set(name, purges);
    this.#met.delete(id);
  }

  /** Nobody knows any more whether all that was purged of it is erased: logs that nobody looked after are ours now. */
  doubt(name: string): void {
    this.#vfs.remove(this.#pathOf(name) + DONE_ENDING);
    this.#done.delete(name);
  }

  /** All of them. */
  all(): OwedOne[] {
    const found = new Map<string, OwedOne>(Array.from(this.#met, (id) => [id, { id, isBegun: true, blobs: [] }]));
    for (const name of this.#vfs.names(this.#layout.owed)) {
      if (name.endsWith(DONE_ENDING)) continue;
      const one = parse(this.#vfs.readText(join(this.#layout.owed, name)));
      if (one !== undefined) found.set(one.id, one);
    }
    return [...found.values()];
  }

  #readDone(name: string): number {
    try {
      return Number(this.#vfs.readText(this.#pathOf(name) + DONE_ENDING));
    } catch (error) {
      if (errno(error) === undefined) throw error;
      return Number.NaN;
    }
  }

  #pathOf(name: string): string {
    return join(this.#layout.owed, name);
  }
}

function parse(text: string | undefined): OwedOne | undefined {
  try {
    const { id, isBegun, blobs } = JSON.parse(text ?? "null") as Partial<OwedOne>;
    const hashes = Array.isArray(blobs) ? blobs.filter((hash) => typeof hash === "string") : [];
    return typeof id === "string" && id !== "" ? { id, isBegun: isBegun === true, blobs: hashes } : undefined;
  } catch {
    // A power loss has left it without its content: the session's own log tells.
    return undefined;
  }
}

/** How many `purge` lines a session has. */
export function purgesIn(reading: Pick<Reading, "tally"> | undefined): number {
  return reading?.tally.types.get("purge")?.lines ?? 0;
}
