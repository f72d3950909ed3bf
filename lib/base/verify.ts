// What verify() finds and what repair() does.

/** What is wrong. The README has the table: what each means, and what repair() does about it. */
export type VerifyCode =
  | "torn"
  | "fragment"
  | "damaged"
  | "altered"
  | "glued"
  | "conflict"
  | "nul"
  | "line-ends"
  | "unended"
  | "unsorted"
  | "repeated"
  | "twice"
  | "incomplete"
  | "no-header"
  | "foreign-header"
  | "newer-format"
  | "orphan"
  | "gap"
  | "two-logs"
  | "rolled-back"
  | "leftover"
  | "archive-damaged"
  | "unreadable"
  | "blob-missing"
  | "blob-wrong"
  | "cache";

/**
 * `error`: something that was written cannot be read as it was. `warning`: what was never acknowledged, or a trace of what
 * happened; nothing is lost. `info`: harmless.
 */
export type VerifySeverity = "error" | "warning" | "info";

export interface VerifyProblem {
  readonly code: VerifyCode;
  readonly severity: VerifySeverity;
  /** True when repair(), on this machine, mends it. */
  readonly isRepairable: boolean;
  /** What it means, and what repair would do. */
  readonly message: string;
  readonly session?: string;
  /** The folder that it lies in: only that machine writes there. */
  readonly machine?: string;
  readonly file: string;
  /** Where in the file, and how many bytes. */
  readonly offset?: number;
  readonly bytes?: number;
}

export interface VerifyProgress {
  /** Sessions and bytes of files that are done. */
  readonly sessions: number;
  readonly bytes: number;
  readonly problems: number;
}

export interface VerifyOptions {
  /** Only these sessions, and no caches and attachments. Throws NOT_FOUND if there is none with such an id. */
  ids?: readonly string[] | undefined;
  signal?: AbortSignal | undefined;
  /** Called after each session. */
  onProgress?: ((progress: VerifyProgress) => void) | undefined;
}

export interface RepairOptions extends VerifyOptions {
  /** Only say what would be done. */
  dryRun?: boolean | undefined;
}

/**
 * `moved`: the bytes went to lost+found/. `separated`: a line got its own place again. `rewritten`: lines were put in order,
 * or the bytes around them. `dropped`: the same line stands elsewhere. `erased`: it was purged. `restored`: made anew from what
 * is known. `removed`: a file that nobody needs.
 */
export type RepairKind = "moved" | "separated" | "rewritten" | "dropped" | "erased" | "restored" | "removed";

/** One thing that repair() did, or would do. */
export interface RepairAction {
  /** What was wrong. */
  readonly code: VerifyCode;
  readonly action: RepairKind;
  readonly message: string;
  readonly session?: string;
  readonly file: string;
  readonly offset?: number;
  readonly bytes?: number;
  /** The file in lost+found/ that has the bytes now. */
  readonly to?: string;
}

export interface RepairReport {
  readonly actions: readonly RepairAction[];
  /** What repair() does not mend: the problems that verify() reports after it. */
  readonly left: readonly VerifyProblem[];
}
