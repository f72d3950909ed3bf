// The opponent, set up as a session store would: WAL, and no sync for each commit.
import Database from "better-sqlite3";

/** As lean as a table can be. It holds one session and knows no time. */
export const BARE = "CREATE TABLE message (id INTEGER PRIMARY KEY, data TEXT NOT NULL)";
/** One flat table for all sessions: a row a message, an integer key, and the index that finds a session's by time. */
export const FLAT = `
  CREATE TABLE message (id INTEGER PRIMARY KEY, session TEXT NOT NULL, time INTEGER NOT NULL, data TEXT NOT NULL);
  CREATE INDEX message_session ON message (session, time)
`;
/** All that a session store has, and an index for each way in which sessions are listed. */
export const SESSIONS = `
  CREATE TABLE session (
    n INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, project TEXT, directory TEXT, title TEXT, parent TEXT,
    archived INTEGER NOT NULL, pinned INTEGER NOT NULL, tags TEXT, created INTEGER NOT NULL, updated INTEGER NOT NULL,
    messages INTEGER NOT NULL, bytes INTEGER NOT NULL
  );
  CREATE INDEX session_updated ON session (parent, updated);
  CREATE INDEX session_created ON session (parent, created);
  CREATE INDEX session_project ON session (project, parent, updated);
  CREATE TABLE message (id TEXT PRIMARY KEY, session TEXT NOT NULL, created INTEGER NOT NULL, data TEXT NOT NULL);
  CREATE INDEX message_session ON message (session, created);
  CREATE TABLE part (id TEXT PRIMARY KEY, message TEXT NOT NULL, data TEXT NOT NULL);
  CREATE INDEX part_message ON part (message);
  CREATE VIRTUAL TABLE session_title USING fts5 (title, content = 'session', content_rowid = 'n', tokenize = 'trigram');
  CREATE TRIGGER session_added AFTER INSERT ON session BEGIN
    INSERT INTO session_title (rowid, title) VALUES (new.n, new.title);
  END
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
