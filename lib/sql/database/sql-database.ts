// The database as its users see it: each method asks one file for its statements.
import { StoreError } from "../../base/errors.ts";
import { listBlobs, putBlob, removeBlob } from "./blobs.ts";
import type { Connection } from "./connect.ts";
import type { Database, Writing } from "./database.ts";
import { storeError } from "./errors.ts";
import { linesWithBlobs } from "./lines.ts";
import { blobTotalsOf, countOf, modifiedIn, pageOf, sessionsAfter, trashOf } from "./listing.ts";
import { again } from "./retry.ts";
import type { Ask, Runner } from "./schema.ts";
import { searchSessions } from "./titles.ts";
import { write } from "./transaction.ts";
import { readingOf } from "./writing.ts";

export interface Opened {
  readonly connection: Connection;
  readonly machine: string;
  readonly hasBigrams: boolean;
  readonly busyTimeoutMs: number;
}

export function sqlDatabase({ connection, machine, hasBigrams, busyTimeoutMs }: Opened): Database {
  const { dialect, place, db } = connection;
  const runner: Runner = { db, dialect, hasBigrams };
  let closing: Promise<void> | undefined;

  const checkOpen = (): void => {
    if (closing !== undefined) throw new StoreError("CLOSED", `the database is closed: ${place}`);
  };
  const asking =
    (action: string, meetsOthers: boolean): Ask =>
    async (run) => {
      checkOpen();
      try {
        return await again({ dialect, busyTimeoutMs, meetsOthers }, () => run(runner));
      } catch (error) {
        throw storeError(connection, error, action);
      }
    };
  const list = asking("list sessions", false);

  return {
    dialect,
    machine,
    place,
    ...readingOf(asking("read a session", false)),
    page: (query) => list((on) => pageOf(on, query)),
    count: (filter) => list((on) => countOf(on, filter)),
    sessions: (after, limit) => list((on) => sessionsAfter(on, after, limit)),
    trash: () => trashOf(list),
    search: (query) => list((on) => searchSessions(on, query)),
    modifiedSince: (ms, limit, after) => list((on) => modifiedIn(on, ms, limit, after)),
    putBlob: (hash, pieces) => asking("keep an attachment", true)((on) => putBlob(on, hash, pieces)),
    removeBlob: (blob) => asking("remove an attachment", true)((on) => removeBlob(on, blob)),
    blobs: (after, limit) => list((on) => listBlobs(on, after, limit)),
    blobTotals: () => list(blobTotalsOf),
    linesWithBlobs: () => linesWithBlobs(list),
    async write<T>(name: string, run: (tx: Writing) => Promise<T>): Promise<T> {
      checkOpen();
      return write({ ...connection, runner, busyTimeoutMs }, name, run);
    },
    close: () => (closing ??= connection.close()),
  };
}
