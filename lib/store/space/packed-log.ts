// This machine's log of a session goes to the archive and comes back: safe against a crash at any moment, and against
// writers that still have the log open.
//
//   1. the log is packed aside, synced, unpacked again and compared    crash here: the log stands, the file aside is swept
//   2. the packed one gets its name in archive/; synced                crash here: two logs, whose lines count once
//   3. the log moves to its old name, <log>.old; synced                crash here: the same, and a record tells of it
//   4. was it written to meanwhile, it gets its name back              crash here: the same
//   5. a minute later it goes, if it has not grown; else as in 4       crash here: the archive has all of it
//
// A writer without a lease that finds the log's name gone gives it back by itself (retakeName), so what it wrote is never
// only in a file that goes. And back:
//
//   1. the log is unpacked aside, synced, read back                    crash here: it is in the archive
//   2. it gets its name; synced                                        crash here: two logs, whose lines count once
//   3. the packed one goes; synced                                     crash here: it is in use
import { dirname } from "node:path";
import { errno, StoreError } from "../../base/errors.ts";
import { Aside, linkOrRename, syncUp } from "../../disk/aside.ts";
import { isSameSum, pack, sumOf, unpack, unpackTo } from "../../disk/gzip.ts";
import { OLD_ENDING, oldOf } from "../../disk/names.ts";
import { isSameFile } from "../../disk/fingerprint.ts";
import { letGo } from "../../disk/taken.ts";
import type { FileStat, Vfs, VfsFile } from "../../disk/vfs.ts";
import { isSame, letGoOf } from "../../log/old-log.ts";
import { isRival, setOld } from "../../log/replace.ts";
import type { Log } from "../../log/log.ts";
import type { LogWriter } from "../../log/writer.ts";
import { exclusively } from "../exclusively.ts";
import { refresh } from "../read/load.ts";
import { settleOld, takeIn } from "./rewrite.ts";
import type { SessionState } from "../session-state.ts";

/** So often a writer without a lease may do the same at the same moment. */
const MOST_TRIES = 5;

/** Puts this machine's log away. False: it was written to meanwhile, and is in use as before. */
export async function packLog(session: SessionState, { log }: LogWriter): Promise<boolean> {
  const { store, lease } = session;
  const { vfs, layout, replaced } = store;
  const { path } = log;
  const packed = layout.packed(path);
  return await making(session, path, async (file, aside) => {
    const read = file.stat();
    const { size, ino } = read;
    await pack(file, size, aside, packed);
    lease?.check();
    const record = { path, old: oldOf(path), drained: size, replacedAt: Date.now(), ino, packed };
    // That of an older one stays: setOld() says so.
    if (vfs.stat(record.old) === undefined) replaced.remember(record);
    aside.publish(packed);
    await syncUp(vfs, layout.root, [dirname(packed)]);
    session.forget();
    log.forget();
    const hasLink = setOld(vfs, record);
    await vfs.syncDirectory(dirname(path));
    // Others may have brought it back already, and then this is its only name; or another log has it.
    const isOld = (stat: FileStat): boolean => isSame(stat, read) && isSame(vfs.stat(record.old), read);
    if (hasLink) await letGoOf(vfs, layout.aside, path, path, isOld);
    await vfs.syncDirectory(dirname(path));
    session.generation = -1;
    const old = vfs.stat(record.old);
    const isAll = isSame(old, read) && old?.size === size && vfs.stat(path) === undefined;
    if (!isAll || vfs.stat(packed) === undefined) {
      await replaced.drop(record);
      return false;
    }
    replaced.dropLater(record, (drop) => exclusively(session, drop));
    return true;
  });
}

/** Runs `make`, which makes another file of the one at `path`. */
async function making<T>(
  { store: { vfs, layout } }: SessionState,
  path: string,
  make: (file: VfsFile, aside: Aside) => Promise<T>,
): Promise<T> {
  const file = vfs.open(path, "read");
  try {
    const aside = new Aside(vfs, layout.aside);
    try {
      return await make(file, aside);
    } finally {
      aside.discard();
    }
  } finally {
    file.close();
  }
}

/** Brings this machine's log back, if it was put away, and lets go what the archive has of one that is in use. */
export async function bringBack(session: SessionState): Promise<void> {
  session.isBroughtBack = true;
  for (let tries = 1; session.isPutAway || session.hasPacked; tries++) {
    try {
      await bringBackMet(session);
    } catch (error) {
      // A writer without a lease did it at the same moment.
      if (!isRival(error) || tries === MOST_TRIES) throw error;
    }
    session.forgetPlaces();
    await refresh(session);
    if (tries === MOST_TRIES) return;
  }
}

