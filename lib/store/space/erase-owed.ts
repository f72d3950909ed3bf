// Goes on with purges: those that a crash cut short, and those of other machines, whose `purge` lines a sync has brought.
import { StoreError } from "../../base/errors.ts";
import { eraseBlobs, eraseFiles } from "./erase.ts";
import { Erasure } from "./erasure.ts";
import { exclusively } from "../exclusively.ts";
import { refresh } from "../read/load.ts";
import { purgesIn } from "./owed.ts";
import type { OwedOne } from "./owed.ts";
import { withAll } from "./purge.ts";
import type { SessionState } from "../session-state.ts";
import type { StoreState } from "../state.ts";

/** All that are known of, after a look at what is new in the store. */
export async function findOwed(store: StoreState, signal: AbortSignal): Promise<void> {
  await store.catalog.current(false);
  await eraseOwed(store, signal);
}

/** Those that are known of. */
export async function eraseOwed(store: StoreState, signal?: AbortSignal): Promise<void> {
  const done: Done[] = [];
  for (const one of store.owed.all()) {
    const { id } = one;
    signal?.throwIfAborted();
    try {
      done.push(await eraseOf(store.session(id), one));
    } catch (cause) {
      // Another process writes to the session: that one has met the same, or the next open does.
      if (cause instanceof StoreError && cause.code === "SESSION_BUSY") continue;
      const message = "what was purged could not be erased here yet; it is tried again when the store is opened";
      store.warn({ code: "upkeep", message, session: id, cause });
    }
  }
  // Where nothing was erased the caches have nothing of it, either: they are made of what was read.
  const names = done.filter(({ isChanged }) => isChanged).map(({ session }) => session.name);
  if (names.length > 0) await store.catalog.erase(names);
  await eraseBlobs(store, new Set(done.flatMap(({ blobs }) => blobs)));
  for (const { session, purges } of done) store.owed.end(session, purges);
}

interface Done {
  readonly session: SessionState;
  readonly purges: number;
  readonly isChanged: boolean;
  readonly blobs: readonly string[];
}

async function eraseOf(session: SessionState, { isBegun, blobs }: OwedOne): Promise<Done> {
  return await exclusively(session, async () => {
    await refresh(session);
    const erasure = new Erasure();
    await withAll(session, (all) => {
      for (const { lines } of all) for (const line of lines) erasure.addPurge(line);
      for (const { lines } of all) erasure.addParts(lines);
    });
    const purges = purgesIn(session.fold);
    // If a crash came before the line was written, there is nothing to be done.
    const erased = purges > 0 ? await eraseFiles(session, erasure) : 0;
    return { session, purges, isChanged: isBegun || erased > 0, blobs: [...blobs, ...erasure.blobs] };
  });
}
