// Where a database is: a URL, or what the caller has made to reach it. Known by its shape, so that no driver's types are
// needed.
export type DialectName = "postgres" | "mysql" | "sqlite" | "mssql";

/** A pool of pg, or of its shape. */
export interface PostgresPool {
  connect(): Promise<{ query(...args: any[]): any; release(): void }>;
  end(): Promise<void>;
}

/** A pool of mysql2 or of mysql2/promise. */
export interface MysqlPool {
  getConnection(callback?: any): any;
  end(callback?: any): any;
}

/** A database of better-sqlite3, or of its shape. */
export interface SqliteHandle {
  prepare(sql: string): {
    readonly reader: boolean;
    all(parameters: readonly unknown[]): unknown[];
    run(parameters: readonly unknown[]): { changes: number | bigint; lastInsertRowid: number | bigint };
    iterate(parameters: readonly unknown[]): IterableIterator<unknown>;
  };
  close(): unknown;
}

/** What Kysely's dialect for SQL Server takes: how tedious connects, and how tarn pools. */
interface MssqlTarget {
  readonly tedious: { connectionFactory(): any; readonly [key: string]: unknown };
  readonly tarn: { readonly options: { min: number; max: number; [key: string]: unknown }; readonly Pool: any };
  readonly [key: string]: unknown;
}

/**
 * `url`: "postgres://", "postgresql://", "mysql://", "mariadb://", "mssql://", "sqlserver://" or "sqlite:path". A pool
 * that is given is never closed, and its timeouts are the caller's.
 */
export type SqlTarget =
  | { readonly url: string }
  | { readonly postgres: PostgresPool }
  | { readonly mysql: MysqlPool }
  | { readonly sqlite: SqliteHandle }
  | { readonly mssql: MssqlTarget };

export interface DatabaseSettings {
  /** Makes the tables (and the file of a SQLite database) where there are none. */
  create: boolean;
  /** The longest that one statement may take, on connections that are made here. */
  statementTimeoutMs: number;
  /** The longest that a write waits for another's. */
  busyTimeoutMs: number;
  /** Of a pool that is made here. */
  maxConnections: number;
  /** What the server is told that this is; where it can be told. */
  applicationName?: string | undefined;
}
