// What a copy of a store is asked for, and what it tells.
import type { MergeReport } from "./merge.ts";

export interface CopyOptions {
  /** Called after each session: first while they are copied, then while they are compared. */
  onProgress?: ((progress: CopyProgress) => void) | undefined;
  /** What was copied until then stays, and the next copy goes on from it. */
  signal?: AbortSignal | undefined;
}

export interface CopyProgress {
  readonly step: "copy" | "compare";
  /** Sessions that are done in this step. */
  readonly sessions: number;
  /** Bytes of their logs. */
  readonly bytes: number;
}

/** What is not there as it is here. All else is. */
export interface CopyProblem {
  readonly session: string;
  readonly reason: string;
}

export interface CopyReport {
  readonly merged: MergeReport;
  /** How many sessions were compared and found equal, with their logs, lines and bytes. */
  readonly equal: { readonly sessions: number; readonly logs: number; readonly lines: number; readonly bytes: number };
  /** Those that have more there than here: they were written to since. All that is here is there. */
  readonly longer: number;
  readonly problems: readonly CopyProblem[];
}
