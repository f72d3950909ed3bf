// A disk in memory that knows what is on it for good and what is not yet: it records every change, so that a spec can
// ask what a crash at any moment may have left (see crash-states.ts).
import { dirname } from "node:path";
import type { FileStat, OpenMode, Vfs, VfsFile } from "../../lib/disk/vfs.ts";

export interface Inode {
  readonly ino: number;
  readonly isDirectory: boolean;
  /** Only the first `size` bytes count; they never change, since files are only appended to. */
  bytes: Buffer;
  size: number;
  changedMs: number;
}

/** What was done to the disk. `sync` and `syncDirectory` are when they have resolved. `note` is a spec's own. */
export type DiskEvent =
  | { readonly kind: "makeDirectory" | "create" | "link" | "remove"; readonly path: string; readonly inode: Inode }
  | { readonly kind: "rename"; readonly from: string; readonly path: string; readonly inode: Inode }
  | { readonly kind: "write"; readonly inode: Inode; readonly from: number; readonly to: number }
  | { readonly kind: "sync"; readonly inode: Inode; readonly size: number }
  | { readonly kind: "syncDirectory"; readonly path: string }
  | { readonly kind: "note"; readonly note: unknown };

export class SimulatedDisk implements Vfs {
  readonly isVolatile = false;
  readonly events: DiskEvent[] = [];
  readonly #inodes = new Map<string, Inode>();
  readonly #names = new Map<string, Set<string>>();
  #last = 0;

