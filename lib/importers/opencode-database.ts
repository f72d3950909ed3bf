// opencode's SQLite database (1.2 and newer), and the one of three tables that was proposed before it. It is asked for one
// message or part at a time, by ids: however long it is, little of it is in memory.
import type { OnProblem } from "./importer.ts";
import { parseObject, textIn, timeOf, toleratingLater } from "./importer.ts";
import { timeOfId } from "./opencode-ids.ts";
import type { Dated } from "./opencode-ids.ts";
import type { Fields, Room, RoomSession } from "./opencode-room.ts";
import { recordOf, sessionOf, tablesOf } from "./opencode-rows.ts";
import type { Tables } from "./opencode-rows.ts";
import { Sqlite } from "./sqlite.ts";
import type { Row } from "./sqlite.ts";

/** So many rows are asked for at once. */
const PAGE = 1000;
/** Each of these is looked up. */
const ORPHANS_PAGE = 100;
/** Each stands for all messages of a session. */
const SESSIONS_PAGE = 20;

export class DatabaseRoom implements Room {
  readonly path: string;
  readonly #onProblem: OnProblem;
  readonly #database: Sqlite;
  #tables: Tables | undefined;
  readonly #createdMs = new Map<string, number>();
  /** Messages of which there is nothing but parts, by the session. */
  readonly #partOnly = new Map<string, string[]>();

  constructor(path: string, onProblem: OnProblem) {
    this.path = path;
    this.#onProblem = onProblem;
    this.#database = new Sqlite(path);
  }

