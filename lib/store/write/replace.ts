// The whole history anew, in one commit: a crash shows the old one or the new one. What is equal at the beginning stays.
import type { Receipt } from "../../base/entry.ts";
import { ArgumentError } from "../../base/errors.ts";
import { loadCanonical } from "../../line/canonical.ts";
import { isSameData } from "../../line/same-data.ts";
import { formatStamp } from "../../line/stamp.ts";
import { acknowledge, attachAll, commitLater } from "./commit.ts";
import type { CommitOptions } from "./commit.ts";
import { exclusively } from "../exclusively.ts";
import { append } from "./operations.ts";
import { refresh } from "../read/load.ts";
import { prepare } from "./prepare.ts";
import type { Prepared } from "./prepare.ts";
import { Snapshot } from "../read/snapshot.ts";
import type { SessionState } from "../session-state.ts";
import { batches, unlessStale } from "../read/stream.ts";
import type { Transaction } from "./transaction.ts";
import { viewNext } from "../read/view.ts";

export async function replace(
  session: SessionState,
  options: CommitOptions,
  messages: readonly object[],
): Promise<Receipt[]> {
  if (!Array.isArray(messages)) throw new ArgumentError("INVALID_ARGUMENT", "replace() takes a list of messages");
  const prepared = messages.map((message) => prepare(session, message, "message"));
  const write = async (): Promise<Receipt[]> => {
    await loadCanonical();
    for (;;) {
      const kept = await unlessStale(session, () => keptOf(session, prepared));
      const result = await commitLater(session, options, (tx) => planOf(tx, prepared, kept));
      if (result !== undefined) return result;
    }
  };
  const receipts = await exclusively(session, write, () => attachAll(session, prepared));
  return await acknowledge(session, receipts);
}

/** What stays: receipts of the messages at the beginning that are equal, and the fold's version that says so. */
interface Kept {
  readonly receipts: Receipt[];
  readonly version: number;
}

async function keptOf(session: SessionState, prepared: readonly Prepared[]): Promise<Kept> {
  await refresh(session);
  // A session that is not there, or deleted, keeps nothing: what a deletion had not seen goes, too.
  const { fold } = session;
  if (fold === undefined || fold.deletedAt !== undefined) return { receipts: [], version: fold?.version ?? -1 };
  const { snapshot, version } = await viewNext(session, (view) => ({
    snapshot: new Snapshot(view, view.fold.history.list(), false),
    version: view.fold.version,
  }));
  const receipts: Receipt[] = [];
  try {
    for await (const { loaded } of batches([snapshot], false)) {
      for (let index = loaded.first; index < loaded.end; index++) {
        const { id, at, data } = snapshot.entry(loaded, index);
        const next = prepared[receipts.length];
        const isSame = next !== undefined && (!next.isNamed || next.id === id) && isSameData(data, next.json);
        if (!isSame) return { receipts, version };
        receipts.push({ id, at });
      }
    }
    return { receipts, version };
  } finally {
    snapshot.release();
  }
}

/** Undefined: another process has written since the histories were compared. */
function planOf(tx: Transaction, prepared: readonly Prepared[], kept: Kept): Receipt[] | undefined {
  const list = tx.fold.history.list();
  if (kept.version !== tx.fold.version && (kept.version !== -1 || list.length > 0)) return undefined;
  const first = list[kept.receipts.length];
  if (first !== undefined) {
    const from = kept.receipts.length === 0 ? null : formatStamp(tx.fold.rows.place(first));
    tx.add({ type: "truncate", json: JSON.stringify({ from, to: null }) });
  }
  return [...kept.receipts, ...prepared.slice(kept.receipts.length).map((message) => append(tx, message))];
}
