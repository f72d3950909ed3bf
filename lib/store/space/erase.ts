// Erases for good, on this machine, what purges name of a session. Nothing here asks whether it may: the `purge` line is on
// the disk by then. The session's own log comes last but for the caches, which may vanish: as long as it holds something,
// whoever reads it finds out that something is to be erased. If we crash in here, the next open goes on.
import { dirname, join } from "node:path";
import { errno, StoreError } from "../../base/errors.ts";
import { giveWay } from "../../base/turn.ts";
import { Aside, replaceText } from "../../disk/aside.ts";
import { OpenFile } from "../../disk/descriptors.ts";
import { LOG_ENDING } from "../../disk/names.ts";
import { LF } from "../../line/codec.ts";
import type { LineHead } from "../../line/decode.ts";
import type { Log } from "../../log/log.ts";
import { collectBlobs } from "../blobs/blob-collect.ts";
import { readLog } from "../read/content.ts";
import { hasContent } from "./erasure.ts";
import type { Erasure, Read } from "./erasure.ts";
import { refresh } from "../read/load.ts";
import { PurgedLines } from "./purged-lines.ts";
import { dropOldNow, rewrite, settleOld } from "./rewrite.ts";
import type { SessionState } from "../session-state.ts";
import type { StoreState } from "../state.ts";

/**
 * All but what the catalog has, which is erased for several sessions at once. Under the session's queue and lease. -> how many
 * lines of this machine's logs
 */
export async function eraseFiles(session: SessionState, erasure: Erasure): Promise<number> {
  const { store } = session;
  const { vfs, layout } = store;
  // What another machine purges may lie in this one's archive.
  if (session.isPutAway || session.hasPacked) await (await import("./packed-log.ts")).bringBack(session);
  removeAll(session, layout.lostOf(session.name));
  await eraseTrash(session, erasure);
  if (session.fold?.deletedAt !== undefined) forgetEvictions(session);
  let erased = 0;
  for (const { path, machine } of store.locator.find(session.name)) {
    if (store.isOwn(machine) && path.endsWith(LOG_ENDING)) erased += await eraseLog(session, path, erasure);
  }
  removeAll(session, layout.lostOf(session.name));
  // Copies of archived logs: who reads one makes it anew.
  for (const name of vfs.names(layout.unpacked)) vfs.remove(join(layout.unpacked, name));
  // What a crash left of a log that was being made.
  for (const name of vfs.names(layout.aside)) vfs.remove(join(layout.aside, name));
  await store.sidecars.settled();
  store.sidecars.discard(session);
  if (vfs.stat(layout.sidecar(session.name)) !== undefined)
    throw new StoreError("IO", "the index of the session could not be removed", { session: session.id });
  // What was removed does not come back with a power loss, when nobody would know any more that it is to go.
  for (const directory of [layout.lostAndFound, layout.aside, dirname(layout.sidecar(session.name))])
    if (vfs.stat(directory) !== undefined) await vfs.syncDirectory(directory);
  session.forgetPlaces();
  await refresh(session);
  return erased;
}

/** Attachments that were named by what is erased, and that nothing names now. */
export async function eraseBlobs(store: StoreState, erase: ReadonlySet<string>): Promise<void> {
  if (erase.size > 0) await collectBlobs(store, { erase });
}

async function eraseLog(session: SessionState, path: string, erasure: Erasure): Promise<number> {
  const { store } = session;
  const find = (): Log | undefined => session.logs.find((log) => log.path === path);
  await refresh(session);
  const before = find();
  if (before !== undefined) await settleOld(session, { log: before });
  const log = find();
  const open = log?.open(store.descriptors)?.pin();
  if (log === undefined || open === undefined)
    throw new StoreError("IO", "the log was replaced; try again", { session: session.id, path });
  let count: number;
  try {
    const content = await readLog(open);
    const gone = erasure.in(content.lines);
    erasure.addBlobs(open, gone);
    // If we crash from here on, no line tells any more which they were.
    if (erasure.blobs.size > 0) store.owed.begin(session, erasure.blobs);
    count = gone.size;
    if (count === 0 && content.fragments.length === 0) return 0;
    const purged = new PurgedLines();
    const lines = content.lines.map((line) => (gone.has(line) ? purged.add(line.stamp) : { line, open }));
    // Nobody can tell what a fragment was of.
    await rewrite(session, { log }, { ...content, fragments: [] }, lines);
  } finally {
    open.unpin();
  }
  await dropOldNow(session, { log });
  return count;
}

/** What deletions have moved away. A file of which nothing else is left goes whole. */
async function eraseTrash(session: SessionState, erasure: Erasure): Promise<void> {
  const { vfs, layout } = session.store;
  const directory = join(layout.trash, session.name);
  let isChanged = false;
  for (const name of vfs.names(directory)) {
    const path = join(directory, name);
    const open = new OpenFile(vfs.open(path, "read")).pin();
    open.drop();
    try {
      const { lines, fragments } = await readLog(open);
      const gone = erasure.in(lines);
      erasure.addBlobs(open, gone);
      if (erasure.blobs.size > 0) session.store.owed.begin(session, erasure.blobs);
      if (gone.size === 0 && fragments.length === 0) continue;
      isChanged = true;
      if (lines.some((line) => hasContent(line) && !gone.has(line)))
        await replaceWithout(session, path, gone, { open, lines });
      else vfs.remove(path);
    } finally {
      open.unpin();
    }
  }
  if (!isChanged) return;
  tryRemoveDirectory(session, directory);
  await vfs.syncDirectory(vfs.stat(directory) === undefined ? layout.trash : directory);
}

async function replaceWithout(
  { store: { vfs, layout } }: SessionState,
  path: string,
  gone: ReadonlySet<LineHead>,
  { open, lines }: Read,
): Promise<void> {
  const aside = new Aside(vfs, layout.aside);
  try {
    const purged = new PurgedLines();
    for (const line of lines) {
      const piece = gone.has(line) ? purged.add(line.stamp) : { line, open };
      const bytes = Buffer.allocUnsafe(piece.line.length + 1);
      piece.open.file.read(bytes, 0, piece.line.length, piece.line.offset);
      bytes[piece.line.length] = LF;
      aside.write(bytes);
      await giveWay();
    }
    await aside.file.sync();
    aside.replace(path);
  } finally {
    aside.discard();
  }
}

/** The lines that tell of the session's eviction have its title. */
function forgetEvictions({ id, store: { vfs, layout } }: SessionState): void {
  const text = vfs.readText(layout.evictions);
  if (text === undefined) return;
  const lines = text.split("\n").filter((line) => line !== "");
  const kept = lines.filter((line) => !line.includes(`"id":${JSON.stringify(id)},`));
  if (kept.length < lines.length)
    replaceText(vfs, layout.aside, layout.evictions, kept.map((line) => `${line}\n`).join(""));
}

function removeAll(session: SessionState, directory: string): void {
  const { vfs } = session.store;
  for (const name of vfs.names(directory)) vfs.remove(join(directory, name));
  tryRemoveDirectory(session, directory);
}

function tryRemoveDirectory({ store: { vfs } }: SessionState, directory: string): void {
  try {
    vfs.removeDirectory(directory);
  } catch (error) {
    // Something of another tool is in it, or there is none.
    if (errno(error) === undefined) throw error;
  }
}
