// What a database keeps of a store, and what is asked of it.
import type { SessionFilter } from "../../store/list/filter.ts";

export interface StoredLog {
  /** Empty: it lies in the trash, or nowhere any more. */
  readonly machine: string;
  /** As in "2026-11"; of a log in the trash its path, as in a store in files. */
  readonly month: string;
  readonly size: number;
  /** Another one: another log, though it may have the same number. */
  readonly generation: number;
}

export interface StoredSession {
  /** The key: the id encoded, at most 200 lower-case ASCII characters. */
  readonly name: string;
  /** The true id, any text. */
  readonly id: string;
  readonly kind: "session" | "deleted";
  /** The stamps of the newest and of the oldest line. */
  readonly updated: string;
  readonly created: string;
  /** What a listing shows, without what the rest of this says. */
  readonly info: Readonly<Record<string, unknown>>;
  /** The beginning of the first prompt. */
  readonly prompt: string | undefined;
  /** The logs by their numbers. */
  readonly logs: readonly StoredLog[];
  /** How often a log was replaced. */
  readonly changes: number;
  /** Since when it can go from the trash, in ms; 0: it is not in it. */
  readonly deletedMs: number;
}

/** A piece of a log between two newlines. */
export interface StoredLine {
  /** The number of its log, and where it lies in that: see log-lines.ts. */
  readonly position: number;
  /** Without a newline. Bytes that are no UTF-8 are kept as they are, too. */
  readonly bytes: Buffer;
}

export interface NewLine extends StoredLine {
  /** Empty: it is no line. */
  readonly stamp: string;
}

export interface PageQuery {
  readonly order: "updated" | "created";
  /** 1: what lies after the mark; -1: what lies before it, the nearest first. */
  readonly direction: 1 | -1;
  readonly from?: { readonly stamp: string; readonly name: string } | undefined;
  readonly filter: SessionFilter;
  readonly limit: number;
}

export interface TitleQuery {
  /** Folded: all are to be found in the title. */
  readonly words: readonly string[];
  /** The whole, folded, to be found among the ids. */
  readonly key: string;
  readonly limit: number;
}

export interface ModifiedSession {
  readonly session: StoredSession;
  /** When it was written, in ms by the writer's clock; greater with each write of one session. */
  readonly modified: number;
}

export interface StoredBlob {
  readonly hash: string;
  readonly bytes: number;
  /** When it was put, or was to be put again. */
  readonly createdMs: number;
}
