// What those who read a session ask. A fold answers it, and so does a sidecar, of which only the blocks that are asked
// for come into memory.
import type { InfoFold } from "./info.ts";
import type { Rows } from "./rows.ts";
import type { Stamp } from "./stamp.ts";
import type { Tally } from "./tally.ts";

export interface Reading {
  readonly rows: Rows;
  readonly history: HistoryReading;
  readonly ids: {
    /** Candidates for an id with this hash, the newest place first. */
    rowsOf(hash: number): number[];
  };
  readonly info: InfoFold;
  /** The least and the greatest stamp of all lines. */
  readonly first: Stamp | undefined;
  readonly last: Stamp | undefined;
  readonly tip: Stamp | undefined;
  readonly deletedAt: Stamp | undefined;
  /** Where runs begin whose `open` was lost. */
  readonly orphans: readonly Stamp[];
  readonly isDiverged: boolean;
  /** Branches other than the history. */
  readonly otherBranches: number;
  readonly tally: Tally;
  /** Bytes of the lines that somebody can still see, or that must stay. */
  readonly liveBytes: number;
  /** True when this writer has written to the session. */
  knows(writer: string): boolean;
}

/** The messages of the history, by their positions, oldest first. */
export interface HistoryReading {
  readonly length: number;
  rowAt(position: number): number;
  /** The rows of the messages [first, end). */
  slice(first: number, end: number): Uint32Array;
  /** How many messages have a place before this one. */
  positionOf(place: Stamp): number;
  includes(row: number): boolean;
}
