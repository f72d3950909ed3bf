// Asks the questions and prints a table: node run.mjs [--quick] [--only QUESTION]... [--dir DIR]
// Questions: append, last, read, search, titles, sessions, pages, space, two-logs.
//
// Build the library first. Ratios taken on one machine in one run are what counts. With --quick all is smaller, and
// the run fails if a figure is worse than twice its bar: more than noise, on any machine.
import { fork } from "node:child_process";
import { once } from "node:events";
import fs from "node:fs";
import os from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { describeMachine } from "./machine.mjs";

const QUESTIONS = ["append", "last", "read", "search", "titles", "sessions", "pages", "space", "two-logs"];
/** How much worse than its bar a figure may be in a quick run. */
const TOLERANCE = 2;

const { quick, only, dir } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    only: { type: "string", multiple: true, default: QUESTIONS },
    dir: { type: "string", default: os.tmpdir() },
  },
}).values;
const unknown = only.find((name) => !QUESTIONS.includes(name));
if (unknown !== undefined) throw new Error(`--only ${unknown}: the questions are ${QUESTIONS.join(", ")}`);

print(describeMachine(dir));
let isBad = false;
for (const name of only) {
  const { title, rows, notes } = await ask(name);
  print(`\n${title}`);
  const width = Math.max(...rows.map((row) => row.name.length));
  for (const row of rows) {
    print(format(row, width));
    isBad ||= isMissed(row, TOLERANCE);
  }
  for (const note of notes) print(`  (${note})`);
}
if (quick && isBad) process.exitCode = 1;

/**
 * @param {string} name
 * @returns {Promise<import("./measure.mjs").Answer>}
 */
async function ask(name) {
  const directory = fs.mkdtempSync(join(dir, "turnlog-bench-"));
  try {
    const child = fork(fileURLToPath(new URL("question.mjs", import.meta.url)), [name, directory, String(quick)]);
    const ended = once(child, "exit");
    const [answer] = await Promise.race([once(child, "message"), ended]);
    await ended;
    if (typeof answer !== "object" || answer === null) throw new Error(`${name} failed`);
    return answer;
  } finally {
    fs.rmSync(directory, { recursive: true, force: true });
  }
}

/**
 * @param {import("./measure.mjs").Row} row
 * @param {number} width of the names
 */
function format(row, width) {
  const { name, unit, spread } = row;
  const [median, min, max] = [spread.median, spread.min, spread.max].map((value) => value.toFixed(2));
  const range = `${min}..${max}`;
  const bar = barOf(row);
  const verdict = bar === "" ? "" : `${bar}: ${isMissed(row, 1) ? "MISSED" : "met"}`;
  return `  ${name.padEnd(width)}${median.padStart(9)} ${unit}  ${range.padEnd(18)}${verdict}`.trimEnd();
}

/** @param {import("./measure.mjs").Row} row */
function barOf({ unit, least, most }) {
  if (least !== undefined) return `bar >= ${least} ${unit}`;
  return most === undefined ? "" : `bar < ${most} ${unit}`;
}

/**
 * @param {import("./measure.mjs").Row} row
 * @param {number} tolerance
 */
function isMissed({ spread, least = 0, most = Infinity }, tolerance) {
  return spread.median < least / tolerance || spread.median >= most * tolerance;
}

/** @param {string} line */
function print(line) {
  process.stdout.write(`${line}\n`);
}
