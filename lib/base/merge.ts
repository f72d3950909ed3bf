// What a merge is asked for, and what it tells.

export interface MergeOptions {
  /** Read everything and say what would be taken over, but write nothing. */
  dryRun?: boolean | undefined;
  /** Called after each session of the source. */
  onProgress?: ((progress: MergeProgress) => void) | undefined;
  /** What was merged until then stays, and the next merge goes on from it. */
  signal?: AbortSignal | undefined;
}

export interface MergeProgress {
  /** Sessions of the source that are done. */
  readonly sessions: number;
  /** Bytes of its logs that were read, packed ones as they lie. */
  readonly bytes: number;
}

/** A log that was not as a writer leaves it: what stands now, or was taken from it, is its lines alone. */
export interface HealedLog {
  readonly path: string;
  readonly session: string;
  /** What was wrong. Of a log of this store, the bytes that are no line are in lost+found/; the source keeps its own. */
  readonly reason: string;
}

/** What could not be merged. All else was. */
export interface MergeProblem {
  readonly path: string;
  readonly session?: string;
  readonly reason: string;
}

export interface MergeReport {
  readonly sessions: {
    /** This store had none of their logs. */
    readonly new: number;
    /** They have lines that were not here. */
    readonly grown: number;
    readonly unchanged: number;
  };
  readonly logs: {
    readonly created: number;
    /** The source's had all that was here, and more. */
    readonly replaced: number;
    /** Each had what the other had not, or was written anew since it was not in order. */
    readonly united: number;
    readonly unchanged: number;
  };
  /** Lines that were not here, how many of them begin a message, and the bytes of all. */
  readonly lines: number;
  readonly messages: number;
  readonly bytes: number;
  /** Attachments that were not here. */
  readonly attachments: { readonly count: number; readonly bytes: number };
  readonly healed: readonly HealedLog[];
  readonly problems: readonly MergeProblem[];
}
