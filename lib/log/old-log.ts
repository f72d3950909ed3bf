// An old log that stands beside the one that has replaced it: what comes late to it is taken over, and then it goes.
import { dirname } from "node:path";
import { errno, StoreError } from "../base/errors.ts";
import { linkOrRename } from "../disk/aside.ts";
import { letGo } from "../disk/taken.ts";
import type { FileStat, Vfs, VfsFile } from "../disk/vfs.ts";
import { LF } from "../line/codec.ts";
import { decodeHead } from "../line/decode.ts";
import { formatStamp } from "../line/stamp.ts";
import { scan } from "./scan.ts";

/** So often others may append to an old log, or give it another name, while it is let go of. */
const MOST_TRIES = 5;

/** An old log that stands beside the new one. */
export interface Replaced {
  readonly path: string;
  readonly old: string;
  /** What lies before this offset of the old log is in the new one, or was left out of it on purpose. */
  drained: number;
  readonly replacedAt: number;
  /** The old log's. Of another one that has its name by now nothing is known. */
  readonly ino?: number;
  /** Not a new log but this archived one has what the old log had: what comes late brings the old log back. */
  readonly packed?: string;
}

/** True if this is the file that was read, whatever became of it. */
export function isSame(stat: Pick<FileStat, "dev" | "ino"> | undefined, read: Pick<FileStat, "dev" | "ino">): boolean {
  return stat?.ino === read.ino && stat.dev === read.dev;
}

/** Takes over what came late, and lets the old log go. False: it stays, since it is needed yet. */
export async function dropOld(vfs: Vfs, asideDirectory: string, replaced: Replaced): Promise<boolean> {
  const { path, old, packed } = replaced;
  for (let tries = 1; tries <= MOST_TRIES; tries++) {
    const stat = vfs.stat(old);
    if (stat === undefined) return true;
    const now = vfs.stat(path);
    // Two names of one file, which came back from the archive; or none in use, since the archive has all of it.
    const isNeeded = now === undefined ? packed === undefined : !isSame(now, stat);
    if (now !== undefined && isNeeded && packed !== undefined && vfs.stat(packed) === undefined) replaced.drained = 0;
    let { size } = stat;
    try {
      if (isNeeded) size = await drain(vfs, replaced);
    } catch (error) {
      // One of the two has gone at this moment.
      if (errno(error) !== "ENOENT") throw error;
      continue;
    }
    const isSpare = (each: FileStat): boolean => {
      if (!isSame(each, stat) || each.size !== size) return false;
      const log = vfs.stat(path);
      return log !== undefined || (packed !== undefined && size === replaced.drained && vfs.stat(packed) !== undefined);
    };
    const isGone = await letGoOf(vfs, asideDirectory, old, path, isSpare);
    await vfs.syncDirectory(dirname(path));
    if (isGone) return true;
  }
  return false;
}

/**
 * Takes a name away from the file that has it, where that `isSpare`, of all that other processes may do meanwhile. What turns out
 * to be needed, and cannot have its name back, is the log, or what it has comes into that. False: something has the name.
 */
export async function letGoOf(
  vfs: Vfs,
  asideDirectory: string,
  name: string,
  path: string,
  isSpare: (stat: FileStat) => boolean,
): Promise<boolean> {
  const outcome = letGo(vfs, asideDirectory, name, isSpare);
  if (outcome === "gone") return true;
  if (outcome !== "kept") await giveBack(vfs, outcome.aside, path);
  return false;
}

async function giveBack(vfs: Vfs, aside: string, path: string): Promise<void> {
  try {
    linkOrRename(vfs, aside, path);
  } catch (error) {
    if (errno(error) !== "EEXIST") throw error;
    const stat = vfs.stat(aside);
    if (stat !== undefined && !isSame(vfs.stat(path), stat))
      await drain(vfs, { path, old: aside, drained: 0, replacedAt: 0 });
  }
  vfs.remove(aside);
  await vfs.syncDirectory(dirname(path));
}

/**
 * Appends to the new log what was appended to the old one since `drained`, and is not in it: whole lines, in one write.
 * -> how much of the old one was looked at
 */
export async function drain(vfs: Vfs, replaced: Replaced, open?: VfsFile): Promise<number> {
  const from = open ?? vfs.open(replaced.old, "read");
  try {
    const size = from.stat().size;
    if (size <= replaced.drained) return size;
    const bytes = Buffer.allocUnsafe(size - replaced.drained);
    const count = from.read(bytes, 0, bytes.length, replaced.drained);
    // A write that is under way is not whole yet; it is drained the next time.
    const end = bytes.lastIndexOf(LF, count - 1) + 1;
    if (end === 0) return size;
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
    return size;
  } finally {
    if (open === undefined) from.close();
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
