// How a database is reached: the caller's pool, or one that is made here.
import { Kysely, MssqlDialect, MysqlDialect, PostgresDialect } from "kysely";
import type { Dialect, MssqlDialectConfig, PostgresPool } from "kysely";
import { ArgumentError } from "../../base/errors.ts";
import { storeError } from "./errors.ts";
import { mssqlConfig, mysqlPool, postgresPool } from "./pools.ts";
import type { Tables } from "./schema.ts";
import { ImmediateSqlite } from "./sqlite-dialect.ts";
import { openSqliteFile } from "./sqlite-file.ts";
import type { DatabaseSettings, DialectName, MysqlPool, PostgresPool as GivenPool, SqlTarget } from "./target.ts";
import { parseUrl } from "./url.ts";
import type { DatabaseUrl } from "./url.ts";

export interface Connection {
  readonly dialect: DialectName;
  readonly db: Kysely<Tables>;
  readonly place: string;
  readonly secrets: readonly string[];
  /** Closes what was made here. */
  close(): Promise<void>;
}

/** What is asked of each that is given. */
const SHAPES: Readonly<Record<string, readonly string[]>> = {
  postgres: ["connect"],
  mysql: ["getConnection"],
  sqlite: ["prepare"],
  mssql: ["tedious", "tarn"],
};

export async function connect(target: SqlTarget | string, settings: DatabaseSettings): Promise<Connection> {
  if (typeof target === "string") return toUrl(parseUrl(target), settings);
  const given = Object.entries(target ?? {}).filter(([, value]) => value !== undefined);
  const [kind, value] = given.length === 1 ? (given[0] as [string, unknown]) : ["", undefined];
  if (kind === "url" && typeof value === "string") return toUrl(parseUrl(value), settings);
  if (typeof value === "object" && value !== null && SHAPES[kind]?.every((name) => name in value) === true) {
    if ("postgres" in target) return toPool("postgres", new PostgresDialect({ pool: guarded(target.postgres) }));
    if ("mysql" in target) return toPool("mysql", new MysqlDialect({ pool: withCallbacks(target.mysql) }));
    if ("sqlite" in target) return toPool("sqlite", new ImmediateSqlite(target.sqlite));
    if ("mssql" in target) return toMade("mssql", new MssqlDialect(target.mssql as unknown as MssqlDialectConfig));
  }
  throw new ArgumentError("INVALID_ARGUMENT", "a database is a URL, or one of { url, postgres, mysql, sqlite, mssql }");
}

async function toUrl(url: DatabaseUrl, settings: DatabaseSettings): Promise<Connection> {
  const { dialect, place, secrets } = url;
  try {
    return { ...toMade(dialect, await dialectOf(url, settings)), place, secrets };
  } catch (error) {
    throw storeError(url, error, "open the store", "no");
  }
}

async function dialectOf(url: DatabaseUrl, settings: DatabaseSettings): Promise<Dialect> {
  if (url.dialect === "postgres") return new PostgresDialect({ pool: guarded(await postgresPool(url, settings)) });
  if (url.dialect === "mysql") return new MysqlDialect(await mysqlPool(url, settings));
  if (url.dialect === "mssql") return new MssqlDialect(await mssqlConfig(url, settings));
  return new ImmediateSqlite(await openSqliteFile(url.path, settings.create, settings.busyTimeoutMs));
}

function toMade(dialect: DialectName, made: Dialect): Connection {
  const db = new Kysely<Tables>({ dialect: made });
  return { dialect, db, place: `a database of ${dialect}`, secrets: [], close: () => db.destroy() };
}

function toPool(dialect: DialectName, made: Dialect): Connection {
  return { ...toMade(dialect, made), place: `the given ${dialect} pool`, close: () => Promise.resolve() };
}

/** A pool of mysql2/promise, which would never call back, has one that does. */
function withCallbacks(pool: MysqlPool & { pool?: MysqlPool }): MysqlPool {
  return pool.pool ?? pool;
}

/**
 * A client that loses its server while it is not being asked tells all who listen, and ends the process where nobody
 * does; the next statement fails in any case.
 */
function guarded(pool: GivenPool): PostgresPool {
  type Client = Awaited<ReturnType<PostgresPool["connect"]>> & { on?(event: "error", listener: () => void): unknown };
  const known = new WeakSet<Client>();
  return {
    async connect() {
      const client = (await pool.connect()) as unknown as Client;
      if (!known.has(client)) client.on?.("error", () => undefined);
      known.add(client);
      return client;
    },
    end: () => pool.end(),
  };
}
