// What an export is asked for, and what it tells.
import type { Writable } from "node:stream";

/** A file, which is written aside and replaced when all is there; or a stream, which is written to and left open. */
export type ExportTarget = string | Writable | WritableStream<Uint8Array>;

export interface ExportOptions {
  /**
   * `json`: an array of sessions, `{id, title, project, ..., createdAt, updatedAt, messages: [{id, at, data, parts}]}`: what a
   * listing shows of each, and its history. One message a line. importFrom("turnlog") reads it back.
   */
  format: "json";
  /** Only these sessions. Default: all, children and archived ones among them, the newest first. */
  ids?: readonly string[] | undefined;
  /** What was written to a file until then goes; a stream has it. */
  signal?: AbortSignal | undefined;
  /** Called after each session, and now and then within a long one. */
  onProgress?: ((progress: ExportProgress) => void) | undefined;
}

export interface ExportProgress {
  readonly sessions: number;
  readonly messages: number;
}

/** A session that could not be read, or not to its end: it is left out, or has `damaged` behind the messages until then. */
export interface ExportProblem {
  readonly id: string;
  readonly reason: string;
}

export interface ExportReport {
  readonly sessions: number;
  readonly messages: number;
  readonly problems: readonly ExportProblem[];
}