  /** False: its tables are others. */
  async isOpencodes(): Promise<boolean> {
    return (this.#tables ??= await tablesOf(this.#database)) !== undefined;
  }

  async *sessions(): AsyncGenerator<RoomSession> {
    if (!(await this.isOpencodes())) {
      this.#onProblem(this.path, "no database of opencode: it has no tables of sessions, messages and parts");
      return;
    }
    const { session, sessionCreatedMs, sessionUpdatedMs } = this.#known;
    const times = `${sessionCreatedMs} AS created, ${sessionUpdatedMs} AS updated`;
    for await (const row of this.#paged(`SELECT id, ${times} FROM ${session} WHERE id > ? ORDER BY id`)) {
      const id = String(row["id"]);
      const createdMs = timeOf(row["created"]) ?? timeOfId(id, Date.now()) ?? 0;
      this.#createdMs.set(id, createdMs);
      yield { id, path: this.path, createdMs, updatedMs: timeOf(row["updated"]) ?? createdMs };
    }
    yield* this.#orphans();
    const newer = await this.#database.columns("session_message");
    if (newer.size > 0 && (await this.#database.all("SELECT 1 AS one FROM session_message LIMIT 1")).length > 0)
      this.#onProblem(this.path, "its table session_message, of a newer engine of opencode, is not taken over");
  }

  async session(id: string): Promise<Fields | undefined> {
    const { session, sessionColumns } = this.#known;
    const [row] = await this.#database.all(`SELECT ${sessionColumns} FROM ${session} WHERE id = ?`, id);
    return row === undefined ? undefined : sessionOf(row);
  }

  async messages(id: string): Promise<Dated[]> {
    const { message, messageSession, messageMs } = this.#known;
    const nearMs = this.#createdMs.get(id) ?? Date.now();
    const found: Dated[] = [];
    const sql = `SELECT id, ${messageMs} AS ms FROM ${message} WHERE id > ? AND ${messageSession} = ? ORDER BY id`;
    for await (const row of this.#paged(sql, id)) {
      const name = String(row["id"]);
      found.push({ id: name, ms: timeOf(row["ms"]) ?? timeOfId(name, nearMs) ?? nearMs });
    }
    for (const name of this.#partOnly.get(id) ?? []) found.push({ id: name, ms: timeOfId(name, nearMs) ?? nearMs });
    return found;
  }

  async message(_session: string, id: string): Promise<Fields | undefined> {
    return await this.#data(this.#known.message, id);
  }

  async partIds(_session: string, message: string): Promise<string[]> {
    const { part, partMessage } = this.#known;
    const ids: string[] = [];
    const sql = `SELECT id FROM ${part} WHERE id > ? AND ${partMessage} = ? ORDER BY id`;
    for await (const { id } of this.#paged(sql, message)) ids.push(String(id));
    return ids;
  }

  async part(_session: string, _message: string, id: string): Promise<Fields | undefined> {
    return await this.#data(this.#known.part, id);
  }

  async asides(id: string, session: Fields | undefined): Promise<Fields> {
    const found: Fields = {};
    const project = session === undefined ? undefined : textIn(session, "projectID");
    if (project !== undefined && (await this.#database.columns("project")).has("id")) {
      const [row] = await this.#database.all("SELECT * FROM project WHERE id = ?", project);
      if (row !== undefined) found["project"] = recordOf(row);
    }
    if ((await this.#database.columns("todo")).has("position")) {
      const rows = await this.#database.all("SELECT * FROM todo WHERE session_id = ? ORDER BY position", id);
      if (rows.length > 0)
        found["todo"] = rows.map(({ session_id: _session, position: _position, ...row }) => recordOf(row));
    }
    return found;
  }

  async close(): Promise<void> {
    await this.#database.close();
  }

  get #known(): Tables {
    return this.#tables as Tables;
  }

  async #data(table: string, id: string): Promise<Fields | undefined> {
    const ask = async (): Promise<Row[]> => await this.#database.all(`SELECT "data" FROM ${table} WHERE id = ?`, id);
    // A page of it that is damaged does not stop the others.
    const [row] = await toleratingLater(this.path, this.#onProblem, ask, []);
    if (row === undefined) return undefined;
    const { data } = row;
    const text = data instanceof Uint8Array ? Buffer.from(data).toString("utf8") : String(data);
    const value = parseObject(text);
    if (value === undefined) this.#onProblem(this.path, `${table} ${id} does not parse`);
    return value;
  }

  /** The rows of a query whose first value is the id that they come after. */
  async *#paged(sql: string, ...values: string[]): AsyncGenerator<Row> {
    for await (const rows of this.#pages(sql, PAGE, ...values)) yield* rows;
  }

  async *#pages(sql: string, most: number, ...values: string[]): AsyncGenerator<Row[]> {
    for (let after = ""; ;) {
      const rows = await this.#database.all(`${sql} LIMIT ${most}`, after, ...values);
      yield rows;
      if (rows.length < most) return;
      after = String(rows.at(-1)?.["id"]);
    }
  }

  /** Messages whose session is not there, and parts whose message is not. */
  async *#orphans(): AsyncGenerator<RoomSession> {
    const { message, messageSession, messageMs, part, partMessage, partSession } = this.#known;
    const ofParts = `SELECT DISTINCT ${partMessage} AS id FROM ${part} WHERE ${partMessage} > ? ORDER BY 1`;
    for await (const rows of this.#pages(ofParts, ORPHANS_PAGE)) {
      const ids = rows.map(({ id }) => String(id));
      const there = `SELECT id FROM ${message} WHERE id IN (SELECT value FROM json_each(?))`;
      const known = new Set((await this.#database.all(there, JSON.stringify(ids))).map(({ id }) => id));
      for (const id of ids.filter((each) => !known.has(each))) {
        const owners = `SELECT ${partSession} AS id FROM ${part} WHERE ${partMessage} = ? LIMIT 1`;
        const owner = (await this.#database.all(owners, id))[0]?.["id"];
        const session = typeof owner === "string" ? owner : id;
        this.#partOnly.set(session, [...(this.#partOnly.get(session) ?? []), id]);
      }
    }
    const orphans = new Set(this.#partOnly.keys());
    const ofMessages = `SELECT DISTINCT ${messageSession} AS id FROM ${message} WHERE ${messageSession} > ? ORDER BY 1`;
    for await (const rows of this.#pages(ofMessages, SESSIONS_PAGE)) for (const { id } of rows) orphans.add(String(id));
    for (const id of orphans) {
      if (this.#createdMs.has(id)) continue;
      const [row] = await this.#database.all(
        `SELECT min(${messageMs}) AS first, max(${messageMs}) AS last FROM ${message} WHERE ${messageSession} = ?`,
        id,
      );
      const createdMs = timeOf(row?.["first"]) ?? timeOfId(this.#partOnly.get(id)?.[0] ?? id, Date.now()) ?? 0;
      this.#createdMs.set(id, createdMs);
      yield { id, path: this.path, createdMs, updatedMs: timeOf(row?.["last"]) ?? createdMs };
    }
  }
}
