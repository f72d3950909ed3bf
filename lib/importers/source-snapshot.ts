// A SQLite database of another tool as it stands at one moment, to be read while the tool goes on writing. The reader works in
// a directory of its own, where its locks and its own files lie: the database is there by a link, and only its write-ahead
// log is copied. So nothing is made or locked beside the database, and one of 36 GB takes no more room than a small one.
import { closeSync, constants, openSync, readSync, statSync } from "node:fs";
import type { BigIntStats } from "node:fs";
import { copyFile, mkdtemp, realpath, rm, stat, statfs, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { errno, ioError, StoreError } from "../base/errors.ts";

/** A file system may give two writes one time if they are no further apart. */
const RACY_MS = 50;
const MOST_TRIES = 40;
/** The log's header; its salts are new whenever the log begins anew. */
const HEADER_BYTES = 32;

export interface Snapshot {
  /** Where the reader finds it. */
  readonly path: string;
  /** The database itself, and nothing waits in a log: it can be read where it lies. */
  readonly original: string | undefined;
  /** True while what was read is what stood there at that moment: since then nobody has written to the database itself. */
  isCurrent(): boolean;
  remove(): Promise<void>;
}

/** `isLinked` false: the reader would follow a link to the database's own log, so that it needs a copy. */
export async function takeSnapshot(named: string, isLinked: boolean): Promise<Snapshot> {
  // Its log lies beside the file itself, wherever links to that lie.
  const path = await realpath(named).catch((error: unknown) => {
    throw ioError(error, "look at the source", { path: named });
  });
  const directory = await mkdtemp(join(tmpdir(), "turnlog-import-")).catch((error: unknown) => {
    throw ioError(error, "make a temporary directory", { path: named });
  });
  const remove = async (): Promise<void> => await rm(directory, { recursive: true, force: true });
  try {
    for (let tries = 0; tries < MOST_TRIES; tries++) {
      if (tries > 0) await sleep(RACY_MS);
      const before = look(path);
      const isRacy = Math.abs(Date.now() - Number(before.mtimeMs)) < RACY_MS;
      if (isRacy || (await bytesOf(`${path}-journal`)) > 0) continue;
      const at = join(directory, `${tries}.db`);
      const hasLog = (await bytesOf(`${path}-wal`)) > 0;
      if (hasLog && !(await copyLog(`${path}-wal`, `${at}-wal`))) continue;
      if (isLinked) await linkOrCopy(path, at, before);
      else if (hasLog) await copyWhole(path, at, before);
      if (!isSame(before, look(path))) continue;
      const isCurrent = (): boolean => isSame(before, look(path));
      return { path: at, original: hasLog ? undefined : path, isCurrent, remove };
    }
    throw new StoreError("IO", "it is being written to all the time: nothing of it is taken over now", { path: named });
  } catch (error) {
    await remove();
    throw error instanceof StoreError ? error : ioError(error, "read the source", { path: named });
  }
}

/** False: it began anew meanwhile, and the copy is of both. What was appended meanwhile is no whole commit, or is one. */
async function copyLog(log: string, to: string): Promise<boolean> {
  try {
    await copyFile(log, to);
    return headerOf(log).equals(headerOf(to));
  } catch (error) {
    if (errno(error) === "ENOENT") return false;
    throw error;
  }
}

/** Not everybody may make links on Windows. */
async function linkOrCopy(path: string, to: string, { size }: BigIntStats): Promise<void> {
  try {
    await symlink(resolve(path), to);
  } catch (error) {
    if (errno(error) !== "EPERM" && errno(error) !== "ENOSYS") throw error;
    await copyWhole(path, to, { size });
  }
}

async function copyWhole(path: string, to: string, { size }: Pick<BigIntStats, "size">): Promise<void> {
  try {
    // Where the file system can, the copy shares its blocks.
    await copyFile(path, to, constants.COPYFILE_FICLONE_FORCE);
    return;
  } catch {
    const { bavail, bsize } = await statfs(tmpdir(), { bigint: true });
    if (bavail * bsize < size)
      throw new StoreError("NO_SPACE", `${tmpdir()} has no room for a copy of it (${size} bytes)`, { path });
  }
  await copyFile(path, to);
}

function look(path: string): BigIntStats {
  try {
    return statSync(path, { bigint: true });
  } catch (error) {
    throw ioError(error, "look at the source", { path });
  }
}

function isSame(a: BigIntStats, b: BigIntStats): boolean {
  return a.dev === b.dev && a.ino === b.ino && a.size === b.size && a.mtimeNs === b.mtimeNs;
}

/** 0: it is not there. */
async function bytesOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    if (errno(error) === "ENOENT") return 0;
    throw error;
  }
}

function headerOf(path: string): Buffer {
  const file = openSync(path, "r");
  try {
    const bytes = Buffer.alloc(HEADER_BYTES);
    return bytes.subarray(0, readSync(file, bytes, 0, HEADER_BYTES, 0));
  } finally {
    closeSync(file);
  }
}
