// The tree of a session: its branches, going back to an older turn, and a copy that goes its own way.
import type { Branch } from "../../base/entry.ts";
import { StoreError } from "../../base/errors.ts";
import { hashId } from "../../line/codec.ts";
import type { Fold } from "../../line/fold.ts";
import { NONE } from "../../line/rows.ts";
import { formatStamp, parseStamp } from "../../line/stamp.ts";
import type { Log } from "../../log/log.ts";
import { commit } from "./commit.ts";
import { isoTime } from "../list/info.ts";
import { Snapshot } from "../read/snapshot.ts";
import type { SessionState } from "../session-state.ts";
import { unlessStale } from "../read/stream.ts";
import type { Transaction } from "./transaction.ts";
import { viewAll } from "../read/view.ts";

/** The history first, then the other branches, newest first. A session without messages has none. */
export async function branches(session: SessionState): Promise<Branch[]> {
  return await unlessStale(session, async () => {
    const { snapshot, described } = await viewAll(session, (view) => {
      const { fold, logs } = view;
      const list = fold.history.list();
      const tips = [...list.slice(-1), ...fold.history.otherTips()];
      return {
        snapshot: new Snapshot(view, Uint32Array.from(tips), false),
        described: tips.map((tip, index) => ({
          ...describe(fold, list, tip, index === 0 && list.length > 0),
          machine: (logs[fold.rows.logOf(tip)] as Log).machine,
        })),
      };
    });
    try {
      const loaded = await snapshot.load(0, snapshot.length);
      return described.map((branch, index) => ({ id: snapshot.label(loaded, index).id, ...branch }));
    } finally {
      snapshot.release();
    }
  });
}

function describe(fold: Fold, history: Uint32Array, tip: number, current: boolean): Omit<Branch, "id" | "machine"> {
  const place = fold.rows.place(tip);
  const own = fold.history.listOn(fold.tree.way(place));
  let shared = 0;
  while (shared < own.length && own[shared] === history[shared]) shared++;
  if (current) shared = 0;
  const fork = shared === 0 ? undefined : formatStamp(fold.rows.place(own[shared - 1] as number));
  return {
    at: formatStamp(place),
    ...(fork !== undefined && { forkedAt: fork }),
    messages: own.length - shared,
    updatedAt: isoTime(place.ms),
    current,
  };
}

/** Makes the history end at this message, of whichever branch: what is written next follows it. */
export async function checkout(session: SessionState, reference: string): Promise<void> {
  await commit(session, {}, (tx) => {
    const row = findAnywhere(tx, reference);
    const place = tx.fold.rows.place(row);
    const list = tx.fold.history.list();
    if (list.at(-1) !== row) tx.add({ type: "head", after: place });
  });
}

/** The row of a living message of any branch; of two with one id, the one of the history, then the newest. */
function findAnywhere(tx: Transaction, reference: string): number {
  const { rows, ids, history } = tx.fold;
  const place = parseStamp(reference);
  if (place !== undefined) {
    const row = rows.find(place);
    if (row !== NONE && !rows.isPart(row) && rows.isAlive(row)) return row;
  } else {
    const alive = ids.rowsOf(hashId(reference)).filter((row) => rows.isAlive(row) && tx.read(row).id === reference);
    const row = alive.find((each) => history.includes(each)) ?? alive[0];
    if (row !== undefined) return row;
  }
  throw new StoreError("NOT_FOUND", `no message ${JSON.stringify(reference)} on any branch`, {
    session: tx.session.id,
  });
}
