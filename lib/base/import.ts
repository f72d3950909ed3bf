// What an import is asked for, and what it tells.

/** The tools whose sessions can be imported; turnlog itself: what exportTo() wrote. */
export type ImportSource = "picoclaw" | "claude-code" | "codex" | "pi" | "openclaw" | "gemini-cli" | "turnlog";

export interface ImportOptions {
  /** A file or directory of the tool. Default: where the tool keeps its sessions; turnlog has none. */
  path?: string | undefined;
  /** Read everything and say what would be written, but write nothing. */
  dryRun?: boolean | undefined;
  /**
   * picoclaw only: after a session was imported, read back and compared, rename its files to `<name>.migrated`, as
   * picoclaw's own migration does. Without it the source is never changed.
   */
  markMigrated?: boolean | undefined;
  /** Called after each session, and now and then within a long one. */
  onProgress?: ((progress: ImportProgress) => void) | undefined;
  /** What was imported until then stays, and the next import goes on from it. */
  signal?: AbortSignal | undefined;
}

export interface ImportProgress {
  /** Sessions that are done, and how many were found. */
  readonly sessions: number;
  readonly found: number;
  /** Messages that were read. */
  readonly messages: number;
}

export interface ImportedSession {
  readonly source: ImportSource;
  readonly id: string;
  /** The file, or the chief one of several. */
  readonly path: string;
  /**
   * `created`, `grown` and `unchanged` say what the import did. `deleted`: the session was deleted here, so it stays so.
   * `alias`: its messages are the beginning of another session, which has taken it over.
   */
  readonly status: "created" | "grown" | "unchanged" | "deleted" | "alias";
  /** Messages that the source has, parts of them, and how many of the messages were new. */
  readonly messages: number;
  readonly parts: number;
  readonly added: number;
}

/** What could not be taken over. All else was. */
export interface ImportProblem {
  readonly path: string;
  /** The number of the line in the file, from 1. */
  readonly line?: number;
  readonly reason: string;
}

export interface ImportReport {
  readonly source: ImportSource | "all";
  readonly sessions: readonly ImportedSession[];
  readonly problems: readonly ImportProblem[];
  /** Files that were renamed to `<name>.migrated`. */
  readonly marked: readonly string[];
}
