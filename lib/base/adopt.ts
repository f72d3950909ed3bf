// Taking over the folder of a machine id that was lost, as callers see it.

export interface AdoptOptions {
  /** Only say what would be. */
  dryRun?: boolean | undefined;
  /** Ends it between two sessions. The folder is adopted then, and the next call goes on. */
  signal?: AbortSignal | undefined;
}

/** What was adopted, or would be. */
export interface AdoptReport {
  readonly machine: string;
  /** Sessions that have a log in the folder. 0 where it was this machine's already. */
  readonly sessions: number;
  /** Its logs, those in the archive too, and what they take. 0 where it was this machine's already. */
  readonly logs: number;
  readonly bytes: number;
  /** Sessions that had logs in several folders of this machine, and have one now. */
  readonly united: number;
}
