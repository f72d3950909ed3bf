// The file system of the machine, by node:fs.
import type { Dir, Stats } from "node:fs";
import { errno } from "../base/errors.ts";
import type { FileStat, OpenMode, Vfs, VfsFile } from "./vfs.ts";

// An import declaration would build the streams of node:fs, which takes 3 ms and which nobody here needs.
const fs = process.getBuiltinModule("node:fs");

const FILE_MODE = 0o600;
const DIRECTORY_MODE = 0o700;
const { O_RDONLY, O_RDWR, O_APPEND, O_CREAT, O_EXCL, S_IFMT, S_IFDIR } = fs.constants;

/** To free the bytes of a larger file takes more than a millisecond. */
const LARGE_BYTES = 4 * 1024 * 1024;

/** Never O_CREAT with `append`: that would bring a deleted log back without its header. */
const FLAGS: Readonly<Record<OpenMode, number>> = {
  read: O_RDONLY,
  append: O_RDWR | O_APPEND,
  create: O_RDWR | O_APPEND | O_CREAT | O_EXCL,
};

export class NodeVfs implements Vfs {
  readonly isVolatile = false;

  open(path: string, mode: OpenMode): VfsFile {
    return new NodeFile(fs.openSync(path, FLAGS[mode], FILE_MODE));
  }

  stat(path: string): FileStat | undefined {
    // ENOTDIR is an error for Node 20, and nothing there for later ones.
    const stat = unlessMissing(() => fs.statSync(path, { throwIfNoEntry: false }));
    return stat === undefined ? undefined : fileStat(stat);
  }

  realPath(path: string): string {
    return fs.realpathSync.native(path);
  }

  readText(path: string): string | undefined {
    return unlessMissing(() => fs.readFileSync(path, "utf8"));
  }

  names(path: string): string[] {
    return unlessMissing(() => fs.readdirSync(path).sort()) ?? [];
  }

  async *streamNames(path: string): AsyncGenerator<string> {
    let directory: Dir;
    try {
      directory = await fs.promises.opendir(path, { bufferSize: 512 });
    } catch (error) {
      if (isMissing(error)) return;
      throw error;
    }
    for await (const entry of directory) yield entry.name;
  }

  makeDirectory(path: string): void {
    fs.mkdirSync(path, { recursive: true, mode: DIRECTORY_MODE });
  }

  link(from: string, to: string): void {
    fs.linkSync(from, to);
  }

  watch(path: string, changed: (name: string | undefined) => void): (() => void) | undefined {
    try {
      const watcher = fs.watch(path, { persistent: false }, (_event, name) => changed(name ?? undefined));
      // The directory went, or the system gave up: whoever watches looks from time to time all the same.
      watcher.on("error", () => watcher.close());
      return () => watcher.close();
    } catch {
      // No such directory, or no watches left.
      return undefined;
    }
  }

  rename(from: string, to: string): void {
    fs.renameSync(from, to);
  }

  remove(path: string): void {
    // Whoever closes it last frees its bytes: that need not be this call.
    const held = (this.stat(path)?.size ?? 0) < LARGE_BYTES ? undefined : this.#tryOpen(path);
    try {
      unlessMissing(() => fs.unlinkSync(path));
    } finally {
      held?.close();
    }
  }

  removeDirectory(path: string): void {
    fs.rmdirSync(path);
  }

  setTime(path: string, timeMs: number): void {
    const time = new Date(timeMs);
    fs.utimesSync(path, time, time);
  }

  async syncDirectory(path: string): Promise<void> {
    // Windows has no handle for a directory that could be synced; its file system journals the names.
    if (process.platform === "win32") return;
    const directory = await fs.promises.open(path, "r");
    try {
      await directory.sync();
    } finally {
      await directory.close();
    }
  }

  #tryOpen(path: string): VfsFile | undefined {
    try {
      return this.open(path, "read");
    } catch (error) {
      if (errno(error) === undefined) throw error;
      return undefined;
    }
  }
}

class NodeFile implements VfsFile {
  readonly #fd: number;

  constructor(fd: number) {
    this.#fd = fd;
  }

  write(content: string | Buffer, bytes: number): number {
    if (typeof content !== "string") return fs.writeSync(this.#fd, content, 0, bytes);
    // As many bytes as characters: plain ASCII, which needs no encoding.
    return fs.writeSync(this.#fd, content, null, bytes === content.length ? "latin1" : "utf8");
  }

  read(target: Buffer, start: number, length: number, position: number): number {
    let count = 0;
    while (count < length) {
      const more = fs.readSync(this.#fd, target, start + count, length - count, position + count);
      if (more === 0) break;
      count += more;
    }
    return count;
  }

  async readLater(target: Buffer, start: number, length: number, position: number): Promise<number> {
    let count = 0;
    while (count < length) {
      const more = await this.#readOnce(target, start + count, length - count, position + count);
      if (more === 0) break;
      count += more;
    }
    return count;
  }

  stat(): FileStat {
    return fileStat(fs.fstatSync(this.#fd));
  }

  sync(): Promise<void> {
    return new Promise((resolve, reject) => {
      fs.fdatasync(this.#fd, (error) => (error ? reject(error) : resolve()));
    });
  }

  close(): void {
    if (this.#isLargeOrphan()) {
      fs.close(this.#fd, () => undefined);
      return;
    }
    try {
      fs.closeSync(this.#fd);
    } catch (error) {
      // The system has let go of it all the same, and to close it again would close another file by now.
      if (errno(error) === "EBADF") throw error;
    }
  }

  /** No name is left of it, so its bytes are freed with it: 300 MB take 64 ms, which nobody else is to wait for. */
  #isLargeOrphan(): boolean {
    try {
      const { nlink, size } = fs.fstatSync(this.#fd);
      return nlink === 0 && size >= LARGE_BYTES;
    } catch {
      return false;
    }
  }

  #readOnce(target: Buffer, start: number, length: number, position: number): Promise<number> {
    return new Promise((resolve, reject) => {
      fs.read(this.#fd, target, start, length, position, (error, count) => (error ? reject(error) : resolve(count)));
    });
  }
}

function fileStat(stat: Stats): FileStat {
  return {
    dev: stat.dev,
    ino: stat.ino,
    size: stat.size,
    mtimeMs: stat.mtimeMs,
    ctimeMs: stat.ctimeMs,
    birthtimeMs: stat.birthtimeMs,
    // The same as isDirectory(), which takes as long as the system call.
    isDirectory: (stat.mode & S_IFMT) === S_IFDIR,
  };
}

function isMissing(error: unknown): boolean {
  return errno(error) === "ENOENT" || errno(error) === "ENOTDIR";
}

function unlessMissing<T>(operation: () => T): T | undefined {
  try {
    return operation();
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}
