// A snapshot's messages batch by batch, the next one being read while this one is used. What a batch holds is parsed
// message by message: nothing lives longer than its reader needs it.
import type { Entry } from "../../base/entry.ts";
import { StoreError } from "../../base/errors.ts";
import type { Giver } from "../blobs/give.ts";
import { StaleError } from "./snapshot.ts";
import type { Loaded, Snapshot } from "./snapshot.ts";
import type { SessionState } from "../session-state.ts";

/** So often a log may change in place under one read. */
export const MOST_STALE = 3;

/** What was read of a snapshot. */
interface Batch<M extends object, P extends object> {
  readonly snapshot: Snapshot<M, P>;
  readonly loaded: Loaded;
}

/** A snapshot is asked for when what came before it is nearly used up. */
export async function* batches<M extends object, P extends object>(
  snapshots: Iterable<Snapshot<M, P>>,
  reverse: boolean,
  signal?: AbortSignal,
): AsyncGenerator<Batch<M, P>> {
  const loads = new Loads(snapshots[Symbol.iterator](), reverse);
  let next = loads.next();
  let spare: Buffer | undefined;
  try {
    while (next !== undefined) {
      const { snapshot } = next;
      const loaded = await next.loading;
      signal?.throwIfAborted();
      next = loads.next(spare);
      spare = loaded.bytes;
      yield { snapshot, loaded };
    }
  } finally {
    // The read that is under way must end before the file can close.
    await next?.loading.catch(() => undefined);
  }
}

/** A read that is under way. */
interface Load<M extends object, P extends object> {
  readonly snapshot: Snapshot<M, P>;
  readonly loading: Promise<Loaded>;
}

class Loads<M extends object, P extends object> {
  readonly #snapshots: Iterator<Snapshot<M, P>>;
  readonly #reverse: boolean;
  #snapshot: Snapshot<M, P> | undefined;
  /** The message of the snapshot that comes next. */
  #at = 0;

  constructor(snapshots: Iterator<Snapshot<M, P>>, reverse: boolean) {
    this.#snapshots = snapshots;
    this.#reverse = reverse;
  }

  /** Begins to read the next batch, into `spare` if it is large enough. */
  next(spare?: Buffer): Load<M, P> | undefined {
    for (;;) {
      const snapshot = this.#snapshot;
      const count = snapshot?.batchFrom(this.#at, this.#reverse) ?? 0;
      if (snapshot !== undefined && count > 0) {
        const first = this.#reverse ? this.#at - count + 1 : this.#at;
        this.#at = this.#reverse ? first - 1 : first + count;
        const loading = snapshot.load(first, first + count, spare);
        // Nobody waits for it yet; who does is told.
        loading.catch(() => undefined);
        return { snapshot, loading };
      }
      const given = this.#snapshots.next();
      if (given.done === true) return undefined;
      this.#snapshot = given.value;
      this.#at = this.#reverse ? given.value.length - 1 : 0;
    }
  }
}

/** All messages of a snapshot, which a caller wants at once. */
export async function readAll<M extends object, P extends object>(
  snapshot: Snapshot<M, P>,
  giver: Giver<M, P>,
): Promise<Entry<M, P>[]> {
  const entries: Entry<M, P>[] = [];
  for await (const { loaded } of batches([snapshot], false)) {
    for (let index = loaded.first; index < loaded.end; index++) {
      const entry = snapshot.entry(loaded, index);
      entries.push(giver.isNeeded(loaded) ? await giver.give(entry) : entry);
    }
  }
  return entries;
}

/** Reads again, from the logs, what a log that changed in place has spoilt. */
export async function unlessStale<T>(session: SessionState, read: () => Promise<T>): Promise<T> {
  for (let stale = 0; ; stale++) {
    try {
      return await read();
    } catch (error) {
      if (!(error instanceof StaleError)) throw session.typed(error);
      if (stale === MOST_STALE) throw changing(session, error);
      session.distrust();
    }
  }
}

export function changing(session: SessionState, cause: unknown): StoreError {
  return new StoreError("IO", "the log changes in place while it is read", { session: session.id, cause });
}
