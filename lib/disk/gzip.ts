// A log's bytes as gzip and back, chunk by chunk: memory is bounded, and the work is done beside the event loop.
import { createGunzip, createGzip, crc32 } from "node:zlib";
import type { Gunzip, Gzip } from "node:zlib";
import { errno, StoreError } from "../base/errors.ts";
import type { Aside } from "./aside.ts";
import type { VfsFile } from "./vfs.ts";

/** What is given to be packed at a time. */
const PLAIN_BYTES = 256 * 1024;
/** What is given to be unpacked: it can become a thousand times as much at once. */
const PACKED_BYTES = 16 * 1024;
const MADE_BYTES = 64 * 1024;
/** So much is written at a time. */
const WRITE_BYTES = 1024 * 1024;

/** By these two bytes are the same. */
export interface Sum {
  readonly bytes: number;
  readonly crc: number;
}

const NOTHING: Sum = { bytes: 0, crc: 0 };

export function isSameSum(a: Sum, b: Sum): boolean {
  return a.bytes === b.bytes && a.crc === b.crc;
}

/**
 * Packs the first `size` bytes of a file and brings them to the disk. What was made is unpacked again and compared: IO where it
 * comes to something else. `path` is what it is called in the error.
 */
export async function pack(from: VfsFile, size: number, to: Aside, path: string): Promise<void> {
  const out = new Output(to);
  let sum = NOTHING;
  const read = (chunk: Buffer): void => void (sum = added(sum, chunk));
  await pump(createGzip({ chunkSize: MADE_BYTES }), from, size, PLAIN_BYTES, read, (made) => out.add(made));
  out.flush();
  await to.file.sync();
  if (!isSameSum(sum, await unpack(to.file, path, () => undefined)))
    throw new StoreError("IO", "the archived log does not read back as it was packed", { path });
}

/** Unpacks a file, all of it. `path` is what it is called in the error: DAMAGED where it is no whole gzip. -> what came out */
export async function unpack(from: VfsFile, path: string, take: (chunk: Buffer) => void): Promise<Sum> {
  const { size } = from.stat();
  let sum = NOTHING;
  try {
    if (size === 0) throw new Error("it is empty");
    const made = (chunk: Buffer): void => {
      sum = added(sum, chunk);
      take(chunk);
    };
    await pump(createGunzip({ chunkSize: MADE_BYTES }), from, size, PACKED_BYTES, () => undefined, made);
  } catch (cause) {
    // zlib's codes begin so; what the file system says is no damage.
    if (errno(cause) !== undefined && errno(cause)?.startsWith("Z_") !== true) throw cause;
    if (cause instanceof StoreError) throw cause;
    throw new StoreError("DAMAGED", `the archived log is damaged: ${(cause as Error).message}`, { path, cause });
  }
  return sum;
}

/** Unpacks a file into another one. */
export async function unpackTo(from: VfsFile, path: string, to: Aside): Promise<Sum> {
  const out = new Output(to);
  const sum = await unpack(from, path, (chunk) => out.add(chunk));
  out.flush();
  return sum;
}

/** What a file holds. */
export async function sumOf(file: VfsFile): Promise<Sum> {
  const buffer = Buffer.allocUnsafe(PLAIN_BYTES);
  let sum = NOTHING;
  for (;;) {
    const count = await file.readLater(buffer, 0, buffer.length, sum.bytes);
    if (count === 0) return sum;
    sum = added(sum, buffer.subarray(0, count));
  }
}

function added({ bytes, crc }: Sum, chunk: Buffer): Sum {
  return { bytes: bytes + chunk.length, crc: crc32(chunk, crc) };
}

/** Gathers what is made into few writes. */
class Output {
  readonly #to: Aside;
  #chunks: Buffer[] = [];
  #bytes = 0;

  constructor(to: Aside) {
    this.#to = to;
  }

  add(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
    if (this.#bytes >= WRITE_BYTES) this.flush();
  }

  flush(): void {
    if (this.#bytes > 0) this.#to.write(Buffer.concat(this.#chunks));
    this.#chunks = [];
    this.#bytes = 0;
  }
}

/** Gives the first `size` bytes of a file to `through`, one piece after the other: what it makes of one is taken before the next. */
async function pump(
  through: Gzip | Gunzip,
  from: VfsFile,
  size: number,
  pieceBytes: number,
  read: (chunk: Buffer) => void,
  take: (chunk: Buffer) => void,
): Promise<void> {
  const made: Buffer[] = [];
  through.on("data", (chunk: Buffer) => made.push(chunk));
  let failure: Error | undefined;
  const ended = new Promise<void>((resolve) => {
    through.once("end", resolve);
    through.once("close", resolve);
    through.on("error", (error) => {
      failure = error;
      resolve();
    });
  });
  try {
    for (let position = 0; position < size;) {
      const piece = Buffer.allocUnsafe(Math.min(pieceBytes, size - position));
      const count = await from.readLater(piece, 0, piece.length, position);
      if (count === 0) throw new StoreError("IO", "the file became shorter while it was read");
      position += count;
      read(piece.subarray(0, count));
      // Its callback comes when all of it was used, and where that fails not at all.
      const used = new Promise<void>((resolve) => through.write(piece.subarray(0, count), () => resolve()));
      await Promise.race([used, ended]);
      if (failure !== undefined) throw failure;
      for (const chunk of made.splice(0)) take(chunk);
    }
    through.end();
    await ended;
    if (failure !== undefined) throw failure;
    for (const chunk of made) take(chunk);
  } finally {
    through.destroy();
  }
}