  /** Another disk with what this one has now; nothing of it is recorded as done there. */
  copy(): SimulatedDisk {
    const copy = new SimulatedDisk();
    const copies = new Map<Inode, Inode>();
    for (const [path, inode] of this.#inodes) {
      let same = copies.get(inode);
      // Bytes are shared: whoever appends to the one does it in a buffer of its own.
      if (same === undefined) {
        copies.set(inode, (same = { ...inode, bytes: inode.bytes.subarray(0, inode.size) }));
      }
      copy.#inodes.set(path, same);
    }
    for (const [path, names] of this.#names) copy.#names.set(path, new Set(names));
    copy.#last = this.#last;
    return copy;
  }

  /** Every path and what it names. */
  entries(): IterableIterator<[string, Inode]> {
    return this.#inodes.entries();
  }

  /** The paths of files below a directory with their content. */
  filesBelow(directory: string): Map<string, Buffer> {
    const files = [...this.#inodes].filter(
      ([path, { isDirectory }]) => !isDirectory && path.startsWith(`${directory}/`),
    );
    return new Map(files.map(([path, { bytes, size }]) => [path, bytes.subarray(0, size)]));
  }

  /** Puts something under a path, as if it had always been there. */
  put(path: string, inode: Inode): void {
    this.#inodes.set(path, inode);
    this.#last = Math.max(this.#last, inode.ino);
    if (inode.isDirectory) this.#names.set(path, this.#names.get(path) ?? new Set());
    if (dirname(path) !== path) this.#names.get(dirname(path))?.add(path.slice(dirname(path).length + 1));
  }

  note(note: unknown): void {
    this.events.push({ kind: "note", note });
  }

  open(path: string, mode: OpenMode): VfsFile {
    const inode = this.#inodes.get(path);
    if (mode === "create") {
      if (inode !== undefined) throw failure("EEXIST", "open", path);
      return new SimulatedFile(this, this.#make(path, false));
    }
    if (inode === undefined) throw failure("ENOENT", "open", path);
    if (inode.isDirectory) throw failure("EISDIR", "open", path);
    return new SimulatedFile(this, inode);
  }

  stat(path: string): FileStat | undefined {
    const inode = this.#inodes.get(path);
    return inode && statOf(inode);
  }

  realPath(path: string): string {
    this.#existing(path, "realpath");
    return path;
  }

  readText(path: string): string | undefined {
    const inode = this.#inodes.get(path);
    if (inode?.isDirectory === true) throw failure("EISDIR", "read", path);
    return inode?.bytes.toString("utf8", 0, inode.size);
  }

  names(path: string): string[] {
    return [...(this.#names.get(path) ?? [])].sort();
  }

  async *streamNames(path: string): AsyncGenerator<string> {
    yield* this.names(path);
  }

  makeDirectory(path: string): void {
    if (this.#inodes.has(path)) return;
    if (dirname(path) !== path) this.makeDirectory(dirname(path));
    this.#make(path, true);
  }

  link(from: string, to: string): void {
    const inode = this.#existing(from, "link");
    if (this.#inodes.has(to)) throw failure("EEXIST", "link", to);
    this.#name(to, inode);
    this.events.push({ kind: "link", path: to, inode });
  }

  rename(from: string, to: string): void {
    const inode = this.#existing(from, "rename");
    const there = this.#inodes.get(to);
    // Two names of one file: POSIX leaves both.
    if (there === inode) return;
    if (inode.isDirectory) {
      if (there !== undefined) this.removeDirectory(to);
      const names = this.#names.get(from) ?? new Set();
      this.#name(to, inode);
      this.#names.set(to, new Set());
      for (const name of names) this.rename(`${from}/${name}`, `${to}/${name}`);
      this.#names.delete(from);
    }
    this.#name(to, inode);
    this.#unname(from);
    this.events.push({ kind: "rename", from, path: to, inode });
  }

  remove(path: string): void {
    const inode = this.#inodes.get(path);
    if (inode === undefined) return;
    this.#unname(path);
    this.events.push({ kind: "remove", path, inode });
  }

  removeDirectory(path: string): void {
    const inode = this.#existing(path, "rmdir");
    if (!inode.isDirectory) throw failure("ENOTDIR", "rmdir", path);
    if (this.names(path).length > 0) throw failure("ENOTEMPTY", "rmdir", path);
    this.#names.delete(path);
    this.remove(path);
  }

  setTime(path: string, timeMs: number): void {
    this.#existing(path, "utime").changedMs = timeMs;
  }

  watch(): undefined {
    return undefined;
  }

  async syncDirectory(path: string): Promise<void> {
    this.#existing(path, "open");
    await Promise.resolve();
    this.events.push({ kind: "syncDirectory", path });
  }

  #existing(path: string, call: string): Inode {
    const inode = this.#inodes.get(path);
    if (inode === undefined) throw failure("ENOENT", call, path);
    return inode;
  }

  #make(path: string, isDirectory: boolean): Inode {
    const inode = { ino: ++this.#last, isDirectory, bytes: Buffer.alloc(0), size: 0, changedMs: Date.now() };
    this.#name(path, inode);
    if (isDirectory) this.#names.set(path, new Set());
    this.events.push({ kind: isDirectory ? "makeDirectory" : "create", path, inode });
    return inode;
  }

  #name(path: string, inode: Inode): void {
    const parent = dirname(path);
    if (parent !== path) {
      const names = this.#names.get(parent);
      if (names === undefined) throw failure("ENOENT", "open", path);
      names.add(path.slice(parent.length + 1));
      this.#existing(parent, "open").changedMs = Date.now();
    }
    this.#inodes.set(path, inode);
  }

  #unname(path: string): void {
    const parent = dirname(path);
    this.#inodes.delete(path);
    this.#names.get(parent)?.delete(path.slice(parent.length + 1));
    this.#existing(parent, "open").changedMs = Date.now();
  }
}

class SimulatedFile implements VfsFile {
  readonly #disk: SimulatedDisk;
  readonly #inode: Inode;

  constructor(disk: SimulatedDisk, inode: Inode) {
    this.#disk = disk;
    this.#inode = inode;
  }

  write(content: string | Buffer, bytes: number): number {
    const inode = this.#inode;
    const from = inode.size;
    const to = from + bytes;
    if (to > inode.bytes.length) {
      const wider = Buffer.alloc(Math.max(to, inode.bytes.length * 2, 512));
      inode.bytes.copy(wider, 0, 0, from);
      inode.bytes = wider;
    }
    if (typeof content === "string") inode.bytes.write(content, from, "utf8");
    else content.copy(inode.bytes, from, 0, bytes);
    inode.size = to;
    inode.changedMs = Date.now();
    this.#disk.events.push({ kind: "write", inode, from, to });
    return bytes;
  }

  read(target: Buffer, start: number, length: number, position: number): number {
    const end = Math.min(position + length, this.#inode.size);
    return position >= end ? 0 : this.#inode.bytes.copy(target, start, position, end);
  }

  async readLater(target: Buffer, start: number, length: number, position: number): Promise<number> {
    return this.read(target, start, length, position);
  }

  stat(): FileStat {
    return statOf(this.#inode);
  }

  async sync(): Promise<void> {
    const { size } = this.#inode;
    await Promise.resolve();
    this.#disk.events.push({ kind: "sync", inode: this.#inode, size });
  }

  close(): void {}
}

function statOf({ ino, size, changedMs, isDirectory }: Inode): FileStat {
  return { dev: 1, ino, size, mtimeMs: changedMs, ctimeMs: changedMs, birthtimeMs: 0, isDirectory };
}

function failure(code: string, call: string, path: string): Error {
  return Object.assign(new Error(`${code}: ${call} '${path}'`), { code, path });
}
