// What a store does for itself while it is open, off everybody's path: the trash lets go of what nobody can restore any more,
// attachments that nothing names go there, what was purged elsewhere is erased here, a retention policy is kept, sizes are
// looked at. A moment after the store was opened, and after writes, at most so often; never while it is closing, but for the
// trash of a process that does not live long enough. What fails is told as a warning, and tried again the next time.
import { Stop } from "../base/stop.ts";
import { Sizes } from "./space/sizes.ts";
import type { StoreState } from "./state.ts";

/** A process that opens a store wants something else first. */
const DELAY_MS = 500;
const TRASH_MS = 3_600_000;
const BLOBS_MS = 86_400_000;
const RETENTION_MS = 60_000;

export class Upkeep {
  readonly sizes: Sizes;
  readonly #store: StoreState;
  readonly #stop = new Stop();
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> | undefined;
  #trashAt = Number.NEGATIVE_INFINITY;
  #blobsAt = Number.NEGATIVE_INFINITY;
  #retainedAt = Number.NEGATIVE_INFINITY;

  constructor(store: StoreState) {
    this.#store = store;
    this.sizes = new Sizes(store);
  }

  /** The store was opened. */
  start(): void {
    if (this.#store.readOnly !== undefined) return;
    this.#timer = setTimeout(() => this.#begin(true), DELAY_MS).unref();
  }

  /** Something was met that is to be erased. */
  soon(): void {
    if (this.#store.readOnly !== undefined || this.#stop.isStopped) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#begin(true), DELAY_MS).unref();
  }

  /** Something was written. */
  async afterWrites(): Promise<void> {
    if (!this.#stop.isStopped) {
      this.sizes.check();
      this.#begin(false);
    } else if (this.#store.clock.isDue("trashMs", TRASH_MS)) {
      const { expireTrash } = await import("./space.ts");
      await expireTrash(this.#store, this.#store.clock.note());
    }
  }

  /** What is under way is given up, between two sessions; but what was purged elsewhere, and met here, is erased first. */
  async close(): Promise<void> {
    clearTimeout(this.#timer);
    this.#stop.stop();
    await this.#running;
    if (!this.#store.owed.hasMet || this.#store.readOnly !== undefined) return;
    const { eraseOwed } = await import("./space.ts");
    await eraseOwed(this.#store).catch((cause: unknown) => this.#failed(cause));
  }

  #failed(cause: unknown): void {
    this.#store.warn({ code: "upkeep", message: "the store could not be looked after; it is tried again", cause });
  }

  #begin(isOpening: boolean): void {
    this.#running ??= this.#run(isOpening)
      .catch((cause: unknown) => {
        if (!this.#stop.isStopped) this.#failed(cause);
      })
      .finally(() => {
        this.#running = undefined;
      });
  }

  async #run(isOpening: boolean): Promise<void> {
    const store = this.#store;
    const { signal } = this.#stop;
    const now = performance.now();
    if (now - this.#trashAt >= TRASH_MS) {
      this.#trashAt = now;
      const { expireTrash } = await import("./space.ts");
      await expireTrash(store, store.clock.note(), signal);
    }
    if (!store.vfs.isVolatile && now - this.#blobsAt >= BLOBS_MS) {
      this.#blobsAt = now;
      // All logs are read for it.
      if (store.clock.isDue("blobsMs", BLOBS_MS)) {
        const { collectBlobs } = await import("./space.ts");
        await collectBlobs(store, { signal });
      }
    }
    if (isOpening && !store.vfs.isVolatile) {
      const { findOwed } = await import("./space.ts");
      await findOwed(store, signal);
      await this.sizes.measure(signal);
    }
    const policy = store.settings.retention;
    if (policy !== undefined && now - this.#retainedAt >= RETENTION_MS) {
      this.#retainedAt = now;
      const { retain } = await import("./space.ts");
      await retain(store, policy, signal);
    }
  }
}
