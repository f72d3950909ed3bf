// The seam to the file system. Everything above it sees files through this, so that the same store runs on a disk and
// in memory, and specs can make any operation fail. Operations throw the system's errors (with `code`); the calls are
// synchronous where a system call is cheaper than a trip through the thread pool, which is 15 times a small write.

export interface FileStat {
  readonly dev: number;
  readonly ino: number;
  readonly size: number;
  readonly mtimeMs: number;
  readonly ctimeMs: number;
  readonly birthtimeMs: number;
  readonly isDirectory: boolean;
}

export interface VfsFile {
  /** Its bytes lie where only a request reaches them: read() throws NotHere for those that nobody has fetched. */
  readonly isFar?: boolean;
  /**
   * One write(2) at the end of the file. Returns the bytes that were written, which can be fewer than given: the
   * system returns a short count as success. `bytes` is the content's length in UTF-8.
   */
  write(content: string | Buffer, bytes: number): number;
  /** Reads until `length` bytes are there or the file ends. Returns the count. */
  read(target: Buffer, start: number, length: number, position: number): number;
  readLater(target: Buffer, start: number, length: number, position: number): Promise<number>;
  stat(): FileStat;
  /** Resolves when everything written so far is on the disk. */
  sync(): Promise<void>;
  /** Never fails: what was written is known by the counts of its writes, and what is on the disk by sync(). */
  close(): void;
}

/** `append`: for reading and for writing at the end; the file must be there. `create`: the same; it must not be there. */
export type OpenMode = "read" | "append" | "create";

export interface Vfs {
  /** What is written is gone with the process: nothing is worth remembering for the next one. */
  readonly isVolatile: boolean;
  open(path: string, mode: OpenMode): VfsFile;
  /** Undefined: there is nothing at this path. */
  stat(path: string): FileStat | undefined;
  /** The path without symbolic links, so that a place has one name. */
  realPath(path: string): string;
  /** The text of a small file; undefined: there is none. */
  readText(path: string): string | undefined;
  /** The names in a small directory, sorted; empty if there is none. */
  names(path: string): string[];
  /** The names in a directory of any size, in no order; none if there is none. */
  streamNames(path: string): AsyncIterable<string>;
  /** Makes a directory and those above it. */
  makeDirectory(path: string): void;
  /**
   * Calls `changed` after something in a directory has changed, with the name where the system gives one; it may also be
   * called for nothing, and miss a change. Returns a function that ends it. Undefined: nothing tells here.
   */
  watch(path: string, changed: (name: string | undefined) => void): (() => void) | undefined;
  /** A second name for a file. EEXIST: there is one. ENOTSUP, EPERM: the file system has no hard links. */
  link(from: string, to: string): void;
  rename(from: string, to: string): void;
  /** Removes a file, or does nothing if there is none. */
  remove(path: string): void;
  /** Removes an empty directory. ENOENT: there is none. ENOTEMPTY, EEXIST: something is in it. */
  removeDirectory(path: string): void;
  /** Says when the file was changed last. */
  setTime(path: string, timeMs: number): void;
  /** Resolves when the names in this directory are on the disk. */
  syncDirectory(path: string): Promise<void>;
}
