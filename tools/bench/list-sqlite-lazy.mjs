// The database of the same sessions, likewise. better-sqlite3 loads its addon with the first database.
import Database from "better-sqlite3";

const COLUMNS =
  "id, project, directory, title, parent, archived, pinned, tags, created, updated, messages, bytes FROM session";

/**
 * @param {string} path
 * @param {number} limit
 * @param {string} project
 * @returns {import("./list.mjs").Listing}
 */
export function listing(path, limit, project) {
  /** @type {Database.Database} */
  let database;
  /** @type {number | undefined} */
  let last;
  const select = (/** @type {string} */ rest, /** @type {unknown[]} */ ...values) =>
    /** @type {{ id: string, updated: number }[]} */ (
      database.prepare(`SELECT ${COLUMNS} WHERE ${rest} LIMIT ?`).all(...values, limit)
    );
  const idsOf = (/** @type {{ id: string }[]} */ rows) => rows.map(({ id }) => id);
  return {
    first() {
      database = new Database(path);
      const rows = select("parent IS NULL ORDER BY updated DESC");
      last = rows.at(-1)?.updated;
      return idsOf(rows);
    },
    next: () => idsOf(select("parent IS NULL AND updated < ? ORDER BY updated DESC", last)),
    project: () => idsOf(select("project = ? AND parent IS NULL ORDER BY updated DESC", project)),
    created: () => idsOf(select("parent IS NULL ORDER BY created DESC")),
    count: () => Number(database.prepare("SELECT count(*) FROM session WHERE parent IS NULL").pluck().get()),
    close: () => void database.close(),
  };
}
