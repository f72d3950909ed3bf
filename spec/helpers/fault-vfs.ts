// A file system of which an operation fails when a spec says so: the real one, or another that it is given.
import { NodeVfs } from "../../lib/disk/node-vfs.ts";
import type { FileStat, OpenMode, Vfs, VfsFile } from "../../lib/disk/vfs.ts";

export type Operation = Exclude<keyof Vfs, "isVolatile"> | "write" | "read" | "readLater" | "fstat" | "sync";

/** What happens to an operation: it fails with this code, or writes only so many bytes (all but so many: negative). */
export type Fault = string | number | undefined;

export class FaultVfs implements Vfs {
  readonly isVolatile: boolean;
  /** Asked before every operation; `bytes` are those of a write. */
  fault: (operation: Operation, path: string, bytes?: number) => Fault = () => undefined;
  readonly calls: { operation: Operation; path: string }[] = [];
  /** Files that were opened and not closed. */
  openFiles = 0;
  readonly #vfs: Vfs;

  constructor(vfs: Vfs = new NodeVfs()) {
    this.#vfs = vfs;
    this.isVolatile = vfs.isVolatile;
  }

  open(path: string, mode: OpenMode): VfsFile {
    this.fail("open", path);
    const file = this.#vfs.open(path, mode);
    this.openFiles++;
    return new FaultFile(file, path, this);
  }

  stat(path: string): FileStat | undefined {
    this.fail("stat", path);
    return this.#vfs.stat(path);
  }

  realPath(path: string): string {
    this.fail("realPath", path);
    return this.#vfs.realPath(path);
  }

  readText(path: string): string | undefined {
    this.fail("readText", path);
    return this.#vfs.readText(path);
  }

  names(path: string): string[] {
    this.fail("names", path);
    return this.#vfs.names(path);
  }

  async *streamNames(path: string): AsyncGenerator<string> {
    this.fail("streamNames", path);
    yield* this.#vfs.streamNames(path);
  }

  makeDirectory(path: string): void {
    this.fail("makeDirectory", path);
    this.#vfs.makeDirectory(path);
  }

  link(from: string, to: string): void {
    this.fail("link", to);
    this.#vfs.link(from, to);
  }

  rename(from: string, to: string): void {
    this.fail("rename", to);
    this.#vfs.rename(from, to);
  }

  remove(path: string): void {
    this.fail("remove", path);
    this.#vfs.remove(path);
  }

  removeDirectory(path: string): void {
    this.fail("removeDirectory", path);
    this.#vfs.removeDirectory(path);
  }

  setTime(path: string, timeMs: number): void {
    this.fail("setTime", path);
    this.#vfs.setTime(path, timeMs);
  }

  watch(path: string, changed: (name: string | undefined) => void): (() => void) | undefined {
    return this.#vfs.watch(path, changed);
  }

  async syncDirectory(path: string): Promise<void> {
    this.fail("syncDirectory", path);
    await this.#vfs.syncDirectory(path);
  }

  fail(operation: Operation, path: string, bytes?: number): number | undefined {
    this.calls.push({ operation, path });
    const fault = this.fault(operation, path, bytes);
    if (typeof fault === "string") throw Object.assign(new Error(`${fault}: injected`), { code: fault });
    return fault;
  }

  count(operation: Operation, ending = ".jsonl"): number {
    return this.calls.filter((call) => call.operation === operation && call.path.endsWith(ending)).length;
  }
}

class FaultFile implements VfsFile {
  readonly #file: VfsFile;
  readonly #path: string;
  readonly #vfs: FaultVfs;

  constructor(file: VfsFile, path: string, vfs: FaultVfs) {
    this.#file = file;
    this.#path = path;
    this.#vfs = vfs;
  }

  write(content: string | Buffer, bytes: number): number {
    const most = this.#vfs.fail("write", this.#path, bytes);
    if (most === undefined) return this.#file.write(content, bytes);
    const short = Buffer.from(content).subarray(0, Math.min(most < 0 ? bytes + most : most, bytes));
    return short.length === 0 ? 0 : this.#file.write(short, short.length);
  }

  read(target: Buffer, start: number, length: number, position: number): number {
    this.#vfs.fail("read", this.#path);
    return this.#file.read(target, start, length, position);
  }

  async readLater(target: Buffer, start: number, length: number, position: number): Promise<number> {
    this.#vfs.fail("readLater", this.#path);
    return await this.#file.readLater(target, start, length, position);
  }

  stat(): FileStat {
    this.#vfs.fail("fstat", this.#path);
    return this.#file.stat();
  }

  async sync(): Promise<void> {
    this.#vfs.fail("sync", this.#path);
    await this.#file.sync();
  }

  close(): void {
    this.#vfs.openFiles--;
    this.#file.close();
  }
}
