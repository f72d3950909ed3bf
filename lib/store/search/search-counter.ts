// How far a search is.
import type { Vfs } from "../../disk/vfs.ts";
import { giveWay } from "../../base/turn.ts";
import type { SearchOptions } from "./search-options.ts";
import type { Target } from "./search-targets.ts";

export class SearchCounter {
  readonly #tell: SearchOptions["onProgress"];
  /** The sizes that the sessions' logs had when the search began. */
  readonly #sizes = new Map<Target, number>();
  #totalBytes = 0;
  #sessions = 0;
  /** Bytes of the sessions that are done, and of the one that is under way. */
  #done = 0;
  #begun = 0;

  constructor(tell: SearchOptions["onProgress"]) {
    this.#tell = tell;
  }

  async measure(vfs: Vfs, targets: readonly Target[]): Promise<void> {
    if (this.#tell === undefined) return;
    for (const target of targets) {
      await giveWay();
      const size = target.paths.reduce((sum, path) => sum + sizeOf(vfs, path), 0);
      this.#sizes.set(target, size);
      this.#totalBytes += size;
    }
  }

  add(bytes: number): void {
    this.#begun += bytes;
    this.#report();
  }

  endSession(target: Target): void {
    this.#sessions++;
    this.#done += this.#sizes.get(target) ?? 0;
    this.#begun = 0;
    this.#report();
  }

  #report(): void {
    const bytes = Math.min(this.#done + this.#begun, this.#totalBytes);
    this.#tell?.({ bytes, totalBytes: this.#totalBytes, sessions: this.#sessions });
  }
}

/** What cannot be looked at is told when it is searched. */
function sizeOf(vfs: Vfs, path: string): number {
  try {
    return vfs.stat(path)?.size ?? 0;
  } catch {
    return 0;
  }
}
