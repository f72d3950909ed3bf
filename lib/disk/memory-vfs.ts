// A file system in memory, for stores that want nothing on disk. It has what the node one has: inodes, hard links,
// names that are replaced whole, and the same error codes.
import { dirname } from "node:path";
import type { FileStat, OpenMode, Vfs, VfsFile } from "./vfs.ts";

/** What a file has. */
export interface Content {
  readonly size: number;
  readonly isFar: boolean;
  /** At the end. -> how many bytes */
  write(content: string | Buffer, bytes: number): number;
  read(target: Buffer, start: number, length: number, position: number): number;
  readLater(target: Buffer, start: number, length: number, position: number): Promise<number>;
}

interface Node {
  readonly ino: number;
  readonly isDirectory: boolean;
  readonly names: Set<string>;
  content: Content;
  changedMs: number;
}

export class MemoryVfs implements Vfs {
  readonly isVolatile = true;
  readonly #nodes = new Map<string, Node>();
  readonly #named: (path: string) => void;
  #inodes = 0;

  /** `named` is told of each path that names another file from now on, or none. */
  constructor(named: (path: string) => void = () => undefined) {
    this.#named = named;
  }

  /** The content of a file; undefined: there is none at this path. */
  contentOf(path: string): Content | undefined {
    const node = this.#nodes.get(path);
    return node?.isDirectory === false ? node.content : undefined;
  }

  /** Gives a new file this name, whatever has it. */
  place(path: string, content: Content): void {
    this.makeDirectory(dirname(path));
    this.remove(path);
    this.#add(path, false, content);
  }

  /** The file at this path is the same, and has the same bytes, or more, elsewhere. */
  exchange(path: string, content: Content): void {
    const node = this.#existing(path, "open");
    if (content.size > node.content.size) node.changedMs = Math.max(Date.now(), node.changedMs + 1);
    node.content = content;
  }

  /** The file at this path has grown. */
  touch(path: string): void {
    const node = this.#existing(path, "open");
    node.changedMs = Math.max(Date.now(), node.changedMs + 1);
  }

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
    if (node === undefined || node.isDirectory) return undefined;
    const bytes = Buffer.alloc(node.content.size);
    return bytes.toString("utf8", 0, node.content.read(bytes, 0, bytes.length, 0));
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
    if (this.#nodes.delete(path)) this.#named(path);
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

  #add(path: string, isDirectory: boolean, content: Content = new MemoryContent()): Node {
    const node: Node = { ino: ++this.#inodes, isDirectory, names: new Set(), content, changedMs: Date.now() };
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
    this.#named(path);
  }
}

class MemoryFile implements VfsFile {
  readonly #node: Node;

  constructor(node: Node) {
    this.#node = node;
  }

  get isFar(): boolean {
    return this.#node.content.isFar;
  }

  write(content: string | Buffer, bytes: number): number {
    this.#node.changedMs = Date.now();
    return this.#node.content.write(content, bytes);
  }

  read(target: Buffer, start: number, length: number, position: number): number {
    return this.#node.content.read(target, start, length, position);
  }

  async readLater(target: Buffer, start: number, length: number, position: number): Promise<number> {
    return await this.#node.content.readLater(target, start, length, position);
  }

  stat(): FileStat {
    return statOf(this.#node);
  }

  async sync(): Promise<void> {}

  close(): void {}
}

/** Bytes in memory, at the end of which more are written. */
class MemoryContent implements Content {
  readonly isFar = false;
  size = 0;
  #bytes: Buffer = Buffer.alloc(0);

  write(content: string | Buffer, bytes: number): number {
    if (this.size + bytes > this.#bytes.length) {
      const wider = Buffer.alloc(Math.max(this.size + bytes, this.#bytes.length * 2, 4096));
      this.#bytes.copy(wider, 0, 0, this.size);
      this.#bytes = wider;
    }
    if (typeof content === "string") this.#bytes.write(content, this.size, "utf8");
    else content.copy(this.#bytes, this.size, 0, bytes);
    this.size += bytes;
    return bytes;
  }

  read(target: Buffer, start: number, length: number, position: number): number {
    const end = Math.min(position + length, this.size);
    return position >= end ? 0 : this.#bytes.copy(target, start, position, end);
  }

  async readLater(target: Buffer, start: number, length: number, position: number): Promise<number> {
    return this.read(target, start, length, position);
  }
}

function statOf(node: Node): FileStat {
  return {
    dev: 1,
    ino: node.ino,
    size: node.content.size,
    mtimeMs: node.changedMs,
    ctimeMs: node.changedMs,
    birthtimeMs: 0,
    isDirectory: node.isDirectory,
  };
}

function failure(code: string, call: string, path: string): Error {
  return Object.assign(new Error(`${code}: ${call} '${path}'`), { code, path });
}
