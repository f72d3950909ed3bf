// So many rows, each column of them in a stretch of its own. A sidecar holds the same bytes, so that a block is saved
// and taken back as it is.

export const BLOCK_ROWS = 512;
export const BLOCK_SHIFT = 9;
export const BLOCK_MASK: number = BLOCK_ROWS - 1;
export const ROW_BYTES = 45;
/** A capacity is a multiple of this, so that each column begins where its numbers may. */
const STEP = 8;

type Column = Float64Array | Uint32Array | Int32Array | Uint16Array | Uint8Array;

export class Block {
  readonly capacity: number;
  readonly bytes: Uint8Array;
  /** The place: its time, its counter, and its writer by number. */
  readonly ms: Float64Array;
  readonly counter: Uint16Array;
  readonly writer: Uint32Array;
  readonly flags: Uint8Array;
  /** The run that the place lies on. */
  readonly run: Int32Array;
  readonly idHash: Uint32Array;
  /** Where the newest line lies: the log's number, the offset of its first byte, its length without the newline. */
  readonly log: Uint16Array;
  readonly offset: Float64Array;
  readonly size: Uint32Array;
  /** Of a message: its newest part. Of a part: the part before it. So each message has a chain of parts. */
  readonly part: Int32Array;
  /** Of a part: its message. */
  readonly owner: Int32Array;
  /** Somebody saves it as it is now: whoever changes it changes a copy. */
  isShared = false;

  /** `bytes` begin at a multiple of 8 of their buffer. */
  constructor(capacity: number, bytes: Uint8Array = new Uint8Array(capacity * ROW_BYTES)) {
    this.capacity = capacity;
    this.bytes = bytes;
    const { buffer } = bytes;
    let at = bytes.byteOffset;
    const next = (width: number): number => {
      const start = at;
      at += width * capacity;
      return start;
    };
    // The wide columns first: each begins at a multiple of its width.
    this.ms = new Float64Array(buffer, next(8), capacity);
    this.offset = new Float64Array(buffer, next(8), capacity);
    this.size = new Uint32Array(buffer, next(4), capacity);
    this.writer = new Uint32Array(buffer, next(4), capacity);
    this.idHash = new Uint32Array(buffer, next(4), capacity);
    this.run = new Int32Array(buffer, next(4), capacity);
    this.part = new Int32Array(buffer, next(4), capacity);
    this.owner = new Int32Array(buffer, next(4), capacity);
    this.counter = new Uint16Array(buffer, next(2), capacity);
    this.log = new Uint16Array(buffer, next(2), capacity);
    this.flags = new Uint8Array(buffer, next(1), capacity);
  }

  /** The same rows in memory of their own, with room for `capacity` of them, which may be fewer than there are. */
  copy(capacity: number): Block {
    if (capacity === this.capacity) return new Block(capacity, new Uint8Array(this.bytes));
    const to = new Block(capacity);
    const count = Math.min(capacity, this.capacity);
    const from = this.#columns();
    for (const [index, column] of to.#columns().entries()) column.set((from[index] as Column).subarray(0, count));
    return to;
  }

  /** Takes over one row of another block. */
  copyRow(at: number, from: Block, row: number): void {
    this.ms[at] = from.ms[row] as number;
    this.offset[at] = from.offset[row] as number;
    this.size[at] = from.size[row] as number;
    this.writer[at] = from.writer[row] as number;
    this.idHash[at] = from.idHash[row] as number;
    this.run[at] = from.run[row] as number;
    this.part[at] = from.part[row] as number;
    this.owner[at] = from.owner[row] as number;
    this.counter[at] = from.counter[row] as number;
    this.log[at] = from.log[row] as number;
    this.flags[at] = from.flags[row] as number;
  }

  #columns(): Column[] {
    const { ms, offset, size, writer, idHash, run, part, owner, counter, log, flags } = this;
    return [ms, offset, size, writer, idHash, run, part, owner, counter, log, flags];
  }
}

export function blocksOf(rows: number): number {
  return Math.ceil(rows / BLOCK_ROWS);
}

/** The capacity of a block in which so many rows are saved: of the last one only what is needed. */
export function savedCapacity(block: number, rows: number): number {
  const count = Math.min(BLOCK_ROWS, rows - block * BLOCK_ROWS);
  return Math.ceil(count / STEP) * STEP;
}
