// How long does it take to cut a session down and to give its space back, and how long in SQLite?
import fs from "node:fs";
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { openStore } from "../../dist/lib/index.js";
import { inTurn, ratioOf, spreadOf } from "./measure.mjs";
import { messages } from "./messages.mjs";
import { makeDatabase, SESSIONS } from "./sqlite.mjs";

const MEAN_BYTES = 600;
const SIGMA = 0.8;
const MESSAGES = 1000;
/** So many of them stay. */
const KEPT = 100;
const SETTLE_MS = 100;

/**
 * Sessions of 1,000 messages on both sides. In each round one of them is truncated to its newest 100, and its space is
 * given back. At the end half of what is left is deleted.
 *
 * @param {import("./measure.mjs").Setting} setting
 * @returns {Promise<import("./measure.mjs").Answer>}
 */
export async function ask({ directory, quick }) {
  const counts = { rounds: quick ? 5 : 15, dropped: 2 };
  const sessions = quick ? 20 : 100;
  const root = join(directory, "store");
  const path = join(directory, "messages.db");
  const store = await openStore(root);
  const database = makeDatabase(path, SESSIONS);
  const insert = database.prepare("INSERT INTO message (id, session, created, data) VALUES (?, ?, ?, ?)");
  for (let number = 0; number < sessions; number++) {
    const session = await store.createSession({ id: `s${number}` });
    database.exec("BEGIN");
    let index = 0;
    for (const content of messages(MESSAGES, MEAN_BYTES, SIGMA)) {
      const data = { id: `${number}-${index}`, ...content };
      await session.append(data);
      insert.run(data.id, session.id, index++, JSON.stringify(data));
    }
    database.exec("COMMIT");
  }
  const cut = database.prepare("DELETE FROM message WHERE session = ? AND created < ?");
  const next = { turnlog: 0, sqlite: 0 };
  const times = await inTurn(
    {
      turnlog: async () => {
        const session = store.session(`s${next.turnlog++}`);
        await session.count();
        await settle();
        return await timeOf(async () => {
          await session.truncate({ keepLast: KEPT });
          await session.compact();
        });
      },
      sqlite: async () => {
        const id = `s${next.sqlite++}`;
        await settle();
        return await timeOf(() => {
          cut.run(id, MESSAGES - KEPT);
          database.exec("VACUUM");
        });
      },
    },
    counts,
  );
  const before = bytesBelow(root);
  // Those that were not cut down: a log that was compacted stands beside as it was for a minute.
  const [first, last] = [next.turnlog, sessions];
  const half = Math.floor((last - first) / 2);
  const expected = bytesBelow(root, (name) => isIn(name, first, first + half));
  const removing = await timeOf(async () => {
    for (let number = first; number < first + half; number++)
      await store.session(`s${number}`).delete({ trash: false });
  });
  const freed = before - bytesBelow(root);
  await store.close();
  const vacuuming = await timeOf(() => {
    for (let number = first; number < first + half; number++)
      database.prepare("DELETE FROM message WHERE session = ?").run(`s${number}`);
    database.exec("VACUUM");
  });
  database.close();
  const megabytes = (/** @type {number} */ bytes) => ({ median: bytes / 1e6, min: bytes / 1e6, max: bytes / 1e6 });
  const once = (/** @type {number} */ time) => ({ median: time, min: time, max: time });
  return {
    title: `space: of ${sessions} sessions of ${MESSAGES} messages one is cut to ${KEPT}, median of ${counts.rounds} rounds`,
    rows: [
      { name: "truncate + compact: turnlog", unit: "ms", spread: spreadOf(times.turnlog) },
      { name: "DELETE + VACUUM: better-sqlite3", unit: "ms", spread: spreadOf(times.sqlite) },
      { name: "turnlog / better-sqlite3", unit: "x", spread: ratioOf(times.turnlog, times.sqlite), least: 20 },
      { name: `delete ${half} sessions at once: turnlog`, unit: "ms", spread: once(removing) },
      { name: `delete ${half} sessions at once: better-sqlite3`, unit: "ms", spread: once(vacuuming) },
      { name: "disk before", unit: "MB", spread: megabytes(before) },
      { name: "given back", unit: "MB", spread: megabytes(freed) },
      { name: "given back / their logs", unit: "x", spread: once(freed / expected), least: 0.95 },
    ],
    notes: [],
  };
}

/**
 * Before the clock starts: what the last turn left to the disk, and what this process put off while the other side held it for
 * half a second (syncs in the background, indexes that are saved), is not this turn's.
 */
async function settle() {
  await sleep(SETTLE_MS);
  execFileSync("sync");
}

/** @param {() => unknown} work */
async function timeOf(work) {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

/**
 * True for the log of a session with one of these numbers.
 *
 * @param {string} name
 * @param {number} from
 * @param {number} to
 */
function isIn(name, from, to) {
  const number = Number(/s(\d+)\.jsonl$/.exec(name)?.[1]);
  return number >= from && number < to;
}

/**
 * Each file once, though a log may have two names for a minute.
 *
 * @param {string} directory
 * @param {(name: string) => boolean} fits
 */
function bytesBelow(directory, fits = () => true) {
  const seen = new Map();
  for (const name of /** @type {string[]} */ (fs.readdirSync(directory, { recursive: true }))) {
    if (!fits(name)) continue;
    const stat = fs.statSync(join(directory, name));
    if (stat.isFile()) seen.set(stat.ino, stat.blocks * 512);
  }
  return [...seen.values()].reduce((sum, bytes) => sum + bytes, 0);
}
