// The same queries for the index and for FTS5, and the same answers from both.
import { inTurn, median, quantile, ratioOf, spreadOf } from "./measure.mjs";
import { against } from "./rows.mjs";
import { makeDatabase } from "./sqlite.mjs";

export const LIMIT = 50;
/** Titles in the order of their sessions' activity, so that the newest are those with the highest rowid. */
const SCHEMA = `
  CREATE TABLE session (n INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, title TEXT NOT NULL, updated INTEGER NOT NULL);
  CREATE INDEX session_updated ON session (updated);
  CREATE VIRTUAL TABLE titles USING fts5 (title, content = 'session', content_rowid = 'n', tokenize = 'trigram');
  CREATE TRIGGER added AFTER INSERT ON session BEGIN
    INSERT INTO titles (rowid, title) VALUES (new.n, new.title);
  END;
  CREATE TRIGGER gone AFTER DELETE ON session BEGIN
    INSERT INTO titles (titles, rowid, title) VALUES ('delete', old.n, old.title);
  END;
  CREATE TRIGGER renamed AFTER UPDATE OF title ON session BEGIN
    INSERT INTO titles (titles, rowid, title) VALUES ('delete', old.n, old.title);
    INSERT INTO titles (rowid, title) VALUES (new.n, new.title);
  END;
`;
const MATCH = "SELECT id, session.title FROM titles JOIN session ON n = titles.rowid WHERE titles MATCH ? ORDER BY";
const LIKE = "SELECT id, title FROM session WHERE title LIKE ? ORDER BY";

/** @typedef {import("./title-index.mjs").Title} Title */
/** @typedef {import("./title-texts.mjs").Query} Query */
/** @typedef {"turnlog" | "byTime" | "byRowid"} Side */
/** @typedef {(query: Query) => unknown} Search */

/**
 * @param {string} path
 * @param {readonly Title[]} titles newest first
 */
export function fill(path, titles) {
  const database = makeDatabase(path, SCHEMA);
  const insert = database.prepare("INSERT INTO session (id, title, updated) VALUES (?, ?, ?)");
  database.transaction(() => {
    for (const { id, text, at } of titles.toReversed()) insert.run(id, text, at);
  })();
  database.exec("INSERT INTO titles (titles) VALUES ('optimize'); PRAGMA optimize");
  return database;
}

/**
 * Each side's times, round by round: of all queries, and of each kind.
 *
 * @typedef {{ p50: number[], p99: number[], kinds: Record<string, number[]> }} Times
 */

/**
 * @param {import("./title-index.mjs").TitleIndex} index
 * @param {import("better-sqlite3").Database} database
 * @param {readonly Query[]} queries
 * @param {{ rounds: number, dropped: number }} counts
 * @returns {Promise<Record<Side, Times>>}
 */
export async function compare(index, database, queries, counts) {
  const { byRowid, byTime } = ftsOf(database, { match: MATCH, like: LIKE, rowid: "titles.rowid" });
  return await timesOf(
    { turnlog: ({ text }) => index.search(text, { limit: LIMIT }), byRowid, byTime },
    queries,
    counts,
  );
}

/**
 * FTS5's answers, the newest first by a time of their own, and by their rowid.
 *
 * @param {import("better-sqlite3").Database} database
 * @param {{ match: string, like: string, rowid: string }} texts of statements, up to what they are ordered by
 * @returns {Record<"byRowid" | "byTime", Search>}
 */
export function ftsOf(database, { match, like, rowid }) {
  const statements = (/** @type {string} */ order, /** @type {string} */ liked) => ({
    match: database.prepare(`${match} ${order} DESC LIMIT ${LIMIT}`),
    like: database.prepare(`${like} ${liked} DESC LIMIT ${LIMIT}`),
  });
  const byRowid = statements(rowid, "n");
  const byTime = statements("updated", "updated");
  return {
    byRowid: (/** @type {Query} */ { match, like }) => (match ? byRowid.match.all(match) : byRowid.like.all(like)),
    byTime: (/** @type {Query} */ { match, like }) => (match ? byTime.match.all(match) : byTime.like.all(like)),
  };
}

/**
 * @template {string} Name
 * @param {Record<Name, Search>} sides
 * @param {readonly Query[]} queries
 * @param {{ rounds: number, dropped: number }} counts
 * @returns {Promise<Record<Name, Times>>}
 */
