// A file of checked blocks: a cache that is read in parts, and of which no damaged part is ever believed.
//
//   sections, in blocks of 64 KiB | footer: JSON | trailer: magic, length and CRC-32 of the footer
//
// The footer has a checksum for each block and what the owner says of the sections. It is written once, aside, and gets
// its name whole; nothing is synced, since what a power cut leaves of it fails its checksums and is made again.
import { crc32 } from "node:zlib";
import { errno } from "../base/errors.ts";
import type { Aside } from "../disk/aside.ts";
import type { Vfs, VfsFile } from "../disk/vfs.ts";

export const BLOCK_BYTES: number = 64 * 1024;
/** So many blocks are kept in memory. */
const MOST_BLOCKS = 32;
const TRAILER_BYTES = 16;

/** A cache does not hold what it held when it was written. It is thrown away, and made anew from the logs. */
export class DamagedIndexError extends Error {}

interface Footer {
  readonly length: number;
  readonly blocks: readonly number[];
  readonly content: unknown;
}

export class BlockWriter {
  readonly #aside: Aside;
  readonly #blocks: number[] = [];
  #block: Buffer = Buffer.allocUnsafeSlow(BLOCK_BYTES);
  #filled = 0;
  /** Bytes so far, which is where the next ones will lie. */
  length = 0;

  constructor(aside: Aside) {
    this.#aside = aside;
  }

  add(bytes: Buffer): void {
    for (let at = 0; at < bytes.length;) {
      const count = Math.min(bytes.length - at, BLOCK_BYTES - this.#filled);
      bytes.copy(this.#block, this.#filled, at, at + count);
      this.#filled += count;
      this.length += count;
      at += count;
      if (this.#filled === BLOCK_BYTES) this.#flush();
    }
  }

  /** Writes what is left, and the footer with what the owner says of the sections. */
  finish(magic: string, content: unknown): void {
    if (this.#filled > 0) this.#flush();
    const footer: Footer = { length: this.length, blocks: this.#blocks, content };
    const bytes = Buffer.from(JSON.stringify(footer));
    const trailer = Buffer.alloc(TRAILER_BYTES);
    trailer.write(magic, "latin1");
    trailer.writeUInt32LE(bytes.length, 8);
    trailer.writeUInt32LE(crc32(bytes), 12);
    this.#aside.write(Buffer.concat([bytes, trailer]));
  }

  #flush(): void {
    const bytes = this.#block.subarray(0, this.#filled);
    this.#blocks.push(crc32(bytes));
    this.#aside.write(bytes);
    this.#filled = 0;
  }
}

export class BlockFile {
  readonly content: unknown;
  readonly #file: VfsFile;
  readonly #footer: Footer;
  readonly #kept = new Map<number, Buffer>();
  #lastNumber = -1;
  #last: Buffer = Buffer.alloc(0);

  private constructor(file: VfsFile, footer: Footer) {
    this.#file = file;
    this.#footer = footer;
    this.content = footer.content;
  }

  /** Undefined: there is no such file, or it is no whole one of this kind. */
  static open(vfs: Vfs, path: string, magic: string): BlockFile | undefined {
    let file: VfsFile;
    try {
      file = vfs.open(path, "read");
    } catch (error) {
      if (errno(error) === "ENOENT" || errno(error) === "ENOTDIR") return undefined;
      throw error;
    }
    try {
      const footer = readFooter(file, magic);
      if (footer !== undefined) return new BlockFile(file, footer);
    } catch {
      // Whatever it is, it is no index of ours.
    }
    file.close();
    return undefined;
  }

  /** Throws DamagedIndexError if these bytes are not what was written. */
  read(offset: number, length: number): Buffer {
    const first = Math.floor(offset / BLOCK_BYTES);
    const start = offset - first * BLOCK_BYTES;
    if (start + length <= BLOCK_BYTES) return this.#block(first).subarray(start, start + length);
    const pieces: Buffer[] = [];
    for (let at = offset; at < offset + length;) {
      const number = Math.floor(at / BLOCK_BYTES);
      const from = at - number * BLOCK_BYTES;
      const piece = this.#block(number).subarray(from, Math.min(BLOCK_BYTES, from + offset + length - at));
      if (piece.length === 0) throw new DamagedIndexError();
      pieces.push(piece);
      at += piece.length;
    }
    return Buffer.concat(pieces);
  }

  /** Numbers, little-endian, none of which lies across two blocks. */
  double(offset: number): number {
    return this.#block(Math.floor(offset / BLOCK_BYTES)).readDoubleLE(offset % BLOCK_BYTES);
  }

  word(offset: number): number {
    return this.#block(Math.floor(offset / BLOCK_BYTES)).readUInt32LE(offset % BLOCK_BYTES);
  }

  close(): void {
    this.#file.close();
  }

  #block(number: number): Buffer {
    if (number === this.#lastNumber) return this.#last;
    this.#last = this.#kept.get(number) ?? this.#readBlock(number);
    this.#lastNumber = number;
    return this.#last;
  }

  #readBlock(number: number): Buffer {
    const position = number * BLOCK_BYTES;
    const length = Math.min(BLOCK_BYTES, this.#footer.length - position);
    if (!(length > 0)) throw new DamagedIndexError();
    const bytes = Buffer.allocUnsafeSlow(length);
    const count = this.#file.read(bytes, 0, length, position);
    if (count !== length || crc32(bytes) !== this.#footer.blocks[number]) throw new DamagedIndexError();
    if (this.#kept.size >= MOST_BLOCKS) this.#kept.delete(this.#kept.keys().next().value as number);
    this.#kept.set(number, bytes);
    return bytes;
  }
}

/** What is likely to hold the whole footer is read at once. */
function readFooter(file: VfsFile, magic: string): Footer | undefined {
  const { size } = file.stat();
  let bytes = readEnd(file, size, Math.min(size, BLOCK_BYTES));
  if (bytes.length < TRAILER_BYTES) return undefined;
  const trailer = bytes.subarray(bytes.length - TRAILER_BYTES);
  if (trailer.toString("latin1", 0, 8) !== magic) return undefined;
  const length = trailer.readUInt32LE(8);
  const checksum = trailer.readUInt32LE(12);
  if (length + TRAILER_BYTES > size) return undefined;
  if (length + TRAILER_BYTES > bytes.length) bytes = readEnd(file, size, length + TRAILER_BYTES);
  const text = bytes.subarray(bytes.length - TRAILER_BYTES - length, bytes.length - TRAILER_BYTES);
  return crc32(text) === checksum ? (JSON.parse(text.toString()) as Footer) : undefined;
}

function readEnd(file: VfsFile, size: number, length: number): Buffer {
  const bytes = Buffer.allocUnsafeSlow(length);
  return bytes.subarray(0, file.read(bytes, 0, length, size - length));
}
