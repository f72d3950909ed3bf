// Opening: what the database is, whether it has a store, and the tables where it has none.
import { CompiledQuery, sql } from "kysely";
import { crypto } from "../../base/crypto.ts";
import { ArgumentError, StoreError } from "../../base/errors.ts";
import { connect } from "./connect.ts";
import type { Connection } from "./connect.ts";
import type { Database } from "./database.ts";
import { isMissingTable, storeError } from "./errors.ts";
import { again } from "./retry.ts";
import { sqlDatabase } from "./sql-database.ts";
import { checks, definitions, titleIndex } from "./tables.ts";
import type { Flavour } from "./tables.ts";
import type { DatabaseSettings, SqlTarget } from "./target.ts";

const FORMAT = 1;
const STORE = "store";
const ID_CHARACTERS = "abcdefghijklmnopqrstuvwxyz0123456789";

interface StoreRow {
  readonly format: number;
  readonly machine: string;
}

export async function open(target: SqlTarget | string, settings: DatabaseSettings): Promise<Database> {
  checkSettings(settings);
  const connection = await connect(target, settings);
  const { dialect } = connection;
  const { busyTimeoutMs } = settings;
  const patiently = <T>(run: () => Promise<T>): Promise<T> => again({ dialect, busyTimeoutMs, meetsOthers: true }, run);
  try {
    const flavour = await patiently(() => flavourOf(connection));
    let store = await patiently(() => storeRow(connection));
    if (store === undefined) {
      if (!settings.create) throw new StoreError("NOT_FOUND", `no store in ${connection.place}`);
      await create(connection, flavour, patiently);
      store = await patiently(() => storeRow(connection));
    }
    if (store === undefined) throw new StoreError("NOT_A_STORE", `no store in ${connection.place}`);
    const { format, machine } = store;
    if (format > FORMAT) {
      throw new StoreError(
        "NEWER_FORMAT",
        `the store in ${connection.place} has format ${format}, and this version of turnlog knows ${FORMAT}`,
      );
    }
    await patiently(() => checkTables(connection, flavour));
    const hasBigrams = flavour === "mysql" && (await patiently(() => isIndexed(connection)));
    return sqlDatabase({ connection, machine, hasBigrams, busyTimeoutMs });
  } catch (error) {
    await connection.close().catch(() => undefined);
    throw storeError(connection, error, "open the store", "no");
  }
}

function checkSettings({ statementTimeoutMs, busyTimeoutMs, maxConnections }: DatabaseSettings): void {
  for (const [name, value] of Object.entries({ statementTimeoutMs, busyTimeoutMs, maxConnections })) {
    // They come into statements.
    if (!Number.isSafeInteger(value) || value < (name === "maxConnections" ? 1 : 0)) {
      throw new ArgumentError("INVALID_ARGUMENT", `${name} is a whole number, not ${String(value)}`);
    }
  }
}

async function flavourOf({ db, dialect }: Connection): Promise<Flavour> {
  if (dialect === "sqlite" || dialect === "mssql") return dialect;
  const { rows } = await sql<{ version: string }>`select version() as version`.execute(db);
  const version = rows[0]?.version ?? "";
  if (dialect === "postgres") return /cockroach/i.test(version) ? "cockroach" : "postgres";
  const mode = await sql<{ mode: string }>`select @@sql_mode as mode`.execute(db);
  // The driver escapes texts with backslashes, which then would end up in the texts, and quotes would end them.
  if (/NO_BACKSLASH_ESCAPES/i.test(mode.rows[0]?.mode ?? "")) {
    throw new StoreError("IO", "the server's sql_mode has NO_BACKSLASH_ESCAPES, with which mysql2 writes wrong texts");
  }
  return /mariadb/i.test(version) ? "mariadb" : /tidb/i.test(version) ? "tidb" : "mysql";
}

/** Undefined: there is no such table, or it is empty. Another's table of this name is an error. */
async function storeRow({ db, dialect }: Connection): Promise<StoreRow | undefined> {
  const query = db.selectFrom("store").select(["format", "machine"]).where("name", "=", STORE);
  try {
    const row = await query.executeTakeFirst();
    return row && { format: Number(row.format), machine: row.machine };
  } catch (error) {
    if (isMissingTable(dialect, error)) return undefined;
    throw error;
  }
}

/** If we crash here, the next who opens it goes on: only the row of the table that is made last says that there is a store. */
async function create(
  connection: Connection,
  flavour: Flavour,
  patiently: (run: () => Promise<unknown>) => Promise<unknown>,
): Promise<void> {
  const { db, dialect } = connection;
  for (const statement of definitions(flavour)) await patiently(() => db.executeQuery(CompiledQuery.raw(statement)));
  await patiently(() => checkTables(connection, flavour));
  try {
    await db.connection().execute(async (one) => {
      for (const statement of titleIndex(flavour)) await one.executeQuery(CompiledQuery.raw(statement));
    });
  } catch {
    // Not every server has it, and not every user may have it made: titles are searched without it, too.
  }
  const random = crypto().randomBytes(8);
  const suffix = Array.from(random, (byte) => ID_CHARACTERS[byte % ID_CHARACTERS.length]).join("");
  await patiently(async () => {
    if ((await storeRow(connection)) !== undefined) return;
    await db
      .insertInto("store")
      .values({ name: STORE, format: FORMAT, machine: `${dialect}-${suffix}` })
      .execute();
  });
}

/** Tables of the same names may be those of something else. */
async function checkTables({ db }: Connection, flavour: Flavour): Promise<void> {
  for (const statement of checks(flavour)) await db.executeQuery(CompiledQuery.raw(statement));
}

/** Whether MySQL made its index of titles, which may not be asked for where it did not. */
async function isIndexed({ db }: Connection): Promise<boolean> {
  const { rows } = await sql`select index_name from information_schema.statistics
    where table_schema = database() and table_name = 'session' and index_type = 'FULLTEXT'`.execute(db);
  return rows.length > 0;
}