export async function timesOf(sides, queries, counts) {
  const names = /** @type {Name[]} */ (Object.keys(sides));
  for (const query of queries) {
    const answers = [];
    for (const name of names) answers.push(await sides[name](query));
    checkSame(query, answers);
  }
  const times = /** @type {Record<Name, Times>} */ (Object.fromEntries(names.map((name) => [name, noTimes()])));
  let run = 0;
  /** @param {Name} name */
  const runOf = (name) => async () => {
    const search = sides[name];
    const taken = new Float64Array(queries.length);
    for (const [place, query] of queries.entries()) {
      const start = performance.now();
      const found = search(query);
      if (found instanceof Promise) await found;
      taken[place] = (performance.now() - start) * 1000;
    }
    if (run++ >= names.length * counts.dropped) note(times[name], queries, taken);
    return 0;
  };
  await inTurn(
    /** @type {Record<Name, () => Promise<number>>} */ (Object.fromEntries(names.map((name) => [name, runOf(name)]))),
    counts,
  );
  return times;
}

/** One of each sort. FTS5 has no answer to two characters. */
const IN_MEAN = ["common", "rare", "substring", "phrase", "miss", "CJK 3"];

/**
 * The geometric mean of the medians of these kinds.
 *
 * @param {string} prefix
 * @param {Record<"turnlog" | "byTime", Times>} times
 * @param {import("./rows.mjs").Bar} bar
 * @returns {import("./measure.mjs").Row}
 */
export function meanRow(prefix, { turnlog, byTime }, bar) {
  const means = (/** @type {Times} */ { kinds, p50 }) =>
    p50.map((_, round) => geometricMean(IN_MEAN.map((kind) => kinds[kind]?.[round] ?? NaN)));
  const name = `${prefix}geometric mean: / FTS5 by time`;
  return against(name, "us", "SQLite, FTS5 trigram", means(turnlog), means(byTime), bar);
}

/** @param {number[]} values */
function geometricMean(values) {
  return Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length);
}

/** @returns {Times} */
function noTimes() {
  return { p50: [], p99: [], kinds: {} };
}

/**
 * @param {Times} times
 * @param {readonly Query[]} queries
 * @param {Float64Array} taken
 */
function note(times, queries, taken) {
  times.p50.push(quantile(taken, 0.5));
  times.p99.push(quantile(taken, 0.99));
  for (const kind of new Set(queries.map((query) => query.kind))) {
    (times.kinds[kind] ??= []).push(median(taken.filter((_, place) => queries[place]?.kind === kind)));
  }
}

/**
 * A side that finds less, or something else, would win.
 *
 * @param {Query} query
 * @param {unknown[]} answers
 */
function checkSame({ text }, answers) {
  const ids = answers.map((answer) => JSON.stringify(/** @type {{ id: string }[]} */ (answer).map(({ id }) => id)));
  if (new Set(ids).size > 1) throw new Error(`${JSON.stringify(text)}: ${ids.join("\n")}`);
}

/**
 * @param {string} prefix
 * @param {Record<Side, Times>} times
 * @param {{ p50?: number, p99?: number }} least
 * @returns {import("./measure.mjs").Row[]}
 */
export function rowsOf(prefix, { turnlog, byRowid, byTime }, least) {
  return [
    { name: `${prefix}turnlog, p50`, unit: "us", spread: spreadOf(turnlog.p50) },
    { name: `${prefix}turnlog, p99`, unit: "us", spread: spreadOf(turnlog.p99) },
    {
      name: `${prefix}/ FTS5 by time, p50`,
      unit: "x",
      spread: ratioOf(turnlog.p50, byTime.p50),
      ...leastOf(least.p50),
    },
    {
      name: `${prefix}/ FTS5 by time, p99`,
      unit: "x",
      spread: ratioOf(turnlog.p99, byTime.p99),
      ...leastOf(least.p99),
    },
    { name: `${prefix}/ FTS5 by rowid, p50`, unit: "x", spread: ratioOf(turnlog.p50, byRowid.p50) },
    { name: `${prefix}/ FTS5 by rowid, p99`, unit: "x", spread: ratioOf(turnlog.p99, byRowid.p99) },
    ...Object.keys(turnlog.kinds).flatMap((kind) => [
      { name: `${prefix}${kind}`, unit: /** @type {const} */ ("us"), spread: spreadOf(turnlog.kinds[kind]) },
      {
        name: `${prefix}${kind}: / FTS5 by rowid`,
        unit: /** @type {const} */ ("x"),
        spread: ratioOf(turnlog.kinds[kind], byRowid.kinds[kind]),
      },
    ]),
  ];
}

/** @param {number | undefined} least */
function leastOf(least) {
  return least === undefined ? {} : { least };
}
