// Compaction of this machine's log of a session. The new log is written beside the old one while everybody goes on, this
// process too; what is appended meanwhile follows. Only the switch is one of the session's operations, and a short one.
//
//   1. the lines that stay are written aside, synced, read back     crash here: the old log stands, the file aside is swept
//   2. the old log gets a second name, <log>.old; synced             crash here: two names of one file, whose lines count once
//   3. under the lease, and in one step: what was appended follows,  crash here: the old log is one more log of the session,
//      and the new log takes the name                                and a record tells what of it the new one has
//   4. what others appended to the old log late follows              crash here: the same
//   5. a minute later once more, then the old one goes               crash here: the same
import { dirname } from "node:path";
import type { CompactResult } from "../../base/compaction.ts";
import { ioError, StoreError } from "../../base/errors.ts";
import { giveWay } from "../../base/turn.ts";
import type { OpenFile } from "../../disk/descriptors.ts";
import { reaching } from "../../disk/far.ts";
import { oldOf } from "../../disk/names.ts";
import type { Vfs } from "../../disk/vfs.ts";
import { LF } from "../../line/codec.ts";
import { Compaction } from "../../log/compaction.ts";
import { COPY_BYTES, NewLog } from "../../log/new-log.ts";
import { drain, isSame, letGoOf } from "../../log/old-log.ts";
import type { Replaced } from "../../log/old-log.ts";
import { linkOld } from "../../log/replace.ts";
import { checkWritable } from "../write/commit.ts";
import { exclusively } from "../exclusively.ts";
import { refresh } from "../read/load.ts";
import { keepLost } from "../check/lost-found.ts";
import { settleOld } from "./rewrite.ts";
import type { SessionState } from "../session-state.ts";
import { notFound } from "../state.ts";
import { dropLater, switchLogs } from "./switch-logs.ts";

interface Options {
  readonly signal?: AbortSignal | undefined;
  /** Fewer dead bytes are left where they are. Default 1. */
  readonly least?: number;
  /** An old log that stands beside since less than a minute goes before its time. Default: nothing is done. */
  readonly settle?: boolean;
}

/** Undefined: nothing was done, since nothing is dead, or the session is deleted, or this machine has no log of it. */
export async function compactSession(session: SessionState, options: Options = {}): Promise<CompactResult | undefined> {
  // Another one may be under way, by itself or by hand.
  while (session.compacting !== undefined) await session.compacting;
  const compacting = compactOnce(session, options);
  const end = (): void => {
    session.compacting = undefined;
  };
  session.compacting = compacting.then(end, end);
  return await compacting;
}

async function compactOnce(session: SessionState, options: Options): Promise<CompactResult | undefined> {
  try {
    const open = await exclusively(session, () => openLog(session, options.settle === true));
    if (open === undefined) return undefined;
    try {
      return await reaching(() => compactLog(session, open, options));
    } finally {
      open.unpin();
    }
  } catch (error) {
    throw ioError(error, "compact the session", { session: session.id });
  }
}

export function nothingDone({ writer }: SessionState): CompactResult {
  const bytes = writer?.log.size ?? 0;
  return { bytesBefore: bytes, bytesAfter: bytes, lines: 0, fragments: 0 };
}

/** This machine's log as it stands, pinned. */
async function openLog(session: SessionState, settle: boolean): Promise<OpenFile | undefined> {
  await refresh(session);
  if (session.fold === undefined) throw notFound(session);
  checkWritable(session);
  if (session.fold.deletedAt !== undefined || session.writer === undefined) return undefined;
  if (session.store.vfs.stat(oldOf(session.writer.log.path)) !== undefined) {
    if (!settle) return undefined;
    await settleOld(session, session.writer);
  }
  return session.writer.log.open(session.store.descriptors)?.pin();
}

async function compactLog(
  session: SessionState,
  open: OpenFile,
  { signal, least = 1 }: Options,
): Promise<CompactResult | undefined> {
  const { store, fold, writer } = session;
  if (fold === undefined || writer === undefined) return undefined;
  const { path } = writer.log;
  // What stands behind this is in no fold yet: it might bring back what seems to be dead. It is copied as it is.
  const bytesBefore = writer.log.covered;
  const plan = new Compaction(open.file, fold);
  await readOthers(session, plan, signal);
  await plan.read(bytesBefore, signal);
  if (plan.isNothing || (plan.bytes < least && plan.fragments.length === 0)) return undefined;
  for (const fragment of plan.fragments)
    await keepLost(store, { ...fragment, name: session.name, machine: writer.log.machine });
  const log = new NewLog(store.vfs, store.layout.aside);
  try {
    await log.write(plan.stretches(COPY_BYTES - 1));
    const copied = await catchUp(log, open, plan.size, signal);
    await log.sync();
    await log.verify();
    signal?.throwIfAborted();
    const replaced = { path, old: oldOf(path), drained: copied, replacedAt: Date.now(), ino: open.ino };
    await switchOver(session, open, log, replaced);
    const { drained } = replaced;
    // Another process may have let the old log go by now, with all that it had.
    await drain(store.vfs, replaced, open.file);
    if (replaced.drained > drained) store.replaced.remember(replaced);
    dropLater(session, replaced);
    const { lines, fragments } = plan;
    return { bytesBefore, bytesAfter: store.vfs.stat(path)?.size ?? 0, lines, fragments: fragments.length };
  } finally {
    log.discard();
  }
}

