// Deleting a session, and taking that back. A deletion is one more line, which every machine obeys; what it hides moves
// to trash/, and a stub stays: the tree's lines and the tombstones, so that no sync or import revives the session.
import { dirname } from "node:path";
import { ioError, StoreError } from "../../base/errors.ts";
import { checkOptions } from "../../base/options.ts";
import { compareFiles, linkOrCopy } from "../../disk/aside.ts";
import { OpenFile } from "../../disk/descriptors.ts";
import type { LineHead } from "../../line/decode.ts";
import type { Fold } from "../../line/fold.ts";
import { InfoFold } from "../../line/info.ts";
import { PURGED } from "../../line/flags.ts";
import { compareStamps, formatStamp } from "../../line/stamp.ts";
import type { Stamp } from "../../line/stamp.ts";
import { blobNames } from "../../log/blob-names.ts";
import { commitLater } from "../write/commit.ts";
import { exclusively } from "../exclusively.ts";
import { refresh } from "../read/load.ts";
import { readLog } from "../read/content.ts";
import { isExpired } from "./restore-window.ts";
import { dropOldNow, rewrite, settleOld, takeIn } from "./rewrite.ts";
import { notFound } from "../state.ts";
import { isOfDeletion, readStub } from "./stub.ts";
import type { SessionState } from "../session-state.ts";

export interface DeleteOptions {
  /** Delete the sessions whose parent it is, too, and theirs. Default false. */
  children?: boolean | undefined;
  /** Keep what is deleted in trash/, so that restore() brings it back. Default true. */
  trash?: boolean | undefined;
}

export function checkDelete(options: DeleteOptions): void {
  checkOptions("delete", options, ["children", "trash"]);
}

/** Hides the session, durably, and moves its content to the trash. */
export async function deleteSession(session: SessionState, options: DeleteOptions): Promise<void> {
  await exclusively(session, () => deleteNext(session, options));
}

/** The same as a step of an operation that has the queue and the lease already. -> the stamp of the deletion */
export async function deleteNext(session: SessionState, options: DeleteOptions): Promise<Stamp> {
  const deletion = await commitLater(session, {}, (tx) => {
    // What it was called goes with it: the stub has no `info` but this one, and no other copy may bring the old ones back.
    const cleared = tx.fold.info.keys().map((key) => [key, null]);
    if (cleared.length > 0) tx.add({ type: "info", json: JSON.stringify(Object.fromEntries(cleared)) });
    return tx.add({ type: "delete" });
  });
  // If we crash from here on, the session is deleted; at worst its bytes are still there.
  await session.writer?.sync();
  await reduce(session, deletion, options.trash ?? true);
  return deletion;
}

/** Takes the last deletion back, with what the trash has of it. Throws NOT_FOUND when nothing is left. */
export async function restoreSession(session: SessionState): Promise<void> {
  try {
    await exclusively(session, () => restoreNext(session));
  } catch (error) {
    throw ioError(error, "restore the session", { session: session.id });
  }
}

async function restoreNext(session: SessionState): Promise<void> {
  await refresh(session);
  const { fold, store } = session;
  if (fold === undefined) throw notFound(session);
  const deletion = fold.deletedAt;
  if (deletion === undefined) return await takeBackRestored(session, fold);
  const trashed = store.layout.trashed(session.name, formatStamp(deletion));
  if (isExpired(store, trashed, deletion, store.clock.now())) {
    // What is no longer promised is not given by chance: whether the trash was emptied already is nobody's to know.
    throw new StoreError(
      "NOT_FOUND",
      `the restore window of the session has ended (${store.settings.restoreDays} days)`,
      {
        session: session.id,
      },
    );
  }
  const isInTrash = store.vfs.stat(trashed) !== undefined;
  if (!isInTrash && session.writer !== undefined) {
    // What stands in an old log for a minute yet was not kept to be restored.
    await settleOld(session, session.writer);
    await store.replaced.sort(session.writer.log.path);
    session.forget();
    await refresh(session);
  }
  if (!isInTrash && !(await hasAny(session))) {
    throw new StoreError("NOT_FOUND", "nothing of the deleted session is left to restore", { session: session.id });
  }
  // The content comes back first. If we crash before the line that cancels the deletion, it is still deleted.
  if (isInTrash) await takeBack(session, trashed);
  const info = await infoBefore(session, deletion);
  await commitLater(session, { allowDeleted: true }, (tx) => {
    tx.add({ type: "restore", of: deletion });
    if (info.length > 0) tx.add({ type: "info", json: JSON.stringify(Object.fromEntries(info)) });
  });
  await session.writer?.sync();
  if (isInTrash) store.vfs.remove(trashed);
}

