// How soon are the last 50 of 100,000 messages there, when neither memory nor an index knows anything of the log?
import { execFileSync } from "node:child_process";
import fs from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import Database from "better-sqlite3";
import { openStore } from "../../dist/lib/index.js";
import { dropFromCache } from "./cold.mjs";
import { inTurn, ratioOf, spreadOf } from "./measure.mjs";
import { messages } from "./messages.mjs";
import { checkCount, makeSubject } from "./subject.mjs";

const MEAN_BYTES = 600;
const SIGMA = 0.8;
const LAST = 50;
const WARM_SESSIONS = 20;
const WARM_MESSAGES = 500;
const WARM_READS = 100;

/**
 * @param {import("./measure.mjs").Setting} setting
 * @returns {Promise<import("./measure.mjs").Answer>}
 */
export async function ask({ directory, quick }) {
  const count = quick ? 8000 : 100_000;
  const counts = { rounds: quick ? 4 : 21, dropped: quick ? 1 : 2 };
  const subject = await makeSubject(directory, messages(count, MEAN_BYTES, SIGMA));
  const { root, id, log } = subject;
  await warm(root);

  let isCold = true;
  /** @type {number[]} */
  const openings = [];
  const figures = await inTurn(
    {
      turnlog: async () => {
        isCold = forget(subject) && isCold;
        const opening = performance.now();
        const store = await openStore(root);
        const session = store.session(id);
        const start = performance.now();
        const entries = [];
        for await (const entry of session.messages({ last: LAST })) entries.push(entry);
        const time = performance.now() - start;
        openings.push(start - opening);
        await store.close();
        checkCount(entries.length, LAST);
        return time;
      },
      sqlite: () => {
        isCold = dropFromCache(subject.database) && isCold;
        const start = performance.now();
        const database = new Database(subject.database);
        const rows = database.prepare("SELECT data FROM message ORDER BY id DESC LIMIT ?").pluck().all(LAST);
        const entries = rows.map((row) => /** @type {unknown} */ (JSON.parse(/** @type {string} */ (row)))).reverse();
        const time = performance.now() - start;
        database.close();
        checkCount(entries.length, LAST);
        return time;
      },
    },
    counts,
  );
  const first = await inTurn({ call: () => firstCall(subject) }, { rounds: quick ? 1 : 9, dropped: 1 });

  const note = `the log has ${Math.round(fs.statSync(log).size / 1e6)} MB`;
  return {
    title: `last: the last ${LAST} of ${count} messages, no index, cold, median of ${counts.rounds} rounds`,
    rows: [
      { name: "turnlog", unit: "ms", spread: spreadOf(figures.turnlog), most: 2 },
      { name: "better-sqlite3, opening it included", unit: "ms", spread: spreadOf(figures.sqlite) },
      { name: "turnlog / better-sqlite3", unit: "x", spread: ratioOf(figures.turnlog, figures.sqlite) },
      { name: "turnlog: openStore", unit: "ms", spread: spreadOf(openings.slice(counts.dropped)) },
      { name: "turnlog: first call in a fresh process", unit: "ms", spread: spreadOf(first.call) },
    ],
    notes: isCold ? [note] : [note, "NOT COLD: the page cache could not be emptied (it takes python3 and a real disk)"],
  };
}

/**
 * What is compiled for other sessions is compiled for this one.
 *
 * @param {string} root
 */
async function warm(root) {
  const making = await openStore(root);
  for (let index = 0; index < WARM_SESSIONS; index++) {
    const session = await making.createSession({ id: `warm-${index}` });
    // One by one, as the subject: one large commit would be read another way.
    for (const message of messages(WARM_MESSAGES, MEAN_BYTES, SIGMA)) await session.append(message);
  }
  await making.close();
  for (let read = 0; read < WARM_READS; read++) {
    const store = await openStore(root);
    const entries = [];
    const session = store.session(`warm-${read % WARM_SESSIONS}`);
    for await (const entry of session.messages({ last: LAST })) entries.push(entry);
    await store.close();
    checkCount(entries.length, LAST);
  }
}

/**
 * Takes away all that could know where the log's lines lie.
 *
 * @param {import("./subject.mjs").Subject} subject
 */
function forget({ root, log }) {
  const cache = join(root, ".cache");
  for (const name of fs.readdirSync(cache)) {
    if (name !== "machines") fs.rmSync(join(cache, name), { recursive: true });
  }
  return dropFromCache(log);
}

/**
 * The same with nothing compiled.
 *
 * @param {import("./subject.mjs").Subject} subject
 */
function firstCall(subject) {
  forget(subject);
  const script = fileURLToPath(new URL("first-call.mjs", import.meta.url));
  const args = [script, subject.root, subject.id, String(LAST)];
  return Number(execFileSync(process.execPath, args, { encoding: "utf8" }));
}
