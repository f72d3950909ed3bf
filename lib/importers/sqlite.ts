// A SQLite database of another tool, read in short questions. Each answer is looked at once more: if the tool has written to
// the database meanwhile, the question is asked again of how it stands now.
import { StoreError } from "../base/errors.ts";
import { giveWay } from "../base/turn.ts";
import { takeSnapshot } from "./source-snapshot.ts";
import type { Snapshot } from "./source-snapshot.ts";
import { NO_SQLITE, sqliteReader } from "./sqlite-readers.ts";
import type { OpenDatabase, Row } from "./sqlite-readers.ts";

export type { Row } from "./sqlite-readers.ts";

const MOST_TRIES = 20;
const HEADER = "SQLite format 3\0";

/** True for the beginning of a database. */
export function isSqlite(beginning: string): boolean {
  return beginning.startsWith(HEADER);
}

interface Opened {
  readonly snapshot: Snapshot;
  readonly database: OpenDatabase;
}

export class Sqlite {
  readonly path: string;
  #open: Opened | undefined;

  constructor(path: string) {
    this.path = path;
  }

  /** The rows; none of them may be many or long. Throws StoreError where nobody can read it, or not now. */
  async all(sql: string, ...values: (string | number)[]): Promise<Row[]> {
    for (let tries = 0; tries < MOST_TRIES; tries++) {
      await giveWay();
      const { database, snapshot } = (this.#open ??= await this.#begin());
      let rows: Row[] | undefined;
      let failed: unknown;
      try {
        rows = database.all(sql, values);
      } catch (error) {
        failed = error;
      }
      if (snapshot.isCurrent()) {
        if (rows !== undefined) return rows;
        throw this.#damaged(failed);
      }
      await this.close();
    }
    throw new StoreError("IO", "it is being written to all the time", { path: this.path });
  }

  /** The names of a table's columns, none if there is no such table: they come and go with the tool's versions. */
  async columns(table: string): Promise<Set<string>> {
    const rows = await this.all("SELECT name FROM pragma_table_info(?)", table);
    return new Set(rows.map(({ name }) => String(name)));
  }

  async close(): Promise<void> {
    const open = this.#open;
    this.#open = undefined;
    try {
      open?.database.close();
    } finally {
      await open?.snapshot.remove();
    }
  }

  async #begin(): Promise<Opened> {
    const reader = await sqliteReader();
    if (reader === undefined) throw new StoreError("IO", NO_SQLITE, { path: this.path });
    const snapshot = await takeSnapshot(this.path, reader.followsLinks);
    try {
      return { snapshot, database: reader.open(snapshot) };
    } catch (error) {
      await snapshot.remove();
      throw this.#damaged(error);
    }
  }

  #damaged(error: unknown): StoreError {
    const reason = error instanceof Error ? error.message : String(error);
    return new StoreError("DAMAGED", `its database cannot be read: ${reason}`, { path: this.path, cause: error });
  }
}
