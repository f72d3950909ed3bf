// The databases that specs run on: SQLite and PGlite always, servers where they are.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PGlite } from "@electric-sql/pglite";
import { pg_trgm } from "@electric-sql/pglite/contrib/pg_trgm";
import { createConnection } from "mysql2/promise";
import { Client } from "pg";
import { openDatabase } from "../../lib/sql/database/database.ts";
import type { Database } from "../../lib/sql/database/database.ts";
import type { DatabaseSettings, SqlTarget } from "../../lib/sql/database/target.ts";
import { sharedMariaDb, sharedPostgres } from "./servers.ts";

export const SETTINGS: DatabaseSettings = {
  create: true,
  statementTimeoutMs: 60_000,
  busyTimeoutMs: 20_000,
  maxConnections: 10,
};

/** A database of its own, empty. */
export interface EmptyDatabase {
  readonly target: SqlTarget | string;
  /** Opens it again, as another process would. */
  open(settings?: Partial<DatabaseSettings>): Promise<Database>;
  /** One statement beside the store. */
  run(sql: string): Promise<Record<string, unknown>[]>;
  drop(): Promise<void>;
}

export interface Kind {
  readonly name: string;
  /** Another process can reach it. */
  readonly isByUrl: boolean;
  make(): Promise<EmptyDatabase>;
}

/** Without a server those of its kind are left out, and that is told; see servers.ts. */
export async function kinds(): Promise<Kind[]> {
  const found: Kind[] = [
    { name: "sqlite", isByUrl: true, make: sqlite },
    { name: "pglite", isByUrl: false, make: pglite },
  ];
  const postgresUrl = await sharedPostgres();
  if (postgresUrl !== undefined) found.push({ name: "postgres", isByUrl: true, make: () => postgres(postgresUrl) });
  const mariadbUrl = await sharedMariaDb();
  if (mariadbUrl !== undefined) found.push({ name: "mariadb", isByUrl: true, make: () => mariadb(mariadbUrl) });
  const mssqlUrl = process.env["TURNLOG_TEST_MSSQL_URL"];
  if (mssqlUrl) found.push({ name: "mssql", isByUrl: true, make: () => mssql(mssqlUrl) });
  return found;
}

/** A database of SQLite, which is everywhere. */
export async function sqliteDatabase(): Promise<EmptyDatabase> {
  return await sqlite();
}

function opener(target: SqlTarget | string): EmptyDatabase["open"] {
  return (settings) => openDatabase(target, { ...SETTINGS, ...settings });
}

async function sqlite(): Promise<EmptyDatabase> {
  const directory = mkdtempSync(join(tmpdir(), "turnlog-sqlite-"));
  const target = `sqlite:${join(directory, "store.sqlite")}`;
  return {
    target,
    open: opener(target),
    async run(sql) {
      const { Database: Wasm } = (await import("node-sqlite3-wasm")).default;
      const database = new Wasm(join(directory, "store.sqlite"));
      try {
        return database.all(sql);
      } finally {
        database.close();
      }
    },
    drop: () => Promise.resolve(rmSync(directory, { recursive: true })),
  };
}

/** Until then somebody has the one connection that PGlite is. */
let busy = Promise.resolve();

/** One at a time has it, of all schemas: it has one search path. */
function poolOf(database: PGlite, schema: string): Extract<SqlTarget, { postgres: unknown }>["postgres"] {
  return {
    async connect() {
      const before = busy;
      let release = (): void => undefined;
      busy = new Promise((resolve) => (release = resolve));
      await before;
      await database.exec(`set search_path to ${schema}`);
      return {
        async query(sql: string, values: unknown[]) {
          const { rows, affectedRows } = await database.query(sql, values);
          return { rows, rowCount: affectedRows ?? rows.length, command: sql.trimStart().split(" ")[0]!.toUpperCase() };
        },
        release,
      };
    },
    end: () => Promise.resolve(),
  };
}

