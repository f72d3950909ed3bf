// What SQL Server is told: every statement, as it was reviewed. The laws themselves hold on a server where there is one.
// After a change the statements are written anew, and are to be read: npx vitest run --config spec/vitest.config.ts spec/sql-mssql --update
import { DummyDriver, Kysely, MssqlAdapter, MssqlIntrospector, MssqlQueryCompiler } from "kysely";
import type { CompiledQuery, DatabaseConnection, QueryResult } from "kysely";
import { expect, test } from "vitest";
import type { Tables } from "../lib/sql/database/schema.ts";
import { sqlDatabase } from "../lib/sql/database/sql-database.ts";
import { checks, definitions, titleIndex } from "../lib/sql/database/tables.ts";
import { all, inPieces, line, row, stamp } from "./helpers/database-rows.ts";

/** Rows for the statements that others depend on. */
function answer(sql: string, parameters: readonly unknown[]): object[] {
  if (parameters.includes("new")) return [];
  if (sql.includes('from "line"') && sql.includes('"text"')) {
    return [{ session: "s", position: "0", length: "5", chunks: "c", text: "{}" }];
  }
  if (sql.includes('"data"')) return [{ data: Buffer.from("bytes") }];
  if (sql.includes('from "blob"') && sql.includes('"chunks"')) return [{ bytes: "5", chunks: "c" }];
  if (sql.includes('select "chunks" from "line"')) return [{ chunks: "c" }];
  if (sql.includes('"id_text" from "session"')) {
    return ["n", "m"].map((name) => ({ name, updated: stamp(0), id_text: parameters[1] }));
  }
  if (sql.includes("count_big")) return [{ found: "1", bytes: "5" }];
  return [];
}

class Recording extends DummyDriver {
  readonly statements: string[];

  constructor(statements: string[]) {
    super();
    this.statements = statements;
  }

  override async acquireConnection(): Promise<DatabaseConnection> {
    const executeQuery = <R>({ sql, parameters }: CompiledQuery): Promise<QueryResult<R>> => {
      const types = parameters.map((value) =>
        Buffer.isBuffer(value) ? "bytes" : value === null ? "null" : typeof value,
      );
      this.statements.push(`${sql}\n-- ${types.join(", ")}`);
      // Of an attachment that is new there is no row yet.
      const numAffectedRows = parameters.includes("new") ? 0n : 1n;
      return Promise.resolve({ rows: answer(sql, parameters) as R[], numAffectedRows });
    };
    return { executeQuery, streamQuery: () => (async function* () {})() };
  }
}

test("every statement is as it was reviewed", async () => {
  const said: string[] = [];
  const statements: string[] = [];
  const db = new Kysely<Tables>({
    dialect: {
      createAdapter: () => new MssqlAdapter(),
      createDriver: () => new Recording(statements),
      createIntrospector: (kysely) => new MssqlIntrospector(kysely),
      createQueryCompiler: () => new MssqlQueryCompiler(),
    },
  });
  const database = sqlDatabase({
    connection: { dialect: "mssql", db, place: "nowhere", secrets: [], close: () => Promise.resolve() },
    machine: "mssql-aaaaaaaa",
    hasBigrams: false,
    busyTimeoutMs: 0,
  });
  const tell = async (title: string, run: () => Promise<unknown>): Promise<void> => {
    statements.length = 0;
    await run();
    said.push(`-- # ${title}\n${[...new Set(statements)].join("\n")}\n`);
  };

  said.push(`-- # tables\n${[...definitions("mssql"), ...titleIndex("mssql"), ...checks("mssql")].join("\n")}\n`);
  await tell("session", () => database.session("s"));
  await tell("lines", () => database.lines("s", 3, 9));
  await tell("linesWithBlobs", () => all(database.linesWithBlobs()));
  await tell("blobBytes", () => database.blobBytes("h"));
  await tell("blob", () => database.blob("h", 1, 3));
  await tell("blobs", () => database.blobs("g", 10));
  await tell("blobTotals", () => database.blobTotals());
  await tell("putBlob", () => database.putBlob("new", inPieces(Buffer.from("bytes"))));
  await tell("removeBlob", () => database.removeBlob({ hash: "h", createdMs: 1 }));
  const from = { stamp: stamp(1), name: "n" };
  await tell("page", () => database.page({ order: "updated", direction: 1, from, filter: {}, limit: 50 }));
  const filter = {
    project: "p",
    directory: "d",
    parent: "x",
    archived: true,
    pinned: false,
    title: "t",
    tags: ["a"],
    since: 0,
  };
  await tell("page, with every filter, backwards", () =>
    database.page({ order: "created", direction: -1, from, filter, limit: 50 }),
  );
  await tell("count", () => database.count({ all: true }));
  await tell("sessions", () => database.sessions("n", 10));
  await tell("trash", () => all(database.trash()));
  await tell("search", () => database.search({ words: ["two", "w%_[ords"], key: "two w", limit: 50 }));
  await tell("search, short", () => database.search({ words: ["ab"], key: "ab", limit: 50 }));
  await tell("modifiedSince", () => database.modifiedSince(1, 10, { ms: 2 ** 41, name: "n" }));
  await tell("write", () =>
    database.write("s", async (tx) => {
      expect(tx.session).toBeUndefined();
      await tx.insert(row("s"));
      await tx.update(row("s", { prompt: "p", deletedMs: 2 ** 41 }));
      await tx.insertLines([line(0, "{}"), line(3, "{}")]);
      await tx.insertLines([line(9, "x".repeat(1_100_000))]);
      await tx.removeLines(1, 2);
      await tx.putBlob("new", inPieces(Buffer.from("bytes")));
      await tx.putBlob("h", inPieces(Buffer.from("bytes")));
    }),
  );
  await expect(said.join("\n")).toMatchFileSnapshot("../fixtures/sql/mssql.sql");
});

test("no statement can have more parameters than SQL Server takes", async () => {
  let most = 0;
  class Counting extends Recording {
    override async acquireConnection(): Promise<DatabaseConnection> {
      const executeQuery = <R>({ parameters }: CompiledQuery): Promise<QueryResult<R>> => {
        most = Math.max(most, parameters.length);
        return Promise.resolve({ rows: [] });
      };
      return { executeQuery, streamQuery: () => (async function* () {})() };
    }
  }
  const db = new Kysely<Tables>({
    dialect: {
      createAdapter: () => new MssqlAdapter(),
      createDriver: () => new Counting([]),
      createIntrospector: (kysely) => new MssqlIntrospector(kysely),
      createQueryCompiler: () => new MssqlQueryCompiler(),
    },
  });
  const connection = { dialect: "mssql", db, place: "nowhere", secrets: [], close: () => Promise.resolve() } as const;
  const database = sqlDatabase({ connection, machine: "m", hasBigrams: false, busyTimeoutMs: 0 });
  await database.write("s", async (tx) => {
    await tx.insertLines(Array.from({ length: 5000 }, (_, n) => line(n, "{}")));
  });
  expect(most).toBeGreaterThan(1000);
  expect(most).toBeLessThanOrEqual(2000);
});
