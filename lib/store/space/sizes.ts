// Warnings before a session, or the store, is too large for anybody to like it.
import { giveWay } from "../../base/turn.ts";
import { isArchived } from "../../disk/names.ts";
import type { SessionState } from "../session-state.ts";
import type { StoreState } from "../state.ts";
import { walk } from "../list/walk.ts";

export const MB: number = 1024 * 1024;
const HOUR_MS = 3_600_000;

export class Sizes {
  readonly #store: StoreState;
  /** Sessions that were written to since the last check. */
  readonly #written = new Set<SessionState>();
  /** What a session took when it was counted last. */
  readonly #counted = new WeakMap<SessionState, number>();
  /** What all live logs take; undefined: nobody has asked yet. */
  #bytes: number | undefined;
  /** What the others know of that. */
  #kept = 0;

  constructor(store: StoreState) {
    this.#store = store;
  }

  /** The session is about to be written to. */
  wrote(session: SessionState): void {
    if (!this.#counted.has(session)) this.#counted.set(session, bytesOf(session));
    this.#written.add(session);
  }

  /** Tells of each threshold once. */
  check(): void {
    const { warnSessionMB, warnStoreMB } = this.#store.settings;
    for (const session of this.#written) {
      const bytes = bytesOf(session);
      const grown = bytes - (this.#counted.get(session) ?? bytes);
      if (this.#bytes !== undefined) this.#bytes += grown;
      this.#counted.set(session, bytes);
      this.#warn(bytes, warnSessionMB, session.id);
    }
    this.#written.clear();
    if (this.#bytes === undefined) return;
    this.#warn(this.#bytes, warnStoreMB, undefined);
    if (Math.abs(this.#bytes - this.#kept) >= Math.max(MB, this.#kept / 100)) this.#keep(this.#bytes);
  }

  /** Finds out what the store takes: from the catalog, or what another process found out within the hour. */
  async measure(signal: AbortSignal): Promise<void> {
    const { clock, settings } = this.#store;
    if (settings.warnStoreMB.length === 0) return;
    const known = clock.isDue("sizeMs", HOUR_MS) ? undefined : clock.bytes;
    this.#bytes = known ?? (await bytesOfLogs(this.#store, signal));
    if (known === undefined) this.#keep(this.#bytes);
    else this.#kept = known;
    this.check();
  }

  /** For the processes that come within the hour. */
  #keep(bytes: number): void {
    this.#kept = bytes;
    this.#store.clock.keepBytes(bytes);
  }

  #warn(bytes: number, thresholds: readonly number[], session: string | undefined): void {
    const passed = thresholds.filter((each) => bytes >= each * MB);
    if (passed.length === 0) return;
    const most = passed.reduce((a, b) => Math.max(a, b));
    const key = `size ${session ?? ""} `;
    // Who is over 500 MB need not hear of 100.
    const isNew = this.#store.events.isNew(key + String(most));
    for (const each of passed) this.#store.events.isNew(key + String(each));
    if (!isNew) return;
    const what = session === undefined ? "the logs of all sessions take" : "the session's logs take";
    const message = `${what} ${Math.round(bytes / MB)} MB, more than ${most}`;
    this.#store.warn({ code: "size", message, session });
  }
}

function bytesOf({ logs }: SessionState): number {
  return logs.reduce((sum, { size }) => sum + size, 0);
}

async function bytesOfLogs(store: StoreState, signal: AbortSignal): Promise<number> {
  let bytes = 0;
  for await (const { logs } of walk(store, "updated", 1, undefined, undefined, false)) {
    signal.throwIfAborted();
    for (const { directory, print } of logs) if (!isArchived(directory)) bytes += print.size;
    await giveWay();
  }
  return bytes;
}
