// The meta of a sidecar: what a reader needs to answer, or to know which block has the answer.
import type { SavedInfo } from "../../line/info.ts";
import type { TypeTally } from "../../line/tally.ts";
import type { SavedLog } from "./layout.ts";
import type { StateCounts } from "./state.ts";

/** Of each block: the place of its first row, how many messages of the history lie before it, its checksum. */
export interface BlockFences {
  readonly ms: Float64Array;
  readonly counter: Uint32Array;
  readonly writer: Uint32Array;
  readonly before: Uint32Array;
  readonly crc: Uint32Array;
}

/** Of each bucket: how many entries lie before it, and its checksum. */
export interface BucketFences {
  readonly start: Uint32Array;
  readonly crc: Uint32Array;
}

/** A stretch of the file. */
interface Span {
  readonly offset: number;
  readonly length: number;
}

/** What stands in the meta as JSON. Stamps are texts there. */
export interface MetaText {
  readonly session: string;
  readonly machine: string;
  readonly logs: readonly SavedLog[];
  /** The last line of this machine's logs. */
  readonly ownLast?: string | undefined;
  readonly rows: number;
  /** Messages of the history. */
  readonly messages: number;
  /** Where the buckets begin; the blocks begin the file. */
  readonly buckets: Span;
  readonly state: Span & { readonly crc: number; readonly counts: StateCounts };
  /** All writers, one after the other; those that the tree does not know by their numbers. */
  readonly writers: string;
  readonly strangers: readonly number[];
  readonly first: string;
  readonly last: string;
  readonly tip: string;
  readonly deletedAt?: string | undefined;
  readonly orphans: readonly string[];
  readonly isDiverged: boolean;
  readonly otherBranches: number;
  readonly info: SavedInfo;
  readonly tally: readonly (readonly [type: string, tally: TypeTally])[];
  readonly liveBytes: number;
}

export interface Meta {
  readonly text: MetaText;
  readonly blocks: BlockFences;
  readonly buckets: BucketFences;
}

const HEAD_BYTES = 8;
/** Of a block and of a bucket, all columns. */
const BLOCK_BYTES = 24;
const BUCKET_BYTES = 8;

export function fencesFor(blocks: number, buckets: number): Pick<Meta, "blocks" | "buckets"> {
  return fencesIn(new ArrayBuffer(HEAD_BYTES + blocks * BLOCK_BYTES + buckets * BUCKET_BYTES), blocks, buckets);
}

/** The fences are those of fencesFor(). */
export function encodeMeta({ text, blocks, buckets }: Meta): Uint8Array {
  const fences = new Uint8Array(blocks.ms.buffer);
  new Uint32Array(fences.buffer, 0, 2).set([blocks.ms.length, buckets.start.length]);
  return Buffer.concat([fences, Buffer.from(JSON.stringify(text))]);
}

/** `bytes` have the right checksum. */
export function decodeMeta(bytes: Uint8Array): Meta {
  const own = new Uint8Array(bytes);
  const [blocks, buckets] = new Uint32Array(own.buffer, 0, 2) as unknown as [number, number];
  const end = HEAD_BYTES + blocks * BLOCK_BYTES + buckets * BUCKET_BYTES;
  return {
    text: JSON.parse(Buffer.from(own.buffer, end).toString()) as MetaText,
    ...fencesIn(own.buffer, blocks, buckets),
  };
}

function fencesIn(buffer: ArrayBuffer, blocks: number, buckets: number): Pick<Meta, "blocks" | "buckets"> {
  let at = HEAD_BYTES;
  const next = (count: number, width: number): number => {
    const start = at;
    at += count * width;
    return start;
  };
  const ms = new Float64Array(buffer, next(blocks, 8), blocks);
  const words = (count: number): Uint32Array => new Uint32Array(buffer, next(count, 4), count);
  return {
    blocks: { ms, counter: words(blocks), writer: words(blocks), before: words(blocks), crc: words(blocks) },
    buckets: { start: words(buckets), crc: words(buckets) },
  };
}
