// The opponent, set up as a session store would: WAL, and no sync for each commit.
import Database from "better-sqlite3";

/** As lean as a table can be. It holds one session and knows no time. */
export const BARE = "CREATE TABLE message (id INTEGER PRIMARY KEY, data TEXT NOT NULL)";
/** One flat table for all sessions: a row a message, an integer key, and the index that finds a session's by time. */
export const FLAT = `
  CREATE TABLE message (id INTEGER PRIMARY KEY, session TEXT NOT NULL, time INTEGER NOT NULL, data TEXT NOT NULL);
  CREATE INDEX message_session ON message (session, time)
`;

/**
 * @param {string} path
 * @param {string} schema
 * @returns {import("better-sqlite3").Database}
 */
export function makeDatabase(path, schema) {
  const database = new Database(path);
  database.pragma("journal_mode = WAL");
  database.pragma("synchronous = NORMAL");
  database.exec(schema);
  return database;
}
