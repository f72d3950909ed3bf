// What do the last 50 messages cost, 50 in the middle, and one by its id, in a short session and in long ones, when the file is in
// the page cache? The page cache is emptied in the questions last and pages.
import { setTimeout as sleep } from "node:timers/promises";
import { spreadOf, ratioOf } from "./measure.mjs";
import { SHORT } from "./messages.mjs";
import { comparison } from "./rows.mjs";
import { OURS } from "./contenders/contender.mjs";
import { taskInTurn, withSides } from "./sides.mjs";

/** In a quick run those alone that have a bar. */
const BARRED = 2;
const CONTENDERS = ["turnlog", "sqlite-opencode", "sqlite-flat", "node-sqlite", "level", "lmdb"];
/** They read all of it each time: asked where that takes no minutes. */
const SLOW = ["nedb", "append-file", "jsonl-meta", "file-per-record", "whole-file"];
const SLOW_MOST = 10_000;
const THREE_TABLES = "better-sqlite3, three tables";
const LIMIT = 50;
const CALLS = /** @type {const} */ ([
  { call: "last", what: `last ${LIMIT}`, limit: LIMIT },
  { call: "page", what: `${LIMIT} in the middle`, limit: LIMIT },
  { call: "message", what: "one by its id", limit: 1 },
]);
/** What was changed a moment ago is not believed: it might be changing still. */
const REST_MS = 2500;
const MOST_GROWTH = 1.5;
/** As in a program that has done it for a while; not all is compiled then. The question last has the first call of a process. */
const WARM_CALLS = 60;

/** @typedef {import("./measure.mjs").Row} Row */
/** @typedef {import("./sides.mjs").Side} Side */

/**
 * @param {import("./measure.mjs").Setting} setting
 * @returns {Promise<import("./measure.mjs").Answer>}
 */
export async function ask({ directory, quick }) {
  const sizes = quick ? [100, 10_000] : [100, 10_000, 100_000];
  const calls = quick ? CALLS.slice(0, 1) : CALLS;
  const counts = { rounds: quick ? 5 : 15, dropped: 1 };
  const slowCounts = { rounds: 3, dropped: 1 };
  const contenders = quick ? CONTENDERS.slice(0, BARRED) : [...CONTENDERS, ...SLOW];
  return await withSides(contenders, { directory }, async (sides) => {
    const fast = Object.fromEntries(Object.entries(sides).filter(([name]) => CONTENDERS.includes(name)));
    const slow = Object.fromEntries(Object.entries(sides).filter(([name]) => SLOW.includes(name)));
    for (const [name, side] of Object.entries(sides)) {
      for (const count of sizes) {
        if (name in fast || count <= SLOW_MOST) {
          await side.run("fill", { session: `s${count}`, sizes: { count, ...SHORT } });
        }
      }
    }
    await sleep(REST_MS);
    await warm(fast, sizes, calls);

    /** @type {Row[]} */
    const rows = [];
    for (const { call, what, limit } of calls) {
      /** @type {Record<number, Record<string, number[]>>} */
      const bySize = {};
      for (const count of sizes) {
        const question = { session: `s${count}`, count, call, limit };
        const times = await taskInTurn(fast, counts, "readOpening", () => question);
        const slowTimes = count > SLOW_MOST ? {} : await taskInTurn(slow, slowCounts, "readOpening", () => question);
        bySize[count] = times;
        const claim = `last ${LIMIT} of ${count} messages, open and read`;
        const bars = call === "last" ? { [THREE_TABLES]: { least: 3, claim } } : {};
        const name = `${what} of ${count}, open and read`;
        rows.push(...comparison(name, "ms", times, bars), ...slowRows(name, times, slowTimes));
      }
      rows.push(growthRow(what, sizes, bySize, call === "last"));
      for (const count of sizes) {
        const question = { session: `s${count}`, count, call, limit, calls: 10 };
        const times = await taskInTurn(fast, counts, "readOpen", () => question);
        rows.push(...comparison(`${what} of ${count}, open already`, "ms", times));
      }
    }
    return {
      title: `reads: of sessions of ${sizes.join(", ")} messages, file in the page cache, median of ${counts.rounds} rounds`,
      rows,
      notes: quick ? [] : [`${titlesOf(slow)}: ${slowCounts.rounds} rounds, at most ${SLOW_MOST} messages`],
    };
  });
}

/** @param {Record<string, Side>} sides */
function titlesOf(sides) {
  return Object.values(sides)
    .map(({ title }) => title)
    .join(", ");
}

/**
 * Whoever opens such a session first may have more to do than those who come later. And what is compiled for one is compiled
 * for all.
 *
 * @param {Record<string, Side>} sides
 * @param {readonly number[]} sizes
 * @param {readonly { call: import("./read-tasks.mjs").Call, limit: number }[]} calls
 */
async function warm(sides, sizes, calls) {
  for (const side of Object.values(sides)) {
    for (const { call, limit } of calls) {
      for (let number = 0; number < WARM_CALLS; number++) {
        const count = sizes[number % sizes.length] ?? 0;
        await side.run("readOpening", { session: `s${count}`, count, call, limit });
      }
    }
  }
}

/**
 * Fewer rounds than turnlog had: against its first ones.
 *
 * @param {string} name
 * @param {Record<string, number[]>} fast
 * @param {Record<string, number[]>} slow
 * @returns {Row[]}
 */
function slowRows(name, fast, slow) {
  return Object.entries(slow).flatMap(([title, times]) => {
    const ours = (fast[OURS] ?? []).slice(0, times.length);
    return comparison(name, "ms", { [OURS]: ours, [title]: times }).slice(1);
  });
}

/**
 * @param {string} what
 * @param {readonly number[]} sizes
 * @param {Record<number, Record<string, number[]>>} bySize
 * @param {boolean} isClaimed
 * @returns {Row}
 */
function growthRow(what, sizes, bySize, isClaimed) {
  const [least, most] = [sizes[0] ?? 0, sizes.at(-1) ?? 0];
  const [short, long] = [bySize[least]?.[OURS] ?? [], bySize[most]?.[OURS] ?? []];
  /** @type {Row} */
  const row = {
    name: `${what}: of ${most} / of ${least}, turnlog`,
    unit: "x",
    spread: ratioOf(short, long),
    most: MOST_GROWTH,
  };
  if (!isClaimed) return row;
  const claim = {
    what: `${what} of ${most} messages, open and read`,
    unit: /** @type {const} */ ("ms"),
    against: `of ${least} messages`,
    ours: spreadOf(long),
    other: spreadOf(short),
  };
  return { ...row, claim };
}
