// A log that a merge has made takes its place. At any crash the old one stands or the new one, whole:
//
//   1. the new log is written aside, synced, read back       crash here: nothing has changed, the file aside is swept
//   2. it takes the name, of an old one or a free one        crash here: the old one or the new one, until the directory is synced
//   3. an archived form that it stands for goes; synced      crash here: two logs, whose lines count once
//
// This machine's own log, which others may be writing to, goes the way of every log that is replaced (log/replace.ts).
import { errno } from "../../base/errors.ts";
import { Aside } from "../../disk/aside.ts";
import { oldOf } from "../../disk/names.ts";
import type { FileStat } from "../../disk/vfs.ts";
import { NewLog } from "../../log/new-log.ts";
import type { LineBytes } from "../../log/new-log.ts";
import { replaceLog } from "../../log/replace.ts";
import type { ReadFile } from "../../log/replace.ts";
import { exclusively } from "../exclusively.ts";
import { untilLooked } from "../space/rewrite.ts";
import type { SessionState } from "../session-state.ts";
import type { StoreState } from "../state.ts";

/** Somebody changed the log while it was merged: that is begun anew. */
export class ChangedError extends Error {}

/** What is to be put where: `met` is the file that has the name, undefined where none has. */
export interface Target {
  readonly path: string;
  readonly met: FileStat | undefined;
  readonly lines: () => Iterable<LineBytes>;
}

/**
 * Puts a log in its place, the archived form of one if `isPacked`. It may be another machine's: a merge is a sync, as rsync is,
 * and brings what that machine has written; nothing else here writes to another's folder. The directory is the caller's to sync.
 */
export async function putLog({ vfs, layout }: StoreState, target: Target, isPacked: boolean): Promise<void> {
  const log = new NewLog(vfs, layout.aside);
  try {
    await log.write(target.lines());
    if (isPacked) return await putPacked({ vfs, layout }, target, log);
    await log.sync();
    await log.verify();
    name(vfs, target, log);
  } finally {
    log.discard();
  }
}

async function putPacked(
  { vfs, layout }: Pick<StoreState, "vfs" | "layout">,
  target: Target,
  log: NewLog,
): Promise<void> {
  const { pack } = await import("../../disk/gzip.ts");
  const aside = new Aside(vfs, layout.aside);
  try {
    const { file, size } = log.content;
    await pack(file, size, aside, target.path);
    name(vfs, target, aside);
  } finally {
    aside.discard();
  }
}

function name(
  vfs: StoreState["vfs"],
  { path, met }: Target,
  made: { publish(path: string): void; replace(path: string): void },
): void {
  const now = vfs.stat(path);
  const isAsMet = now?.ino === met?.ino && now?.size === met?.size && now?.mtimeMs === met?.mtimeMs;
  if (!isAsMet) throw new ChangedError(path);
  if (met !== undefined) return made.replace(path);
  try {
    made.publish(path);
  } catch (error) {
    if (errno(error) === "EEXIST") throw new ChangedError(path);
    throw error;
  }
}

/**
 * Replaces this machine's log, of which `read` was read, under the session's queue and lease. `isErasing`: the old one
 * does not stay beside for its minute.
 */
export async function replaceOwn(
  session: SessionState,
  { path, lines }: Pick<Target, "path" | "lines">,
  read: ReadFile,
  isErasing: boolean,
): Promise<void> {
  const { vfs, layout, replaced } = session.store;
  session.lease?.check();
  session.writer?.log.forget();
  session.forgetPlaces();
  const old = await replaceLog(vfs, layout.aside, path, read, lines(), (each) => replaced.remember(each));
  if (!isErasing) return replaced.dropLater(old, (drop) => exclusively(session, drop));
  await untilLooked(session.store);
  await replaced.drop(old);
  // What came late stands behind newer lines.
  await replaced.sort(path);
}

/** Lets an old log go that stands beside this machine's log. True: there was one, and the log may have grown. */
export async function settleOwn({ store: { vfs, replaced } }: SessionState, path: string): Promise<boolean> {
  if (vfs.stat(oldOf(path)) === undefined) return false;
  await replaced.settle(path);
  await replaced.sort(path);
  return true;
}