let instance: Promise<PGlite> | undefined;

/** It takes a second and half a gigabyte to make: a process has one, with a schema for each database. */
async function pglite(): Promise<EmptyDatabase> {
  instance ??= PGlite.create({ extensions: { pg_trgm } });
  const database = await instance;
  const schema = nameOf();
  await database.exec("create extension if not exists pg_trgm schema pg_catalog");
  await database.exec(`create schema ${schema}`);
  const target = { postgres: poolOf(database, schema) };
  return {
    target,
    open: opener(target),
    async run(sql) {
      const client = await target.postgres.connect();
      try {
        return ((await client.query(sql, [])) as { rows: Record<string, unknown>[] }).rows;
      } finally {
        client.release();
      }
    },
    drop: async () => void (await database.exec(`drop schema ${schema} cascade`)),
  };
}

async function postgres(server: string): Promise<EmptyDatabase> {
  const name = nameOf();
  const url = new URL(server);
  url.pathname = `/${name}`;
  const ask = async (at: string, sql: string): Promise<Record<string, unknown>[]> => {
    const client = new Client(at);
    await client.connect();
    try {
      return (await client.query<Record<string, unknown>>(sql)).rows;
    } finally {
      await client.end();
    }
  };
  await ask(server, `create database ${name}`);
  return {
    target: url.href,
    open: opener(url.href),
    run: (sql) => ask(url.href, sql),
    drop: async () => void (await ask(server, `drop database ${name} with (force)`)),
  };
}

async function mariadb(server: string): Promise<EmptyDatabase> {
  const name = nameOf();
  const url = new URL(server);
  url.pathname = `/${name}`;
  const ask = async (at: string, sql: string): Promise<Record<string, unknown>[]> => {
    const client = await createConnection(at);
    try {
      // A name between quotes is one in every database that way.
      await client.query("set session sql_mode = concat(@@sql_mode, ',ANSI_QUOTES')");
      const [rows] = await client.query(sql);
      return rows as Record<string, unknown>[];
    } finally {
      await client.end();
    }
  };
  await ask(server, `create database ${name}`);
  return {
    target: url.href,
    open: opener(url.href),
    run: (sql) => ask(url.href, sql),
    drop: async () => void (await ask(server, `drop database ${name}`)),
  };
}

/** The tables are in the database that the URL names, and are emptied of what was there. */
async function mssql(url: string): Promise<EmptyDatabase> {
  const run = async (sql: string): Promise<Record<string, unknown>[]> => {
    const { Connection, Request } = await import("tedious");
    const { hostname, port, username, password, pathname } = new URL(url);
    const connection = new Connection({
      server: hostname,
      authentication: {
        type: "default",
        options: { userName: decodeURIComponent(username), password: decodeURIComponent(password) },
      },
      options: { port: Number(port) || 1433, database: pathname.slice(1), trustServerCertificate: true },
    });
    await new Promise<void>((resolve, reject) => connection.connect((error) => (error ? reject(error) : resolve())));
    try {
      const rows: Record<string, unknown>[] = [];
      await new Promise<void>((resolve, reject) => {
        const request = new Request(sql, (error) => (error ? reject(error) : resolve()));
        request.on("row", (columns: { metadata: { colName: string }; value: unknown }[]) =>
          rows.push(Object.fromEntries(columns.map(({ metadata, value }) => [metadata.colName, value]))),
        );
        connection.execSql(request);
      });
      return rows;
    } finally {
      connection.close();
    }
  };
  const empty = async (): Promise<void> =>
    void (await run(
      "drop table if exists [session]; drop table if exists [line]; drop table if exists [blob]; drop table if exists [chunk]; drop table if exists [store]",
    ));
  await empty();
  return { target: url, open: opener(url), run, drop: empty };
}

let made = 0;

function nameOf(): string {
  return `turnlog_${process.pid}_${Date.now().toString(36)}_${made++}`;
}
