// What an export is asked for, and what it tells.
import type { Writable } from "node:stream";

/**
 * A file, which is written aside and replaced when all is there; a directory, which is made if it is not there; or a stream,
 * which is written to and left open.
 */
export type ExportTarget = string | Writable | WritableStream<Uint8Array>;

/**
 * `json`: one array of sessions, `{id, title, project, ..., createdAt, updatedAt, messages: [{id, at, data, parts}]}`: what a
 * listing shows of each, and its history. One message a line. importFrom("turnlog") reads it back.
 *
 * `ndjson`: the same, a record a line: `{"type":"session", "id", ...}`, then its messages, each as
 * `{"type":"message", "id", "at", "data", "parts"}`. importFrom("turnlog") reads it back.
 *
 * `markdown`: for people. In a directory a file for each session.
 *
 * `html`: for people: a page for each session, which loads nothing and runs nothing. In a directory also an index.html.
 *
 * `claude-code`: a transcript for each session, with all branches; in a directory as Claude Code has them below `projects`.
 *
 * `picoclaw`: a log and its `.meta.json` for each session, in a directory.
 *
 * What an import from these two tools kept as it was is written as it was. In a directory a file of theirs that is there
 * already is never replaced.
 */
export type ExportFormat = "json" | "ndjson" | "markdown" | "html" | "claude-code" | "picoclaw";

export interface ExportOptions {
  /**
   * Where the target is a path, `html` and `claude-code` take it for a file if it ends in `.html` or `.jsonl`, and `markdown`
   * in `.md`; else for a directory. A file or a stream of `html` or `claude-code` takes one session, named in `ids`.
   */
  format: ExportFormat;
  /** Only these sessions. Default: all, children and archived ones among them, the newest first. */
  ids?: readonly string[] | undefined;
  /** What was written of a file until then goes; a stream has it, and so has a directory the files that were whole. */
  signal?: AbortSignal | undefined;
  /** Called after each session, and now and then within a long one. */
  onProgress?: ((progress: ExportProgress) => void) | undefined;
}

export interface ExportProgress {
  readonly sessions: number;
  readonly messages: number;
}

/**
 * A session that could not be read, or not to its end: it is left out, or ends where it could be read no further (`json` and
 * `ndjson` say so behind its messages); or one whose file is there already, or could not get the name that the tool looks for.
 */
export interface ExportProblem {
  readonly id: string;
  readonly reason: string;
}

export interface ExportReport {
  readonly sessions: number;
  readonly messages: number;
  readonly problems: readonly ExportProblem[];
}
