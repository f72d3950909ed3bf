// A file by chunks, the next one being read while the one before is used. No chunk is a string: V8 stops at 512 MiB.
import type { VfsFile } from "../disk/vfs.ts";

export const CHUNK_BYTES: number = 1024 * 1024;
/** Room before what is read, for the rest of the chunk before. */
const HEAD_BYTES = 256 * 1024;

/** bytes[start, end) are the file's from `base` + start on. They stay until the next chunk is asked for. */
export interface Chunk {
  readonly bytes: Buffer;
  readonly start: number;
  readonly end: number;
  readonly base: number;
}

export class Chunks {
  readonly #file: VfsFile;
  readonly #to: number;
  /** Where the read that is under way began. */
  #position: number;
  #filling: Buffer;
  #spare: Buffer | undefined;
  #pending: Promise<number> | undefined;
  #current: Chunk | undefined;
  readonly #spares: Buffer[];

  /** `spares` are buffers that other chunks have left, and get back what these leave: fresh memory costs as much as a read. */
  constructor(file: VfsFile, from: number, to: number, spares: Buffer[] = []) {
    this.#file = file;
    this.#position = from;
    this.#to = to;
    this.#spares = spares;
    this.#filling = this.#take();
    this.#read(this.#filling, CHUNK_BYTES);
  }

  /** The next chunk, with what the last one had from `rest` on in front. Undefined: the file ends with the last one. */
  async next(rest = 0): Promise<Chunk | undefined> {
    if (this.#pending === undefined) return undefined;
    const count = await this.#pending;
    this.#pending = undefined;
    if (count === 0) return undefined;
    const before = this.#current?.bytes.subarray(rest, this.#current.end) ?? Buffer.alloc(0);
    const position = this.#position;
    this.#position += count;
    let spare = this.#spare;
    if (before.length <= HEAD_BYTES) {
      const start = HEAD_BYTES - before.length;
      before.copy(this.#filling, start);
      this.#spare = this.#filling;
      this.#current = { bytes: this.#filling, start, end: HEAD_BYTES + count, base: position - HEAD_BYTES };
      this.#read(spare ?? this.#take(), CHUNK_BYTES);
    } else {
      // A line longer than a chunk: each read is as long as all before, so that it is copied twice, not a hundred times.
      const bytes = Buffer.concat([before, this.#filling.subarray(HEAD_BYTES, HEAD_BYTES + count)]);
      this.#current = { bytes, start: 0, end: bytes.length, base: position - before.length };
      this.#read(allocate(bytes.length), bytes.length);
    }
    return this.#current;
  }

  /** Waits for the read that is under way, so that the file can be closed. The last chunk is gone, too. */
  async stop(): Promise<void> {
    await this.#pending?.catch(() => undefined);
    this.#pending = undefined;
    for (const each of new Set([this.#filling, this.#spare, this.#current?.bytes])) {
      if (each?.length === HEAD_BYTES + CHUNK_BYTES && this.#spares.length < 2) this.#spares.push(each);
    }
  }

  #take(): Buffer {
    return this.#spares.pop() ?? allocate(CHUNK_BYTES);
  }

  #read(into: Buffer, most: number): void {
    this.#filling = into;
    const length = Math.min(most, this.#to - this.#position);
    if (length > 0) this.#pending = this.#file.readLater(into, HEAD_BYTES, length, this.#position);
    // Nobody may be waiting yet when it fails; next() tells.
    this.#pending?.catch(() => undefined);
  }
}

function allocate(bytes: number): Buffer {
  return Buffer.allocUnsafeSlow(HEAD_BYTES + bytes);
}
