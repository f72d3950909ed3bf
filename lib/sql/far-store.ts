// A store in a database. Its logs are shown to the rest of the store as files of a file system in memory, whose bytes come when they
// are read; what is written to a session's files in one operation goes into the database in one transaction, with the session's
// row locked. So all that is above the logs is what a store in files has.
import { AsyncLocalStorage } from "node:async_hooks";
import type { BlobCollection } from "../base/compaction.ts";
import type { Blobs } from "../disk/blobs.ts";
import type { Layout } from "../disk/names.ts";
import type { CatalogEntry, Mark, Order } from "../indexes/catalog/entry.ts";
import type { TitleSearchOptions } from "../indexes/titles/search.ts";
import type { TitleHit } from "../indexes/titles/title.ts";
import type { CollectOptions } from "../store/blobs/blob-collect.ts";
import type { SessionFilter } from "../store/list/filter.ts";
import type { Remote, RemoteSpace, SessionWatcher } from "../store/remote.ts";
import type { SessionState } from "../store/session-state.ts";
import type { Database, Reading, Writing } from "./database/database.ts";
import { FarBlobs } from "./far-blobs.ts";
import { FarFiles } from "./far-files.ts";
import { collectBlobs } from "./collect-blobs.ts";
import { FarWatcher } from "./far-watcher.ts";
import { entryOf, isInTrash } from "./session-row.ts";
import { searchTitles } from "./title-search.ts";
import { Turns } from "./turns.ts";

const DAY_MS = 86_400_000;
/** So many rows of a listing are asked for at a time: a page is mostly shorter. */
const PAGE_ROWS = 101;

/** A transaction, for what is read in the course of it. */
interface Scope {
  readonly tx: Writing;
  /** What is to be done when it is through. */
  readonly after: (() => Promise<unknown>)[];
  isOver: boolean;
}

export class FarStore implements Remote {
  readonly place: string;
  readonly blobs: Blobs;
  readonly files: FarFiles;
  readonly database: Database;
  readonly #turns: Turns;
  readonly #windowMs: number;
  /** What an operation in a transaction reads it reads in that: the database may have no second connection. */
  readonly #scope = new AsyncLocalStorage<Scope>();

  /** `restoreDays`: for how long an attachment stays that nothing names. */
  constructor(database: Database, layout: Layout, restoreDays: number) {
    this.#windowMs = restoreDays * DAY_MS;
    this.database = database;
    this.place = database.place;
    this.files = new FarFiles(layout, () => this.reading);
    this.blobs = new FarBlobs(this.files.vfs, layout, this);
    this.#turns = new Turns(this);
  }

  get reading(): Reading {
    return this.#tx?.reading ?? this.database;
  }

  /** Keeps an attachment, in the transaction that is under way, if one is. */
  async putBlob(hash: string, pieces: () => AsyncIterable<Buffer>): Promise<void> {
    await (this.#tx ?? this.database).putBlob(hash, pieces);
  }

  /** What `run` asks of the database goes through this transaction, until it is over; `after` gets what must wait for that. */
  async within<T>(tx: Writing, after: (() => Promise<unknown>)[], run: () => Promise<T>): Promise<T> {
    const scope = { tx, after, isOver: false };
    try {
      return await this.#scope.run(scope, run);
    } finally {
      scope.isOver = true;
    }
  }

  /** Undefined: none, or what goes on after its end. */
  get #tx(): Writing | undefined {
    const scope = this.#scope.getStore();
    return scope === undefined || scope.isOver ? undefined : scope.tx;
  }

  async look(name: string): Promise<void> {
    if (this.#turns.isWriting(name)) return;
    const row = await this.reading.session(name);
    // Another call may have begun to write to it meanwhile, and what it shows is the newer.
    if (!this.#turns.isWriting(name)) await this.files.show(name, row);
  }

  async bring(name: string): Promise<void> {
    await this.look(name);
    for (const { content } of this.files.of(name).files.values()) await content.bringAll();
  }

  async exclusively<T>(session: SessionState, operation: () => Promise<T>, prepare?: () => Promise<void>): Promise<T> {
    return await this.#turns.run(session, operation, prepare);
  }

  async *walk(
    order: Order,
    direction: 1 | -1,
    mark: Mark | undefined,
    filter?: SessionFilter,
  ): AsyncGenerator<CatalogEntry> {
    for (let from = mark; ;) {
      const query = { order, direction, filter: filter ?? { all: true }, limit: PAGE_ROWS };
      const rows = await this.database.page(from === undefined ? query : { ...query, from });
      for (const row of rows) yield entryOf(row);
      const last = rows.at(-1);
      if (last === undefined || rows.length < PAGE_ROWS) break;
      from = { stamp: order === "updated" ? last.updated : last.created, name: last.name };
    }
    if (filter !== undefined) return;
    for (let after: string | undefined; ;) {
      const rows = await this.database.sessions(after, PAGE_ROWS);
      for (const row of rows) if (row.kind === "deleted") yield entryOf(row);
      after = rows.at(-1)?.name;
      if (rows.length < PAGE_ROWS) return;
    }
  }

  async entry(name: string): Promise<CatalogEntry | undefined> {
    const row = await this.reading.session(name);
    return row && entryOf(row);
  }

  async count(filter: SessionFilter): Promise<number> {
    return await this.database.count(filter);
  }

  async searchTitles(text: string, options: TitleSearchOptions): Promise<TitleHit[]> {
    return await searchTitles(this.database, text, options);
  }

  async lookForBlob(hash: string): Promise<void> {
    await (this.blobs as FarBlobs).look(hash);
  }

  async *attachments(): AsyncGenerator<string> {
    for (let after: string | undefined; ;) {
      const rows = await this.database.blobs(after, PAGE_ROWS);
      for (const { hash } of rows) yield hash;
      after = rows.at(-1)?.hash;
      if (rows.length < PAGE_ROWS) return;
    }
  }

  async lookAtTrash(): Promise<void> {
    for await (const rows of this.database.trash()) {
      for (const row of rows) if (!this.#turns.isWriting(row.name)) await this.files.show(row.name, row, false);
    }
  }

  watcher(): SessionWatcher {
    return new FarWatcher(this.database);
  }

  async collectBlobs(options: CollectOptions): Promise<BlobCollection> {
    const collect = (): Promise<BlobCollection> => collectBlobs(this.database, this.blobs, options, this.#windowMs);
    const scope = this.#scope.getStore();
    if (scope === undefined || scope.isOver) return await collect();
    // Until the transaction is through its lines name what they are to name no more.
    scope.after.push(collect);
    return { trashed: 0, removed: 0, bytes: 0 };
  }

  async used(): Promise<RemoteSpace> {
    const { blobs, bytes } = await this.database.blobTotals();
    const trash = { files: 0, bytes: 0 };
    for await (const rows of this.database.trash()) {
      for (const log of rows.flatMap(({ logs }) => logs.filter(isInTrash))) {
        trash.files++;
        trash.bytes += log.size;
      }
    }
    return { blobs: { files: blobs, bytes }, trash };
  }

  async close(): Promise<void> {
    await this.database.close();
  }
}
