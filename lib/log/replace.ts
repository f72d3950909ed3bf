// A log only grows, until it is replaced whole. This is how: safe against a crash at any moment, and against writers
// that still have the old file open.
//
//   1. the new log is written aside, synced, read back     crash here: the old log stands, the file aside is swept
//   2. the old log gets a second name, <log>.old; synced    crash here: two names of one file, whose lines count once
//   3. the new log takes the name; synced                   crash here: the old one is one more log of the session
//   4. what was appended to the old log meanwhile follows   crash here: the same, and a record tells from where
//   5. a minute later once more, then the old one goes      crash here: the same
//
// What another process does to the names meanwhile is noticed: each name is let go of only when it is seen that the file is not
// needed under it (letGo), and the new log takes the name only from the file that was read.
//
// What came late stands behind newer lines in the new log then. Whoever reads a log's end alone presumes that it is in
// order, so the caller puts it in order (while an old log stands beside, nobody reads an end alone).
import { dirname } from "node:path";
import { errno, ioError, StoreError } from "../base/errors.ts";
import { linkOrRename } from "../disk/aside.ts";
import { oldOf } from "../disk/names.ts";
import type { Vfs, VfsFile } from "../disk/vfs.ts";
import { NewLog } from "./new-log.ts";
import type { LineBytes } from "./new-log.ts";
import { drain, isSame } from "./old-log.ts";
import type { Replaced } from "./old-log.ts";

/** The file that was read, and how much of it. */
export interface ReadFile {
  readonly dev: number;
  readonly ino: number;
  readonly size: number;
}

/**
 * Puts a log of just these lines in the place of the log at `path`, of which `read` is known. `remember` keeps
 * how far the old log was drained, in case that we crash.
 */
export async function replaceLog(
  vfs: Vfs,
  asideDirectory: string,
  path: string,
  read: ReadFile,
  lines: Iterable<LineBytes>,
  remember: (replaced: Replaced) => void,
): Promise<Replaced> {
  const replaced: Replaced = { path, old: oldOf(path), drained: read.size, replacedAt: Date.now(), ino: read.ino };
  const directory = dirname(path);
  const log = new NewLog(vfs, asideDirectory);
  let from: VfsFile | undefined;
  try {
    await log.write(lines);
    await log.sync();
    await log.verify();
    if (!isSame(vfs.stat(path), read)) throw wasReplaced(path);
    if (vfs.stat(replaced.old) === undefined) remember(replaced);
    const hasLink = setOld(vfs, replaced);
    // Another process may let the old log go before we have taken over what came late: we have it open.
    from = vfs.open(replaced.old, "read");
    await vfs.syncDirectory(directory);
    const now = vfs.stat(path);
    if (!isSame(vfs.stat(replaced.old), read) || (hasLink ? !isSame(now, read) : now !== undefined)) {
      // Nothing of it is in another log because of us.
      if (isSame(vfs.stat(replaced.old), read)) remember({ ...replaced, drained: 0 });
      throw wasReplaced(path);
    }
    log.replace(path);
    await vfs.syncDirectory(directory);
    await drain(vfs, replaced, from);
  } finally {
    from?.close();
    log.discard();
  }
  remember(replaced);
  return replaced;
}

/** True for what fails where another process, without the lease, does the same at the same moment: it is looked at anew. */
export function isRival(error: unknown): boolean {
  const cause = error instanceof StoreError ? errno(error.cause) : errno(error);
  return cause === "ENOENT" || cause === "EEXIST";
}

/** Another process did the same at the same moment: whoever read the log looks anew. */
function wasReplaced(path: string): StoreError {
  const cause = Object.assign(new Error(`${path} names another file`), { code: "ENOENT" });
  return new StoreError("IO", "the log was replaced while it was rewritten", { path, written: "no", cause });
}

/**
 * A log that was archived while somebody wrote to it stands beside for a while: it gets its name back, and with it all that was
 * written is the session's. False: the file is gone, or another.
 */
export function retakeName(vfs: Vfs, { path, dev, ino }: { path: string; dev: number; ino: number }): boolean {
  const old = oldOf(path);
  try {
    const stat = vfs.stat(old);
    if (stat === undefined || stat.ino !== ino || stat.dev !== dev) return false;
    linkOrRename(vfs, old, path);
    return true;
  } catch (error) {
    // The path names a log again, or the old one went at this moment: the next look tells.
    if (errno(error) === "EEXIST") return true;
    if (errno(error) === "ENOENT") return false;
    throw ioError(error, "bring the archived log back", { path, written: "unknown" });
  }
}

/** Without hard links the old log moves to its second name; for a moment there is none at the first. False: so it did. */
export function setOld(vfs: Vfs, replaced: Pick<Replaced, "path" | "old">): boolean {
  if (linkOld(vfs, replaced)) return true;
  if (vfs.stat(replaced.old) !== undefined) throw standsBeside(replaced.old);
  vfs.rename(replaced.path, replaced.old);
  return false;
}

/** Gives the old log its second name. False: there are no hard links here. */
export function linkOld(vfs: Vfs, { path, old }: Pick<Replaced, "path" | "old">): boolean {
  try {
    vfs.link(path, old);
    return true;
  } catch (error) {
    if (errno(error) === "EEXIST") throw standsBeside(old);
    return false;
  }
}

function standsBeside(old: string): StoreError {
  const cause = Object.assign(new Error(`${old} exists`), { code: "EEXIST" });
  return new StoreError("IO", "an older log stands beside the session's log", { path: old, cause });
}
