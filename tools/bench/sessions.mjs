// How soon does a fresh process show the newest of 100,000 sessions, and what does it take for it?
import { execFileSync } from "node:child_process";
import fs from "node:fs";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { isDeepStrictEqual } from "node:util";
import { dropFromCache } from "./cold.mjs";
import { inTurn, ratioOf, spreadOf } from "./measure.mjs";
import { OTHERS } from "./list-others.mjs";
import { projectName } from "./session-data.mjs";
import { makeStores } from "./session-stores.mjs";
import { against, comparison } from "./rows.mjs";
import { checkCount } from "./subject.mjs";
import { titleRows } from "./title-store.mjs";

const LIMIT = 50;
const PROJECT = projectName(3);
/** What is asked after the first page, in the same process. */
const LATER_STEPS = /** @type {const} */ ({
  next: "second page, by cursor",
  project: "first page of a project",
  created: "first page by creation",
  count: "count()",
});

/** @typedef {import("./list.mjs").Listed} Listed */
/** @typedef {import("./list.mjs").Step} Step */
/** @typedef {import("./session-stores.mjs").Stores} Stores */
/** @typedef {"turnlog" | "sqlite" | "sqlite-lazy" | keyof typeof OTHERS} Side */

/**
 * @param {import("./measure.mjs").Setting} setting
 * @returns {Promise<import("./measure.mjs").Answer>}
 */
export async function ask({ directory, quick }) {
  const counts = { rounds: quick ? 2 : 15, dropped: quick ? 0 : 1 };
  /** @type {Stores[]} */
  const sizes = [];
  for (const count of quick ? [300, 2000] : [1000, 10_000, 100_000]) {
    sizes.push(await makeStores(directory, count, !quick));
  }
  for (const stores of sizes) checkSame(stores);
  const [least, most] = /** @type {[Stores, Stores]} */ ([sizes[0], sizes.at(-1)]);

  const warm = await inTurn(
    Object.fromEntries(
      sizes.flatMap((stores) => sidesOf(stores).map((side) => [side + stores.count, () => list(side, stores)])),
    ),
    counts,
  );
  /** @type {(side: Side, stores: Stores, step: Step) => number[]} */
  const times = (side, stores, step) => warm[side + stores.count].map((listed) => listed.times[step]);
  let isCold = true;
  const cold = await inTurn(
    {
      turnlog: () => {
        isCold = dropFromCache(join(most.root, ".cache")) && isCold;
        return list("turnlog", most).times.first;
      },
      sqlite: () => {
        isCold = dropFromCache(most.database) && isCold;
        return list("sqlite", most).times.first;
      },
    },
    counts,
  );
  const memory = await inTurn(
    {
      turnlog: () => list("turnlog", most, ["--expose-gc"]).memory,
      sqlite: () => list("sqlite", most, ["--expose-gc"]).memory,
    },
    counts,
  );
  /** @type {(side: "turnlog" | "sqlite", when: "after" | "kept") => number[]} */
  const grownOf = (side, when) => memory[side].map((megabytes) => Math.max(0.1, megabytes[when] - megabytes.before));
  /** @type {(side: "turnlog" | "sqlite", when: "after" | "kept") => import("./measure.mjs").Spread} */
  const grown = (side, when) => spreadOf(grownOf(side, when));
  const lazy = await inTurn(
    {
      turnlog: () => list("turnlog", most).times.first,
      sqlite: () => list("sqlite-lazy", most).times.first,
    },
    counts,
  );
  const imports = await timeImports(directory, counts);
  const searches = await titleRows(most, { rounds: quick ? 3 : 11, dropped: 1 }, !quick);

  return {
    title: `sessions: ${LIMIT} of ${most.count}, each in a fresh process, median of ${counts.rounds} rounds`,
    rows: [
      ...sizes.flatMap((stores) => {
        const [ours, theirs] = [times("turnlog", stores, "first"), times("sqlite", stores, "first")];
        const name = `first page of ${stores.count}`;
        const bar =
          stores === most && !quick ? { least: 1, claim: `open and first page of ${stores.count} sessions` } : {};
        return [
          ...rowsOf(name, ours, theirs, bar),
          ...Object.keys(stores.others).flatMap((other) =>
            comparison(name, "ms", {
              turnlog: ours,
              [OTHERS[/** @type {keyof typeof OTHERS} */ (other)]]: times(/** @type {Side} */ (other), stores, "first"),
            }).slice(1),
          ),
        ];
      }),
      {
        name: `turnlog: ${most.count} / ${least.count} sessions`,
        unit: "x",
        spread: ratioOf(times("turnlog", least, "first"), times("turnlog", most, "first")),
        most: 1.5,
      },
      ...Object.entries(LATER_STEPS).flatMap(([step, name]) =>
        rowsOf(
          name,
          times("turnlog", most, /** @type {Step} */ (step)),
          times("sqlite", most, /** @type {Step} */ (step)),
        ),
      ),
      ...rowsOf("first page, cold", cold.turnlog, cold.sqlite),
      ...rowsOf("first page, addon not loaded", lazy.turnlog, lazy.sqlite),
      { name: "memory of the first page: turnlog", unit: "MB", spread: grown("turnlog", "after"), most: 16 },
      { name: "memory: better-sqlite3", unit: "MB", spread: grown("sqlite", "after") },
      against(
        "memory: turnlog / better-sqlite3",
        "MB",
        "better-sqlite3",
        grownOf("turnlog", "after"),
        grownOf("sqlite", "after"),
        quick ? {} : { least: 1, claim: `memory for the first page of ${most.count} sessions` },
      ),
      { name: "memory kept: turnlog", unit: "MB", spread: grown("turnlog", "kept") },
      { name: "memory kept: better-sqlite3", unit: "MB", spread: grown("sqlite", "kept") },
      ...searches,
      { name: "import: turnlog", unit: "ms", spread: spreadOf(imports.turnlog), most: 25 },
      { name: "import: better-sqlite3, with its addon", unit: "ms", spread: spreadOf(imports.sqlite) },
    ],
    notes: [
      "opening is part of the first page, loading is not: turnlog's modules are there, better-sqlite3's addon where not said else",
      "turnlog is imported from a place where no other package can be found",
      ...(isCold ? [] : ["NOT COLD: the page cache could not be emptied (it takes python3 and a real disk)"]),
    ],
  };
}

