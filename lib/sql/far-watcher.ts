// The sessions of a database that change, whoever changes them: asked for by the time of the last write.
import type { CatalogEntry } from "../indexes/catalog/entry.ts";
import type { SessionWatcher } from "../store/remote.ts";
import type { Database } from "./database/database.ts";
import { entryOf } from "./session-row.ts";

/** The clocks of the hosts that write are as far apart, at most: what came later may say that it came earlier. */
const APART_MS = 60_000;
const PAGE_ROWS = 500;

export class FarWatcher implements SessionWatcher {
  readonly #database: Database;
  /** For each session that was written to lately: when, as far as it was told. */
  #told = new Map<string, number>();
  #since = 0;

  constructor(database: Database) {
    this.#database = database;
  }

  async *begin(from: string | undefined): AsyncGenerator<CatalogEntry> {
    this.#since = Date.now() - APART_MS;
    for await (const _ of this.changes());
    if (from === undefined) return;
    const found: CatalogEntry[] = [];
    for (let mark: { stamp: string; name: string } | undefined; ;) {
      const query = { order: "updated", direction: 1, filter: { all: true }, limit: PAGE_ROWS } as const;
      const rows = await this.#database.page(mark === undefined ? query : { ...query, from: mark });
      const newer = rows.filter(({ updated }) => updated > from);
      found.push(...newer.map(entryOf));
      const last = newer.at(-1);
      if (last === undefined || newer.length < PAGE_ROWS) break;
      mark = { stamp: last.updated, name: last.name };
    }
    yield* found.reverse();
  }

  async *changes(): AsyncGenerator<CatalogEntry> {
    const told = new Map<string, number>();
    let latest = this.#since + APART_MS;
    for (let after: { ms: number; name: string } | undefined; ;) {
      const rows = await this.#database.modifiedSince(this.#since, PAGE_ROWS, after);
      for (const { session, modified } of rows) {
        told.set(session.name, modified);
        latest = Math.max(latest, Math.min(modified, Date.now()));
        if (this.#told.get(session.name) !== modified) yield entryOf(session);
      }
      const last = rows.at(-1);
      if (last === undefined || rows.length < PAGE_ROWS) break;
      after = { ms: last.modified, name: last.session.name };
    }
    this.#told = told;
    this.#since = latest - APART_MS;
  }

  stop(): void {
    this.#told.clear();
  }
}
