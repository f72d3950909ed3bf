// Appends, timed: one after the other, many at once, many in one commit, and a text that grows.
import fs from "node:fs";
import { join } from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";
import { median } from "./measure.mjs";
import { messages } from "./messages.mjs";
import { sessionOf } from "./side-session.mjs";

/** With more files than that the disk is left to itself. */
const MOST_SYNCED = 64;

/** @typedef {import("./side-tasks.mjs").SideState} SideState */
/** @typedef {import("./contenders/contender.mjs").OpenedSession} OpenedSession */
/** @typedef {import("./messages.mjs").Message} Message */
/** @typedef {import("./messages.mjs").Sizes} Sizes */

/** @type {Map<string, Message[]>} */
const lists = new Map();

/**
 * Their texts are not the same, but all are in memory: what is measured is the append.
 *
 * @param {Sizes} sizes
 */
function listOf({ count, mean, sigma }) {
  const key = `${count} ${mean} ${sigma}`;
  const list = lists.get(key) ?? [...messages(count, mean, sigma)];
  lists.set(key, list);
  return list;
}

/**
 * One at a time, each timed by itself. With `apart` each in a turn of the event loop.
 *
 * @param {SideState} state
 * @param {{ block: number, sizes: Sizes, apart?: boolean }} options
 * @returns {Promise<number>} microseconds, p50
 */
export async function appendOne(state, { block, sizes, apart = false }) {
  const session = await sessionOf(state, "one");
  const times = new Float64Array(block);
  const list = listOf(sizes);
  if (apart) await timeApart(session, list, times);
  else if (state.contender.isSync === true && state.durability === "process") timeSync(session, list, times);
  else await timeAwaited(session, list, times);
  settle(state);
  return median(times) * 1000;
}

/**
 * @param {OpenedSession} session
 * @param {Message[]} list
 * @param {Float64Array} times
 */
function timeSync(session, list, times) {
  for (let index = 0; index < times.length; index++) {
    const message = list[index % list.length];
    const start = performance.now();
    session.append(message);
    times[index] = performance.now() - start;
  }
}

/**
 * @param {OpenedSession} session
 * @param {Message[]} list
 * @param {Float64Array} times
 */
async function timeAwaited(session, list, times) {
  for (let index = 0; index < times.length; index++) {
    const message = list[index % list.length];
    const start = performance.now();
    await session.append(message);
    times[index] = performance.now() - start;
  }
}

/**
 * @param {OpenedSession} session
 * @param {Message[]} list
 * @param {Float64Array} times
 */
async function timeApart(session, list, times) {
  for (let index = 0; index < times.length; index++) {
    await nextTurn();
    const message = list[index % list.length];
    const start = performance.now();
    await session.append(message);
    times[index] = performance.now() - start;
  }
}

/**
 * Appenders that each begin the next append when the last one is done, on one session or spread over several.
 *
 * @param {SideState} state
 * @param {{ block: number, atOnce: number, sessions: number, sizes: Sizes }} options
 * @returns {Promise<number>} microseconds an append
 */
export async function appendAtOnce(state, { block, atOnce, sessions, sizes }) {
  const list = listOf(sizes);
  const handles = [];
  for (let number = 0; number < sessions; number++) handles.push(await sessionOf(state, `many-${number}`));
  let next = 0;
  const appender = async (/** @type {number} */ number) => {
    const session = handles[number % sessions];
    while (next < block) await session.append(list[next++ % list.length]);
  };
  const start = performance.now();
  await Promise.all(Array.from({ length: atOnce }, (_, number) => appender(number)));
  const time = performance.now() - start;
  settle(state);
  return (time / block) * 1000;
}

/**
 * @param {SideState} state
 * @param {{ block: number, batch: number, sizes: Sizes }} options `batch`: so many in one commit
 * @returns {Promise<number>} microseconds a message
 */
export async function appendBatches(state, { block, batch, sizes }) {
  const list = listOf(sizes);
  const session = await sessionOf(state, "batches");
  const count = Math.max(1, Math.floor(block / batch));
  let next = 0;
  let spent = 0;
  for (let number = 0; number < count; number++) {
    const messages = Array.from({ length: batch }, () => list[next++ % list.length]);
    const start = performance.now();
    await session.appendAll(messages);
    spent += performance.now() - start;
  }
  settle(state);
  return (spent / (count * batch)) * 1000;
}

/**
 * As many as there is time for, beside other processes that do the same.
 *
 * @param {SideState} state
 * @param {{ session: string, milliseconds: number, beginsAt: number, sizes: Sizes }} options `beginsAt`: on the clock that all
 *   processes share
 * @returns {Promise<{ count: number, failed: number }>}
 */
export async function appendRate(state, { session, milliseconds, beginsAt, sizes }) {
  const list = listOf(sizes);
  const handle = await sessionOf(state, session);
  let count = 0;
  let failed = 0;
  while (Date.now() < beginsAt) await nextTurn();
  for (const end = beginsAt + milliseconds; Date.now() < end;) {
    try {
      await handle.append(list[count % list.length]);
      count++;
    } catch {
      failed++;
    }
  }
  return { count, failed };
}

/**
 * A text that grows by a word at a time.
 *
 * @param {SideState} state
 * @param {{ updates: number, session: string }} options
 * @returns {Promise<number>} microseconds a version
 */
export async function streamText(state, { updates, session }) {
  const [{ content }] = listOf({ count: 1, mean: updates * 8, sigma: 0 });
  const handle = await sessionOf(state, session);
  let spent = 0;
  for (let number = 1; number <= updates; number++) {
    const text = content.slice(0, Math.ceil((content.length * number) / updates));
    // As tokens come: others have their turn between them.
    await nextTurn();
    const start = performance.now();
    await handle.putText(text, number === updates);
    spent += performance.now() - start;
  }
  settle(state);
  return (spent / updates) * 1000;
}

/**
 * What a turn left to the disk is written before the next side has its turn, and costs neither.
 *
 * @param {SideState} state
 */
function settle({ directory }) {
  const names = /** @type {string[]} */ (fs.readdirSync(directory, { recursive: true }));
  if (names.length > MOST_SYNCED) return;
  for (const name of names) {
    try {
      const file = fs.openSync(join(directory, name), "r");
      fs.fdatasyncSync(file);
      fs.closeSync(file);
    } catch (error) {
      // What runs in the background may take its files away meanwhile; a directory need not be synced.
      if (!["ENOENT", "EINVAL"].includes(String(/** @type {NodeJS.ErrnoException} */ (error).code))) throw error;
    }
  }
}