async function readOthers(session: SessionState, plan: Compaction, signal?: AbortSignal): Promise<void> {
  const { logs, writer, store } = session;
  for (const log of logs) {
    const open = log === writer?.log ? undefined : log.open(store.descriptors)?.pin();
    if (open === undefined) continue;
    try {
      await plan.readOther(open.file, log.covered, signal);
    } finally {
      open.unpin();
    }
  }
}

/** Copies what was appended since, but for the little that the switch can copy at once. -> up to where */
async function catchUp(log: NewLog, { file }: OpenFile, from: number, signal?: AbortSignal): Promise<number> {
  let copied = from;
  for (;;) {
    signal?.throwIfAborted();
    const end = wholeEnd({ file }, copied, Math.min(copied + COPY_BYTES, file.stat().size));
    if (end - copied < COPY_BYTES / 2) return copied;
    log.copy(file, copied, end);
    copied = end;
    await giveWay();
  }
}

/** The old log's second name. Where there are no hard links it has to wait for the switch. */
function nameOld(session: SessionState, open: OpenFile, replaced: Replaced): void {
  const { vfs } = session.store;
  const log = session.writer?.log;
  const isKnown = log?.lookAtFile(vfs) === "same" && log.ino === open.ino;
  if (vfs.stat(replaced.old) !== undefined)
    throw new StoreError("SESSION_BUSY", "another process compacts the session", {
      session: session.id,
      written: "no",
    });
  if (!linkOld(vfs, replaced)) return;
  // A second name is a change of the file, for all that a stat tells.
  const stat = isKnown ? vfs.stat(replaced.path) : undefined;
  if (stat !== undefined) log?.setTimes(stat);
}

/**
 * What was appended since the new log was synced is only on the disk in the old one: then the second name has to be there
 * before the first one is the new log's.
 */
async function switchOver(session: SessionState, open: OpenFile, log: NewLog, replaced: Replaced): Promise<void> {
  const { vfs } = session.store;
  const directory = dirname(replaced.path);
  const synced = replaced.drained;
  nameOld(session, open, replaced);
  try {
    if (!(await exclusively(session, async () => switchNow(session, open, log, replaced, false)))) {
      await vfs.syncDirectory(directory);
      await exclusively(session, async () => switchNow(session, open, log, replaced, true));
    }
  } catch (error) {
    await takeNameBack(session, open, replaced);
    throw error;
  }
  await vfs.syncDirectory(directory);
  if (replaced.drained > synced) await session.writer?.sync();
}

/** It was not switched: the old log is the log as before, and has two names. */
async function takeNameBack({ store }: SessionState, open: OpenFile, { path, old }: Replaced): Promise<void> {
  const { vfs, layout } = store;
  try {
    await letGoOf(vfs, layout.aside, old, path, (stat) => isSame(stat, open) && isSame(vfs.stat(path), open));
  } catch {
    // It goes in a minute, as any old log does that nobody has let go.
  }
}

/** Nothing waits in here: an append comes before all of it, or after. False: it needs the old log's second name on the disk. */
function switchNow(session: SessionState, open: OpenFile, log: NewLog, replaced: Replaced, isSynced: boolean): boolean {
  const { vfs, replaced: all } = session.store;
  const { path, old } = replaced;
  session.writer?.endTurn();
  const hasOld = vfs.stat(old) !== undefined;
  if (!isNamed(vfs, path, open) || (hasOld && !isNamed(vfs, old, open)))
    throw new StoreError("IO", "the log was replaced while it was compacted", { path, written: "no" });
  const end = wholeEnd(open, replaced.drained, open.file.stat().size);
  if (end > replaced.drained && !isSynced) return false;
  if (end > replaced.drained) log.copy(open.file, replaced.drained, end);
  replaced.drained = end;
  session.lease?.check();
  all.remember(replaced);
  if (!hasOld) vfs.rename(path, old);
  log.replace(path);
  switchLogs(session, replaced);
  return true;
}

/** True while the path names this file. */
function isNamed(vfs: Vfs, path: string, open: OpenFile): boolean {
  return isSame(vfs.stat(path), open);
}

/** Where the last whole line in [from, to) ends. */
function wholeEnd({ file }: Pick<OpenFile, "file">, from: number, to: number): number {
  const bytes = Buffer.allocUnsafe(Math.max(0, to - from));
  const count = file.read(bytes, 0, bytes.length, from);
  return from + bytes.subarray(0, count).lastIndexOf(LF) + 1;
}
