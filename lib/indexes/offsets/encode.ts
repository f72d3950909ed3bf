// A fold and its logs as the bytes of a sidecar, in steps: between two of them others get their turn.
import { crc32 } from "node:zlib";
import { BLOCK_MASK, BLOCK_ROWS, BLOCK_SHIFT, savedCapacity } from "../../line/block.ts";
import type { Block } from "../../line/block.ts";
import { inOrder } from "../../line/frozen.ts";
import type { FrozenFold } from "../../line/frozen.ts";
import { InfoFold } from "../../line/info.ts";
import { IN_HISTORY, isAlive } from "../../line/flags.ts";
import { NONE } from "../../line/rows.ts";
import type { FrozenRows } from "../../line/rows.ts";
import { formatStamp } from "../../line/stamp.ts";
import type { Stamp } from "../../line/stamp.ts";
import { Tally } from "../../line/tally.ts";
import { sortEntries } from "./entries.ts";
import type { Entries } from "./entries.ts";
import { encodeTrailer, ENTRY_BYTES } from "./layout.ts";
import type { SavedLog } from "./layout.ts";
import { encodeMeta, fencesFor } from "./meta.ts";
import type { BlockFences, BucketFences } from "./meta.ts";
import { encodeState } from "./state.ts";
import { Writers } from "./writers.ts";

/** So many blocks are written at a time. */
const STEP_BLOCKS = 40;
const STEP_BUCKETS = 128;
const STEP_BYTES = 1024 * 1024;

/** Whose lines they are. */
export interface SidecarOwner {
  readonly session: string;
  readonly machine: string;
  readonly logs: readonly SavedLog[];
  /** The stamp of the last line of this machine's logs; undefined: it has none. */
  readonly ownLast?: string | undefined;
}

/** Yields bytes to be written one after the other; undefined: only time has passed. A fold without a line has no sidecar. */
export function* encodeSidecar(unsorted: FrozenFold, owner: SidecarOwner): Generator<Uint8Array | void> {
  const frozen = yield* inOrder(unsorted);
  const { rows, history, state } = frozen;
  const entries = yield* sortEntries(rows);
  const { blocks, buckets } = fencesFor(rows.blocks.length, entries.starts.length);
  let offset = 0;
  let crc = 0;
  let length = 0;
  for (const bytes of encodeBlocks(rows, history, blocks)) {
    offset += bytes.length;
    yield bytes;
  }
  const bucketSpan = { offset, length: entries.pairs.byteLength };
  for (const bytes of encodeBuckets(entries, buckets)) {
    offset += bytes.length;
    yield bytes;
  }
  const writers = new Writers(rows.writers);
  const encoded = yield* encodeState(state, writers);
  for (const bytes of pieces(encoded.bytes)) {
    crc = crc32(bytes, crc);
    length += bytes.length;
    yield bytes;
  }
  const known = new Set(state.runs.map(({ first }) => first.writer));
  const names = writers.texts;
  const meta = encodeMeta({
    text: {
      ...owner,
      rows: rows.length,
      messages: history.length,
      buckets: bucketSpan,
      state: { offset, length, crc, counts: encoded.counts },
      writers: names.join(""),
      strangers: names.flatMap((writer, number) => (known.has(writer) ? [] : [number])),
      first: formatStamp(state.first as Stamp),
      last: formatStamp(state.last as Stamp),
      tip: formatStamp(frozen.tip as Stamp),
      deletedAt: frozen.deletedAt && formatStamp(frozen.deletedAt),
      orphans: state.orphans.map((stamp) => formatStamp(stamp)),
      isDiverged: frozen.isDiverged,
      otherBranches: frozen.otherBranches,
      info: state.info,
      tally: state.tally,
      liveBytes: yield* countLive(frozen),
    },
    blocks,
    buckets,
  });
  offset += length;
  yield meta;
  yield encodeTrailer({ offset, length: meta.length, crc: crc32(meta) });
}

/** The blocks as they are, but that each says which of its rows are history. */
function* encodeBlocks(rows: FrozenRows, history: Uint32Array, fences: BlockFences): Generator<Uint8Array> {
  let position = 0;
  for (let first = 0; first < rows.blocks.length; first += STEP_BLOCKS) {
    const parts: Uint8Array[] = [];
    for (let number = first; number < Math.min(first + STEP_BLOCKS, rows.blocks.length); number++) {
      const block = (rows.blocks[number] as Block).copy(savedCapacity(number, rows.length));
      const end = Math.min((number + 1) * BLOCK_ROWS, rows.length);
      for (let at = 0; at < block.capacity; at++) block.flags[at] = (block.flags[at] as number) & ~IN_HISTORY;
      fences.before[number] = position;
      for (; position < history.length && (history[position] as number) < end; position++) {
        const at = (history[position] as number) & BLOCK_MASK;
        block.flags[at] = (block.flags[at] as number) | IN_HISTORY;
      }
      fences.ms[number] = block.ms[0] as number;
      fences.counter[number] = block.counter[0] as number;
      fences.writer[number] = block.writer[0] as number;
      fences.crc[number] = crc32(block.bytes);
      parts.push(block.bytes);
    }
    yield Buffer.concat(parts);
  }
}

function* encodeBuckets({ pairs, starts }: Entries, fences: BucketFences): Generator<Uint8Array> {
  const bytes = new Uint8Array(pairs.buffer);
  const startOf = (bucket: number): number =>
    bucket < starts.length ? (starts[bucket] as number) * ENTRY_BYTES : bytes.length;
  fences.start.set(starts);
  for (let first = 0; first < starts.length; first += STEP_BUCKETS) {
    const end = Math.min(first + STEP_BUCKETS, starts.length);
    for (let bucket = first; bucket < end; bucket++)
      fences.crc[bucket] = crc32(bytes.subarray(startOf(bucket), startOf(bucket + 1)));
    yield bytes.subarray(startOf(first), startOf(end));
  }
}

/** The bytes of all that somebody can still see, or that must stay. */
function* countLive({ rows: { blocks, length }, state }: FrozenFold): Generator<void, number> {
  let bytes = new Tally(state.tally).lastingBytes + new InfoFold(state.info).liveBytes;
  for (const [number, { flags, owner, size }] of blocks.entries()) {
    if (number % STEP_BLOCKS === 0) yield;
    const count = Math.min(BLOCK_ROWS, length - number * BLOCK_ROWS);
    for (let at = 0; at < count; at++) {
      if (!isAlive(flags[at] as number)) continue;
      const message = owner[at] as number;
      const isSeen =
        message === NONE || isAlive((blocks[message >>> BLOCK_SHIFT] as Block).flags[message & BLOCK_MASK] as number);
      if (isSeen) bytes += (size[at] as number) + 1;
    }
  }
  return bytes;
}

function* pieces(bytes: Uint8Array): Generator<Uint8Array> {
  for (let start = 0; start < bytes.length; start += STEP_BYTES) yield bytes.subarray(start, start + STEP_BYTES);
}
