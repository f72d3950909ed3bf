// A store in a database is what every store must be.
import { afterAll, afterEach, describe, test } from "vitest";
import { openSqlStore } from "../lib/sql.ts";
import { conformance } from "../lib/testing/index.ts";
import type { Backend, TestedStore } from "../lib/testing/index.ts";
import { kinds } from "./helpers/databases.ts";
import type { EmptyDatabase } from "./helpers/databases.ts";

const TABLES = ["session", "line", "blob", "chunk"];

describe.each(await kinds())("a store in $name", ({ make }) => {
  const used: EmptyDatabase[] = [];
  /** To make its tables takes a server longer than most cases: those of the last case are emptied for the next. */
  const empty: EmptyDatabase[] = [];
  const databases = new WeakMap<object, EmptyDatabase>();

  const open = async (database: EmptyDatabase, options: object | undefined): Promise<TestedStore> => {
    const store = await openSqlStore<any, any>(database.target, options);
    databases.set(store, database);
    return store;
  };
  const backend: Required<Backend> = {
    async create(options) {
      const database = empty.pop() ?? (await make());
      try {
        const store = await open(database, options);
        used.push(database);
        return store;
      } catch (error) {
        // Options that are refused make no tables.
        await database.drop();
        throw error;
      }
    },
    reopen: (store, options) => open(databases.get(store) as EmptyDatabase, options),
    holds: (store, text) => holds(databases.get(store) as EmptyDatabase, text),
  };

  afterEach(async () => {
    for (const database of used.splice(0)) {
      for (const table of TABLES) await database.run(`delete from "${table}"`);
      empty.push(database);
    }
  });
  afterAll(async () => {
    for (const database of empty) await database.drop();
  });

  test.each(conformance())("$group: $name", async ({ run }) => {
    await run(backend);
  });
});

/** True if any row of any table has the text. */
async function holds(database: EmptyDatabase, text: string): Promise<boolean> {
  for (const table of TABLES) {
    for (const row of await database.run(`select * from "${table}"`)) {
      for (const value of Object.values(row)) {
        const bytes = value instanceof Uint8Array ? Buffer.from(value) : Buffer.from(String(value));
        if (bytes.includes(text)) return true;
      }
    }
  }
  return false;
}
