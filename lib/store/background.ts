// With durability "process" the disk follows within a second: what was written is synced in the background.
import type { Vfs } from "../disk/vfs.ts";
import type { LogWriter } from "../log/writer.ts";
import type { StoreWarning } from "./events.ts";

const DELAY_MS = 500;
/** Syncs at a time: the thread pool has four threads, and reads want them, too. */
const AT_A_TIME = 2;

export class Background {
  readonly #vfs: Vfs;
  readonly #warn: (warning: StoreWarning) => void;
  readonly #sweep: () => Promise<void>;
  readonly #writers = new Set<LogWriter>();
  readonly #directories = new Set<string>();
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> | undefined;

  /** `sweep` clears up what others left, beside the first sync. */
  constructor(vfs: Vfs, warn: (warning: StoreWarning) => void, sweep: () => Promise<void>) {
    this.#vfs = vfs;
    this.#warn = warn;
    this.#sweep = sweep;
  }

  addWriter(writer: LogWriter): void {
    if (writer.isScheduled) return;
    writer.isScheduled = true;
    this.#writers.add(writer);
    if (this.#timer === undefined) this.#start();
  }

  /** A file in this directory has a new name. */
  addDirectory(path: string): void {
    this.#directories.add(path);
    if (this.#timer === undefined) this.#start();
  }

  /** Syncs all that waits. What fails is told as a warning: nobody waits for it. */
  async flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    while (this.#running !== undefined) await this.#running;
    this.#running = this.#syncAll();
    await this.#running;
    this.#running = undefined;
  }

  #start(): void {
    this.#timer = setTimeout(() => void this.flush(), DELAY_MS);
    this.#timer.unref();
  }

  async #syncAll(): Promise<void> {
    const tasks = [
      ...[...this.#writers].map((writer) => ({ path: writer.log.path, sync: () => writer.sync() })),
      ...[...this.#directories].map((path) => ({ path, sync: () => this.#vfs.syncDirectory(path) })),
    ];
    for (const writer of this.#writers) writer.isScheduled = false;
    this.#writers.clear();
    this.#directories.clear();
    const hasWork = tasks.length > 0;
    const workers = Array.from({ length: AT_A_TIME }, async () => {
      for (let task = tasks.pop(); task !== undefined; task = tasks.pop()) {
        const { path } = task;
        await task.sync().catch((cause: unknown) => {
          this.#warn({ code: "sync", message: `could not bring ${path} to the disk`, path, cause });
        });
      }
    });
    // What fails here is tried again by the next open store.
    if (hasWork) await this.#sweep().catch(() => undefined);
    await Promise.all(workers);
  }
}
