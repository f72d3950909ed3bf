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

export async function* batches<M extends object, P extends object>(
  snapshot: Snapshot<M, P>,
  reverse: boolean,
  signal?: AbortSignal,
): AsyncGenerator<Loaded> {
  let at = reverse ? snapshot.length - 1 : 0;
  const loadNext = (spare?: Buffer): Promise<Loaded> | undefined => {
    const count = snapshot.batchFrom(at, reverse);
    if (count === 0) return undefined;
    const first = reverse ? at - count + 1 : at;
    at = reverse ? first - 1 : first + count;
    const loading = snapshot.load(first, first + count, spare);
    // Nobody waits for it yet; who does is told.
    loading.catch(() => undefined);
    return loading;
  };
  let next = loadNext();
  let spare: Buffer | undefined;
  try {
    while (next !== undefined) {
      const loaded = await next;
      signal?.throwIfAborted();
      next = loadNext(spare);
      spare = loaded.bytes;
      yield loaded;
    }
  } finally {
    // The read that is under way must end before the file can close.
    await next?.catch(() => undefined);
  }
}

/** All messages of a snapshot, which a caller wants at once. */
export async function readAll<M extends object, P extends object>(
  snapshot: Snapshot<M, P>,
  giver: Giver<M, P>,
): Promise<Entry<M, P>[]> {
  const entries: Entry<M, P>[] = [];
  for await (const loaded of batches(snapshot, false)) {
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
