// All living messages of a session, whichever branch has them: for what writes a session down with its turns that were edited.
import type { Entry } from "../../base/entry.ts";
import type { Fold } from "../../line/fold.ts";
import { formatStamp } from "../../line/stamp.ts";
import { Giver } from "../blobs/give.ts";
import { Snapshot, StaleError } from "./snapshot.ts";
import type { SessionState } from "../session-state.ts";
import { batches, changing, MOST_STALE, unlessStale } from "./stream.ts";
import { viewAll } from "./view.ts";

export interface TreeEntry {
  readonly entry: Entry;
  /** The `at` of the message that it follows, where that is not the one given before it; null: it is a beginning. */
  readonly follows?: string | null;
  /** Another one than the next follows it, too. */
  readonly isForked: boolean;
}

interface Order {
  readonly rows: Uint32Array;
  /** The rows that follow another one than that before them. Undefined: they follow none. */
  readonly follows: ReadonlyMap<number, number | undefined>;
}

/**
 * Each after the one that it follows, in the order of their places; at last what only the history has, so that who reads them
 * one after the other ends where the history does.
 */
export async function* readTree(session: SessionState, signal: AbortSignal | undefined): AsyncGenerator<TreeEntry> {
  const giver = new Giver<Record<string, unknown>, Record<string, unknown>>(session);
  let given = 0;
  for (let stale = 0; ; stale++) {
    signal?.throwIfAborted();
    const { snapshot, tree } = await unlessStale(session, () =>
      viewAll(session, (view) => {
        const { rows, follows } = orderOf(view.fold);
        const placeOf = (row: number): string => formatStamp(view.fold.rows.place(row));
        const turns = [...follows].map(
          ([row, before]) => [placeOf(row), before === undefined ? null : placeOf(before)] as const,
        );
        const snapshot = new Snapshot<Record<string, unknown>, Record<string, unknown>>(view, rows, true);
        return { snapshot, tree: new Map<string, string | null>(turns) };
      }),
    );
    const forked = new Set(tree.values());
    try {
      for await (const { loaded } of batches([snapshot], false, signal)) {
        for (let index = Math.max(loaded.first, given); index < loaded.end; index++) {
          const raw = snapshot.entry(loaded, index);
          const entry = giver.isNeeded(loaded) ? await giver.give(raw) : raw;
          const follows = tree.get(entry.at);
          given++;
          yield { entry, isForked: forked.has(entry.at), ...(follows !== undefined && { follows }) };
          signal?.throwIfAborted();
        }
      }
      return;
    } catch (error) {
      if (!(error instanceof StaleError)) throw session.typed(error);
      // The order may be another one now: what was given cannot be taken back.
      if (stale === MOST_STALE || given > 0) throw changing(session, error);
      session.distrust();
    } finally {
      snapshot.release();
    }
  }
}

function orderOf({ rows, tree, history }: Fold): Order {
  const list = history.list();
  const before = new Map<number, number | undefined>();
  let shared = 0;
  for (const tip of history.otherTips()) {
    const own = history.listOn(tree.way(rows.place(tip)));
    let same = 0;
    while (same < own.length && own[same] === list[same]) same++;
    shared = Math.max(shared, same);
    for (let at = same; at < own.length; at++) before.set(own[at] as number, own[at - 1]);
  }
  const others = [...before.keys()];
  if (others.length === 0) return { rows: list, follows: new Map() };
  for (const [at, row] of list.entries()) before.set(row, list[at - 1]);
  const ordered = Uint32Array.from([
    ...[...list.subarray(0, shared), ...others].sort((a, b) => rows.compareRows(a, b)),
    ...list.subarray(shared),
  ]);
  const follows = new Map<number, number | undefined>();
  for (const [at, row] of ordered.entries()) if (before.get(row) !== ordered[at - 1]) follows.set(row, before.get(row));
  return { rows: ordered, follows };
}