/**
 * @param {string} name
 * @param {number[]} ours
 * @param {number[]} theirs
 * @param {import("./rows.mjs").Bar} bar
 * @returns {import("./measure.mjs").Row[]}
 */
function rowsOf(name, ours, theirs, bar = {}) {
  return comparison(name, "ms", { turnlog: ours, "better-sqlite3": theirs }, { "better-sqlite3": bar });
}

/**
 * @param {Stores} stores
 * @returns {Side[]}
 */
function sidesOf({ others }) {
  return ["turnlog", "sqlite", .../** @type {Side[]} */ (Object.keys(others))];
}

/**
 * @param {Side} side
 * @param {Stores} stores
 * @param {string[]} flags of Node
 * @returns {Listed}
 */
function list(side, { root, database, others }, flags = []) {
  const path = others[side] ?? (side === "turnlog" ? root : database);
  return JSON.parse(run("list.mjs", [side, path, String(LIMIT), PROJECT], flags));
}

/**
 * A side that lists less than the other, or something else, would win.
 *
 * @param {Stores} stores
 */
function checkSame(stores) {
  const [ours, theirs] = [list("turnlog", stores), list("sqlite", stores)];
  checkCount(Number(ours.answers.count), stores.roots);
  if (!isDeepStrictEqual(ours.answers, theirs.answers)) throw new Error("the two sides list different sessions");
}

/**
 * The library is loaded from a place where it can load nothing else.
 *
 * @param {string} directory
 * @param {{ rounds: number, dropped: number }} counts
 */
async function timeImports(directory, counts) {
  const alone = join(directory, "alone");
  fs.cpSync(fileURLToPath(new URL("../../dist/lib", import.meta.url)), join(alone, "lib"), { recursive: true });
  fs.writeFileSync(join(alone, "package.json"), '{"type":"module"}');
  const ours = pathToFileURL(join(alone, "lib", "index.js")).href;
  const theirs = import.meta.resolve("better-sqlite3");
  return await inTurn(
    {
      turnlog: () => Number(run("first-import.mjs", [ours])),
      sqlite: () => Number(run("first-import.mjs", [theirs])),
    },
    counts,
  );
}

/**
 * @param {string} script
 * @param {string[]} args
 * @param {string[]} flags of Node
 */
function run(script, args, flags = []) {
  const path = fileURLToPath(new URL(script, import.meta.url));
  return execFileSync(process.execPath, [...flags, path, ...args], { encoding: "utf8" });
}
