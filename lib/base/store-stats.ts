// What a store takes on disk.
import type { TypeStats } from "./session-stats.ts";

export interface StoreStatsOptions {
  /** Read every log, to tell lines by type, and live from dead bytes. Default false: the index and the directories tell. */
  lines?: boolean | undefined;
  signal?: AbortSignal | undefined;
  /** Called after each session. */
  onProgress?: ((progress: { readonly sessions: number; readonly bytes: number }) => void) | undefined;
}

/** Files of a directory and those below it. */
export interface SpaceUsed {
  readonly files: number;
  readonly bytes: number;
}

export interface LargeSession {
  readonly id: string;
  readonly title?: string;
  readonly bytes: number;
  readonly messages: number;
  readonly updatedAt: string;
}

/** Sessions, and their bytes as they are now. */
export interface SessionsUsed {
  readonly sessions: number;
  readonly bytes: number;
}

/** What lies in the folder of one machine. */
export interface MachineUsed {
  /** It is this machine's: its own, or one that was adopted. */
  readonly own: boolean;
  /** Those in the archive too, as they are packed. */
  readonly logs: number;
  readonly bytes: number;
  /** ISO 8601, UTC: of the newest line in them. Undefined: none can be read. */
  readonly updatedAt?: string;
}

export interface MonthUsed {
  /** As in 2026-11. */
  readonly month: string;
  /** Those that began in this month. */
  readonly created: SessionsUsed;
  /** Those that were last active in it. */
  readonly active: SessionsUsed;
}

export interface LinesUsed {
  /** What somebody can still see, or what must stay. */
  readonly liveBytes: number;
  /** The rest: compaction may take it away. */
  readonly deadBytes: number;
  readonly lines: number;
  readonly types: Readonly<Record<string, TypeStats>>;
  /** Pieces of logs that are no lines, or lines of commits that were never finished. */
  readonly skipped: number;
}

export interface StoreStats {
  /** All below the store's directory. */
  readonly bytes: number;
  /** The live logs: those that are not archived. */
  readonly logs: SpaceUsed;
  readonly blobs: SpaceUsed;
  readonly archive: SpaceUsed;
  readonly trash: SpaceUsed;
  readonly lostAndFound: SpaceUsed;
  readonly cache: SpaceUsed;
  /** Sessions that are there, children among them. */
  readonly sessions: number;
  /** Of these, those that cannot be read. */
  readonly damaged: number;
  /** Deleted ones of which a stub is left, and what the stubs take. */
  readonly deleted: SessionsUsed;
  /** By the names of the folders. */
  readonly machines: Readonly<Record<string, MachineUsed>>;
  /** The ten largest. */
  readonly largest: readonly LargeSession[];
  /** By the times in the lines, the oldest month first. */
  readonly growth: readonly MonthUsed[];
  /** Where it was asked for. */
  readonly lines?: LinesUsed;
}