async function bringBackMet(session: SessionState): Promise<void> {
  const { store } = session;
  if (session.isPutAway) {
    const own = session.logs.filter(({ machine }) => store.isOwn(machine));
    const old = own.find(({ path }) => path.endsWith(OLD_ENDING));
    // It is younger than what the archive has: somebody may have written to it.
    if (old !== undefined) await retakeOld(session, old.path, own);
    else await unpackLog(session, own[0] as Log);
    session.forgetPlaces();
    await refresh(session);
  }
  if (session.writer === undefined || !session.hasPacked) return;
  await settleOld(session, session.writer);
  for (const log of session.logs) {
    const { writer } = session;
    if (writer !== undefined && store.isOwn(log.machine) && log.packed !== undefined)
      await settlePacked(session, writer, log);
  }
}

/** The log gets the name that it had. What was packed of it goes at once: nobody has to read both. */
async function retakeOld(session: SessionState, old: string, own: readonly Log[]): Promise<void> {
  const { vfs, replaced } = session.store;
  const path = old.slice(0, -oldOf("").length);
  try {
    linkOrRename(vfs, old, path);
  } catch (error) {
    // A writer without a lease was first.
    if (errno(error) !== "EEXIST") throw error;
  }
  await vfs.syncDirectory(dirname(path));
  await replaced.settle(path);
  for (const log of own)
    if (log.packed !== undefined && (await isBeginning(vfs, log.place, path))) await removePacked(session, log, path);
}

async function unpackLog(session: SessionState, log: Log): Promise<void> {
  const { vfs, layout } = session.store;
  const path = layout.unpackedLog(log.place);
  try {
    await making(session, log.place, async (file, aside) => {
      const sum = await unpackTo(file, log.place, aside);
      await aside.file.sync();
      if (!isSameSum(sum, await sumOf(aside.file)))
        throw new StoreError("IO", "the log does not read back as it was unpacked", { path: aside.path });
      session.lease?.check();
      aside.publish(path);
    });
  } catch (error) {
    // A writer without a lease was first: what is to be done with two logs is found out when they are read.
    if (errno(error) === "EEXIST") return;
    throw error;
  }
  await syncUp(vfs, layout.root, [dirname(path)]);
  await removePacked(session, log, path);
}

/** The log in use stands beside the archived one: what only that one has comes into it. */
async function settlePacked(session: SessionState, writer: LogWriter, log: Log): Promise<void> {
  const { vfs, descriptors } = session.store;
  if (!(await isBeginning(vfs, log.place, writer.log.path))) {
    const [open, packed] = [writer.log.open(descriptors)?.pin(), log.open(descriptors)?.pin()];
    try {
      await takeIn(session, writer, open, packed);
    } finally {
      open?.unpin();
      packed?.unpin();
    }
  }
  // Its bytes must not go before those of the log are on the disk.
  await writer.sync();
  await removePacked(session, log, writer.log.path);
}

/** True when a log begins with all that an archived one has. */
async function isBeginning(vfs: Vfs, packed: string, path: string): Promise<boolean> {
  const files: VfsFile[] = [];
  const open = (name: string): VfsFile => {
    const file = vfs.open(name, "read");
    files.push(file);
    return file;
  };
  let position = 0;
  let isSame = true;
  try {
    const log = open(path);
    await unpack(open(packed), packed, (chunk) => {
      if (!isSame) return;
      const bytes = Buffer.allocUnsafe(chunk.length);
      isSame = log.read(bytes, 0, bytes.length, position) === chunk.length && bytes.equals(chunk);
      position += chunk.length;
    });
    return isSame;
  } finally {
    for (const file of files) file.close();
  }
}

/** Goes while the log in use is there, which has all of it. Another one that has the name by now stays. */
async function removePacked(session: SessionState, log: Log, inUse: string): Promise<void> {
  const { vfs, layout, unpacked } = session.store;
  if (log.packed === undefined) return;
  const { path, print } = log.packed;
  // To give it another name changes its ctime.
  const isMet = ({ dev, ino, size, mtimeMs }: FileStat): boolean =>
    isSameFile(print, { dev, ino, size, mtimeMs, ctimeMs: print.ctimeMs });
  // Where it does not get its name back another archived log has that, which was made of all that is in use.
  letGo(vfs, layout.aside, path, (stat) => isMet(stat) && vfs.stat(inUse) !== undefined);
  await vfs.syncDirectory(dirname(path));
  unpacked.remove(path, print);
}
