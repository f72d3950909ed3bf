// Sessions in SQLite: opencode's three tables, and the leanest table that can hold more than one session. The statements are such
// that better-sqlite3 and Node's own SQLite both take them.
import { GROWING, messageId } from "./contender.mjs";

/**
 * @typedef {{ run: (...values: any[]) => unknown, get: (...values: any[]) => any, all: (...values: any[]) => any[],
 *   iterate: (...values: any[]) => Iterable<any> }} Statement
 * @typedef {{ exec: (text: string) => unknown, prepare: (text: string) => Statement, close: () => unknown }} Database
 * @typedef {import("./contender.mjs").Message} Message
 * @typedef {import("./contender.mjs").OpenedSession} OpenedSession
 */

/** What opencode has of it, with its indexes; its other columns are left out, in its favour. */
export const OPENCODE = `
  CREATE TABLE IF NOT EXISTS session (
    id TEXT PRIMARY KEY, project_id TEXT NOT NULL, parent_id TEXT, directory TEXT NOT NULL, title TEXT NOT NULL,
    time_created INTEGER NOT NULL, time_updated INTEGER NOT NULL, time_archived INTEGER
  );
  CREATE INDEX IF NOT EXISTS session_project ON session (project_id);
  CREATE TABLE IF NOT EXISTS message (
    id TEXT PRIMARY KEY, session_id TEXT NOT NULL REFERENCES session (id) ON DELETE CASCADE,
    time_created INTEGER NOT NULL, time_updated INTEGER NOT NULL, data TEXT NOT NULL
  );
  CREATE INDEX IF NOT EXISTS message_session ON message (session_id, time_created, id);
  CREATE TABLE IF NOT EXISTS part (
    id TEXT PRIMARY KEY, message_id TEXT NOT NULL REFERENCES message (id) ON DELETE CASCADE, session_id TEXT NOT NULL,
    time_created INTEGER NOT NULL, time_updated INTEGER NOT NULL, data TEXT NOT NULL
  );
  CREATE INDEX IF NOT EXISTS part_message ON part (message_id, id);
  CREATE INDEX IF NOT EXISTS part_session ON part (session_id);
  CREATE VIRTUAL TABLE IF NOT EXISTS session_title USING fts5 (title, content = 'session', tokenize = 'trigram');
  CREATE TRIGGER IF NOT EXISTS session_added AFTER INSERT ON session BEGIN
    INSERT INTO session_title (rowid, title) VALUES (new.rowid, new.title);
  END;
`;
/** A row a message, an integer key, and the index that finds a session's by time. */
export const FLAT = `
  CREATE TABLE IF NOT EXISTS message (
    id INTEGER PRIMARY KEY, session TEXT NOT NULL, time INTEGER NOT NULL, data TEXT NOT NULL
  );
  CREATE INDEX IF NOT EXISTS message_session ON message (session, time);
`;
/** opencode's own. */
export const PRAGMAS = ["journal_mode = WAL", "cache_size = -64000", "busy_timeout = 5000"];

/**
 * Statements that are prepared when they are needed first: whoever opens to read needs few.
 *
 * @param {Database} database
 */
function preparer(database) {
  return (/** @type {string} */ text) => {
    /** @type {Statement | undefined} */
    let statement;
    return () => (statement ??= database.prepare(text));
  };
}

/**
 * One transaction for a message and its part, which flatters it: opencode has one for each row.
 *
 * @param {Database} database
 * @returns {(id: string) => OpenedSession}
 */
