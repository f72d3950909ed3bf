// What a store asks of a medium that is not a file system of its own: one that shows the logs as files, brings what it shows up to
// date when a session is looked at, and takes what was written to them as a whole. Which sessions there are it knows better
// than any catalog of ours.
import type { BlobCollection } from "../base/compaction.ts";
import type { SpaceUsed } from "../base/store-stats.ts";
import type { Blobs } from "../disk/blobs.ts";
import type { CatalogEntry, Mark, Order } from "../indexes/catalog/entry.ts";
import type { TitleSearchOptions } from "../indexes/titles/search.ts";
import type { TitleHit } from "../indexes/titles/title.ts";
import type { CollectOptions } from "./blobs/blob-collect.ts";
import type { SessionFilter } from "./list/filter.ts";
import type { SessionState } from "./session-state.ts";

/** One that waits for changes of sessions. */
export interface SessionWatcher {
  /** What was written to after `from`, the oldest change first; without it nothing. */
  begin(from: string | undefined): AsyncIterable<CatalogEntry>;
  /** What differs from what was told before. */
  changes(): AsyncIterable<CatalogEntry>;
  stop(): void;
}

export interface RemoteSpace {
  readonly blobs: SpaceUsed;
  readonly trash: SpaceUsed;
}

export interface Remote {
  /** Where the store lies, as people may see it: nothing secret is in it. */
  readonly place: string;
  /** Those of the vfs, kept where the logs are. */
  readonly blobs: Blobs;
  /** The files of the session's logs are as they are there now. */
  look(name: string): Promise<void>;
  /** The same, and all of it is in memory then. */
  bring(name: string): Promise<void>;
  /**
   * Runs an operation in the session's turn, in one transaction with all that it writes to the session's files. It is run anew
   * after a conflict, and when it lacks bytes. What `prepare` does comes before that, once.
   */
  exclusively<T>(session: SessionState, operation: () => Promise<T>, prepare?: () => Promise<void>): Promise<T>;
  /** In the order that they have while it runs, from the mark on. Without a filter deleted sessions, too. */
  walk(order: Order, direction: 1 | -1, mark: Mark | undefined, filter?: SessionFilter): AsyncGenerator<CatalogEntry>;
  /** Undefined: there is no such session. */
  entry(name: string): Promise<CatalogEntry | undefined>;
  count(filter: SessionFilter): Promise<number>;
  searchTitles(text: string, options: TitleSearchOptions): Promise<TitleHit[]>;
  /** The file of an attachment, if there is one, is where find() finds it. */
  lookForBlob(hash: string): Promise<void>;
  /** The hashes of all attachments. */
  attachments(): AsyncGenerator<string>;
  /** All sessions that have something in the trash are looked at. */
  lookAtTrash(): Promise<void>;
  /** What changes from now on, whoever changes it. */
  watcher(): SessionWatcher;
  /** Removes attachments that nothing has named for the restore window, and those that are to be erased. */
  collectBlobs(options: CollectOptions): Promise<BlobCollection>;
  used(): Promise<RemoteSpace>;
  close(): Promise<void>;
}
