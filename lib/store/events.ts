// What a store tells without being asked.
import type { ImportReport } from "../base/import.ts";
import type { EvictedSession } from "../base/retention.ts";

export type WarningCode =
  | "torn"
  | "damaged"
  | "glued"
  | "altered"
  | "conflict"
  | "incomplete"
  | "twice"
  | "orphan"
  | "surrogate"
  | "diverged"
  | "future"
  | "lost"
  | "rolled-back"
  | "unread"
  | "sync"
  | "blob-missing"
  | "blob-wrong"
  | "size"
  | "upkeep"
  | "import";

/** Something that a person should know of. Nothing was thrown, and nothing was dropped in silence. */
export interface StoreWarning {
  readonly code: WarningCode;
  readonly message: string;
  readonly session?: string | undefined;
  readonly path?: string | undefined;
  readonly offset?: number | undefined;
  readonly cause?: unknown;
}

export interface StoreEvents {
  warning: StoreWarning;
  /** A session went to the trash by a retention policy. */
  evicted: EvictedSession;
  /** What the store imported by itself: one for each source of the option `importFrom`. */
  imported: ImportReport;
}

/** So many are remembered. */
const MOST_TOLD = 10_000;

export class Events {
  readonly #told = new Set<string>();
  readonly #listeners = new Map<keyof StoreEvents, Set<(event: never) => void>>();

  /** Returns a function that ends it. */
  on<E extends keyof StoreEvents>(event: E, listener: (event: StoreEvents[E]) => void): () => void {
    const listeners = this.#listeners.get(event) ?? new Set();
    this.#listeners.set(event, listeners);
    listeners.add(listener);
    return () => listeners.delete(listener);
  }

  /** True the first time: what several readers of one place find is told once. */
  isNew(what: string): boolean {
    if (this.#told.has(what)) return false;
    if (this.#told.size >= MOST_TOLD) this.#told.clear();
    this.#told.add(what);
    return true;
  }

  /** Listeners are called when the operation that tells is through: what they throw cannot spoil it. */
  emit<E extends keyof StoreEvents>(event: E, value: StoreEvents[E]): void {
    for (const listener of this.#listeners.get(event) ?? []) {
      queueMicrotask(() => (listener as (value: StoreEvents[E]) => void)(value));
    }
  }
}
