// Old logs that stand beside new ones, until nobody can be writing to them any more.
import { basename, dirname, join } from "node:path";
import { crypto } from "../../base/crypto.ts";
import { ASIDE_STAYS_MS, replaceText } from "../../disk/aside.ts";
import { OpenFile } from "../../disk/descriptors.ts";
import { LOG_ENDING, machineOf, oldOf } from "../../disk/names.ts";
import type { Layout } from "../../disk/names.ts";
import type { Vfs } from "../../disk/vfs.ts";
import { dropOld } from "../../log/old-log.ts";
import type { Replaced } from "../../log/old-log.ts";
import { replaceLog, retakeName } from "../../log/replace.ts";
import { readLog } from "../read/content.ts";
import { keepLost } from "../check/lost-found.ts";

export const OLD_STAYS_MS = 60_000;
/** A writer that still has the old log open has looked where the path leads by then, and writes to the new one. */
export const LOOKED_MS = 100;

export class ReplacedLogs {
  readonly #vfs: Vfs;
  readonly #layout: Layout;
  readonly #exclusively: (name: string, operation: () => Promise<void>) => Promise<void>;
  readonly #timers = new Map<string, NodeJS.Timeout>();
  #isSwept = false;
  #isClosed = false;

  /** `exclusively` runs an operation on the log of a session by its name, unless another one writes to that. */
  constructor(vfs: Vfs, layout: Layout, exclusively: (name: string, operation: () => Promise<void>) => Promise<void>) {
    this.#exclusively = exclusively;
    this.#vfs = vfs;
    this.#layout = layout;
  }

  remember(replaced: Replaced): void {
    replaceText(this.#vfs, this.#layout.aside, this.#recordOf(replaced.path), JSON.stringify(replaced));
  }

  /**
   * Lets the old log go when its minute is over. `run` orders it among the session's operations, and may know already
   * that the lines of the new one are in order.
   */
  dropLater(replaced: Replaced, run: (drop: (isInOrder?: boolean) => Promise<void>) => Promise<void>): void {
    if (this.#isClosed) return;
    // The old log before this one has gone.
    clearTimeout(this.#timers.get(replaced.path));
    const timer = setTimeout(() => {
      this.#timers.delete(replaced.path);
      // What fails here is tried again when the store is opened anew.
      run(async (isInOrder) => {
        // Another one has its name by now, whose minute is not over: whoever made that looks after it.
        if (!this.#isOf(replaced)) return;
        await (isInOrder === true ? this.drop(replaced) : this.#dropInOrder(replaced));
      }).catch(() => undefined);
    }, OLD_STAYS_MS);
    this.#timers.set(replaced.path, timer.unref());
  }

  /** Takes over what came late, and lets the old log go. The log may be out of order then. */
  async drop(replaced: Replaced): Promise<void> {
    clearTimeout(this.#timers.get(replaced.path));
    this.#timers.delete(replaced.path);
    const { path, old } = replaced;
    const fitting = this.#isOf(replaced) ? replaced : { path, old, drained: 0, replacedAt: 0 };
    if (fitting.packed !== undefined) await this.#retakeGrown(fitting, fitting.packed);
    if (await dropOld(this.#vfs, this.#layout.aside, fitting)) this.#vfs.remove(this.#recordOf(path));
  }

  /** False: another old log than the one that this is about has the name. */
  #isOf({ old, ino }: Replaced): boolean {
    return ino === undefined || (this.#vfs.stat(old)?.ino ?? ino) === ino;
  }

  /** The same for the old log that was met beside the log at this path; without a record all of it is taken over. */
  async settle(path: string): Promise<void> {
    await this.drop(this.#read(this.#recordOf(path)) ?? { path, old: oldOf(path), drained: 0, replacedAt: 0 });
  }

  /** What others left behind when they ended, once for an open store that writes. */
  async sweep(): Promise<void> {
    if (this.#isSwept) return;
    this.#isSwept = true;
    const directory = join(this.#layout.cache, "replaced");
    for (const name of this.#vfs.names(directory)) {
      const replaced = this.#read(join(directory, name));
      // A store that was copied with its cache has records of the place it was copied from.
      if (replaced === undefined || this.#recordOf(replaced.path) !== join(directory, name)) continue;
      if (!replaced.path.startsWith(this.#layout.sessions)) continue;
      if (Date.now() - replaced.replacedAt <= OLD_STAYS_MS) continue;
      await this.#exclusively(nameOf(replaced.path), () => this.#dropInOrder(replaced));
    }
    for (const name of this.#vfs.names(this.#layout.aside)) {
      const path = join(this.#layout.aside, name);
      if (Date.now() - (this.#vfs.stat(path)?.mtimeMs ?? Date.now()) > ASIDE_STAYS_MS) this.#vfs.remove(path);
    }
  }

  async #dropInOrder(replaced: Replaced): Promise<void> {
    await this.drop(replaced);
    await this.sort(replaced.path);
  }

  /** An old log that the archive has not all of, and beside which there is none in use, gets its name back. */
  async #retakeGrown({ path, old, drained }: Replaced, packed: string): Promise<void> {
    const vfs = this.#vfs;
    const stat = vfs.stat(old);
    if (stat === undefined || vfs.stat(path) !== undefined) return;
    if (stat.size !== drained || vfs.stat(packed) === undefined) retakeName(vfs, { path, ...stat });
    await vfs.syncDirectory(dirname(path));
  }

  /** Writes a log anew whose lines are not in order. */
  async sort(path: string): Promise<void> {
    if (this.#vfs.stat(path) === undefined) return;
    const open = new OpenFile(this.#vfs.open(path, "read")).pin();
    open.drop();
    try {
      const content = await readLog(open);
      if (content.isSorted) return;
      const room = { vfs: this.#vfs, layout: this.#layout };
      const name = nameOf(path);
      const owner = { name, machine: machineOf(path) };
      for (const fragment of content.fragments) await keepLost(room, { ...fragment, ...owner });
      const lines = content.lines.map(({ offset, length }) => ({ file: open.file, offset, length }));
      const read = { dev: open.dev, ino: open.ino, size: content.size };
      const again = await replaceLog(this.#vfs, this.#layout.aside, path, read, lines, (each) => this.remember(each));
      this.dropLater(again, (drop) => this.#exclusively(name, drop));
    } finally {
      open.unpin();
    }
  }

  close(): void {
    this.#isClosed = true;
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#timers.clear();
  }

  #read(record: string): Replaced | undefined {
    try {
      return (JSON.parse(this.#vfs.readText(record) ?? "null") as Replaced | null) ?? undefined;
    } catch {
      return undefined;
    }
  }

  #recordOf(path: string): string {
    const name = crypto().createHash("sha256").update(path).digest("hex").slice(0, 32);
    return join(this.#layout.cache, "replaced", `${name}.json`);
  }
}

/** The file name of the session whose log this is. */
function nameOf(path: string): string {
  return basename(path, LOG_ENDING);
}
