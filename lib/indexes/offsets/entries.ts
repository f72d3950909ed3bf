// Messages by the hash of their id, in buckets: nothing has to be sorted, and one bucket is all that a question reads.
import { BLOCK_ROWS } from "../../line/block.ts";
import { PART } from "../../line/flags.ts";
import type { FrozenRows } from "../../line/rows.ts";

/** Messages in a bucket, about. */
const BUCKET_ENTRIES = 1024;
/** So many blocks at a time, before others get their turn. */
const STEP_BLOCKS = 64;

export interface Entries {
  /** A hash and a row, and so on; in a bucket the oldest place first. */
  readonly pairs: Uint32Array;
  /** How many pairs lie before each bucket. */
  readonly starts: Uint32Array;
}

export function bucketOf(hash: number, buckets: number): number {
  return Math.floor(((Math.imul(hash, 0x9e37_79b1) >>> 0) / 0x1_0000_0000) * buckets);
}

export function* sortEntries(rows: FrozenRows): Generator<void, Entries> {
  const buckets = Math.max(1, Math.ceil(rows.length / BUCKET_ENTRIES));
  const counts = new Uint32Array(buckets);
  let length = 0;
  yield* eachMessage(rows, (hash) => {
    const bucket = bucketOf(hash, buckets);
    counts[bucket] = (counts[bucket] as number) + 1;
    length++;
  });
  const starts = new Uint32Array(buckets);
  for (let bucket = 1; bucket < buckets; bucket++)
    starts[bucket] = (starts[bucket - 1] as number) + (counts[bucket - 1] as number);
  const pairs = new Uint32Array(length * 2);
  const next = starts.slice();
  yield* eachMessage(rows, (hash, row) => {
    const bucket = bucketOf(hash, buckets);
    const entry = next[bucket] as number;
    next[bucket] = entry + 1;
    pairs[entry * 2] = hash;
    pairs[entry * 2 + 1] = row;
  });
  return { pairs, starts };
}

/** All messages that have an id. */
function* eachMessage({ blocks, length }: FrozenRows, use: (hash: number, row: number) => void): Generator<void> {
  for (const [number, { flags, idHash }] of blocks.entries()) {
    if (number % STEP_BLOCKS === 0) yield;
    const first = number * BLOCK_ROWS;
    const count = Math.min(BLOCK_ROWS, length - first);
    for (let at = 0; at < count; at++) {
      const hash = idHash[at] as number;
      if (hash !== 0 && ((flags[at] as number) & PART) === 0) use(hash, first + at);
    }
  }
}
