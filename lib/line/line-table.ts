// The lines of a log in columns: 28 bytes a line where objects would take 250, for those who look at all lines of a log
// and not at what they say.
import type { LineHead } from "./decode.ts";
import type { Stamp } from "./stamp.ts";

const SOUND = 1;
const PURGED = 2;
const HEADER = 4;
const FIRST_ROWS = 64;
const PURGED_TYPE = "purged";

/** What the order of lines with one stamp is decided by, and what makes their commits whole. */
type TableLine = Pick<LineHead, "stamp" | "type" | "sound" | "batch" | "offset" | "length">;

export class LineTable {
  length = 0;
  /** Each stamp is greater than the one before. */
  isSorted = true;
  /** None is less: some may stand twice, side by side. */
  isInOrder = true;
  #ms = new Float64Array(FIRST_ROWS);
  #counter = new Uint16Array(FIRST_ROWS);
  #writer = new Uint32Array(FIRST_ROWS);
  #offset = new Float64Array(FIRST_ROWS);
  #size = new Uint32Array(FIRST_ROWS);
  #flags = new Uint8Array(FIRST_ROWS);
  readonly #batches = new Map<number, number>();
  readonly #writers: string[] = [];
  readonly #numbers = new Map<string, number>();

  add({ stamp, type, sound, batch, offset, length }: TableLine): void {
    const row = this.length;
    if (row === this.#ms.length) this.#widen();
    this.#ms[row] = stamp.ms;
    this.#counter[row] = stamp.counter;
    this.#writer[row] = this.#numberOf(stamp.writer);
    this.#offset[row] = offset;
    this.#size[row] = length;
    this.#flags[row] = (sound ? SOUND : 0) | (type === PURGED_TYPE ? PURGED : 0) | (type === "session" ? HEADER : 0);
    if (batch > 1) this.#batches.set(row, batch);
    this.length++;
    if (row === 0 || !this.isInOrder) return;
    const order = this.compare(row - 1, row);
    this.isSorted &&= order < 0;
    this.isInOrder = order <= 0;
  }

  /** True when a line begins a commit of several: only then a commit can lack its end. */
  get hasBatches(): boolean {
    return this.#batches.size > 0;
  }

  /** What a filter of commits asks of a line. */
  head(row: number): LineHead {
    return {
      stamp: this.stamp(row),
      type: this.isHeader(row) ? "session" : this.isPurged(row) ? PURGED_TYPE : "",
      sound: this.isSound(row),
      crc: 0,
      after: undefined,
      batch: this.#batches.get(row) ?? 0,
      of: undefined,
      message: undefined,
      idHash: 0,
      data: undefined,
      offset: this.offset(row),
      length: this.size(row),
    };
  }

  stamp(row: number): Stamp {
    return { ms: this.#ms[row] as number, counter: this.#counter[row] as number, writer: this.#writerOf(row) };
  }

  offset(row: number): number {
    return this.#offset[row] as number;
  }

  size(row: number): number {
    return this.#size[row] as number;
  }

  isSound(row: number): boolean {
    return ((this.#flags[row] as number) & SOUND) !== 0;
  }

  isPurged(row: number): boolean {
    return ((this.#flags[row] as number) & PURGED) !== 0;
  }

  isHeader(row: number): boolean {
    return ((this.#flags[row] as number) & HEADER) !== 0;
  }

  /** By the stamps. */
  compare(a: number, b: number): number {
    return this.compareWith(a, this, b);
  }

  /** The same with a line of another table. */
  compareWith(row: number, other: LineTable, otherRow: number): number {
    const order =
      (this.#ms[row] as number) - (other.#ms[otherRow] as number) ||
      (this.#counter[row] as number) - (other.#counter[otherRow] as number);
    if (order !== 0) return order;
    const mine = this.#writerOf(row);
    const theirs = other.#writerOf(otherRow);
    return mine === theirs ? 0 : mine < theirs ? -1 : 1;
  }

  /** True when a line has this stamp. `order` has the rows by their stamps, where they do not stand so. */
  has({ ms, counter, writer }: Stamp, order?: Uint32Array): boolean {
    let low = 0;
    let high = this.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const row = order === undefined ? middle : (order[middle] as number);
      const own = this.#writerOf(row);
      const difference =
        (this.#ms[row] as number) - ms ||
        (this.#counter[row] as number) - counter ||
        (own === writer ? 0 : own < writer ? -1 : 1);
      if (difference === 0) return true;
      if (difference < 0) low = middle + 1;
      else high = middle;
    }
    return false;
  }

  /** The stamp of the last line that stands before this offset of the log. */
  before(offset: number): Stamp | undefined {
    let low = 0;
    let high = this.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.offset(middle) < offset) low = middle + 1;
      else high = middle;
    }
    return low === 0 ? undefined : this.stamp(low - 1);
  }

  #writerOf(row: number): string {
    return this.#writers[this.#writer[row] as number] as string;
  }

  #numberOf(writer: string): number {
    let number = this.#numbers.get(writer);
    if (number === undefined) {
      number = this.#writers.push(writer) - 1;
      this.#numbers.set(writer, number);
    }
    return number;
  }

  #widen(): void {
    const rows = this.length * 2;
    this.#ms = widened(this.#ms, new Float64Array(rows));
    this.#counter = widened(this.#counter, new Uint16Array(rows));
    this.#writer = widened(this.#writer, new Uint32Array(rows));
    this.#offset = widened(this.#offset, new Float64Array(rows));
    this.#size = widened(this.#size, new Uint32Array(rows));
    this.#flags = widened(this.#flags, new Uint8Array(rows));
  }
}

function widened<T extends Float64Array | Uint32Array | Uint16Array | Uint8Array>(from: T, to: T): T {
  to.set(from);
  return to;
}
