// The tables of opencode's databases: those of 1.2 and newer, whose columns come and go, and those that were proposed before
// them, where the whole of a record is its column `data`. Of a table only what is known here is ever asked for.
import { isObject } from "../base/object.ts";
import { parseValue } from "./importer.ts";
import type { Fields } from "./opencode-room.ts";
import { withoutSecrets } from "./opencode-room.ts";
import type { Row, Sqlite } from "./sqlite.ts";

export interface Tables {
  readonly session: string;
  readonly message: string;
  readonly part: string;
  /** What a query says for a message's session and time, and for a part's message and session. */
  readonly messageSession: string;
  readonly messageMs: string;
  readonly partMessage: string;
  readonly partSession: string;
  readonly sessionCreatedMs: string;
  readonly sessionUpdatedMs: string;
  /** The columns of a session that are asked for. */
  readonly sessionColumns: string;
}

/** Undefined: it is no database of opencode's. */
export async function tablesOf(database: Sqlite): Promise<Tables | undefined> {
  for (const plural of ["", "s"]) {
    const [session, message, part] = [`session${plural}`, `message${plural}`, `part${plural}`];
    const sessionColumns = await database.columns(session);
    const messageColumns = await database.columns(message);
    const partColumns = await database.columns(part);
    if (![sessionColumns, messageColumns, partColumns].every((columns) => columns.has("id"))) continue;
    if (!messageColumns.has("data") || !partColumns.has("data")) continue;
    const own = [...sessionColumns].filter(
      (name) => /^\w+$/.test(name) && Object.hasOwn(withoutSecrets({ [name]: 0 }), name),
    );
    return {
      session,
      message,
      part,
      messageSession: either(messageColumns, ["session_id"], "$.sessionID"),
      messageMs: either(messageColumns, ["time_created", "created_at"], "$.time.created"),
      partMessage: either(partColumns, ["message_id"], "$.messageID"),
      partSession: either(partColumns, ["session_id"], "$.sessionID"),
      sessionCreatedMs: either(sessionColumns, ["time_created", "created_at"], "$.time.created"),
      sessionUpdatedMs: either(sessionColumns, ["time_updated", "updated_at"], "$.time.updated"),
      sessionColumns: own.map((name) => `"${name}"`).join(", "),
    };
  }
  return undefined;
}

/** The column, by one of its names, or what `data` says of it. */
function either(columns: ReadonlySet<string>, names: readonly string[], path: string): string {
  const column = names.find((name) => columns.has(name));
  if (column !== undefined) return `"${column}"`;
  return columns.has("data") ? `CASE WHEN json_valid("data") THEN json_extract("data", '${path}') END` : "NULL";
}

/** Where a column's name goes in a Session or a Project; a column that is not here keeps its name. */
const PLACES: Readonly<Record<string, readonly string[]>> = {
  project_id: ["projectID"],
  workspace_id: ["workspaceID"],
  parent_id: ["parentID"],
  summary_additions: ["summary", "additions"],
  summary_deletions: ["summary", "deletions"],
  summary_files: ["summary", "files"],
  summary_diffs: ["summary", "diffs"],
  tokens_input: ["tokens", "input"],
  tokens_output: ["tokens", "output"],
  tokens_reasoning: ["tokens", "reasoning"],
  tokens_cache_read: ["tokens", "cache", "read"],
  tokens_cache_write: ["tokens", "cache", "write"],
  time_created: ["time", "created"],
  time_updated: ["time", "updated"],
  time_compacting: ["time", "compacting"],
  time_archived: ["time", "archived"],
  time_initialized: ["time", "initialized"],
  created_at: ["time", "created"],
  updated_at: ["time", "updated"],
  archived_at: ["time", "archived"],
  icon_url: ["icon", "url"],
  icon_url_override: ["icon", "override"],
  icon_color: ["icon", "color"],
};
const JSON_COLUMNS: ReadonlySet<string> = new Set([
  "summary_diffs",
  "metadata",
  "revert",
  "model",
  "sandboxes",
  "commands",
]);

/** A row of the session table as the Session that opencode exports. */
export function sessionOf({ data, ...row }: Row): Fields | undefined {
  const whole = data === undefined || data === null ? undefined : parsed(data);
  return isObject(whole) ? { ...withoutSecrets(whole), id: row["id"] } : recordOf(row);
}

/** A row as the record that opencode has in files, without what it has nothing in. */
export function recordOf(row: Row): Fields {
  const record: Fields = {};
  for (const [column, value] of Object.entries(row)) {
    if (value === null) continue;
    const path = Object.hasOwn(PLACES, column) ? (PLACES[column] as readonly string[]) : [column];
    let at = record;
    for (const key of path.slice(0, -1)) {
      const inner: Fields = isObject(at[key]) ? at[key] : {};
      at[key] = inner;
      at = inner;
    }
    at[path.at(-1) as string] = JSON_COLUMNS.has(column) ? (parsed(value) ?? value) : value;
  }
  return record;
}

/** What a column of JSON says; undefined: it is none. */
function parsed(value: unknown): unknown {
  const text = value instanceof Uint8Array ? Buffer.from(value).toString("utf8") : value;
  return typeof text === "string" ? parseValue(text) : undefined;
}
