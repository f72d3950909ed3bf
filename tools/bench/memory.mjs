// Does any read take more memory because there is more to read from?
import { execFileSync } from "node:child_process";
import fs from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { openStore } from "../../dist/lib/index.js";
import { inTurn, ratioOf, spreadOf } from "./measure.mjs";
import { writeLargeLog } from "./large-log.mjs";

const SCRIPT = fileURLToPath(new URL("memory-side.mjs", import.meta.url));
const READS = {
  last: "last 50",
  page: "50 around an id",
  message: "one message by its id",
  all: "all messages of a session",
  list: "first page of sessions",
  search: "search in all messages",
};
/** No session is longer: a store of 10 GB has ten of them. */
const SESSION_MB = 1000;
const MOST_GROWTH = 1.5;
const REST_MS = 2500;
/** What the largest store leaves free of the disk. */
const SPARE_MB = 15_000;

/** @typedef {{ heap: number, memory: number }} Used megabytes */

/**
 * @param {import("./measure.mjs").Setting} setting
 * @returns {Promise<import("./measure.mjs").Answer>}
 */
export async function ask({ directory, quick }) {
  const wanted = quick ? [2, 20] : [10, 100, 1000, 10_000];
  const { bavail, bsize } = fs.statfsSync(directory);
  const sizes = wanted.filter((megabytes) => megabytes + SPARE_MB < (bavail * bsize) / 1e6 || megabytes < 10_000);
  const counts = { rounds: quick ? 1 : 3, dropped: 0 };
  /** @type {Record<string, Used[]>} */
  const used = {};
  for (const megabytes of sizes) {
    const root = join(directory, `store-${megabytes}`);
    const middle = await makeStore(root, megabytes);
    const sides = Object.keys(READS).map(
      (read) => /** @type {const} */ ([`${read} ${megabytes}`, () => run(root, read, middle)]),
    );
    Object.assign(used, await inTurn(Object.fromEntries(sides), counts));
    fs.rmSync(root, { recursive: true });
  }
  const [least, most] = [sizes[0] ?? 0, sizes.at(-1) ?? 0];
  const of = (/** @type {string} */ read, /** @type {number} */ size, /** @type {keyof Used} */ what) =>
    (used[`${read} ${size}`] ?? []).map((each) => each[what]);
  return {
    title: `memory: reads of stores of ${sizes.join(", ")} MB, each by a new process, median of ${counts.rounds} rounds`,
    rows: Object.entries(READS).flatMap(([read, name]) => {
      const [small, large] = [of(read, least, "heap"), of(read, most, "heap")];
      const claim = {
        what: `largest heap: ${name}, of a store of ${most} MB`,
        unit: /** @type {const} */ ("MB"),
        against: `of ${least} MB`,
        ours: spreadOf(large),
        other: spreadOf(small),
      };
      return [
        ...sizes.map((size) => heapRow(`${name}, ${size} MB: largest heap`, of(read, size, "heap"))),
        ...sizes.map((size) => heapRow(`${name}, ${size} MB: largest memory`, of(read, size, "memory"))),
        {
          name: `${name}: heap, of ${most} MB / of ${least} MB`,
          unit: /** @type {const} */ ("x"),
          spread: ratioOf(small, large),
          most: MOST_GROWTH,
          claim,
        },
      ];
    }),
    notes: [
      `no session has more than ${SESSION_MB} MB; heap: what V8 uses, uncollected garbage and buffers included; memory: RSS`,
      ...(sizes.length < wanted.length ? [`${wanted.at(-1)} MB was not measured: the disk has no room for it`] : []),
    ],
  };
}

/**
 * @param {string} root
 * @param {number} megabytes
 * @returns {Promise<string>} the id of a message in the middle of a session
 */
async function makeStore(root, megabytes) {
  const empty = await openStore(root);
  const folder = join(root, "sessions", empty.machine);
  await empty.close();
  let middle = "";
  for (let left = megabytes, number = 0; left > 0; left -= SESSION_MB, number++) {
    middle = writeLargeLog(folder, `session-${number}`, Math.min(left, SESSION_MB) * 1e6);
  }
  await sleep(REST_MS);
  // Whoever opens it first has more to do than those who come later.
  const store = await openStore(root);
  await store.refresh();
  for await (const { id } of store.sessions()) await store.session(id).count();
  await store.close();
  return middle;
}

/**
 * @param {string} root
 * @param {string} read
 * @param {string} middle
 * @returns {Used}
 */
function run(root, read, middle) {
  return JSON.parse(execFileSync(process.execPath, [SCRIPT, root, read, middle], { encoding: "utf8" }));
}

/**
 * @param {string} name
 * @param {number[]} figures
 */
function heapRow(name, figures) {
  return { name, unit: /** @type {const} */ ("MB"), spread: spreadOf(figures) };
}
