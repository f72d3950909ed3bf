// How fast is a text found that stands in one message of a thousand megabytes, without an index?
import { execFileSync } from "node:child_process";
import fs from "node:fs";
import { join } from "node:path";
import Database from "better-sqlite3";
import { openStore } from "../../dist/lib/index.js";
import { inTurn, ratioOf, spreadOf } from "./measure.mjs";
import { MIXED, messages } from "./messages.mjs";
import { makeDatabase, BARE } from "./sqlite.mjs";
import { checkCount } from "./subject.mjs";

/** A session of 5 MB. */
const SESSION_MESSAGES = 1600;
/** One with a letter that is rare everywhere, one with none, and a Chinese word of the usual length. */
const NEEDLES = { rare: "Quixotic", common: "tortoise", chinese: "烏龜" };

/**
 * @param {import("./measure.mjs").Setting} setting
 * @returns {Promise<import("./measure.mjs").Answer>}
 */
export async function ask({ directory, quick }) {
  const sessions = quick ? 8 : 200;
  const counts = { rounds: quick ? 5 : 7, dropped: 1 };
  const root = join(directory, "store");
  const path = join(directory, "messages.db");
  await fill(root, path, sessions);
  const bytes = sizeOf(join(root, "sessions"));
  const database = new Database(path, { readonly: true });
  const like = database.prepare("SELECT count(*) FROM message WHERE data LIKE ?").pluck();

  /** @param {string} needle */
  const sidesOf = (needle) => ({
    turnlog: () => timed(() => search(root, needle.toLowerCase())),
    sqlite: () => timed(() => like.get(`%${needle.toLowerCase()}%`)),
    grep: () => timed(() => grep(root, needle)),
  });
  const rare = await inTurn(sidesOf(NEEDLES.rare), counts);
  const common = await inTurn(sidesOf(NEEDLES.common), counts);
  const chinese = await inTurn(sidesOf(NEEDLES.chinese), counts);
  database.close();

  /** @param {number[]} times */
  const rateOf = (times) => spreadOf(times.map((time) => bytes / time / 1e6));
  return {
    title: `search: one message in ${Math.round(bytes / 1e6)} MB of logs, page cache warm, median of ${counts.rounds} rounds`,
    rows: [
      { name: "turnlog, a rare letter in it", unit: "GB/s", spread: rateOf(rare.turnlog), least: 1 },
      { name: "turnlog, common letters only", unit: "GB/s", spread: rateOf(common.turnlog), least: 1 },
      { name: "turnlog, Chinese", unit: "GB/s", spread: rateOf(chinese.turnlog), least: 1 },
      { name: "better-sqlite3 LIKE, a rare letter in it", unit: "GB/s", spread: rateOf(rare.sqlite) },
      { name: "better-sqlite3 LIKE, common letters", unit: "GB/s", spread: rateOf(common.sqlite) },
      { name: "better-sqlite3 LIKE, Chinese", unit: "GB/s", spread: rateOf(chinese.sqlite) },
      { name: "grep, the case as it is, a rare letter in it", unit: "GB/s", spread: rateOf(rare.grep) },
      { name: "grep, common letters only", unit: "GB/s", spread: rateOf(common.grep) },
      { name: "grep, Chinese", unit: "GB/s", spread: rateOf(chinese.grep) },
      { name: "turnlog / LIKE, a rare letter in it", unit: "x", spread: ratioOf(rare.turnlog, rare.sqlite) },
      { name: "turnlog / LIKE, common letters only", unit: "x", spread: ratioOf(common.turnlog, common.sqlite) },
      { name: "turnlog / LIKE, Chinese", unit: "x", spread: ratioOf(chinese.turnlog, chinese.sqlite) },
    ],
    notes: [`${sessions} sessions; a rate is of the logs' bytes, on both sides; openStore is included`],
  };
}

/**
 * The same messages in a store and in a database. The needles stand in the oldest session, which is searched last.
 *
 * @param {string} root
 * @param {string} path
 * @param {number} sessions
 */
async function fill(root, path, sessions) {
  const list = [...messages(SESSION_MESSAGES, MIXED.mean, MIXED.sigma)];
  const found = Object.values(NEEDLES).map((needle) => ({
    role: "user",
    content: `here it is: ${needle}.`,
    model: "model-1",
    usage: { input: 1000, output: 200 },
  }));
  const store = await openStore(root);
  const database = makeDatabase(path, BARE);
  const insert = database.prepare("INSERT INTO message (data) VALUES (?)");
  database.exec("BEGIN");
  for (let number = 0; number < sessions; number++) {
    const session = await store.createSession({ id: `session-${number}` });
    for (const message of number === 0 ? [...found, ...list] : list) {
      await session.append(message);
      insert.run(JSON.stringify(message));
    }
  }
  database.exec("COMMIT");
  await store.close();
  // The last one to close moves what stands in the WAL into the database.
  database.close();
}

/**
 * @param {string} root
 * @param {string} needle
 */
async function search(root, needle) {
  const store = await openStore(root);
  let found = 0;
  for await (const { session } of store.searchMessages(needle)) if (session === "session-0") found++;
  await store.close();
  return found;
}

/**
 * What one would type instead. It takes the case as it is, which is less work.
 *
 * @param {string} root
 * @param {string} needle
 */
function grep(root, needle) {
  const options = { encoding: /** @type {const} */ ("utf8"), env: { ...process.env, LC_ALL: "C" } };
  return execFileSync("grep", ["-rF", "--", needle, join(root, "sessions")], options).split("\n").length - 1;
}

/** @param {() => unknown} search */
async function timed(search) {
  const start = performance.now();
  const found = await search();
  const time = performance.now() - start;
  checkCount(Number(found), 1);
  return time;
}

/** @param {string} directory */
function sizeOf(directory) {
  const names = fs.readdirSync(directory, { recursive: true, encoding: "utf8" });
  const sizes = names.map((name) => fs.statSync(join(directory, name))).filter((stat) => stat.isFile());
  return sizes.reduce((sum, { size }) => sum + size, 0);
}
