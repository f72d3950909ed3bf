// How much do several processes write at once, to sessions of their own and to one session?
import { setTimeout as sleep } from "node:timers/promises";
import { SHORT } from "./messages.mjs";
import { comparison } from "./rows.mjs";
import { Side } from "./sides.mjs";
import { inTurn } from "./measure.mjs";

/** In a quick run some of them. */
const FEW = 3;
const CONTENDERS = ["turnlog", "limit", "sqlite-opencode", "sqlite-flat", "node-sqlite", "lmdb"];
const SIZES = { count: 1024, ...SHORT };
const COUNTS = [1, 2, 4];
/** Until all processes know that they are to begin. */
const NOTICE_MS = 100;

/**
 * @param {import("./measure.mjs").Setting} setting
 * @returns {Promise<import("./measure.mjs").Answer>}
 */
export async function ask({ directory, quick }) {
  const milliseconds = quick ? 150 : 300;
  const counts = { rounds: quick ? 1 : 5, dropped: quick ? 0 : 1 };
  const contenders = CONTENDERS.slice(0, quick ? FEW : undefined);
  /** @type {import("./measure.mjs").Row[]} */
  const rows = [];
  /** @type {Set<string>} */
  const notes = new Set();
  for (const processes of quick ? [2] : COUNTS) {
    const teams = await Promise.all(contenders.map((name) => startTeam(name, `${directory}/${processes}`, processes)));
    for (const isShared of processes === 1 ? [false] : [false, true]) {
      /** @type {Record<string, () => Promise<number>>} */
      const turns = {};
      for (const team of teams) {
        const [first] = team;
        if (first === undefined) continue;
        turns[first.title] = async () => {
          const { count, failed } = await rateOf(team, isShared, milliseconds);
          if (failed > 0) notes.add(`${first.title}: appends failed, ${processes} processes`);
          // Who had no turn at all counts as if it had had one.
          return (milliseconds * 1000) / Math.max(1, count);
        };
      }
      const what = isShared ? "one session" : "a session each";
      const name = `${processes} ${processes === 1 ? "process" : "processes"}, ${what}`;
      rows.push(...comparison(name, "us", await inTurn(turns, counts)));
    }
    for (const side of teams.flat()) await side.stop();
  }
  return {
    title: `processes: appends of several processes, durability "process", 600 bytes, ${milliseconds} ms divided by all appends, median of ${counts.rounds} rounds`,
    rows,
    notes: [...notes],
  };
}

/**
 * Processes that share a directory. None, if this Node has not what they need.
 *
 * @param {string} name
 * @param {string} directory
 * @param {number} count
 * @returns {Promise<Side[]>}
 */
async function startTeam(name, directory, count) {
  const team = [];
  for (let number = 0; number < count; number++) {
    const side = await Side.start(name, { directory });
    if (side === undefined) return [];
    // One after the other: the first makes what the others find.
    await side.run("appendRate", { session: "shared", milliseconds: 5, beginsAt: Date.now(), sizes: SIZES });
    team.push(side);
  }
  return team;
}

/**
 * @param {Side[]} team
 * @param {boolean} isShared
 * @param {number} milliseconds
 */
async function rateOf(team, isShared, milliseconds) {
  const beginsAt = Date.now() + NOTICE_MS;
  const rates = await Promise.all(
    team.map((side, number) =>
      side.run("appendRate", { session: isShared ? "shared" : `own-${number}`, milliseconds, beginsAt, sizes: SIZES }),
    ),
  );
  // What they put off is done before the next ones begin.
  await sleep(NOTICE_MS);
  return {
    count: rates.reduce((sum, { count }) => sum + count, 0),
    failed: rates.reduce((sum, { failed }) => sum + failed, 0),
  };
}
