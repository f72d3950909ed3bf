// A session's row, to and fro.
import { sql } from "kysely";
import type { Insertable, Selectable } from "kysely";
import { crypto } from "../../base/crypto.ts";
import type { Runner, SessionTable } from "./schema.ts";
import type { StoredLog, StoredSession } from "./stored.ts";
import type { DialectName } from "./target.ts";
import { searchedText, titleText } from "./title-text.ts";

export const SHOWN = [
  "name",
  "id",
  "kind",
  "updated",
  "created",
  "info",
  "prompt",
  "logs",
  "changes",
  "deleted_ms",
  "modified",
] as const;
export type ShownRow = Pick<Selectable<SessionTable>, (typeof SHOWN)[number]>;

const DELETED = 1;
/** So many characters its column has; folding can make more of them. */
const MOST_OF_ID = 500;

export async function sessionRow({ db }: Runner, name: string): Promise<ShownRow | undefined> {
  return db.selectFrom("session").select(SHOWN).where("name", "=", name).executeTakeFirst();
}

/** The row, which nobody else writes to before the transaction's end. */
export async function lockedRow(on: Runner, name: string): Promise<ShownRow | undefined> {
  const { db, dialect } = on;
  // The whole database is locked already.
  if (dialect === "sqlite") return sessionRow(on, name);
  const query = db.selectFrom("session").select(SHOWN).where("name", "=", name);
  if (dialect !== "mssql") return query.forUpdate().executeTakeFirst();
  const { rows } = await sql<ShownRow>`select ${sql.join(SHOWN.map((column) => sql.ref(column)))}
    from ${sql.table("session")} with (updlock, rowlock) where ${sql.ref("name")} = ${name}`.execute(db);
  return rows[0];
}

export function sessionOf(row: ShownRow): StoredSession {
  return {
    name: row.name,
    id: JSON.parse(row.id) as string,
    kind: Number(row.kind) === DELETED ? "deleted" : "session",
    updated: row.updated,
    created: row.created,
    info: JSON.parse(row.info) as Record<string, unknown>,
    prompt: row.prompt === null ? undefined : (JSON.parse(row.prompt) as string),
    logs: JSON.parse(row.logs) as StoredLog[],
    changes: Number(row.changes),
    deletedMs: Number(row.deleted_ms),
  };
}

function rowOf(dialect: DialectName, session: StoredSession, modified: number): Insertable<SessionTable> {
  const { info, prompt } = session;
  const title = info["title"] ?? prompt ?? "";
  return {
    name: session.name,
    id: JSON.stringify(session.id),
    kind: session.kind === "deleted" ? DELETED : 0,
    updated: session.updated,
    created: session.created,
    info: JSON.stringify(info),
    prompt: prompt === undefined ? null : JSON.stringify(prompt),
    logs: JSON.stringify(session.logs),
    changes: session.changes,
    deleted_ms: session.deletedMs,
    modified,
    project_key: keyOf(info["project"]),
    directory_key: keyOf(info["directory"]),
    parent_key: keyOf(info["parent"]),
    title_key: keyOf(info["title"]),
    archived: info["archived"] === true ? 1 : 0,
    pinned: info["pinned"] === true ? 1 : 0,
    tags: tagKeys(info["tags"]),
    title_text: typeof title === "string" ? titleText(dialect, searchedText(title)) : "",
    id_text: searchedText(session.id).slice(0, MOST_OF_ID).toWellFormed(),
  };
}

export async function insertSession({ db, dialect }: Runner, session: StoredSession, modified: number): Promise<void> {
  await db
    .insertInto("session")
    .values(rowOf(dialect, session, modified))
    .execute();
}

/** -> whether there is such a row. */
export async function updateSession(
  { db, dialect }: Runner,
  session: StoredSession,
  modified: number,
): Promise<boolean> {
  const { name, ...rest } = rowOf(dialect, session, modified);
  const { numUpdatedRows } = await db.updateTable("session").set(rest).where("name", "=", name).executeTakeFirst();
  return numUpdatedRows > 0n;
}

/**
 * What equal values have in common, and no others: any text fits no index and no collation, a hash does. Empty where
 * there is no value.
 */
export function keyOf(value: unknown): string {
  if (value === undefined) return "";
  return crypto().createHash("sha256").update(JSON.stringify(value)).digest("hex").slice(0, 32);
}

function tagKeys(tags: unknown): string {
  if (!Array.isArray(tags) || tags.length === 0) return "";
  return ` ${tags.map(keyOf).join(" ")} `;
}
