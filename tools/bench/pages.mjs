// Does a page, or one message, come as soon from a long session as from a short one, when no byte of it is in memory?
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { dropFromCache } from "./cold.mjs";
import { inTurn, ratioOf, spreadOf } from "./measure.mjs";
import { openSqlite, openTurnlog } from "./page-calls.mjs";
import { makeSubjects } from "./page-subject.mjs";

const LIMIT = 50;
const WARM_CALLS = 200;
const TITLES = {
  last: `last ${LIMIT}`,
  around: `${LIMIT} around an id`,
  after: `${LIMIT} after a cursor`,
  message: "one message by id",
  count: "count()",
};

/** @type {Call[]} */
const IN_QUICK = ["last", "around", "message"];

/** @typedef {import("./page-calls.mjs").Call} Call */
/** @typedef {import("./page-subject.mjs").Subject} Subject */
/** @typedef {import("./page-subject.mjs").Subjects} Subjects */
/** @typedef {"turnlog" | "sqlite"} Side */
/** @typedef {{ whole: number, call: number, answer: unknown }} Asked milliseconds with opening, and without */

/**
 * @param {import("./measure.mjs").Setting} setting
 * @returns {Promise<import("./measure.mjs").Answer>}
 */
export async function ask({ directory, quick }) {
  const counts = { rounds: quick ? 2 : 15, dropped: quick ? 0 : 1 };
  const all = await makeSubjects(directory, quick ? [100, 3000] : [100, 10_000, 100_000]);
  const { subjects } = all;
  const names = quick ? IN_QUICK : /** @type {Call[]} */ (Object.keys(TITLES));
  await warm(all, names, quick ? WARM_CALLS / 5 : WARM_CALLS);
  /** @type {import("./measure.mjs").Row[]} */
  const rows = [];
  let isCold = true;
  for (const name of names) {
    const sides = subjects.flatMap((subject) =>
      /** @type {Side[]} */ (["turnlog", "sqlite"]).map((side) => {
        const ask = () => {
          const isDropped = side === "turnlog" ? [subject.log, join(all.root, ".cache")] : [all.database];
          isCold = dropFromCache(...isDropped) && isCold;
          return timeCall(all, subject, side, name);
        };
        return /** @type {const} */ ([side + subject.count, ask]);
      }),
    );
    rows.push(...rowsOf(TITLES[name], subjects, await inTurn(Object.fromEntries(sides), counts)));
  }
  const lengths = subjects.map(({ count }) => count).join(", ");
  return {
    title: `pages: of sessions of ${lengths} messages, opening included, cold, median of ${counts.rounds} rounds`,
    rows,
    notes: isCold ? [] : ["NOT COLD: the page cache could not be emptied (it takes python3 and a real disk)"],
  };
}

/**
 * What is compiled for one session is compiled for all. A side that answers less than the other would win.
 *
 * @param {Subjects} all
 * @param {readonly Call[]} names
 * @param {number} calls
 */
async function warm(all, names, calls) {
  for (const name of names) {
    for (const subject of all.subjects) {
      const ours = await timeCall(all, subject, "turnlog", name);
      const theirs = await timeCall(all, subject, "sqlite", name);
      if (!isDeepStrictEqual(ours.answer, theirs.answer)) throw new Error(`${name}: the two sides answer differently`);
    }
  }
  // The longest one is long to read for whoever has no index.
  const shorter = all.subjects.slice(0, -1);
  for (let call = 0; call < calls; call++) {
    for (const name of names) {
      for (const side of /** @type {Side[]} */ (["turnlog", "sqlite"])) {
        await timeCall(all, shorter[call % shorter.length], side, name);
      }
    }
  }
}

/**
 * @param {Subjects} all
 * @param {Subject} subject
 * @param {Side} side
 * @param {Call} name
 * @returns {Promise<Asked>}
 */
async function timeCall({ root, database }, subject, side, name) {
  const opening = performance.now();
  const opened =
    side === "turnlog" ? await openTurnlog(root, subject, LIMIT) : openSqlite(database, subject, LIMIT, name);
  const start = performance.now();
  const answer = await opened.call(name);
  const end = performance.now();
  await opened.close();
  return { whole: end - opening, call: end - start, answer: plain(answer) };
}

/**
 * What both sides know of a message.
 *
 * @param {readonly import("./page-calls.mjs").Message[] | number} answer
 */
function plain(answer) {
  if (typeof answer === "number") return answer;
  return answer.map(({ id, data, parts }) => ({ id, data, parts: parts.map((part) => part.data) }));
}

/**
 * @param {string} title
 * @param {readonly Subject[]} subjects
 * @param {Record<string, Asked[]>} asked
 * @returns {import("./measure.mjs").Row[]}
 */
function rowsOf(title, subjects, asked) {
  /** @type {(side: Side, subject: Subject, what?: "whole" | "call") => number[]} */
  const times = (side, { count }, what = "whole") => asked[side + count].map((each) => each[what]);
  const [least, most] = /** @type {[Subject, Subject]} */ ([subjects[0], subjects.at(-1)]);
  /** @type {(what: "whole" | "call") => import("./measure.mjs").Spread} */
  const toSqlite = (what) => ratioOf(times("turnlog", most, what), times("sqlite", most, what));
  /** @type {(what: "whole" | "call") => import("./measure.mjs").Spread} */
  const growth = (what) => ratioOf(times("turnlog", least, what), times("turnlog", most, what));
  const name = `${title} of ${most.count}`;
  return [
    ...subjects.map((subject) => ({
      name: `${title} of ${subject.count}: turnlog`,
      unit: /** @type {const} */ ("ms"),
      spread: spreadOf(times("turnlog", subject)),
    })),
    { name: `${name}: better-sqlite3`, unit: "ms", spread: spreadOf(times("sqlite", most)) },
    { name: `${name}: turnlog / better-sqlite3`, unit: "x", spread: toSqlite("whole"), least: 1 },
    { name: `${name}: the same, open already`, unit: "x", spread: toSqlite("call") },
    { name: `${name}: / ${least.count}, turnlog`, unit: "x", spread: growth("whole"), most: 1.5 },
    { name: `${name}: / ${least.count}, open already`, unit: "x", spread: growth("call") },
  ];
}
