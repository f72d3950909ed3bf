// The real file system, which counts the bytes that are read, and how often a file is brought to the disk.
import { NodeVfs } from "../../lib/disk/node-vfs.ts";
import type { OpenMode, VfsFile } from "../../lib/disk/vfs.ts";

export class CountingVfs extends NodeVfs {
  readonly read = new Map<string, number>();
  /** By the paths that the files were opened by. */
  readonly syncs = new Map<string, number>();

  override open(path: string, mode: OpenMode): VfsFile {
    const file = super.open(path, mode);
    const count = (bytes: number): number => {
      this.read.set(path, (this.read.get(path) ?? 0) + bytes);
      return bytes;
    };
    const read: VfsFile["read"] = (...args) => count(file.read(...args));
    const readLater: VfsFile["readLater"] = async (...args) => count(await file.readLater(...args));
    return {
      read,
      readLater,
      write: (content, bytes) => file.write(content, bytes),
      stat: () => file.stat(),
      sync: async () => {
        this.syncs.set(path, (this.syncs.get(path) ?? 0) + 1);
        await file.sync();
      },
      close: () => file.close(),
    };
  }

  /** The bytes of all files with this ending. */
  of(ending: string): number {
    return [...this.read].reduce((sum, [path, bytes]) => sum + (path.endsWith(ending) ? bytes : 0), 0);
  }
}
