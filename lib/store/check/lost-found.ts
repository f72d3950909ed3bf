// Bytes that are taken out of logs. They are on the disk in lost+found/ before the log that had them is replaced, under a
// name that follows from where they stood: a repair that is begun again after a crash finds them there.
import { dirname } from "node:path";
import { errno } from "../../base/errors.ts";
import { giveWay } from "../../base/turn.ts";
import { Aside, syncUp } from "../../disk/aside.ts";
import type { Layout } from "../../disk/names.ts";
import type { Vfs, VfsFile } from "../../disk/vfs.ts";
import { formatStamp } from "../../line/stamp.ts";
import type { Stamp } from "../../line/stamp.ts";

const COPY_BYTES = 1024 * 1024;

interface Room {
  readonly vfs: Vfs;
  readonly layout: Layout;
}

/** A stretch of a log, and where it stood. */
export interface LostBytes {
  readonly file: VfsFile;
  readonly offset: number;
  readonly length: number;
  /** The session's name, and the machine's whose log it is. */
  readonly name: string;
  readonly machine: string;
  /** The line before it. */
  readonly before: Stamp | undefined;
}

/** Where these bytes lie in lost+found/, or will. */
export function lostPath({ vfs, layout }: Room, { name, machine, before, ...bytes }: LostBytes): string {
  const stamp = before === undefined ? "start" : formatStamp(before);
  const first = layout.lost(name, machine, stamp, bytes.offset);
  for (let number = 1; ; number++) {
    const path = number === 1 ? first : `${first}-${number}`;
    if (vfs.stat(path) === undefined || isSame(vfs, path, bytes)) return path;
  }
}

/** Brings the bytes to lost+found/, and to the disk. -> their path */
export async function keepLost(room: Room, lost: LostBytes): Promise<string> {
  const { vfs, layout } = room;
  const path = lostPath(room, lost);
  if (vfs.stat(path) !== undefined) return path;
  const aside = new Aside(vfs, layout.aside);
  try {
    const buffer = Buffer.allocUnsafe(Math.min(lost.length, COPY_BYTES));
    for (let done = 0; done < lost.length;) {
      const count = lost.file.read(buffer, 0, Math.min(buffer.length, lost.length - done), lost.offset + done);
      if (count === 0) break;
      aside.write(buffer.subarray(0, count));
      done += count;
      await giveWay();
    }
    await aside.file.sync();
    aside.publish(path);
  } catch (error) {
    // Another repair keeps the same bytes.
    if (errno(error) !== "EEXIST") throw error;
  } finally {
    aside.discard();
  }
  await syncUp(vfs, layout.root, [dirname(path)]);
  return path;
}

function isSame(
  vfs: Vfs,
  path: string,
  { file, offset, length }: Pick<LostBytes, "file" | "offset" | "length">,
): boolean {
  const other = vfs.open(path, "read");
  try {
    if (other.stat().size !== length) return false;
    const size = Math.min(length, COPY_BYTES);
    const [a, b] = [Buffer.alloc(size), Buffer.alloc(size)];
    for (let done = 0; done < length; done += size) {
      const count = file.read(a, 0, Math.min(size, length - done), offset + done);
      if (other.read(b, 0, count, done) !== count || !a.subarray(0, count).equals(b.subarray(0, count))) return false;
    }
    return true;
  } finally {
    other.close();
  }
}
