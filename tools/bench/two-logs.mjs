// What does it cost that a session lies in the logs of two machines, against the same session in one log?
import { execFileSync } from "node:child_process";
import fs from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { openStore } from "../../dist/lib/index.js";
import { dropFromCache } from "./cold.mjs";
import { inTurn, ratioOf, spreadOf } from "./measure.mjs";
import { checkCount } from "./subject.mjs";
import { FORMS, makeForms } from "./two-logs-subject.mjs";

const LIMIT = 50;
const WARM_CALLS = 20;
/** In use, so many calls make one figure. */
const CALLS = 50;
const MOST = 2;

/** @typedef {import("./two-logs-subject.mjs").Form} Form */
/** @typedef {import("./two-logs-subject.mjs").Subject} Subject */
/** @typedef {import("../../dist/lib/index.js").Session} Session */

/** @type {Record<string, (session: Session, subject: Subject) => Promise<number>>} what was asked -> how much came */
const ASKED = {
  [`last ${LIMIT}`]: async (session) => {
    let count = 0;
    for await (const _ of session.messages({ last: LIMIT })) count++;
    return count;
  },
  [`page of ${LIMIT}`]: async (session) => (await session.page({ limit: LIMIT })).items.length,
  [`page of ${LIMIT} around an id`]: async (session, { middle }) =>
    (await session.page({ limit: LIMIT, around: middle })).items.length,
  "one message by id": async (session, { third }) => ((await session.message(third)) === undefined ? 0 : LIMIT),
  "count()": async (session, { count }) => ((await session.count()) === count ? LIMIT : 0),
};

/** Asked in a quick run, too. */
const IN_QUICK = new Set([`last ${LIMIT}`, "one message by id"]);

/** What is known when the question comes. */
const STATES = /** @type {const} */ (["in use", "cold, with the index", "cold, no index"]);

/**
 * @param {import("./measure.mjs").Setting} setting
 * @returns {Promise<import("./measure.mjs").Answer>}
 */
export async function ask({ directory, quick }) {
  const count = quick ? 1000 : 100_000;
  const subjects = await makeForms(directory, count);
  /** @type {import("./measure.mjs").Row[]} */
  const rows = [];
  let isCold = true;
  const inUse = await openAll(subjects);
  const asked = Object.entries(ASKED).filter(([name]) => !quick || IN_QUICK.has(name));
  for (const state of quick ? STATES.slice(0, 2) : STATES) {
    if (state !== "in use") for (const form of FORMS) await inUse[form].store.close();
    const rounds = state === "in use" ? (quick ? 5 : 21) : quick ? 3 : 9;
    for (const [name, call] of asked) {
      for (let warm = 0; warm < (quick ? 2 : WARM_CALLS); warm++)
        for (const form of FORMS) if (state === "cold, with the index") await timeOpening(subjects[form], call);
      const sides = FORMS.map((form) => {
        const subject = subjects[form];
        const time = async () => {
          if (state === "in use") return await timeInUse(inUse[form].session, subject, call);
          isCold = (state === "cold, no index" ? forget(subject) : dropAll(subject)) && isCold;
          return await timeOpening(subject, call);
        };
        return /** @type {const} */ ([form, time]);
      });
      rows.push(
        ...rowsOf(`${state}: ${name}`, await inTurn(Object.fromEntries(sides), { rounds, dropped: quick ? 1 : 2 })),
      );
      // The index is there again for who asks with it.
      if (state === "cold, no index") for (const form of FORMS) await timeOpening(subjects[form], ASKED["count()"]);
    }
  }
  const first = FORMS.map((form) => /** @type {const} */ ([form, () => firstCall(subjects[form])]));
  const times = await inTurn(Object.fromEntries(first), { rounds: quick ? 5 : 7, dropped: 1 });
  rows.push(...rowsOf(`fresh process, no index: last ${LIMIT}`, times));
  return {
    title: `two logs: ${count} messages in one log, and in two of ${count / 2}, medians`,
    rows,
    notes: isCold ? [] : ["NOT COLD: the page cache could not be emptied (it takes python3 and a real disk)"],
  };
}

/**
 * With opening: milliseconds.
 *
 * @param {Subject} subject
 * @param {(session: Session, subject: Subject) => Promise<number>} call
 */
async function timeOpening(subject, call) {
  const start = performance.now();
  const store = await openStore(subject.root);
  const answered = await call(store.session(subject.id), subject);
  const time = performance.now() - start;
  await store.close();
  checkCount(answered, LIMIT);
  return time;
}

/**
 * Each read whole.
 *
 * @param {Record<Form, Subject>} subjects
 */
async function openAll(subjects) {
  const opened = /** @type {Record<Form, { store: import("../../dist/lib/index.js").Store, session: Session }>} */ ({});
  for (const form of FORMS) {
    const store = await openStore(subjects[form].root);
    const session = store.session(subjects[form].id);
    await session.branches();
    opened[form] = { store, session };
  }
  return opened;
}

/**
 * Of a session that was read: microseconds.
 *
 * @param {Session} session
 * @param {Subject} subject
 * @param {(session: Session, subject: Subject) => Promise<number>} call
 */
async function timeInUse(session, subject, call) {
  const start = performance.now();
  let answered = 0;
  for (let number = 0; number < CALLS; number++) answered += await call(session, subject);
  const time = ((performance.now() - start) / CALLS) * 1000;
  checkCount(answered, LIMIT * CALLS);
  return time;
}

/** @param {Subject} subject */
function dropAll({ root, logs }) {
  return dropFromCache(...logs, join(root, ".cache"));
}

/**
 * Takes away all that could know where the lines lie.
 *
 * @param {Subject} subject
 */
function forget({ root, logs }) {
  const cache = join(root, ".cache");
  for (const name of fs.readdirSync(cache)) if (name !== "machines") fs.rmSync(join(cache, name), { recursive: true });
  return dropFromCache(...logs);
}

/**
 * The same with nothing compiled.
 *
 * @param {Subject} subject
 */
function firstCall(subject) {
  forget(subject);
  const script = fileURLToPath(new URL("first-call.mjs", import.meta.url));
  return Number(
    execFileSync(process.execPath, [script, subject.root, subject.id, String(LIMIT)], { encoding: "utf8" }),
  );
}

/**
 * @param {string} name
 * @param {Record<string, number[]>} times
 * @returns {import("./measure.mjs").Row[]}
 */
function rowsOf(name, times) {
  const unit = name.startsWith("in use") ? "us" : "ms";
  const once = times["once"];
  return [
    { name: `${name}: one log`, unit, spread: spreadOf(once) },
    ...FORMS.slice(1).map((form) => ({
      name: `${name}: two logs, ${form} / one log`,
      unit: /** @type {const} */ ("x"),
      spread: ratioOf(once, times[form]),
      most: MOST,
    })),
  ];
}
