// What a fold knows beside its rows, as bytes: columns, since a session that two processes write to in turns has as many
// runs as messages, and JSON for what is never long.
import type { SavedState } from "../../line/fold.ts";
import { formatStamp, parseStamp } from "../../line/stamp.ts";
import type { Stamp } from "../../line/stamp.ts";
import type { Run } from "../../line/tree.ts";
import type { Writers } from "./writers.ts";

/** How long the columns are. */
export interface StateCounts {
  readonly runs: number;
  readonly purged: number;
  readonly absent: number;
  readonly onceRemoved: number;
  readonly unplaced: number;
}

/** What is in a sidecar's meta already. */
export type MetaState = Pick<SavedState, "first" | "last" | "info" | "tally" | "orphans">;

/** So many at a time, before others get their turn. */
const STEP = 8192;
/** The time of a stamp that is not there. */
const NO_MS = Number.NEGATIVE_INFINITY;

interface Stamps {
  readonly ms: Float64Array;
  readonly writer: Uint32Array;
  readonly counter: Uint16Array;
}

/** All columns in one stretch, the wide ones first, and where they end. */
class Columns {
  readonly first: Stamps;
  readonly after: Stamps;
  readonly purged: Stamps;
  readonly absent: Stamps;
  readonly onceRemoved: Uint32Array;
  readonly unplaced: Uint32Array;
  readonly isMove: Uint8Array;
  readonly bytes: number;

  constructor(buffer: ArrayBuffer, { runs, purged, absent, onceRemoved, unplaced }: StateCounts) {
    let at = 0;
    const next = (count: number, width: number): number => {
      const start = at;
      at += count * width;
      return start;
    };
    const counts = [runs, runs, purged, absent] as const;
    const ms = counts.map((count) => new Float64Array(buffer, next(count, 8), count));
    const writer = counts.map((count) => new Uint32Array(buffer, next(count, 4), count));
    this.onceRemoved = new Uint32Array(buffer, next(onceRemoved, 4), onceRemoved);
    this.unplaced = new Uint32Array(buffer, next(unplaced, 4), unplaced);
    const counter = counts.map((count) => new Uint16Array(buffer, next(count, 2), count));
    this.isMove = new Uint8Array(buffer, next(runs, 1), runs);
    this.bytes = at;
    const [first, after, purges, absents] = counts.map((_, index) => ({
      ms: ms[index],
      writer: writer[index],
      counter: counter[index],
    })) as [Stamps, Stamps, Stamps, Stamps];
    this.first = first;
    this.after = after;
    this.purged = purges;
    this.absent = absents;
  }

  static bytesFor({ runs, purged, absent, onceRemoved, unplaced }: StateCounts): number {
    return (2 * runs + purged + absent) * 14 + (onceRemoved + unplaced) * 4 + runs;
  }
}

export interface EncodedState {
  readonly bytes: Uint8Array;
  readonly counts: StateCounts;
}

export function* encodeState(state: SavedState, writers: Writers): Generator<void, EncodedState> {
  const { runs, places } = state;
  const counts = {
    runs: runs.length,
    purged: places.purged.length,
    absent: places.absent.length,
    onceRemoved: places.onceRemoved.length,
    unplaced: places.unplaced.length,
  };
  const json = Buffer.from(
    JSON.stringify({
      mark: text(state.mark),
      cuts: state.cuts.map((cut) => ({ ...cut, at: text(cut.at), from: text(cut.from), to: text(cut.to) })),
      previous: state.previous.map((stamp) => text(stamp) ?? null),
      version: state.version,
      repeats: state.repeats,
      hasAltered: state.hasAltered,
      isAhead: places.isAhead,
    }),
  );
  const bytes = new Uint8Array(Columns.bytesFor(counts) + json.length);
  const columns = new Columns(bytes.buffer, counts);
  bytes.set(json, columns.bytes);
  columns.onceRemoved.set(places.onceRemoved);
  columns.unplaced.set(places.unplaced);
  for (const [index, run] of runs.entries()) {
    if (index % STEP === 0) yield;
    setStamp(columns.first, index, run.first, writers);
    setStamp(columns.after, index, run.after, writers);
    columns.isMove[index] = run.isMove ? 1 : 0;
  }
  for (const [column, texts] of [
    [columns.purged, places.purged],
    [columns.absent, places.absent],
  ] as const) {
    for (const [index, each] of texts.entries()) {
      if (index % STEP === 0) yield;
      setStamp(column, index, parseStamp(each), writers);
    }
  }
  return { bytes, counts };
}

/** `bytes` begin with their buffer. Throws where they are not what was encoded, which their checksum excludes. */
export function* decodeState(
  bytes: Uint8Array<ArrayBuffer>,
  counts: StateCounts,
  writers: readonly string[],
  meta: MetaState,
): Generator<void, SavedState> {
  const columns = new Columns(bytes.buffer, counts);
  const json = JSON.parse(Buffer.from(bytes.buffer, columns.bytes).toString()) as SavedJson;
  const runs: Run[] = [];
  for (let index = 0; index < counts.runs; index++) {
    if (index % STEP === 0) yield;
    const first = getStamp(columns.first, index, writers) as Stamp;
    runs.push({ first, after: getStamp(columns.after, index, writers), isMove: columns.isMove[index] === 1 });
  }
  return {
    ...meta,
    runs,
    mark: parseStamp(json.mark),
    cuts: json.cuts.map((cut) => ({
      ...cut,
      at: parseStamp(cut.at) as Stamp,
      from: parseStamp(cut.from),
      to: parseStamp(cut.to) as Stamp,
    })),
    places: {
      purged: yield* texts(columns.purged, writers),
      absent: yield* texts(columns.absent, writers),
      onceRemoved: [...columns.onceRemoved],
      unplaced: [...columns.unplaced],
      isAhead: json.isAhead,
    },
    previous: json.previous.map((stamp) => parseStamp(stamp)),
    version: json.version,
    repeats: json.repeats,
    hasAltered: json.hasAltered,
  };
}

interface SavedJson {
  readonly mark?: string;
  readonly cuts: readonly { at: string; from?: string; to: string; isDelete: boolean; isRestored: boolean }[];
  readonly previous: readonly (string | null)[];
  readonly version: number;
  readonly repeats: number;
  readonly hasAltered: boolean;
  readonly isAhead: boolean;
}

function* texts(column: Stamps, writers: readonly string[]): Generator<void, string[]> {
  const found: string[] = [];
  for (let index = 0; index < column.ms.length; index++) {
    if (index % STEP === 0) yield;
    found.push(formatStamp(getStamp(column, index, writers) as Stamp));
  }
  return found;
}

function text(stamp: Stamp | undefined): string | undefined {
  return stamp && formatStamp(stamp);
}

function setStamp(column: Stamps, index: number, stamp: Stamp | undefined, writers: Writers): void {
  column.ms[index] = stamp?.ms ?? NO_MS;
  if (stamp === undefined) return;
  column.counter[index] = stamp.counter;
  column.writer[index] = writers.numberOf(stamp.writer);
}

function getStamp(column: Stamps, index: number, writers: readonly string[]): Stamp | undefined {
  const ms = column.ms[index] as number;
  if (ms === NO_MS) return undefined;
  return { ms, counter: column.counter[index] as number, writer: writers[column.writer[index] as number] as string };
}
