// What an import is asked for, and what it tells.

/**
 * The tools whose sessions can be imported; turnlog itself: what exportTo() wrote; messages: those of no tool, in files that a
 * program has written.
 */
const IMPORT_SOURCES = [
  "picoclaw",
  "claude-code",
  "codex",
  "opencode",
  "pi",
  "openclaw",
  "gemini-cli",
  "turnlog",
  "messages",
] as const;

export type ImportSource = (typeof IMPORT_SOURCES)[number];

/** What a store imports by itself. */
export interface ImportRequest {
  readonly source: ImportSource | "auto" | "all";
  /** As in ImportOptions. */
  readonly path?: string | undefined;
}

/** What is wrong with it; undefined: nothing. */
export function faultIn(value: unknown): string | undefined {
  if (typeof value !== "object" || value === null) return "it is no object";
  const { source, path, ...rest } = value as Record<string, unknown>;
  const [unknown] = Object.keys(rest);
  if (unknown !== undefined) return `it has no key ${unknown}`;
  if (source !== "auto" && source !== "all" && !IMPORT_SOURCES.some((name) => name === source))
    return `unknown source ${JSON.stringify(source)} (known: ${IMPORT_SOURCES.join(", ")}, auto, all)`;
  if (path !== undefined && (typeof path !== "string" || path === "")) return "a path is a text that is not empty";
  const hasHome = source !== "auto" && source !== "turnlog" && source !== "messages";
  return hasHome || path !== undefined ? undefined : `the source "${source}" needs a path`;
}

export interface ImportOptions {
  /** A file or directory of the tool. Default: where the tool keeps its sessions; turnlog has none. */
  path?: string | undefined;
  /** Bytes in the place of a file, process.stdin for one: they lie in a temporary file while they are read. */
  input?: AsyncIterable<Uint8Array> | undefined;
  /** messages only: what the session is called, where there is only one. Default: its own id, or the file's name. */
  id?: string | undefined;
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
  /** Bytes of the source that were read, and all there are to read: files that are as they were at the last import are not. */
  readonly bytes: number;
  readonly totalBytes: number;
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
  /** Messages that the source has, parts of them, the attachments of both that lie in blobs/, and how many messages were new. */
  readonly messages: number;
  readonly parts: number;
  readonly attachments: number;
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
