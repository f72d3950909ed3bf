// A file system in memory, for stores that want nothing on disk. It has what the node one has: inodes, hard links,
// names that are replaced whole, and the same error codes.
import { dirname } from "node:path";
import type { FileStat, OpenMode, Vfs, VfsFile } from "./vfs.ts";

interface Node {
  readonly ino: number;
  readonly isDirectory: boolean;
  readonly names: Set<string>;
  content: Buffer;
  size: number;
  changedMs: number;
}

export class MemoryVfs implements Vfs {
  readonly isVolatile = true;
  readonly #nodes = new Map<string, Node>();
  #inodes = 0;

  open(path: string, mode: OpenMode): VfsFile {
    const node = this.#nodes.get(path);
    if (mode === "create") {
      if (node !== undefined) throw failure("EEXIST", "open", path);
      return new MemoryFile(this.#add(path, false));
    }
    if (node === undefined) throw failure("ENOENT", "open", path);
    if (node.isDirectory) throw failure("EISDIR", "open", path);
    return new MemoryFile(node);
  }

  stat(path: string): FileStat | undefined {
    const node = this.#nodes.get(path);
    return node && statOf(node);
  }

  realPath(path: string): string {
    return path;
  }

  readText(path: string): string | undefined {
    const node = this.#nodes.get(path);
    return node?.content.toString("utf8", 0, node.size);
  }

  names(path: string): string[] {
    return [...(this.#nodes.get(path)?.names ?? [])].sort();
  }

  async *streamNames(path: string): AsyncGenerator<string> {
    yield* this.names(path);
  }

  /** Only this process can change it, and it knows when it does. */
  watch(): undefined {
    return undefined;
  }

  makeDirectory(path: string): void {
    if (this.#nodes.has(path)) return;
    if (dirname(path) !== path) this.makeDirectory(dirname(path));
    this.#add(path, true);
  }

  link(from: string, to: string): void {
    if (this.#nodes.has(to)) throw failure("EEXIST", "link", to);
    this.#setName(to, this.#existing(from, "link"));
  }

  rename(from: string, to: string): void {
    const node = this.#existing(from, "rename");
    this.remove(from);
    this.#setName(to, node);
  }

  remove(path: string): void {
    this.#nodes.delete(path);
    this.#nodes.get(dirname(path))?.names.delete(path.slice(dirname(path).length + 1));
  }

  removeDirectory(path: string): void {
    const node = this.#existing(path, "rmdir");
    if (!node.isDirectory) throw failure("ENOTDIR", "rmdir", path);
    if (node.names.size > 0) throw failure("ENOTEMPTY", "rmdir", path);
    this.remove(path);
  }

  setTime(path: string, timeMs: number): void {
    this.#existing(path, "utime").changedMs = timeMs;
  }

  async syncDirectory(): Promise<void> {}

  #existing(path: string, call: string): Node {
    const node = this.#nodes.get(path);
    if (node === undefined) throw failure("ENOENT", call, path);
    return node;
  }

  #add(path: string, isDirectory: boolean): Node {
    const node: Node = {
      ino: ++this.#inodes,
      isDirectory,
      names: new Set(),
      content: Buffer.alloc(0),
      size: 0,
      changedMs: Date.now(),
    };
    this.#setName(path, node);
    return node;
  }

  #setName(path: string, node: Node): void {
    const parent = dirname(path);
    if (parent !== path) {
      const directory = this.#nodes.get(parent);
      if (directory === undefined) throw failure("ENOENT", "open", path);
      directory.names.add(path.slice(parent.length + 1));
      directory.changedMs = Date.now();
    }
    this.#nodes.set(path, node);
  }
}

class MemoryFile implements VfsFile {
  readonly #node: Node;

  constructor(node: Node) {
    this.#node = node;
  }

  write(content: string | Buffer, bytes: number): number {
    const node = this.#node;
    if (node.size + bytes > node.content.length) {
      const wider = Buffer.alloc(Math.max(node.size + bytes, node.content.length * 2, 4096));
      node.content.copy(wider, 0, 0, node.size);
      node.content = wider;
    }
    if (typeof content === "string") node.content.write(content, node.size, "utf8");
    else content.copy(node.content, node.size, 0, bytes);
    node.size += bytes;
    node.changedMs = Date.now();
    return bytes;
  }

  read(target: Buffer, start: number, length: number, position: number): number {
    const end = Math.min(position + length, this.#node.size);
    return position >= end ? 0 : this.#node.content.copy(target, start, position, end);
  }

  async readLater(target: Buffer, start: number, length: number, position: number): Promise<number> {
    return this.read(target, start, length, position);
  }

  stat(): FileStat {
    return statOf(this.#node);
  }

  async sync(): Promise<void> {}

  close(): void {}
}

function statOf(node: Node): FileStat {
  return {
    dev: 1,
    ino: node.ino,
    size: node.size,
    mtimeMs: node.changedMs,
    ctimeMs: node.changedMs,
    birthtimeMs: 0,
    isDirectory: node.isDirectory,
  };
}

function failure(code: string, call: string, path: string): Error {
  return Object.assign(new Error(`${code}: ${call} '${path}'`), { code, path });
}
