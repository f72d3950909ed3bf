// What does it cost that an append is on the disk when it resolves? Alone, and when others wait for the same disk.
import { taskInTurn, withSides } from "./sides.mjs";
import { MIXED } from "./messages.mjs";
import { comparison } from "./rows.mjs";

/** In a quick run those alone that have a bar. */
const BARRED = 3;
const CONTENDERS = [
  "turnlog",
  "limit",
  "sqlite-opencode-grouped",
  "sqlite-flat-grouped",
  "sqlite-opencode",
  "sqlite-flat",
  "level",
  "lmdb",
];
/** Alone in their ways: each append syncs a file or more of its own. */
const LONELY = ["jsonl-meta", "file-per-record", "append-file"];
const LIMIT = "the physical limit";
const FULL_GROUPED = "better-sqlite3, three tables, grouped";
const SIZES = { count: 1024, ...MIXED };

/**
 * The bars of the issue: against the limit, and against SQLite that is grouped by the application.
 *
 * @type {{ what: string, atOnce: number, sessions: number, limit: number, grouped?: number }[]}
 */
const ASKED = [
  { what: "1 at a time, one session", atOnce: 1, sessions: 1, limit: 0.9 },
  { what: "16 at once, one session", atOnce: 16, sessions: 1, limit: 0.8, grouped: 1 },
  { what: "64 at once, one session", atOnce: 64, sessions: 1, limit: 0.8, grouped: 1 },
  { what: "16 at once, 8 sessions", atOnce: 16, sessions: 8, limit: 0.9 },
];

/**
 * @param {import("./measure.mjs").Setting} setting
 * @returns {Promise<import("./measure.mjs").Answer>}
 */
export async function ask({ directory, quick }) {
  const block = quick ? 512 : 1024;
  const counts = { rounds: quick ? 7 : 11, dropped: quick ? 1 : 2 };
  const names = quick ? CONTENDERS.slice(0, BARRED) : [...CONTENDERS, ...LONELY];
  const rows = await withSides(names, { directory, durability: "power" }, async (sides) => {
    /** @type {import("./measure.mjs").Row[]} */
    const rows = [];
    for (const { what, atOnce, sessions, limit, grouped } of ASKED) {
      const asked = Object.entries(sides).filter(([name]) => atOnce === 1 || !LONELY.includes(name));
      const figures = await taskInTurn(Object.fromEntries(asked), counts, "appendAtOnce", ({ share }) => ({
        block: Math.ceil(block * share * (atOnce === 1 ? 0.5 : 1)),
        atOnce,
        sessions,
        sizes: SIZES,
      }));
      const claim = `append, "power", ${what}`;
      const bars = {
        [LIMIT]: { least: limit, claim },
        [FULL_GROUPED]: grouped === undefined ? { claim } : { least: grouped, claim },
      };
      rows.push(...comparison(what, "us", figures, atOnce === 1 ? { [LIMIT]: bars[LIMIT] } : bars));
    }
    return rows;
  });
  return {
    title: `power: an append that is on the disk when it resolves, mixed sizes, time of ${block} divided by them, median of ${counts.rounds} rounds`,
    rows,
    notes: [
      "grouped: the application puts what comes in one turn of the event loop into one transaction; SQLite is FULL",
      "the limit: each message by writeSync, one fdatasync of a file for all who wait, on as many files as there are sessions",
    ],
  };
}