export function opencodeSessions(database) {
  const one = preparer(database);
  const begin = one("BEGIN IMMEDIATE");
  const commit = one("COMMIT");
  const session = one("INSERT OR IGNORE INTO session VALUES (?, 'global', NULL, '/', 'New session', ?, ?, NULL)");
  const message = one("INSERT INTO message VALUES (?, ?, ?, ?, ?)");
  const part = one("INSERT INTO part VALUES (?, ?, ?, ?, ?, ?)");
  const put = one("UPDATE part SET data = ?, time_updated = ? WHERE id = ?");
  const newest = one("SELECT id, data FROM message WHERE session_id = ? ORDER BY time_created DESC, id DESC LIMIT ?");
  const place = one("SELECT time_created AS time FROM message WHERE id = ?");
  const next = one(
    "SELECT id, data FROM message WHERE session_id = ? AND (time_created, id) >= (?, ?) ORDER BY time_created, id LIMIT ?",
  );
  const single = one("SELECT id, data FROM message WHERE id = ?");
  const parts = one(
    "SELECT message_id, data FROM part WHERE message_id IN (SELECT value FROM json_each(?)) ORDER BY id",
  );
  const all = one(
    `SELECT message.data AS message, part.data AS part FROM message JOIN part ON part.message_id = message.id
     WHERE message.session_id = ? ORDER BY message.time_created, message.id, part.id`,
  );
  const size = one("SELECT count(*) AS count FROM message WHERE session_id = ?");

  /** @param {{ id: string, data: string }[]} rows */
  const withParts = (rows) => {
    /** @type {Map<string, { data: unknown, parts: unknown[] }>} */
    const found = new Map(rows.map(({ id, data }) => [id, { data: JSON.parse(data), parts: [] }]));
    for (const row of parts().all(JSON.stringify([...found.keys()]))) {
      found.get(row.message_id)?.parts.push(JSON.parse(row.data));
    }
    return [...found.values()];
  };
  return (id) => {
    /** @type {number | undefined} known from the first write on */
    let count;
    const key = (/** @type {number} */ number) => `${id}-${messageId(number)}`;
    /** @param {Message} given */
    const insert = ({ content, ...rest }) => {
      const time = Date.now();
      if (count === undefined) {
        session().run(id, time, time);
        count = Number(size().get(id).count);
      }
      const own = key(count++);
      message().run(own, id, time, time, JSON.stringify(rest));
      part().run(`${own}-1`, own, id, time, time, JSON.stringify({ type: "text", text: content }));
    };
    let growing = "";
    return {
      insert,
      append(given) {
        begin().run();
        insert(given);
        commit().run();
      },
      appendAll(given) {
        begin().run();
        for (const each of given) insert(each);
        commit().run();
      },
      putText(text) {
        const data = JSON.stringify({ type: "text", text });
        const time = Date.now();
        if (growing === "") {
          session().run(id, time, time);
          growing = `${id}-${GROWING.message}`;
          message().run(growing, id, time, time, JSON.stringify({ role: "assistant" }));
          part().run(`${growing}-1`, growing, id, time, time, data);
        } else {
          put().run(data, time, `${growing}-1`);
        }
      },
      last: (wanted) => withParts(newest().all(id, wanted).reverse()),
      page: (first, wanted) => withParts(next().all(id, place().get(key(first)).time, key(first), wanted)),
      message: (number) => withParts([single().get(key(number))])[0],
      readAll() {
        let found = 0;
        for (const row of all().iterate(id)) {
          JSON.parse(row.message);
          if (typeof JSON.parse(row.part) === "object") found++;
        }
        return found;
      },
    };
  };
}

/**
 * @param {Database} database
 * @returns {(id: string) => OpenedSession}
 */
export function flatSessions(database) {
  const one = preparer(database);
  const begin = one("BEGIN IMMEDIATE");
  const commit = one("COMMIT");
  const insert = one("INSERT INTO message (session, time, data) VALUES (?, ?, ?)");
  const put = one("UPDATE message SET data = ? WHERE id = ?");
  const newest = one("SELECT data FROM message WHERE session = ? ORDER BY time DESC, id DESC LIMIT ?");
  const oldest = one("SELECT id FROM message WHERE session = ? ORDER BY time, id LIMIT 1");
  const next = one("SELECT data FROM message WHERE session = ? AND id >= ? ORDER BY id LIMIT ?");
  const single = one("SELECT data FROM message WHERE id = ?");
  const all = one("SELECT data FROM message WHERE session = ? ORDER BY time, id");
  return (id) => {
    let growing = 0;
    const parsed = (/** @type {{ data: string }[]} */ rows) => rows.map(({ data }) => JSON.parse(data));
    // What an application keeps as a message's id here is its key; these sessions were written one after the other.
    let first = -1;
    const key = (/** @type {number} */ number) => {
      if (first === -1) first = Number(oldest().get(id).id);
      return first + number;
    };
    const add = (/** @type {Message} */ message) => void insert().run(id, Date.now(), JSON.stringify(message));
    return {
      insert: add,
      append: add,
      appendAll(messages) {
        begin().run();
        for (const message of messages) insert().run(id, Date.now(), JSON.stringify(message));
        commit().run();
      },
      putText(text) {
        const data = JSON.stringify({ type: "text", text });
        if (growing > 0) put().run(data, growing);
        else growing = Number(/** @type {any} */ (insert().run(id, Date.now(), data)).lastInsertRowid);
      },
      last: (count) => parsed(newest().all(id, count).reverse()),
      page: (from, count) => parsed(next().all(id, key(from), count)),
      message: (number) => parsed([single().get(key(number))])[0],
      readAll() {
        let found = 0;
        for (const { data } of all().iterate(id)) if (typeof JSON.parse(data) === "object") found++;
        return found;
      },
    };
  };
}
