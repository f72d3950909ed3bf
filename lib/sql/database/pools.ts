// Pools that are made here from a URL. How a connection is encrypted the URL says, in each driver's own words.
import { CompiledQuery } from "kysely";
import type { DatabaseConnection, MssqlDialectConfig, MysqlDialectConfig } from "kysely";
import type * as MysqlPackage from "mysql2";
import type * as PgPackage from "pg";
import type * as TarnPackage from "tarn";
import type * as TediousPackage from "tedious";
import { driver } from "./driver.ts";
import type { DatabaseSettings, PostgresPool } from "./target.ts";
import type { DatabaseUrl } from "./url.ts";

const CONNECT_MS = 30_000;
const IDLE_MS = 30_000;
const MSSQL_PORT = 1433;

export async function postgresPool({ text }: DatabaseUrl, settings: DatabaseSettings): Promise<PostgresPool> {
  const { Pool } = await driver<typeof PgPackage>("pg", () => import("pg"));
  const pool = new Pool({
    connectionString: text,
    max: settings.maxConnections,
    statement_timeout: settings.statementTimeoutMs,
    lock_timeout: settings.busyTimeoutMs,
    connectionTimeoutMillis: CONNECT_MS,
    idleTimeoutMillis: IDLE_MS,
    application_name: settings.applicationName ?? "turnlog",
    allowExitOnIdle: true,
  });
  // One that waits in the pool lost its server; the pool drops it.
  pool.on("error", () => undefined);
  return pool;
}

export async function mysqlPool({ url }: DatabaseUrl, settings: DatabaseSettings): Promise<MysqlDialectConfig> {
  const mysql = await driver<typeof MysqlPackage>("mysql2", () => import("mysql2"));
  const uri = new URL(url);
  const pool = mysql.createPool({
    uri: uri.href.replace(/^mariadb:/, "mysql:"),
    connectionLimit: settings.maxConnections,
    connectTimeout: CONNECT_MS,
    charset: "utf8mb4_bin",
    connectAttributes: { program_name: settings.applicationName ?? "turnlog" },
  });
  return {
    pool: pool as unknown as NonNullable<MysqlDialectConfig["pool"]>,
    onCreateConnection: (connection) => limitMysql(connection, settings),
  };
}

async function limitMysql(connection: DatabaseConnection, settings: DatabaseSettings): Promise<void> {
  const version = await connection.executeQuery<{ version: string }>(CompiledQuery.raw("select version() as version"));
  const { statementTimeoutMs, busyTimeoutMs } = settings;
  const limit = /mariadb/i.test(version.rows[0]?.version ?? "")
    ? `max_statement_time = ${statementTimeoutMs / 1000}`
    : `max_execution_time = ${statementTimeoutMs}`;
  const seconds = Math.max(1, Math.ceil(busyTimeoutMs / 1000));
  await connection.executeQuery(
    CompiledQuery.raw(`set session ${limit}, session innodb_lock_wait_timeout = ${seconds}`),
  );
}

export async function mssqlConfig({ url }: DatabaseUrl, settings: DatabaseSettings): Promise<MssqlDialectConfig> {
  const tedious = await driver<typeof TediousPackage>("tedious", () => import("tedious"));
  const tarn = await driver<typeof TarnPackage>("tarn", () => import("tarn"));
  const option = (name: string): string | undefined => url.searchParams.get(name) ?? undefined;
  const { statementTimeoutMs, maxConnections, applicationName } = settings;
  const connectionFactory = (): TediousPackage.Connection =>
    new tedious.Connection({
      server: url.hostname,
      authentication: {
        type: "default",
        options: { userName: decodeURIComponent(url.username), password: decodeURIComponent(url.password) },
      },
      options: {
        database: decodeURIComponent(url.pathname.slice(1)),
        ...(option("instanceName") === undefined
          ? { port: Number(url.port) || MSSQL_PORT }
          : { instanceName: option("instanceName") }),
        encrypt: option("encrypt") !== "false",
        trustServerCertificate: option("trustServerCertificate") === "true",
        requestTimeout: statementTimeoutMs,
        connectTimeout: CONNECT_MS,
        appName: applicationName ?? "turnlog",
      },
    });
  return {
    tarn: {
      Pool: tarn.Pool,
      // Else a wrong password is tried again and again, until the account is locked.
      options: {
        min: 0,
        max: maxConnections,
        acquireTimeoutMillis: CONNECT_MS,
        idleTimeoutMillis: IDLE_MS,
        propagateCreateError: true,
      },
    },
    tedious: {
      ...(tedious as unknown as Omit<MssqlDialectConfig["tedious"], "connectionFactory">),
      connectionFactory,
    },
  };
}
