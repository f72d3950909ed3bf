// What does a text cost that grows by a word at a time, in time and on the disk?
import { comparison, once } from "./rows.mjs";
import { taskInTurn, withSides } from "./sides.mjs";

const CONTENDERS = [
  "turnlog",
  "turnlog-versions",
  "limit",
  "sqlite-opencode",
  "sqlite-flat",
  "level",
  "lmdb",
  "nedb",
  "append-file",
  "jsonl-meta",
  "file-per-record",
  "whole-file",
];

/**
 * @param {import("./measure.mjs").Setting} setting
 * @returns {Promise<import("./measure.mjs").Answer>}
 */
export async function ask({ directory, quick }) {
  const updates = quick ? 50 : 1000;
  const counts = { rounds: quick ? 1 : 9, dropped: quick ? 0 : 1 };
  return await withSides(CONTENDERS, { directory }, async (sides) => {
    const times = await taskInTurn(sides, counts, "streamText", (_, round) => ({ updates, session: `s${round}` }));
    /** @type {Record<string, number>} */
    const bytes = {};
    for (const side of Object.values(sides)) {
      await side.run("close", {});
      bytes[side.title] = (await side.run("bytes", {})) / 1e6;
    }
    const texts = counts.rounds + counts.dropped;
    return {
      title: `streaming: a text that grows to ${(updates * 8) / 1000} KB in ${updates} versions, each in a turn of its own, a version, median of ${counts.rounds} rounds`,
      rows: [...comparison("a version", "us", times), ...comparison(`disk, ${texts} such texts`, "MB", once(bytes))],
      notes: [
        "turnlog writes the first version at once, of the others the latest every 250 ms; SQLite, LMDB and classic-level write each one",
        "the limit: the last version alone, by whoever knows which one that is",
      ],
    };
  });
}