/** Another machine has taken a deletion of ours back, with what it had: what we wrote is in our trash yet. */
async function takeBackRestored(session: SessionState, fold: Fold): Promise<void> {
  const { store } = session;
  for (const { at, isDelete, isRestored } of fold.cuts.save()) {
    const trashed = store.layout.trashed(session.name, formatStamp(at));
    if (!isDelete || !isRestored || store.vfs.stat(trashed) === undefined) continue;
    if (isExpired(store, trashed, at, store.clock.now())) continue;
    await takeBack(session, trashed);
    const info = await infoBefore(session, at);
    await commitLater(session, {}, (tx) => {
      const missing = info.filter(([key]) => tx.fold.info.get(key) === undefined);
      if (missing.length > 0) tx.add({ type: "info", json: JSON.stringify(Object.fromEntries(missing)) });
    });
    await session.writer?.sync();
    store.vfs.remove(trashed);
  }
}

/** True when a message or part is left that was not purged, beside those that a stub keeps to make commits whole. */
async function hasAny(session: SessionState): Promise<boolean> {
  const { fold, writer } = session;
  if (fold === undefined) return false;
  const open = writer?.log.open(session.store.descriptors)?.pin();
  let stub = -1;
  try {
    const own = open && writer && (await readStub(open, writer.log, undefined));
    if (own === undefined || own.lines.length === own.content.lines.length) stub = writer?.log.number ?? -1;
  } finally {
    open?.unpin();
  }
  for (let row = 0; row < fold.rows.length; row++)
    if (!fold.rows.has(row, PURGED) && fold.rows.logOf(row) !== stub) return true;
  return false;
}

/** What the session was called when it was deleted. */
async function infoBefore(session: SessionState, deletion: Stamp): Promise<[string, unknown][]> {
  await refresh(session);
  const lines: LineHead[] = [];
  for (const log of session.logs) {
    const open = log.open(session.store.descriptors)?.pin();
    if (open === undefined) continue;
    try {
      lines.push(...(await readLog(open)).lines.filter(({ type }) => type === "info"));
    } finally {
      open.unpin();
    }
  }
  const fold = new InfoFold();
  lines.sort((a, b) => compareStamps(a.stamp, b.stamp));
  for (const line of lines) {
    if (compareStamps(line.stamp, deletion) < 0 && !isOfDeletion(line, deletion)) fold.apply(line.data, line);
  }
  return fold.entries();
}

/** Leaves of this machine's log what a deleted session needs. */
async function reduce(session: SessionState, deletion: Stamp, trash: boolean): Promise<void> {
  const { store } = session;
  if (session.writer !== undefined) await settleOld(session, session.writer);
  const { writer } = session;
  const open = writer?.log.open(store.descriptors)?.pin();
  if (writer === undefined || open === undefined) return;
  try {
    const { content, lines, isAll } = await readStub(open, writer.log, session.fold);
    const erase = new Set<string>();
    const { blobs, trashedBlobs } = store.layout;
    const hasBlobs = store.vfs.stat(blobs) !== undefined || store.vfs.stat(trashedBlobs) !== undefined;
    if (!trash && hasBlobs) await blobNames(open.file, content.size, (hash) => void erase.add(hash));
    if (trash) {
      const path = store.layout.trashed(session.name, formatStamp(deletion));
      linkOrCopy(store.vfs, store.layout.aside, writer.log.path, path);
      await compareFiles(store.vfs, writer.log.path, path);
      for (const directory of [dirname(path), store.layout.trash, store.layout.root])
        await store.vfs.syncDirectory(directory);
    }
    if (isAll) return;
    const stays = lines.map((line) => ({ line, open }));
    await rewrite(session, writer, content, stays);
    // Nobody is to have it back, so its bytes go at once; what others append to the old log meanwhile is taken over first.
    if (!trash) await dropOldNow(session, writer);
    if (erase.size > 0) await (await import("../space.ts")).collectBlobs(store, { erase });
  } catch (error) {
    throw ioError(error, "move the deleted session to the trash (it is deleted)", { session: session.id });
  } finally {
    open.unpin();
  }
}

async function takeBack(session: SessionState, path: string): Promise<void> {
  const { store } = session;
  if (session.writer !== undefined) await settleOld(session, session.writer);
  const { writer } = session;
  if (writer === undefined) return;
  const trashed = new OpenFile(store.vfs.open(path, "read"));
  const open = writer.log.open(store.descriptors)?.pin();
  try {
    await takeIn(session, writer, open, trashed);
  } finally {
    open?.unpin();
    trashed.drop();
  }
}
