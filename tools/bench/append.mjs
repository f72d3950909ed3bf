// How near is an append to the cheapest thing that could be called one, and how far from what one would use instead?
import { taskInTurn, withSides } from "./sides.mjs";
import { MIXED } from "./messages.mjs";
import { comparison } from "./rows.mjs";

/** In a quick run those alone that have a bar. */
const BARRED = 4;
const CONTENDERS = [
  "turnlog",
  "limit",
  "sqlite-opencode",
  "sqlite-flat",
  "node-sqlite",
  "level",
  "lmdb",
  "nedb",
  "append-file",
  "jsonl-meta",
  "file-per-record",
];
/** It grows with what is in it: a hundredth of the messages of the others. */
const SLOW = ["turnlog", "whole-file"];
const SLOW_SHARE = 0.05;
const LIMIT = "the physical limit";
const THREE_TABLES = "better-sqlite3, three tables";
const FLAT = "better-sqlite3, flat";
/** So many it takes until all is compiled. */
const WARM = 5000;
/** Short enough to be in the processor's cache. */
const SAME = { count: 256, mean: 600, sigma: 0 };
const MANY = { count: 2048, ...MIXED };

/**
 * @param {import("./measure.mjs").Setting} setting
 * @returns {Promise<import("./measure.mjs").Answer>}
 */
export async function ask({ directory, quick }) {
  const block = quick ? 300 : 2000;
  const counts = { rounds: quick ? 9 : 15, dropped: quick ? 1 : 4 };
  const slowCounts = { rounds: quick ? 1 : 5, dropped: 1 };
  const contenders = CONTENDERS.slice(0, quick ? BARRED : undefined);
  const rows = await withSides(contenders, { directory }, async (sides) => {
    const { turnlog, limit, "sqlite-flat": flat } = sides;
    for (const side of Object.values(sides)) {
      if (side.share === 1) await side.run("appendOne", { block: WARM, sizes: SAME });
    }
    const same = await taskInTurn(sides, counts, "appendOne", ({ share }) => ({
      block: block * Math.max(share, 0.5),
      sizes: SAME,
    }));
    const mixed = await taskInTurn(sides, counts, "appendOne", ({ share }) => ({
      block: block * Math.max(share, 0.5),
      sizes: MANY,
    }));
    const apart = await taskInTurn({ turnlog, limit, flat }, counts, "appendOne", () => ({
      block,
      sizes: SAME,
      apart: true,
    }));
    return [
      ...comparison("600 bytes", "us", same, barsOf("append, 600 bytes")),
      ...comparison("mixed", "us", mixed, barsOf("append, mixed sizes")),
      ...comparison("600 bytes, in turns of their own", "us", apart),
    ];
  });
  const slow = await withSides(SLOW, { directory: `${directory}/slow` }, (sides) =>
    taskInTurn(sides, slowCounts, "appendOne", () => ({ block: Math.ceil(block * SLOW_SHARE), sizes: MANY })),
  );
  const appended = Math.ceil(block * SLOW_SHARE) * (slowCounts.rounds + slowCounts.dropped);
  return {
    title: `append: one awaited append, durability "process", p50 of ${block}, median of ${counts.rounds} rounds`,
    rows: [...rows, ...comparison(`mixed, a session of up to ${appended}`, "us", slow)],
    notes: ["a JSON file per record, JSONL and a meta file, @seald-io/nedb: half as many appends a round"],
  };
}

/**
 * @param {string} claim
 * @returns {Record<string, import("./rows.mjs").Bar>}
 */
function barsOf(claim) {
  return { [LIMIT]: { least: 0.62, claim }, [THREE_TABLES]: { least: 5, claim }, [FLAT]: { least: 2.2, claim } };
}
