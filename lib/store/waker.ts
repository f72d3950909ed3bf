// Waits until something may have changed: this process wrote, the file system tells of it, or some time has passed. Where
// nothing tells (network file systems, no watches left) time alone does.
import { basename, dirname } from "node:path";
import { heardOfOthers } from "../base/turn.ts";
import type { Vfs } from "../disk/vfs.ts";

const POLL_MS = 100;
/** Where the file system tells of changes: it may miss some. */
const WATCHED_POLL_MS = 1000;

interface Watched {
  /** Undefined: all. */
  readonly names: ReadonlySet<string> | undefined;
  readonly stop: (() => void) | undefined;
}

export class Waker {
  /** The session that it waits for; undefined: any. */
  readonly id: string | undefined;
  readonly #vfs: Vfs;
  readonly #watched = new Map<string, Watched>();
  #isAwake = false;
  #isStopped = false;
  #wake: (() => void) | undefined;

  constructor(vfs: Vfs, id?: string) {
    this.#vfs = vfs;
    this.id = id;
  }

  /** Ends the wait, or the next one. */
  readonly wake = (): void => {
    this.#isAwake = true;
    this.#wake?.();
  };

  /** From now on changes of these files wake, and of no others. */
  watch(paths: readonly string[]): void {
    if (this.#isStopped) return;
    const directories = new Set(paths.map((path) => dirname(path)));
    for (const [directory, { stop }] of this.#watched) {
      if (directories.has(directory)) continue;
      stop?.();
      this.#watched.delete(directory);
    }
    for (const directory of directories) {
      const names = new Set(paths.filter((path) => dirname(path) === directory).map((path) => basename(path)));
      const watched = this.#watched.get(directory);
      if (watched === undefined) this.#start(directory, names);
      else this.#watched.set(directory, { names, stop: watched.stop });
    }
  }

  /** From now on changes of any file in this directory wake, too. */
  watchAll(directory: string): void {
    if (!this.#isStopped) this.#start(directory, undefined);
  }

  /** Resolves when something may have changed since the last wait began. */
  async wait(): Promise<void> {
    const isWatched = this.#watched.size > 0 && [...this.#watched.values()].every(({ stop }) => stop !== undefined);
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
      if (this.#isAwake) resolve();
      else timer = setTimeout(resolve, isWatched ? WATCHED_POLL_MS : POLL_MS).unref();
    });
    clearTimeout(timer);
    this.#wake = undefined;
    this.#isAwake = false;
  }

  /** Whoever waits goes on; nothing is left behind. */
  stop(): void {
    this.#isStopped = true;
    this.wake();
    for (const { stop } of this.#watched.values()) stop?.();
    this.#watched.clear();
  }

  #start(directory: string, names: ReadonlySet<string> | undefined): void {
    const stop = this.#vfs.watch(directory, (name) => {
      heardOfOthers();
      const wanted = this.#watched.get(directory)?.names;
      if (name === undefined || wanted === undefined || wanted.has(name)) this.wake();
    });
    this.#watched.set(directory, { names, stop });
  }
}
