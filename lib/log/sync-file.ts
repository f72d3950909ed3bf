// The file that a writer brings to the disk. Another process may have put the log away since it was written.
import { errno } from "../base/errors.ts";
import type { Descriptors } from "../disk/descriptors.ts";
import { oldOf } from "../disk/names.ts";
import type { Vfs, VfsFile } from "../disk/vfs.ts";
import type { Log } from "./log.ts";

/** So often it may get the one name and lose the other while it is looked for. */
const MOST_TRIES = 5;

export interface SyncFile {
  readonly file: VfsFile;
  readonly close: () => void;
}

/** Undefined: it has neither its name nor that of an old log, and whoever let it go has all of it on the disk elsewhere. */
export function openToSync(vfs: Vfs, descriptors: Descriptors, log: Log): SyncFile | undefined {
  for (let tries = 1; tries <= MOST_TRIES; tries++) {
    try {
      const open = descriptors.get(log.slot).pin();
      return { file: open.file, close: () => open.unpin() };
    } catch (error) {
      if (errno(error) !== "ENOENT") throw error;
    }
    try {
      const file = vfs.open(oldOf(log.path), "read");
      return { file, close: () => file.close() };
    } catch (error) {
      if (errno(error) !== "ENOENT") throw error;
    }
  }
  return undefined;
}
