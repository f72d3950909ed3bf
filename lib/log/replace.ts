// A log only grows, until it is replaced whole. This is how: safe against a crash at any moment, and against writers
// that still have the old file open.
//
//   1. the new log is written aside, synced, read back     crash here: the old log stands, the file aside is swept
//   2. the old log gets a second name, <log>.old; synced    crash here: two names of one file, whose lines count once
//   3. the new log takes the name; synced                   crash here: the old one is one more log of the session
//   4. what was appended to the old log meanwhile follows   crash here: the same, and a record tells from where
//   5. a minute later once more, then the old one goes      crash here: the same
//
// What came late stands behind newer lines in the new log then. Whoever reads a log's end alone presumes that it is in
// order, so the caller puts it in order (while an old log stands beside, nobody reads an end alone).
import { dirname } from "node:path";
import { errno, ioError, StoreError } from "../base/errors.ts";
import { linkOrRename } from "../disk/aside.ts";
import { oldOf } from "../disk/names.ts";
import type { Vfs, VfsFile } from "../disk/vfs.ts";
import { LF } from "../line/codec.ts";
import { decodeHead } from "../line/decode.ts";
import { formatStamp } from "../line/stamp.ts";
import { NewLog } from "./new-log.ts";
import type { LineBytes } from "./new-log.ts";
import { scan } from "./scan.ts";

/** An old log that stands beside the new one. */
export interface Replaced {
  readonly path: string;
  readonly old: string;
  /** What lies before this offset of the old log is in the new one, or was left out of it on purpose. */
  drained: number;
  readonly replacedAt: number;
  /** Not a new log but this archived one has what the old log had: what comes late brings the old log back. */
  readonly packed?: string;
}

/**
 * Puts a log of just these lines in the place of the log at `path`, of which `size` bytes are known. `remember` keeps
 * how far the old log was drained, in case that we crash.
 */
export async function replaceLog(
  vfs: Vfs,
  asideDirectory: string,
  path: string,
  size: number,
  lines: Iterable<LineBytes>,
  remember: (replaced: Replaced) => void,
): Promise<Replaced> {
  const replaced: Replaced = { path, old: oldOf(path), drained: size, replacedAt: Date.now() };
  const directory = dirname(path);
  const log = new NewLog(vfs, asideDirectory);
  try {
    await log.write(lines);
    await log.sync();
    await log.verify();
    remember(replaced);
    setOld(vfs, replaced);
    await vfs.syncDirectory(directory);
    log.replace(path);
    await vfs.syncDirectory(directory);
  } finally {
    log.discard();
  }
  await drain(vfs, replaced);
  remember(replaced);
  return replaced;
}

/** Takes over what came late, and lets the old log go. */
export async function dropOld(vfs: Vfs, replaced: Replaced): Promise<void> {
  const stat = vfs.stat(replaced.old);
  if (stat === undefined) return;
  const now = vfs.stat(replaced.path);
  // Two names of one file, which came back from the archive; or none in use, since the archive has all of it.
  const isNeeded = now === undefined ? replaced.packed === undefined : now.ino !== stat.ino || now.dev !== stat.dev;
  if (isNeeded) await drain(vfs, replaced);
  vfs.remove(replaced.old);
  await vfs.syncDirectory(dirname(replaced.path));
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

/** Appends to the new log what was appended to the old one since `drained`, and is not in it: whole lines, in one write. */
export async function drain(vfs: Vfs, replaced: Replaced): Promise<void> {
  const from = vfs.open(replaced.old, "read");
  try {
    const size = from.stat().size;
    if (size <= replaced.drained) return;
    const bytes = Buffer.allocUnsafe(size - replaced.drained);
    const count = from.read(bytes, 0, bytes.length, replaced.drained);
    // A write that is under way is not whole yet; it is drained the next time.
    const end = bytes.lastIndexOf(LF, count - 1) + 1;
    if (end === 0) return;
    const to = vfs.open(replaced.path, "append");
    try {
      const late = missing(bytes.subarray(0, end), await stampsIn(to));
      if (late.length > 0 && to.write(late, late.length) !== late.length)
        throw new StoreError("NO_SPACE", "could not take over what was appended late", { path: replaced.path });
      await to.sync();
    } finally {
      to.close();
    }
    replaced.drained += end;
  } finally {
    from.close();
  }
}

async function stampsIn(file: VfsFile): Promise<Set<string>> {
  const stamps = new Set<string>();
  await scan(file, 0, file.stat().size, {
    line: ({ stamp }) => stamps.add(formatStamp(stamp)),
    problem: () => undefined,
  });
  return stamps;
}

/** The pieces that are no line with one of these stamps: whoever wrote to the old log may have written them again. */
function missing(bytes: Buffer, known: ReadonlySet<string>): Buffer {
  const pieces: Buffer[] = [];
  for (let start = 0; start < bytes.length;) {
    const end = bytes.indexOf(LF, start);
    const line = decodeHead(bytes, start, end);
    if (line === undefined || !known.has(formatStamp(line.stamp))) pieces.push(bytes.subarray(start, end + 1));
    start = end + 1;
  }
  return Buffer.concat(pieces);
}

/** Without hard links the old log moves to its second name; for a moment there is none at the first. */
export function setOld(vfs: Vfs, replaced: Pick<Replaced, "path" | "old">): void {
  if (!linkOld(vfs, replaced)) vfs.rename(replaced.path, replaced.old);
}

/** Gives the old log its second name. False: there are no hard links here. */
export function linkOld(vfs: Vfs, { path, old }: Pick<Replaced, "path" | "old">): boolean {
  try {
    vfs.link(path, old);
    return true;
  } catch (error) {
    if (errno(error) === "EEXIST")
      throw new StoreError("IO", "an older log stands beside the session's log", { path: old, cause: error });
    return false;
  }
}
