// Makes one log of several that this machine has of a session, in folders of its own.
import { dirname } from "node:path";
import { ioError, StoreError } from "../../base/errors.ts";
import { OLD_ENDING, oldOf } from "../../disk/names.ts";
import type { FileStat } from "../../disk/vfs.ts";
import type { Log } from "../../log/log.ts";
import { isSame, letGoOf } from "../../log/old-log.ts";
import { retakeName, setOld } from "../../log/replace.ts";
import { archiveNext } from "../space/archive.ts";
import { checkWritable } from "../write/commit.ts";
import { exclusively } from "../exclusively.ts";
import { refresh } from "../read/load.ts";
import { bringBack } from "../space/packed-log.ts";
import { dropOldNow, settleOld, takeIn, untilLooked } from "../space/rewrite.ts";
import type { SessionState } from "../session-state.ts";
import type { StoreState } from "../state.ts";

/** So often others may write to a log while its lines are taken over. */
const MOST_TRIES = 5;

/** False: it had one already. Throws SESSION_BUSY where others write to it without a pause. */
export async function uniteOwn(session: SessionState): Promise<boolean> {
  try {
    return await exclusively(session, () => uniteNext(session));
  } catch (error) {
    throw ioError(error, "unite the session's logs", { session: session.id });
  }
}

async function uniteNext(session: SessionState): Promise<boolean> {
  await refresh(session);
  const isAway = session.isPutAway;
  const packed = ownOf(session).filter((log) => log.packed !== undefined);
  let isUnited = packed.length > 1 || (packed.length === 1 && ownOf(session).length > 1);
  if (isUnited) {
    checkWritable(session);
    await bringBack(session);
  }
  for (let tries = 1; ; tries++) {
    await refresh(session);
    const { writer } = session;
    if (writer !== undefined) await settleOld(session, writer);
    const other = ownOf(session).find((log) => log !== session.writer?.log);
    if (other === undefined || session.writer === undefined) break;
    if (tries > MOST_TRIES)
      throw new StoreError("SESSION_BUSY", "others write to the session without a pause", { session: session.id });
    checkWritable(session);
    isUnited = true;
    await takeOver(session, other);
  }
  // It lay in the archive in two folders, and lies there in one.
  if (isUnited && isAway) await archiveNext(session);
  return isUnited;
}

function ownOf({ logs, store }: SessionState): Log[] {
  return apart(
    store,
    logs.filter(({ machine }) => store.isOwn(machine)),
    ({ place }) => place,
  );
}

/** Those of these logs that are not beside another of them what that has replaced a moment ago, or was made of. */
export function apart<T>({ layout }: StoreState, logs: readonly T[], pathOf: (log: T) => string): T[] {
  const paths = new Set(logs.map(pathOf));
  return logs.filter((log) => {
    const path = pathOf(log);
    const now = path.slice(0, -oldOf("").length);
    return !path.endsWith(OLD_ENDING) || !(paths.has(now) || paths.has(layout.packed(now)));
  });
}

/** All lines of the other log come into the one that is written to; then it goes. */
async function takeOver(session: SessionState, { path }: Log): Promise<void> {
  const { store } = session;
  const find = (): Log | undefined => session.logs.find((log) => log.path === path);
  const before = find();
  if (!path.endsWith(OLD_ENDING) && before !== undefined) await settleOld(session, { log: before });
  const { writer } = session;
  const other = find();
  if (writer === undefined || other === undefined) return;
  const [open, added] = [writer.log.open(store.descriptors)?.pin(), other.open(store.descriptors)?.pin()];
  try {
    const stat = added?.file.stat();
    await takeIn(session, writer, open, added);
    await dropOldNow(session, writer);
    if (stat !== undefined) await putAway(session, path, stat);
  } finally {
    open?.unpin();
    added?.unpin();
    session.forgetLogs();
  }
}

/** A writer without a lease that finds the name gone gives it back by itself; what is written to the file is not lost. */
async function putAway({ store, lease }: SessionState, path: string, read: FileStat): Promise<void> {
  const { vfs, layout } = store;
  const directory = dirname(path);
  const isOld = path.endsWith(OLD_ENDING);
  const old = isOld ? path : oldOf(path);
  lease?.check();
  if (!isOld) {
    const hasLink = setOld(vfs, { path, old });
    await vfs.syncDirectory(directory);
    if (hasLink) {
      const isBeside = (stat: FileStat): boolean => isSame(stat, read) && isSame(vfs.stat(old), read);
      await letGoOf(vfs, layout.aside, path, path, isBeside);
    }
    await vfs.syncDirectory(directory);
    await untilLooked(store);
  }
  const stat = vfs.stat(old);
  if (stat === undefined) return;
  if (isSame(stat, read) && stat.size === read.size)
    await letGoOf(vfs, layout.aside, old, path, (each) => isSame(each, read) && each.size === read.size);
  else if (!isOld) retakeName(vfs, { path, ...stat });
  await vfs.syncDirectory(directory);
}
