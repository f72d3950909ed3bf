// Reads a sidecar: its meta at once, of the rest what is asked for. Whatever does not fit makes it as good as none.
import { crc32 } from "node:zlib";
import type { VfsFile } from "../../disk/vfs.ts";
import { Block, BLOCK_ROWS, ROW_BYTES, savedCapacity } from "../../line/block.ts";
import type { BlockSource } from "../../line/blocks.ts";
import type { SavedState } from "../../line/fold.ts";
import { parseStamp } from "../../line/stamp.ts";
import type { Stamp } from "../../line/stamp.ts";
import { bucketOf } from "./entries.ts";
import { decodeTrailer, ENTRY_BYTES, TRAILER_BYTES } from "./layout.ts";
import { decodeMeta } from "./meta.ts";
import type { Meta, MetaText } from "./meta.ts";
import { decodeState } from "./state.ts";
import type { MetaState } from "./state.ts";
import { splitWriters } from "./writers.ts";

/** So much is read first: trailer and meta, if the session is not very long. */
const TAIL_BYTES = 8 * 1024;
/** So many blocks are read at a time. */
const STEP_BLOCKS = 40;
const BLOCK_BYTES = BLOCK_ROWS * ROW_BYTES;

/** The sidecar's bytes are not what was written, or cannot be read. */
export class BadSidecarError extends Error {
  constructor(message = "the sidecar cannot be read", options?: ErrorOptions) {
    super(message, options);
  }
}

/** Gives the file, which may be closed and opened again between two calls. */
export type SidecarFile = () => VfsFile;

export class Sidecar implements BlockSource {
  readonly text: MetaText;
  readonly writers: readonly string[];
  readonly #meta: Meta;
  readonly #file: SidecarFile;

  constructor(meta: Meta, file: SidecarFile) {
    this.#meta = meta;
    this.#file = file;
    this.text = meta.text;
    this.writers = splitWriters(meta.text.writers);
  }

  /** How many blocks there are. */
  get length(): number {
    return this.#meta.blocks.ms.length;
  }

  first(block: number): Stamp {
    const { ms, counter, writer } = this.#meta.blocks;
    return {
      ms: ms[block] as number,
      counter: counter[block] as number,
      writer: this.writers[writer[block] as number] as string,
    };
  }

  /** How many messages of the history lie before a block. */
  before(block: number): number {
    return block < this.length ? (this.#meta.blocks.before[block] as number) : this.text.messages;
  }

  load(number: number, spare?: Block): Block {
    const capacity = savedCapacity(number, this.text.rows);
    const isRoom = spare?.capacity === capacity;
    const bytes = isRoom ? Buffer.from(spare.bytes.buffer) : allocate(capacity * ROW_BYTES);
    this.#readInto(bytes, number * BLOCK_BYTES);
    check(bytes, this.#meta.blocks.crc[number] as number);
    return isRoom ? spare : new Block(capacity, bytes);
  }

  /** The rows of the messages whose id has this hash, the newest place first. */
  rowsOf(hash: number): number[] {
    const { start, crc } = this.#meta.buckets;
    const bucket = bucketOf(hash, start.length);
    const from = (start[bucket] as number) * ENTRY_BYTES;
    const { offset, length } = this.text.buckets;
    const to = bucket + 1 < start.length ? (start[bucket + 1] as number) * ENTRY_BYTES : length;
    const bytes = allocate(to - from);
    this.#readInto(bytes, offset + from);
    check(bytes, crc[bucket] as number);
    const pairs = new Uint32Array(bytes.buffer, 0, (to - from) / 4);
    const rows: number[] = [];
    for (let at = pairs.length - 2; at >= 0; at -= 2) if (pairs[at] === hash) rows.push(pairs[at + 1] as number);
    return rows;
  }

  /** All blocks, for a fold. */
  async blocks(): Promise<Block[]> {
    const blocks: Block[] = [];
    for (let first = 0; first < this.length; first += STEP_BLOCKS) {
      const end = Math.min(first + STEP_BLOCKS, this.length);
      const last = savedCapacity(end - 1, this.text.rows) * ROW_BYTES;
      const bytes = await this.#readLater((end - 1 - first) * BLOCK_BYTES + last, first * BLOCK_BYTES);
      for (let number = first; number < end; number++) {
        const capacity = savedCapacity(number, this.text.rows);
        const start = (number - first) * BLOCK_BYTES;
        const own = bytes.subarray(start, start + capacity * ROW_BYTES);
        check(own, this.#meta.blocks.crc[number] as number);
        blocks.push(new Block(capacity, own));
      }
    }
    return blocks;
  }

  /** What a fold knows beside its rows, in steps. */
  async state(): Promise<Generator<void, SavedState>> {
    const { state } = this.text;
    const bytes = await this.#readLater(state.length, state.offset);
    check(bytes, state.crc);
    return decodeState(bytes, state.counts, this.writers, metaStateOf(this.text));
  }

  #readInto(bytes: Buffer, position: number): void {
    const { length } = bytes;
    try {
      if (this.#file().read(bytes, 0, length, position) === length) return;
    } catch (cause) {
      throw new BadSidecarError("", { cause });
    }
    throw new BadSidecarError();
  }

  async #readLater(length: number, position: number): Promise<Uint8Array<ArrayBuffer>> {
    const bytes = allocate(length);
    try {
      if ((await this.#file().readLater(bytes, 0, length, position)) === length) return bytes;
    } catch (cause) {
      throw new BadSidecarError("", { cause });
    }
    throw new BadSidecarError();
  }
}

/** Undefined: this is no sidecar, or not one of this version. */
export function readMeta(file: VfsFile, size: number): Meta | undefined {
  const tail = Buffer.allocUnsafe(Math.min(size, TAIL_BYTES));
  if (size < TRAILER_BYTES || file.read(tail, 0, tail.length, size - tail.length) !== tail.length) return undefined;
  const trailer = decodeTrailer(tail.subarray(tail.length - TRAILER_BYTES), size);
  if (trailer === undefined) return undefined;
  const { offset, length, crc } = trailer;
  let bytes: Buffer;
  if (length + TRAILER_BYTES <= tail.length) {
    bytes = tail.subarray(tail.length - TRAILER_BYTES - length, tail.length - TRAILER_BYTES);
  } else {
    bytes = Buffer.allocUnsafe(length);
    if (file.read(bytes, 0, length, offset) !== length) return undefined;
  }
  return crc32(bytes) === crc ? decodeMeta(bytes) : undefined;
}

function metaStateOf({ first, last, info, tally, orphans }: MetaText): MetaState {
  return {
    first: parseStamp(first),
    last: parseStamp(last),
    info,
    tally,
    orphans: orphans.map((text) => parseStamp(text) as Stamp),
  };
}

/** At the beginning of a buffer of their own. */
function allocate(length: number): Buffer<ArrayBuffer> {
  return Buffer.allocUnsafeSlow(length);
}

function check(bytes: Uint8Array, crc: number): void {
  if (crc32(bytes) !== crc) throw new BadSidecarError();
}
