// Appends that reach the kernel before they resolve: many at once, many in one commit, one session and several.
import { taskInTurn, withSides } from "./sides.mjs";
import { MIXED } from "./messages.mjs";
import { comparison } from "./rows.mjs";

/** In a quick run some of them. */
const FEW = 4;
const CONTENDERS = [
  "turnlog",
  "limit",
  "sqlite-opencode",
  "sqlite-flat",
  "node-sqlite",
  "level",
  "lmdb",
  "append-file",
];
const SIZES = { count: 2048, ...MIXED };
const AT_ONCE = [
  { atOnce: 1, sessions: 1 },
  { atOnce: 16, sessions: 1 },
  { atOnce: 64, sessions: 1 },
  { atOnce: 64, sessions: 8 },
];
const BATCHES = [100, 10, 1000];

/**
 * @param {import("./measure.mjs").Setting} setting
 * @returns {Promise<import("./measure.mjs").Answer>}
 */
export async function ask({ directory, quick }) {
  const block = quick ? 500 : 2000;
  const counts = { rounds: quick ? 2 : 7, dropped: quick ? 1 : 2 };
  const rows = await withSides(CONTENDERS.slice(0, quick ? FEW : undefined), { directory }, async (sides) => {
    /** @type {import("./measure.mjs").Row[]} */
    const rows = [];
    for (const { atOnce, sessions } of AT_ONCE.slice(0, quick ? 2 : undefined)) {
      const figures = await taskInTurn(sides, counts, "appendAtOnce", () => ({
        block,
        atOnce,
        sessions,
        sizes: SIZES,
      }));
      rows.push(...comparison(`${atOnce} at once, ${sessions} session${sessions > 1 ? "s" : ""}`, "us", figures));
    }
    for (const batch of BATCHES.slice(0, quick ? 1 : undefined)) {
      const figures = await taskInTurn(sides, counts, "appendBatches", () => ({ block, batch, sizes: SIZES }));
      rows.push(...comparison(`${batch} in one commit, a message`, "us", figures));
    }
    return rows;
  });
  return {
    title: `together: durability "process", mixed sizes, time of ${block} divided by them, median of ${counts.rounds} rounds`,
    rows,
    notes: [],
  };
}
