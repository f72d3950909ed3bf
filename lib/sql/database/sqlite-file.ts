// A SQLite database by its path, with whichever engine there is: better-sqlite3, Node's own, or SQLite in WebAssembly.
import { closeSync, openSync, statfsSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import type * as WasmPackage from "node-sqlite3-wasm";
import { errno, ioError, StoreError } from "../../base/errors.ts";
import { found } from "./driver.ts";
import { again } from "./retry.ts";
import { locking } from "./sqlite-lock.ts";
import type { SqliteHandle } from "./target.ts";

const NO_ENGINE =
  "a store in SQLite takes the package better-sqlite3 or node-sqlite3-wasm, or Node 22.13: npm install better-sqlite3";
const READS = /^\s*(select|with|pragma|explain|values)\b/i;
/** What waits longer is tried again from outside, where it blocks nobody. */
export const ENGINE_WAITS_MS = 20;
const MOST_STATEMENTS = 100;
/** What is undone after a write that found no space gives some of it back. */
const LEAST_SPACE_BYTES = 64 * 1024;

/** What an engine's statement can do, by whatever names. */
interface Statement {
  all(values: readonly unknown[]): unknown[];
  run(values: readonly unknown[]): { changes: number | bigint; lastInsertRowid: number | bigint };
  finalize?(): void;
}

/** Whoever writes to it meanwhile is waited for, for so long. */
export async function openSqliteFile(path: string, create: boolean, busyTimeoutMs: number): Promise<SqliteHandle> {
  const isFile = path !== ":memory:";
  if (isFile) prepareFile(path, create);
  const open = await engine();
  const database = open(path);
  try {
    await again({ dialect: "sqlite", busyTimeoutMs, meetsOthers: false }, async () => {
      database.prepare(`pragma busy_timeout = ${ENGINE_WAITS_MS}`).all([]);
      // A file of something else shows itself here.
      if (isFile) database.prepare("pragma journal_mode = wal").all([]);
      database.prepare("pragma synchronous").all([]);
    });
  } catch (error) {
    database.close();
    throw error;
  }
  return database;
}

/** No engine makes a file that only its owner can read. */
function prepareFile(path: string, create: boolean): void {
  try {
    if (create) closeSync(openSync(path, "a", 0o600));
    else if (!statSync(path).isFile()) throw new StoreError("NOT_A_STORE", `${path} is no file`, { path });
  } catch (error) {
    const code = errno(error);
    if (code === "ENOENT") {
      const reason = create ? "there is no such directory" : "there is no such file";
      throw new StoreError("NOT_FOUND", `could not open ${path}: ${reason}`, { path, cause: error });
    }
    if (code === "EISDIR") throw new StoreError("NOT_A_STORE", `${path} is a directory`, { path, cause: error });
    throw ioError(error, `open ${path}`, { path });
  }
}

async function engine(): Promise<(path: string) => SqliteHandle> {
  return betterSqlite() ?? nodeSqlite() ?? (await wasmSqlite());
}

/** It is loaded by require(): where it is installed for another Node, its file is there and cannot be loaded. */
function betterSqlite(): ((path: string) => SqliteHandle) | undefined {
  type Constructor = new (path: string) => SqliteHandle;
  let Database: Constructor;
  try {
    Database = createRequire(import.meta.url)("better-sqlite3") as Constructor;
    new Database(":memory:").close();
  } catch {
    return undefined;
  }
  return (path) => new Database(path);
}

interface NodeSqlite {
  readonly DatabaseSync: new (path: string) => {
    prepare(sql: string): {
      all(...values: unknown[]): unknown[];
      run(...values: unknown[]): ReturnType<Statement["run"]>;
    };
    close(): void;
  };
}

function nodeSqlite(): ((path: string) => SqliteHandle) | undefined {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  // Before that it is behind a flag.
  if (major < 22 || (major === 22 && minor < 13)) return undefined;
  // Node warns that this is new, which is nothing to whom it is hidden from.
  const warnings = Object.getOwnPropertyDescriptor(process, "emitWarning");
  process.emitWarning = () => undefined;
  let sqlite: NodeSqlite | undefined;
  try {
    sqlite = process.getBuiltinModule("node:sqlite") as NodeSqlite | undefined;
  } finally {
    if (warnings !== undefined) Object.defineProperty(process, "emitWarning", warnings);
  }
  if (sqlite === undefined) return undefined;
  const { DatabaseSync } = sqlite;
  return (path) => {
    const database = new DatabaseSync(path);
    const prepare = (sql: string): Statement => {
      const statement = database.prepare(sql);
      return { all: (values) => statement.all(...values), run: (values) => statement.run(...values) };
    };
    return handle(prepare, () => database.close());
  };
}

async function wasmSqlite(): Promise<(path: string) => SqliteHandle> {
  const wasm = await found<typeof WasmPackage>(() => import("node-sqlite3-wasm"));
  if (wasm === undefined) throw new StoreError("IO", NO_ENGINE);
  return (path) => {
    const inLock = locking(path);
    const database = new wasm.Database(path);
    const prepare = (sql: string): Statement => {
      const statement = inLock(() => database.prepare(sql));
      return {
        all: (values) => inLock(() => statement.all(values as (string | number)[])),
        run: (values) => inLock(() => statement.run(values as (string | number)[])),
        finalize: () => inLock(() => statement.finalize()),
      };
    };
    return handle(
      prepare,
      () => inLock(() => database.close()),
      (error) => explained(error, path),
    );
  };
}

/** This engine says of a write that found no space only that it failed. */
function explained(error: unknown, path: string): unknown {
  if (path === ":memory:" || !/disk I\/O error/.test((error as Error).message)) return error;
  try {
    const { bavail, bsize } = statfsSync(path);
    return bavail * bsize < LEAST_SPACE_BYTES ? new Error("database or disk is full", { cause: error }) : error;
  } catch {
    return error;
  }
}

/** The shape that the query builder knows, over an engine of another, which keeps the statements that come again. */
function handle(
  make: (sql: string) => Statement,
  close: () => void,
  explain = (error: unknown): unknown => error,
): SqliteHandle {
  const statements = new Map<string, Statement>();
  const use = <T>(sql: string, ask: (statement: Statement) => T): T => {
    let statement = statements.get(sql);
    statements.delete(sql);
    try {
      statement ??= make(sql);
      const answer = ask(statement);
      statements.set(sql, statement);
      return answer;
    } catch (error) {
      const failure = explain(error);
      try {
        // After an error some engines ask it nothing more.
        statement?.finalize?.();
      } catch {
        // It says the same once more.
      }
      throw failure;
    } finally {
      const [oldest] = statements;
      if (statements.size > MOST_STATEMENTS && oldest !== undefined) {
        statements.delete(oldest[0]);
        oldest[1].finalize?.();
      }
    }
  };
  return {
    prepare: (sql) => ({
      reader: READS.test(sql),
      all: (values) => use(sql, (statement) => statement.all(values)),
      run: (values) => use(sql, (statement) => statement.run(values)),
      iterate: (values) => use(sql, (statement) => statement.all(values))[Symbol.iterator](),
    }),
    close() {
      for (const statement of statements.values()) statement.finalize?.();
      statements.clear();
      close();
    },
  };
}
