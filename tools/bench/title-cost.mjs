// What the index of titles itself costs: to make, to keep, to load, to change.
import { setImmediate as nextTurn } from "node:timers/promises";
import v8 from "node:v8";
import vm from "node:vm";
import { buildBase, decodeBase, encodeBase } from "./title-index.mjs";
import { titleOf } from "./title-texts.mjs";

const BUILDS = 7;
const CHANGES = 2000;

/** @typedef {import("./title-index.mjs").Title} Title */

/**
 * What the index itself costs, measured where nothing else happens.
 *
 * @param {readonly Title[]} titles
 */
export async function costOf(titles) {
  /** @type {{ build: number[], hold: number[], memory: number[], load: number[] }} */
  const cost = { build: [], hold: [], memory: [], load: [] };
  let base;
  let bytes = Buffer.alloc(0);
  for (let build = 0; build <= BUILDS; build++) {
    base = undefined;
    bytes = Buffer.alloc(0);
    const before = await usedMegabytes();
    const watch = watchLoop();
    const start = performance.now();
    base = await buildBase(titles);
    const time = performance.now() - start;
    const hold = watch.stop();
    const memory = (await usedMegabytes()) - before;
    bytes = Buffer.concat(await encodeBase(base, ""));
    const loading = performance.now();
    const decoded = await decodeBase(bytes);
    const load = performance.now() - loading;
    if (decoded?.base.size !== titles.length) throw new Error("the base did not come back");
    if (build === 0) continue;
    cost.build.push(time);
    cost.hold.push(hold);
    cost.memory.push(memory);
    cost.load.push(load);
  }
  return { ...cost, base, bytes: bytes.length };
}

async function usedMegabytes() {
  v8.setFlagsFromString("--expose-gc");
  const collect = /** @type {() => void} */ (vm.runInNewContext("gc"));
  // What lies outside of the heap is freed a little later.
  for (let round = 0; round < 3; round++) {
    collect();
    await nextTurn();
  }
  const { heapUsed, external } = process.memoryUsage();
  return (heapUsed + external) / 1e6;
}

/** The longest time from one turn of the event loop to the next. */
function watchLoop() {
  let longest = 0;
  let last = performance.now();
  let isOn = true;
  const look = () => {
    const now = performance.now();
    longest = Math.max(longest, now - last);
    last = now;
    if (isOn) setImmediate(look);
  };
  setImmediate(look);
  return {
    stop: () => {
      isOn = false;
      return longest;
    },
  };
}

/**
 * @param {import("./title-index.mjs").TitleIndex} index
 * @param {import("better-sqlite3").Database} database
 * @param {readonly Title[]} titles
 * @param {readonly string[]} texts
 */
export function timeChanges(index, database, titles, texts) {
  const insert = database.prepare("INSERT INTO session (id, title, updated) VALUES (?, ?, ?)");
  const rename = database.prepare("UPDATE session SET title = ? WHERE id = ?");
  const remove = database.prepare("DELETE FROM session WHERE id = ?");
  const touch = database.prepare("UPDATE session SET updated = ? WHERE id = ?");
  const step = Math.floor(titles.length / CHANGES);
  const pick = (/** @type {number} */ number, /** @type {number} */ of) => titles[number * step + of];
  const text = (/** @type {number} */ number) => texts[texts.length - 1 - number];
  const later = titles.length + 10_000;
  /** @type {Record<string, [(number: number) => void, (number: number) => void]>} */
  const changes = {
    add: [
      (number) => index.set(titleOf(text(number), later + number, later + number)),
      (number) => insert.run(`new-${number}`, text(number), later + number),
    ],
    rename: [
      (number) => index.set({ ...pick(number, 0), text: text(number) }),
      (number) => rename.run(text(number), pick(number, 0).id),
    ],
    touch: [
      (number) => index.set({ ...pick(number, 1), at: later + CHANGES + number }),
      (number) => touch.run(later + CHANGES + number, pick(number, 1).id),
    ],
    remove: [(number) => index.delete(pick(number, 2).id), (number) => remove.run(pick(number, 2).id)],
  };
  /** @type {Record<string, { turnlog: Float64Array, sqlite: Float64Array }>} */
  const times = {};
  for (const [name, [ours, theirs]] of Object.entries(changes)) {
    times[name] = { turnlog: timed(ours), sqlite: timed(theirs) };
  }
  return times;
}

/** @param {(number: number) => void} change */
function timed(change) {
  const times = new Float64Array(CHANGES);
  for (let number = 0; number < CHANGES; number++) {
    const start = performance.now();
    change(number);
    times[number] = (performance.now() - start) * 1000;
  }
  return times;
}
