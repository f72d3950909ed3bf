// Compaction of all sessions, one after the other.
import type { BlobCollection, StoreCompactOptions, StoreCompactResult } from "../../base/compaction.ts";
import { ArgumentError, StoreError } from "../../base/errors.ts";
import { checkOptions } from "../../base/options.ts";
import { collectBlobs } from "../blobs/blob-collect.ts";
import { compactSession } from "./compact.ts";
import { ids } from "../list/list.ts";
import type { StoreState } from "../state.ts";
import { stats } from "../read/stats.ts";

export async function compactStore(store: StoreState, options: StoreCompactOptions): Promise<StoreCompactResult> {
  checkOptions("compact", options, ["signal", "onProgress"]);
  const { signal, onProgress } = options;
  if (onProgress !== undefined && typeof onProgress !== "function")
    throw new ArgumentError("INVALID_ARGUMENT", "compact: onProgress is a function");
  if (store.readOnly !== undefined) throw store.readOnly;
  const failed: { readonly id: string; readonly error: Error }[] = [];
  const done = { sessions: 0, compacted: 0, freedBytes: 0 };
  for await (const id of ids(store)) {
    signal?.throwIfAborted();
    store.checkOpen();
    try {
      const session = store.session(id);
      const { deadBytes } = await stats(session);
      const result = deadBytes === 0 ? undefined : await compactSession(session, { signal, settle: true });
      if (result !== undefined) {
        done.compacted++;
        done.freedBytes += result.bytesBefore - result.bytesAfter;
      }
    } catch (error) {
      signal?.throwIfAborted();
      if (!(error instanceof StoreError) || error.code === "CLOSED") throw error;
      failed.push({ id, error });
    }
    done.sessions++;
    onProgress?.({ ...done });
  }
  return { ...done, failed, blobs: await collected(store, signal) };
}

async function collected(store: StoreState, signal: AbortSignal | undefined): Promise<BlobCollection | Error> {
  try {
    return await collectBlobs(store, { signal });
  } catch (error) {
    signal?.throwIfAborted();
    return store.typed(error) as Error;
  }
}
