// Which short grams stand in which block of titles: one bit for each, so that few blocks have to be looked through.
import { SHORT_BUCKETS } from "./grams.ts";

const ROW_BITS = 6;
/** Titles in a block. */
export const BLOCK_ROWS: number = 2 ** ROW_BITS;
const BYTES = SHORT_BUCKETS / 8;

export class Blocks {
  readonly bits: Uint8Array;

  constructor(bits: Uint8Array) {
    this.bits = bits;
  }

  static ofRows(rows: number): Blocks {
    return new Blocks(new Uint8Array(Math.ceil(rows / BLOCK_ROWS) * BYTES));
  }

  /** The first `count` of these buckets stand in a row. */
  add(row: number, buckets: Uint16Array, count: number): void {
    const { bits } = this;
    const start = (row >>> ROW_BITS) * BYTES;
    for (let at = 0; at < count; at++) {
      const bucket = buckets[at] as number;
      const place = start + (bucket >>> 3);
      bits[place] = (bits[place] as number) | (1 << (bucket & 7));
    }
  }

  /** True when the block has all the buckets. */
  hasAll(block: number, buckets: readonly number[]): boolean {
    for (const bucket of buckets) {
      const byte = this.bits[block * BYTES + (bucket >>> 3)] as number;
      if ((byte & (1 << (bucket & 7))) === 0) return false;
    }
    return true;
  }
}
