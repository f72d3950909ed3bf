// How soon does a search over the titles of 100,000 sessions answer, and what does its index cost?
import { join } from "node:path";
import { quantile, spreadOf } from "./measure.mjs";
import { costOf, timeChanges } from "./title-cost.mjs";
import { buildBase, TitleIndex } from "./title-index.mjs";
import { compare, fill, LIMIT, meanRow, rowsOf } from "./title-search.mjs";
import { makeTitles, queriesFor, titleOf } from "./title-texts.mjs";

const YOUNG = 3000;
const MANY = 1_000_000;
/** FTS5 takes a minute for three rounds of that. */
const MANY_COUNTS = { rounds: 3, dropped: 1 };

/**
 * @param {import("./measure.mjs").Setting} setting
 * @returns {Promise<import("./measure.mjs").Answer>}
 */
export async function ask({ directory, quick }) {
  const count = 100_000;
  const counts = { rounds: quick ? 3 : 11, dropped: quick ? 1 : 2 };
  const million = quick ? undefined : await askMany(join(directory, "million.db"));
  const { texts, rare } = makeTitles(count + YOUNG);
  const titles = texts.slice(0, count).map((text, number) => titleOf(text, number, count - number));
  const queries = queriesFor(texts, rare);
  const cost = await costOf(titles);

  const index = new TitleIndex(cost.base);
  const database = fill(join(directory, "titles.db"), titles);
  const still = await compare(index, database, queries, counts);
  const young = youngTitles(titles, texts);
  for (const title of young) index.set(title);
  await index.feed();
  const known = new Set(young.map(({ id }) => id));
  const present = [...young.toReversed(), ...titles.filter(({ id }) => !known.has(id))];
  const youngDatabase = fill(join(directory, "young.db"), present);
  const moving = await compare(index, youngDatabase, queries, counts);
  const changes = timeChanges(new TitleIndex(cost.base), database, titles, texts);
  database.close();
  youngDatabase.close();

  return {
    title: `titles: the newest ${LIMIT} of ${count} that fit, ${queries.length} queries, median of ${counts.rounds} rounds`,
    rows: [
      ...rowsOf("", still, { p50: 12, p99: 2.5 }),
      meanRow("", still, { least: 12 }),
      ...(million ?? []),
      ...rowsOf(`${YOUNG} young: `, moving, { p50: 12, p99: 2.5 }),
      { name: "build", unit: "ms", spread: spreadOf(cost.build), most: 500 },
      { name: "build: longest hold of the event loop", unit: "ms", spread: spreadOf(cost.hold), most: 20 },
      { name: "memory", unit: "MB", spread: spreadOf(cost.memory), most: 40 },
      { name: "load", unit: "ms", spread: spreadOf(cost.load), most: 20 },
      ...Object.entries(changes).flatMap(([name, { turnlog, sqlite }]) => [
        { name: `${name}, p99`, unit: US, spread: spreadOf([quantile(turnlog, 0.99)]), most: 200 },
        { name: `${name}, p99: better-sqlite3`, unit: US, spread: spreadOf([quantile(sqlite, 0.99)]) },
      ]),
    ],
    notes: [
      "the index by itself; the question sessions searches through a store",
      `by rowid: as if no session were ever active again after a later one was made`,
      `encoded, the base has ${(cost.bytes / 1e6).toFixed(1)} MB`,
    ],
  };
}

/**
 * Whether it holds for ten times as many.
 *
 * @param {string} path
 */
async function askMany(path) {
  const { texts, rare } = makeTitles(MANY);
  const titles = texts.map((text, number) => titleOf(text, number, MANY - number));
  const index = new TitleIndex(await buildBase(titles));
  const database = fill(path, titles);
  const times = await compare(index, database, queriesFor(texts, rare), MANY_COUNTS);
  database.close();
  const prefix = `of ${MANY}: `;
  return [
    ...rowsOf(prefix, times, {}),
    meanRow(prefix, times, { least: 1, claim: `title search, ${MANY} titles, mean of six kinds of queries` }),
  ];
}

const US = /** @type {const} */ ("us");

/**
 * A third is new, a third is renamed, a third has a new message.
 *
 * @param {readonly import("./title-index.mjs").Title[]} titles
 * @param {readonly string[]} texts
 */
function youngTitles(titles, texts) {
  const step = Math.floor(titles.length / YOUNG);
  return Array.from({ length: YOUNG }, (_, number) => {
    const [later, text] = [titles.length + number, texts[titles.length + number]];
    if (number % 3 === 0) return titleOf(text, later, later);
    const title = titles[number * step];
    return { ...title, at: later, text: number % 3 === 1 ? text : title.text };
  });
}
