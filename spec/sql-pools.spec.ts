// Pools that a program has already: a store in one works as any, and its end is not the pool's.
import { setTimeout as sleep } from "node:timers/promises";
import { createPool } from "mysql2";
import { createPool as createPromisePool } from "mysql2/promise";
import { Pool } from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openDatabase } from "../lib/sql/database/database.ts";
import type { Database } from "../lib/sql/database/database.ts";
import type { SqlTarget } from "../lib/sql/database/target.ts";
import { openSqliteFile } from "../lib/sql/database/sqlite-file.ts";
import { names, put, row } from "./helpers/database-rows.ts";
import { kinds, SETTINGS, sqliteDatabase } from "./helpers/databases.ts";
import type { EmptyDatabase } from "./helpers/databases.ts";

interface Given {
  readonly target: SqlTarget;
  ask(): unknown;
  end(): unknown;
}

const GIVEN: Readonly<Record<string, readonly [kind: string, give: (url: string) => Promise<Given> | Given]>> = {
  "a pool of pg": [
    "postgres",
    (url) => {
      const pool = new Pool({ connectionString: url });
      // As in any program: a client that waits can lose its server. Here its end is not over when the database is removed.
      pool.on("error", () => undefined);
      return { target: { postgres: pool }, ask: () => pool.query("select 1"), end: () => pool.end() };
    },
  ],
  "a pool of mysql2": [
    "mariadb",
    (url) => {
      const pool = createPool(url);
      return { target: { mysql: pool }, ask: () => pool.promise().query("select 1"), end: () => pool.promise().end() };
    },
  ],
  "a pool of mysql2/promise": [
    "mariadb",
    (url) => {
      const pool = createPromisePool(url);
      return { target: { mysql: pool }, ask: () => pool.query("select 1"), end: () => pool.end() };
    },
  ],
  "a database of SQLite": [
    "sqlite",
    async (url) => {
      const database = await openSqliteFile(url.replace("sqlite:", ""), true, 5000);
      const ask = (): unknown => database.prepare("select 1").all([]);
      return { target: { sqlite: database }, ask, end: () => database.close() };
    },
  ],
};
const THERE = await kinds();

describe.each(Object.entries(GIVEN).filter(([, [kind]]) => THERE.some(({ name }) => name === kind)))(
  "%s",
  (_, [kind, give]) => {
    let empty: EmptyDatabase;
    let given: Given;
    beforeAll(async () => {
      empty = await THERE.find(({ name }) => name === kind)!.make();
      given = await give(typeof empty.target === "string" ? empty.target : "");
    });
    afterAll(async () => {
      await given?.end();
      await empty?.drop();
    });

    test("is used, twice at a time, and left open", async () => {
      const databases = [await openDatabase(given.target, SETTINGS), await openDatabase(given.target, SETTINGS)];
      expect(databases[0]!.machine).toBe(databases[1]!.machine);
      await Promise.all(databases.map((database, n) => put(database, row(`s${n}`), row(`t${n}`))));
      expect(names(await databases[0]!.sessions(undefined, 9))).toEqual(["s0", "s1", "t0", "t1"]);
      for (const database of databases) await database.close();
      await given.ask();
      await expect(databases[0]!.session("s0")).rejects.toMatchObject({ code: "CLOSED" });
    });
  },
);

test("two handles of one file in one process do not wait where each stops the other", async () => {
  const empty = await sqliteDatabase();
  const path = typeof empty.target === "string" ? empty.target.replace("sqlite:", "") : "";
  const handles = [await openSqliteFile(path, true, 5000), await openSqliteFile(path, true, 5000)];
  // As better-sqlite3 makes them.
  for (const handle of handles) handle.prepare("pragma busy_timeout = 5000").all([]);
  const databases: Database[] = [];
  try {
    for (const sqlite of handles) databases.push(await openDatabase({ sqlite }, { ...SETTINGS, busyTimeoutMs: 3000 }));
    let rounds = 0;
    await Promise.all(
      databases.map(async (database, n) => {
        for (let round = 0; round < 3; round++) {
          await database.write("both", async (tx) => {
            const changes = (tx.session?.changes ?? 0) + 1;
            await (tx.session === undefined
              ? tx.insert(row("both", { changes }))
              : tx.update(row("both", { changes })));
            // The other asks for its turn now.
            await sleep(20 + n);
          });
          rounds++;
        }
      }),
    );
    expect(rounds).toBe(6);
    expect((await databases[0]!.session("both"))?.changes).toBe(6);
    for (const handle of handles)
      expect(Object.values(handle.prepare("pragma busy_timeout").all([])[0]!)).toEqual([5000]);
  } finally {
    for (const database of databases) await database.close();
    for (const handle of handles) handle.close();
    await empty.drop();
  }
});
