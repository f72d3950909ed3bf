// The tables as the statements know them. Numbers come back as texts from some drivers.
import type { ColumnType, Kysely } from "kysely";
import type { DialectName } from "./target.ts";

type Whole = ColumnType<number | string, number, number>;
type Bytes = ColumnType<Uint8Array, Buffer, Buffer>;

/** One row: which format the tables have, and the machine that the logs are of. */
interface StoreTable {
  name: string;
  format: Whole;
  machine: string;
}

export interface SessionTable {
  name: string;
  /** As JSON: no text of a database has NUL. */
  id: string;
  /** 0: a session; 1: a deleted one. */
  kind: Whole;
  updated: string;
  created: string;
  info: string;
  prompt: string | null;
  logs: string;
  changes: Whole;
  deleted_ms: Whole;
  modified: Whole;
  /** What filters ask for, each as a hash of its value; empty: there is none. */
  project_key: string;
  directory_key: string;
  parent_key: string;
  title_key: string;
  archived: Whole;
  pinned: Whole;
  /** The tags' hashes, each between two spaces. */
  tags: string;
  /** The folded title or prompt, and the folded id. */
  title_text: string;
  id_text: string;
}

export interface LineTable {
  session: string;
  /** The number of its log, and where it lies in that. */
  position: Whole;
  /** Empty: it is no line. */
  stamp: string;
  length: Whole;
  /** Whose chunks hold the whole line; empty: `text` is the whole. */
  chunks: string;
  text: string;
}

interface BlobTable {
  hash: string;
  bytes: Whole;
  chunks: string;
  created_ms: Whole;
}

interface ChunkTable {
  /** Whose it is; an attachment's is its hash after a `~`, with which no session's name begins. */
  session: string;
  owner: string;
  part: Whole;
  data: Bytes;
}

export interface Tables {
  store: StoreTable;
  session: SessionTable;
  line: LineTable;
  blob: BlobTable;
  chunk: ChunkTable;
}

/** What a statement runs on: the pool, or a transaction. */
export interface Runner {
  readonly db: Kysely<Tables>;
  readonly dialect: DialectName;
  /** Titles are found by MySQL's index of their bigrams. */
  readonly hasBigrams: boolean;
}

/** Runs statements: on the pool again after a conflict that passes, in a transaction once. */
export type Ask = <T>(run: (on: Runner) => Promise<T>) => Promise<T>;
