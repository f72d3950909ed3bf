// A log that will stand in the place of another: written aside, synced and read back before it gets the name.
import { crc32 } from "node:zlib";
import { StoreError } from "../base/errors.ts";
import { giveWay } from "../base/turn.ts";
import { Aside } from "../disk/aside.ts";
import type { Vfs, VfsFile } from "../disk/vfs.ts";
import { LF } from "../line/codec.ts";

export const COPY_BYTES: number = 1024 * 1024;

/** A line in a file, or several that stand side by side, without the last newline. */
export interface LineBytes {
  readonly file: Pick<VfsFile, "read">;
  readonly offset: number;
  readonly length: number;
}

/** A line that stands in no file yet. */
export function lineOf(bytes: Buffer): LineBytes {
  const file: LineBytes["file"] = {
    read: (target, start, length, position) => bytes.copy(target, start, position, position + length),
  };
  return { file, offset: 0, length: bytes.length };
}

export class NewLog {
  readonly #aside: Aside;
  #bytes = 0;
  #crc = 0;

  /** If we crash before it has its name, it is swept from this directory. */
  constructor(vfs: Vfs, asideDirectory: string) {
    this.#aside = new Aside(vfs, asideDirectory);
  }

  /** Writes these lines, each with a newline. */
  async write(lines: Iterable<LineBytes>): Promise<void> {
    let buffer = Buffer.allocUnsafe(COPY_BYTES);
    let filled = 0;
    for (const { file, offset, length } of lines) {
      if (filled + length + 1 > buffer.length) {
        this.#add(buffer.subarray(0, filled));
        filled = 0;
        await giveWay();
        if (length + 1 > buffer.length) buffer = Buffer.allocUnsafe(length + 1);
      }
      if (file.read(buffer, filled, length, offset) !== length)
        throw new StoreError("IO", "a line could not be read to be copied");
      buffer[filled + length] = LF;
      filled += length + 1;
    }
    this.#add(buffer.subarray(0, filled));
  }

  /** Writes whole lines as they stand in another log, at once. */
  copy(file: VfsFile, from: number, to: number): void {
    const bytes = Buffer.allocUnsafe(to - from);
    if (file.read(bytes, 0, bytes.length, from) !== bytes.length)
      throw new StoreError("IO", "what was appended to the log could not be read");
    this.#add(bytes);
  }

  async sync(): Promise<void> {
    await this.#aside.file.sync();
  }

  /** What was written is read back before the old log loses its name to it. */
  async verify(): Promise<void> {
    const buffer = Buffer.allocUnsafe(COPY_BYTES);
    let bytes = 0;
    let crc = 0;
    for (let count = this.#read(buffer, 0); count > 0; count = this.#read(buffer, bytes)) {
      crc = crc32(buffer.subarray(0, count), crc);
      bytes += count;
      await giveWay();
    }
    if (bytes === this.#bytes && crc === this.#crc) return;
    throw new StoreError("IO", "the new log does not read back as it was written", {
      path: this.#aside.path,
      written: "no",
    });
  }

  /** What was written, and how long it is. */
  get content(): { readonly file: VfsFile; readonly size: number } {
    return { file: this.#aside.file, size: this.#bytes };
  }

  /** Gives it a name that nobody must have: EEXIST. */
  publish(path: string): void {
    this.#aside.publish(path);
  }

  /** Gives it the name of the old one. */
  replace(path: string): void {
    this.#aside.replace(path);
  }

  discard(): void {
    this.#aside.discard();
  }

  #read(buffer: Buffer, position: number): number {
    return this.#aside.file.read(buffer, 0, COPY_BYTES, position);
  }

  #add(bytes: Buffer): void {
    this.#aside.write(bytes);
    this.#crc = crc32(bytes, this.#crc);
    this.#bytes += bytes.length;
  }
}
