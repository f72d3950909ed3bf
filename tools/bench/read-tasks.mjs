// Reads, timed: with opening, as a program does that shows one session, and of what is open.
import { messageId } from "./contenders/contender.mjs";
import { messages } from "./messages.mjs";
import { closeAll, sessionOf } from "./side-session.mjs";
import { checkCount } from "./subject.mjs";

const BATCH = 1000;

/** @typedef {import("./side-tasks.mjs").SideState} SideState */
/** @typedef {import("./contenders/contender.mjs").OpenedSession} OpenedSession */
/** @typedef {"last" | "page" | "message" | "readAll"} Call */
/**
 * @typedef {{ session: string, count: number, call: Call, limit: number }} Question `count`: so many messages the session
 *   has; `limit`: so many are asked for
 */

/**
 * Writes a session, and closes all.
 *
 * @param {SideState} state
 * @param {{ session: string, sizes: import("./messages.mjs").Sizes }} options
 * @returns {Promise<number>} bytes of the messages, as bare JSON
 */
export async function fill(state, { session, sizes: { count, mean, sigma } }) {
  const handle = await sessionOf(state, session);
  /** @type {import("./messages.mjs").Message[]} */
  let batch = [];
  let bytes = 0;
  let number = 0;
  for (const content of messages(count, mean, sigma)) {
    const message = { id: messageId(number++), ...content };
    bytes += Buffer.byteLength(JSON.stringify(message)) + 1;
    // As sessions are written, unless that would take minutes.
    if (state.contender.share === undefined) await handle.append(message);
    else batch.push(message);
    if (batch.length === BATCH) {
      await handle.appendAll(batch);
      batch = [];
    }
  }
  if (batch.length > 0) await handle.appendAll(batch);
  await closeAll(state);
  return bytes;
}

/**
 * @param {SideState} state
 * @param {Question} question
 * @returns {Promise<number>} milliseconds
 */
export async function readOpening(state, question) {
  await closeAll(state);
  const start = performance.now();
  const opened = await state.contender.open(state.directory, { durability: "process" });
  const found = await ask(opened.session(question.session), question);
  const time = performance.now() - start;
  await opened.close();
  checkCount(found, question.limit);
  return time;
}

/**
 * @param {SideState} state
 * @param {Question & { calls: number }} question
 * @returns {Promise<number>} milliseconds a call
 */
export async function readOpen(state, { calls, ...question }) {
  const session = await sessionOf(state, question.session);
  const start = performance.now();
  for (let call = 0; call < calls; call++) checkCount(await ask(session, question), question.limit);
  return (performance.now() - start) / calls;
}

/**
 * @param {OpenedSession} session
 * @param {Question} question
 * @returns {Promise<number>} how much came
 */
async function ask(session, { call, count, limit }) {
  if (call === "last") return (await session.last(limit)).length;
  if (call === "page") return (await session.page(Math.floor(count / 2), limit)).length;
  if (call === "readAll") return await session.readAll();
  return (await session.message(Math.floor(count / 3))) === undefined ? 0 : 1;
}
