// The search of titles as a program asks for it: through a store, which also looks whether anything has changed.
import Database from "better-sqlite3";
import { openStore } from "../../dist/lib/index.js";
import { ftsOf, LIMIT, meanRow, timesOf } from "./title-search.mjs";
import { comparison } from "./rows.mjs";
import { makeTitles, queriesFor } from "./title-texts.mjs";

const FTS5 = "SQLite, FTS5 trigram";
const FROM = "SELECT session.id, session.title FROM session";
const STATEMENTS = {
  match: `${FROM}_title JOIN session ON n = session_title.rowid WHERE session_title MATCH ? ORDER BY`,
  like: `${FROM} WHERE title LIKE ? ORDER BY`,
  rowid: "session_title.rowid",
};

/**
 * @param {import("./session-stores.mjs").Stores} stores
 * @param {{ rounds: number, dropped: number }} counts
 * @param {boolean} isClaimed
 * @returns {Promise<import("./measure.mjs").Row[]>}
 */
export async function titleRows({ root, database: path, count }, counts, isClaimed) {
  const { texts, rare } = makeTitles(count);
  const store = await openStore(root);
  const database = new Database(path, { readonly: true });
  try {
    // Here the order of the rows is that of creation, so it gives another answer.
    const { byTime } = ftsOf(database, STATEMENTS);
    const turnlog = (/** @type {import("./title-texts.mjs").Query} */ { text }) =>
      store.searchTitles(text, { limit: LIMIT });
    const times = await timesOf({ turnlog, byTime }, queriesFor(texts, rare), counts);
    const claim = `search the titles of ${count} sessions, mean of six kinds of queries`;
    return [
      ...comparison("searchTitles, p50", "us", { turnlog: times.turnlog.p50, [FTS5]: times.byTime.p50 }),
      ...comparison("searchTitles, p99", "us", { turnlog: times.turnlog.p99, [FTS5]: times.byTime.p99 }),
      meanRow("searchTitles: ", times, isClaimed ? { least: 12, claim } : {}),
    ];
  } finally {
    database.close();
    await store.close();
  }
}
