// Who can read SQLite here: the package node-sqlite3-wasm, which is SQLite itself in WebAssembly, if it is installed, or else
// Node, from 22.15 on. The package comes first: it reads a database through a link, so that no large one is ever copied.
import { pathToFileURL } from "node:url";
import type { Database as Wasm } from "node-sqlite3-wasm";
import type { Snapshot } from "./source-snapshot.ts";

export type Row = Readonly<Record<string, unknown>>;

export interface OpenDatabase {
  all(sql: string, values: readonly (string | number)[]): Row[];
  close(): void;
}

export interface SqliteReader {
  /** It looks for a database's log beside the link, not beside what the link leads to. */
  readonly followsLinks: boolean;
  open(snapshot: Snapshot): OpenDatabase;
}

export const NO_SQLITE = "a SQLite database, which takes the package node-sqlite3-wasm or Node 22.15";

interface Statement {
  all(...values: (string | number)[]): Row[];
}

/** What of node:sqlite is used; the types of the oldest Node that is supported do not know it. */
interface NodeSqlite {
  readonly DatabaseSync: new (
    path: string | URL,
    options: { readOnly: true },
  ) => { prepare(sql: string): Statement; close(): void };
}

/** Undefined: nobody can. */
export async function sqliteReader(): Promise<SqliteReader | undefined> {
  const wasm = await wasmReader();
  if (wasm !== undefined) return wasm;
  const node = nodeSqlite();
  return node === undefined ? undefined : nodeReader(node);
}

async function wasmReader(): Promise<SqliteReader | undefined> {
  let Database: typeof Wasm;
  try {
    // It is CommonJS.
    const loaded = (await import("node-sqlite3-wasm")) as {
      Database?: typeof Wasm;
      default?: { Database: typeof Wasm };
    };
    const found = loaded.Database ?? loaded.default?.Database;
    if (found === undefined) return undefined;
    Database = found;
  } catch {
    return undefined;
  }
  return {
    followsLinks: true,
    open({ path }) {
      const database = new Database(path, { readOnly: true, fileMustExist: true });
      // It knows no shared memory; alone, the write-ahead log needs none.
      database.exec("PRAGMA locking_mode = EXCLUSIVE");
      const statements = new Map<string, ReturnType<Wasm["prepare"]>>();
      return {
        all(sql, values) {
          const statement = statements.get(sql) ?? database.prepare(sql);
          statements.delete(sql);
          try {
            const rows = statement.all([...values]);
            statements.set(sql, statement);
            return rows;
          } catch (error) {
            // It could be asked nothing more.
            statement.finalize();
            throw error;
          }
        },
        close() {
          for (const statement of statements.values()) statement.finalize();
          database.close();
        },
      };
    },
  };
}

/** Node warns that this is new, which is nothing to the person who imports. */
function nodeSqlite(): NodeSqlite | undefined {
  // Before that it takes no URL, which says that nothing is to be locked.
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  if (major < 22 || (major === 22 && minor < 15) || (major === 23 && minor < 10)) return undefined;
  const warnings = Object.getOwnPropertyDescriptor(process, "emitWarning");
  process.emitWarning = () => undefined;
  try {
    return process.getBuiltinModule("node:sqlite") as NodeSqlite | undefined;
  } catch {
    return undefined;
  } finally {
    if (warnings !== undefined) Object.defineProperty(process, "emitWarning", warnings);
  }
}

function nodeReader({ DatabaseSync }: NodeSqlite): SqliteReader {
  return {
    followsLinks: false,
    open({ path, original }) {
      const url = pathToFileURL(original ?? path);
      // Nothing is locked, and nothing is made beside it.
      if (original !== undefined) url.searchParams.set("immutable", "1");
      url.searchParams.set("mode", "ro");
      const database = new DatabaseSync(url, { readOnly: true });
      const statements = new Map<string, Statement>();
      return {
        all(sql, values) {
          const statement = statements.get(sql) ?? database.prepare(sql);
          statements.set(sql, statement);
          return statement.all(...values);
        },
        close: () => database.close(),
      };
    },
  };
}
