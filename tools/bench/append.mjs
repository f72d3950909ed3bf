// How near is an append to the cheapest thing that could be called one, and how far from SQLite?
import fs from "node:fs";
import { join } from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";
import { openStore } from "../../dist/lib/index.js";
import { inTurn, median, ratioOf, spreadOf } from "./measure.mjs";
import { messages } from "./messages.mjs";
import { BARE, FLAT, makeDatabase } from "./sqlite.mjs";

const BYTES = 600;
/** Their texts are not the same, but all are in the processor's cache: what is measured is the append. */
const MESSAGES = 256;

/**
 * @param {import("./measure.mjs").Setting} setting
 * @returns {Promise<import("./measure.mjs").Answer>}
 */
export async function ask({ directory, quick }) {
  const block = quick ? 500 : 2000;
  const counts = { rounds: quick ? 9 : 24, dropped: quick ? 3 : 6 };
  const list = [...messages(MESSAGES, BYTES, 0)];
  const store = await openStore(join(directory, "store"));
  const session = await store.createSession();
  const file = fs.openSync(join(directory, "plain.jsonl"), "a");
  const bare = makeDatabase(join(directory, "bare.db"), BARE);
  const insert = bare.prepare("INSERT INTO message (data) VALUES (?)");
  const flat = makeDatabase(join(directory, "flat.db"), FLAT);
  const insertFlat = flat.prepare("INSERT INTO message (session, time, data) VALUES (?, ?, ?)");
  const times = new Float64Array(block);
  const at = (/** @type {number} */ index) => list[index % MESSAGES];

  // Each side has its loops to itself: one loop for all would be compiled for all, and a call to it cost each of them.
  const inOneLoop = {
    turnlog: async () => {
      for (let index = 0; index < block; index++) {
        const message = at(index);
        const start = performance.now();
        await session.append(message);
        times[index] = performance.now() - start;
      }
      return median(times) * 1000;
    },
    plain: () => {
      for (let index = 0; index < block; index++) {
        const message = at(index);
        const start = performance.now();
        fs.writeSync(file, `${JSON.stringify(message)}\n`);
        times[index] = performance.now() - start;
      }
      return median(times) * 1000;
    },
    bareTable: () => {
      for (let index = 0; index < block; index++) {
        const message = at(index);
        const start = performance.now();
        insert.run(JSON.stringify(message));
        times[index] = performance.now() - start;
      }
      return median(times) * 1000;
    },
    flat: () => {
      for (let index = 0; index < block; index++) {
        const message = at(index);
        const start = performance.now();
        insertFlat.run(session.id, Date.now(), JSON.stringify(message));
        times[index] = performance.now() - start;
      }
      return median(times) * 1000;
    },
  };
  const inTurnsOfTheirOwn = {
    turnlog: async () => {
      for (let index = 0; index < block; index++) {
        await nextTurn();
        const message = at(index);
        const start = performance.now();
        await session.append(message);
        times[index] = performance.now() - start;
      }
      return median(times) * 1000;
    },
    plain: async () => {
      for (let index = 0; index < block; index++) {
        await nextTurn();
        const message = at(index);
        const start = performance.now();
        fs.writeSync(file, `${JSON.stringify(message)}\n`);
        times[index] = performance.now() - start;
      }
      return median(times) * 1000;
    },
    bareTable: async () => {
      for (let index = 0; index < block; index++) {
        await nextTurn();
        const message = at(index);
        const start = performance.now();
        insert.run(JSON.stringify(message));
        times[index] = performance.now() - start;
      }
      return median(times) * 1000;
    },
  };

  const loop = await inTurn(inOneLoop, counts);
  const turns = await inTurn(inTurnsOfTheirOwn, counts);
  await store.close();
  fs.closeSync(file);
  bare.close();
  flat.close();
  return {
    title: `append: one awaited append of ${BYTES} bytes, p50 of ${block}, median of ${counts.rounds} rounds`,
    rows: [
      { name: "turnlog", unit: "us", spread: spreadOf(loop.turnlog) },
      { name: "JSON.stringify + writeSync", unit: "us", spread: spreadOf(loop.plain) },
      { name: "better-sqlite3, one flat table", unit: "us", spread: spreadOf(loop.flat) },
      { name: "better-sqlite3, (id, data) alone", unit: "us", spread: spreadOf(loop.bareTable) },
      { name: "turnlog / writeSync", unit: "x", spread: ratioOf(loop.turnlog, loop.plain), least: 0.55 },
      { name: "turnlog / better-sqlite3", unit: "x", spread: ratioOf(loop.turnlog, loop.flat), least: 2 },
      { name: "turnlog / better-sqlite3, (id, data) alone", unit: "x", spread: ratioOf(loop.turnlog, loop.bareTable) },
      { name: "in turns of their own: turnlog", unit: "us", spread: spreadOf(turns.turnlog) },
      { name: "in turns of their own: writeSync", unit: "us", spread: spreadOf(turns.plain) },
      { name: "in turns of their own: better-sqlite3", unit: "us", spread: spreadOf(turns.bareTable) },
      { name: "in turns of their own: / writeSync", unit: "x", spread: ratioOf(turns.turnlog, turns.plain) },
      { name: "in turns of their own: / better-sqlite3", unit: "x", spread: ratioOf(turns.turnlog, turns.bareTable) },
    ],
    notes: [],
  };
}
