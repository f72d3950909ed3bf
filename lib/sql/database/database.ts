// A database that keeps sessions: what can be asked of it and written to it. Neither the query builder nor a driver is
// loaded before a database is opened.
import { StoreError } from "../../base/errors.ts";
import type { SessionFilter } from "../../store/list/filter.ts";
import type { open } from "./open.ts";
import type {
  ModifiedSession,
  NewLine,
  PageQuery,
  StoredBlob,
  StoredLine,
  StoredSession,
  TitleQuery,
} from "./stored.ts";
import type { DatabaseSettings, DialectName, SqlTarget } from "./target.ts";

export interface Reading {
  session(name: string): Promise<StoredSession | undefined>;
  /** Those with position < to, from the one of the same log on that begins at `from` or is the last that begins before it. */
  lines(name: string, from: number, to: number): Promise<StoredLine[]>;
  /** How long an attachment is; undefined: it is not there. */
  blobBytes(hash: string): Promise<number | undefined>;
  /** Its bytes [from, to). */
  blob(hash: string, from: number, to: number): Promise<Buffer>;
}

/**
 * Every method rejects with a StoreError: CLOSED, NO_ACCESS, READ_ONLY, NO_SPACE, IO and so on. What was only read holds
 * at the time of the answer, and two answers need not be of one moment, but in a transaction.
 */
export interface Database extends Reading {
  readonly dialect: DialectName;
  /** `<dialect>-xxxxxxxx` (8 of a-z0-9): what the logs written here are known by. Made once, with the tables. */
  readonly machine: string;
  /** For messages: where it is, without user and password. */
  readonly place: string;

  /** The newest stamp first, of two with one stamp the lesser name; deleted sessions never. */
  page(query: PageQuery): Promise<StoredSession[]>;
  count(filter: SessionFilter): Promise<number>;
  /** All sessions, deleted ones too, by name; after a name. */
  sessions(after: string | undefined, limit: number): Promise<StoredSession[]>;
  /** Deleted sessions that can be restored, in pages. */
  trash(): AsyncGenerator<StoredSession[]>;
  /**
   * Sessions whose folded title (or prompt, where there is no title) has all the words, or whose folded id begins with
   * `key` (of 4 characters or more) or is it; newest first. Of both, and of an id, the first 500 characters count. Of
   * more than 1,000 ids that begin with it only the first are looked at.
   */
  search(query: TitleQuery): Promise<StoredSession[]>;
  /** What was written at or after `ms`, by that time and by name; `after`: what comes after this one. */
  modifiedSince(ms: number, limit: number, after?: { ms: number; name: string }): Promise<ModifiedSession[]>;

  /** Keeps an attachment, or notes that it was to be kept again. */
  putBlob(hash: string, pieces: () => AsyncIterable<Buffer>): Promise<void>;
  /** Removes one as it was listed: what was put again since stays. -> whether it went */
  removeBlob(blob: Pick<StoredBlob, "hash" | "createdMs">): Promise<boolean>;
  /** By hash; after a hash. */
  blobs(after: string | undefined, limit: number): Promise<StoredBlob[]>;
  blobTotals(): Promise<{ blobs: number; bytes: number }>;
  /** All lines of all sessions that may name an attachment, in pages. Every line is looked at for it. */
  linesWithBlobs(): AsyncGenerator<StoredLine[]>;

  /**
   * Runs `run` in one transaction that has the session's row locked, or knows that there is none; again from the start
   * after a conflict that passes, so it must change nothing but by `tx`. Nothing of it is seen if it throws. An error of
   * the database says in `written` what became of it. Of this database nothing but `tx` may be asked within it.
   */
  write<T>(name: string, run: (tx: Writing) => Promise<T>): Promise<T>;
  /** Closes a pool that was made here, never one that was given. */
  close(): Promise<void>;
}

/** One session within a transaction. */
export interface Writing {
  readonly session: StoredSession | undefined;
  /** What is asked of any session on the transaction's own connection. */
  readonly reading: Reading;
  insert(row: StoredSession): Promise<void>;
  update(row: StoredSession): Promise<void>;
  insertLines(lines: readonly NewLine[]): Promise<void>;
  /** All with from <= position < to. */
  removeLines(from: number, to: number): Promise<void>;
  putBlob(hash: string, pieces: () => AsyncIterable<Buffer>): Promise<void>;
}

/**
 * Opens the store in a database; `create`: makes its tables where there are none. Rejects with ArgumentError for a target
 * that is none, NOT_FOUND (no such database, no store in it), NOT_A_STORE (the tables are those of something else), NEWER_FORMAT, and what
 * every method can reject with.
 */
export async function openDatabase(target: SqlTarget | string, settings: DatabaseSettings): Promise<Database> {
  let opening: { readonly open: typeof open };
  try {
    opening = await import("./open.ts");
  } catch (error) {
    if ((error as { code?: unknown } | null)?.code !== "ERR_MODULE_NOT_FOUND") throw error;
    throw new StoreError("IO", "a store in a database takes the package kysely: npm install kysely@0.28", {
      cause: error,
    });
  }
  return opening.open(target, settings);
}
