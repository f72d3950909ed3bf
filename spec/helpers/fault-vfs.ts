// The real file system, of which one operation fails when a spec says so.
import { NodeVfs } from "../../lib/disk/node-vfs.ts";
import type { FileStat, OpenMode, VfsFile } from "../../lib/disk/vfs.ts";

export type Operation = "write" | "sync" | "open" | "link" | "rename" | "remove" | "setTime";

/** What happens to an operation: it fails with this code, or writes only so many bytes. */
export type Fault = string | number | undefined;

export class FaultVfs extends NodeVfs {
  /** Asked before every operation. */
  fault: (operation: Operation, path: string) => Fault = () => undefined;
  readonly calls: { operation: Operation; path: string }[] = [];

  override open(path: string, mode: OpenMode): VfsFile {
    this.fail("open", path);
    return new FaultFile(super.open(path, mode), path, this);
  }

  override link(from: string, to: string): void {
    this.fail("link", to);
    super.link(from, to);
  }

  override rename(from: string, to: string): void {
    this.fail("rename", to);
    super.rename(from, to);
  }

  override remove(path: string): void {
    this.fail("remove", path);
    super.remove(path);
  }

  override setTime(path: string, timeMs: number): void {
    this.fail("setTime", path);
    super.setTime(path, timeMs);
  }

  fail(operation: Operation, path: string): number | undefined {
    this.calls.push({ operation, path });
    const fault = this.fault(operation, path);
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
    const most = this.#vfs.fail("write", this.#path);
    if (most === undefined) return this.#file.write(content, bytes);
    const short = Buffer.from(content).subarray(0, Math.min(most < 0 ? bytes + most : most, bytes));
    return short.length === 0 ? 0 : this.#file.write(short, short.length);
  }

  read(target: Buffer, start: number, length: number, position: number): number {
    return this.#file.read(target, start, length, position);
  }

  readLater(target: Buffer, start: number, length: number, position: number): Promise<number> {
    return this.#file.readLater(target, start, length, position);
  }

  stat(): FileStat {
    return this.#file.stat();
  }

  async sync(): Promise<void> {
    this.#vfs.fail("sync", this.#path);
    await this.#file.sync();
  }

  close(): void {
    this.#file.close();
  }
}
