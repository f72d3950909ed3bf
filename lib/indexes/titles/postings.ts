// For each bucket of grams the rows that have one: ascending, as the distances from row to row, in seven bits a byte.
import type { Turns } from "../../base/slices.ts";

const NONE = -1;
/** So many rows are written before the clock is asked. */
const STEP = 64;

export class Postings {
  /** The list of bucket n lies from starts[n] to starts[n + 1]. */
  readonly starts: Uint32Array;
  readonly bytes: Uint8Array;

  constructor(starts: Uint32Array, bytes: Uint8Array) {
    this.starts = starts;
    this.bytes = bytes;
  }

  /** How long the bucket's list is, in bytes: the rarer its grams, the shorter. */
  size(bucket: number): number {
    return (this.starts[bucket + 1] as number) - (this.starts[bucket] as number);
  }

  walk(bucket: number): Walk {
    return new Walk(this.bytes, this.starts[bucket] as number, this.starts[bucket + 1] as number);
  }
}

/** One list from its first row to its last. */
export class Walk {
  /** The row where it stands; before the first next() none. */
  row: number = NONE;
  readonly #bytes: Uint8Array;
  readonly #start: number;
  #at: number;
  readonly #end: number;

  constructor(bytes: Uint8Array, start: number, end: number) {
    this.#bytes = bytes;
    this.#start = start;
    this.#at = start;
    this.#end = end;
  }

  /** How far it has come, in bytes: about as many as rows. */
  get steps(): number {
    return this.#at - this.#start;
  }

  /** False: there was no further row. */
  next(): boolean {
    return this.reach(this.row + 1);
  }

  /** Goes on to the first row that is not before this one; false: there is none. */
  reach(wanted: number): boolean {
    const bytes = this.#bytes;
    const end = this.#end;
    let at = this.#at;
    let row = this.row;
    while (row < wanted && at < end) {
      let byte = bytes[at++] as number;
      let distance = byte & 0x7f;
      for (let shift = 7; byte >= 0x80; shift += 7) {
        byte = bytes[at++] as number;
        distance |= (byte & 0x7f) << shift;
      }
      row += distance + 1;
    }
    this.#at = at;
    this.row = row;
    return row >= wanted;
  }
}

/** Buckets of rows, one row after the other. There are several: an array that doubles leaves as much to the collector. */
interface RowLog {
  readonly entries: Uint16Array;
  length: number;
  readonly rows: number[];
  /** Where each row ends. */
  readonly rowEnds: number[];
}

const FIRST_LOG = 16 * 1024;
const MOST_LOG = 512 * 1024;

/** Takes the rows in ascending order, each with its buckets. */
export class PostingsBuilder {
  /** First how long each list is, then where it goes on. */
  readonly #ends: Uint32Array;
  readonly #last: Int32Array;
  /** What is to be written, each bucket once a row: two bytes here, where a list of rows for each would take many. */
  readonly #logs: RowLog[] = [];

  constructor(buckets: number) {
    this.#ends = new Uint32Array(buckets + 1);
    this.#last = new Int32Array(buckets).fill(NONE);
  }

  /** The first `count` of these buckets, with repetitions. */
  add(row: number, buckets: Uint16Array, count: number): void {
    const log = this.#logWithRoom(count);
    const { entries } = log;
    const ends = this.#ends;
    const last = this.#last;
    let { length } = log;
    for (let at = 0; at < count; at++) {
      const bucket = buckets[at] as number;
      const distance = row - (last[bucket] as number) - 1;
      // It has been in this row.
      if (distance < 0) continue;
      last[bucket] = row;
      entries[length++] = bucket;
      ends[bucket] = (ends[bucket] as number) + sizeOf(distance);
    }
    log.length = length;
    log.rows.push(row);
    log.rowEnds.push(length);
  }

  async build(turns: Turns): Promise<Postings> {
    const ends = this.#ends;
    let total = 0;
    for (let bucket = 0; bucket < ends.length; bucket++) {
      const size = ends[bucket] as number;
      ends[bucket] = total;
      total += size;
    }
    const bytes = new Uint8Array(total);
    this.#last.fill(NONE);
    for (const { entries, rows, rowEnds } of this.#logs) {
      for (let at = 0, from = 0; at < rows.length; at++) {
        const to = rowEnds[at] as number;
        this.#write(bytes, rows[at] as number, entries, from, to);
        from = to;
        if (at % STEP === 0 && turns.isOver) await turns.giveWay();
      }
    }
    // Each list's end is where the next one begins.
    ends.copyWithin(1, 0);
    ends[0] = 0;
    return new Postings(ends, bytes);
  }

  #write(bytes: Uint8Array, row: number, entries: Uint16Array, from: number, to: number): void {
    const ends = this.#ends;
    const last = this.#last;
    for (let at = from; at < to; at++) {
      const bucket = entries[at] as number;
      let distance = row - (last[bucket] as number) - 1;
      last[bucket] = row;
      let end = ends[bucket] as number;
      while (distance >= 0x80) {
        bytes[end++] = (distance & 0x7f) | 0x80;
        distance >>>= 7;
      }
      bytes[end++] = distance;
      ends[bucket] = end;
    }
  }

  #logWithRoom(count: number): RowLog {
    const last = this.#logs.at(-1);
    if (last !== undefined && last.length + count <= last.entries.length) return last;
    const size = Math.max(count, Math.min(2 * (last?.entries.length ?? FIRST_LOG / 2), MOST_LOG));
    const log = { entries: new Uint16Array(size), length: 0, rows: [], rowEnds: [] };
    this.#logs.push(log);
    return log;
  }
}

function sizeOf(distance: number): number {
  return distance < 0x80 ? 1 : distance < 0x4000 ? 2 : distance < 0x20_0000 ? 3 : 4;
}
