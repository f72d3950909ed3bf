// Asks the questions, prints a table, and keeps what came out:
//
//   node run.mjs [--quick] [--only QUESTION]... [--dir DIR] [--results DIR] [--readme FILE]
//
// Build the library first; `npm run bench` does, and installs what it is compared with. Ratios taken on one machine in one run are
// what counts. With --only the other questions' answers stay as they were.
//
// With --quick all is smaller, nothing is kept, and the run fails if a ratio is below half of its bar: more than noise, on any
// machine. A question that had one is asked twice more, and the median counts. A bar that holds for a large store alone is not
// asked for, and what the last whole run has found below half of its bar, with the reason in the README, is known.
import { fork } from "node:child_process";
import { once } from "node:events";
import fs from "node:fs";
import os from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { describeMachine, machineOf } from "./machine.mjs";
import { medianRows } from "./measure.mjs";
import { isMissed, lineOf } from "./report.mjs";
import { keep, kept } from "./results.mjs";

const QUESTIONS = [
  "append",
  "power",
  "together",
  "processes",
  "streaming",
  "last",
  "pages",
  "reads",
  "read",
  "two-logs",
  "sessions",
  "titles",
  "search",
  "space",
  "import",
  "memory",
  "disk",
];
/** How much worse than its bar a ratio may be in a quick run. */
const TOLERANCE = 2;
/** So often a question is asked in a quick run before a ratio is believed to be worse. */
const ASKINGS = 3;
const HERE = fileURLToPath(new URL(".", import.meta.url));

const { quick, only, dir, results, readme } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    only: { type: "string", multiple: true, default: QUESTIONS },
    dir: { type: "string", default: os.tmpdir() },
    results: { type: "string", default: join(HERE, "results") },
    readme: { type: "string", default: join(HERE, "..", "..", "README.md") },
  },
}).values;
const unknown = only.find((name) => !QUESTIONS.includes(name));
if (unknown !== undefined) throw new Error(`--only ${unknown}: the questions are ${QUESTIONS.join(", ")}`);

const machine = machineOf(dir);
print(describeMachine(machine));
const started = performance.now();
let isBad = false;
for (const name of only) {
  const begun = performance.now();
  const answer = quick ? await askUntilSure(name) : await ask(name);
  const seconds = Math.round((performance.now() - begun) / 1000);
  const { title, rows, notes } = answer;
  print(`\n${title} (${seconds} s)`);
  const width = Math.max(...rows.map((row) => row.name.length));
  for (const row of rows) {
    const isWorse = quick && isFarBelow(row);
    const isKnown = isWorse && known(name).has(row.name);
    print(`${lineOf(row, width)}${isKnown ? ", as is known" : isWorse ? " BY FAR" : ""}`);
    isBad ||= isWorse && !isKnown;
  }
  for (const note of notes) print(`  (${note})`);
  // After each question: who stops a long run keeps what was answered.
  if (!quick) keep({ directory: results, readme, machine, order: QUESTIONS }, { name, seconds, ...answer });
}
print(`\n${Math.round((performance.now() - started) / 1000)} s in all`);
if (isBad) process.exitCode = 1;

/**
 * @param {import("./measure.mjs").Row} row
 * @returns {boolean} it is a ratio, and worse than its bar by more than noise
 */
function isFarBelow(row) {
  return row.unit === "x" && isMissed(row, TOLERANCE);
}

/**
 * @param {string} name of a question
 * @returns {Set<string>} its rows that are far below their bars in the last whole run
 */
function known(name) {
  const rows = kept(results).find((answer) => answer.name === name)?.rows ?? [];
  return new Set(rows.filter(isFarBelow).map((row) => row.name));
}

/**
 * @param {string} name
 * @returns {Promise<import("./measure.mjs").Answer>}
 */
async function askUntilSure(name) {
  const answers = [await ask(name)];
  const isKnown = known(name);
  if (!answers[0].rows.some((row) => isFarBelow(row) && !isKnown.has(row.name))) return answers[0];
  while (answers.length < ASKINGS) answers.push(await ask(name));
  return {
    ...answers[0],
    rows: medianRows(answers.map(({ rows }) => rows)),
    notes: [...answers[0].notes, `asked ${ASKINGS} times`],
  };
}

/**
 * @param {string} name
 * @returns {Promise<import("./measure.mjs").Answer>}
 */
async function ask(name) {
  const directory = fs.mkdtempSync(join(dir, "turnlog-bench-"));
  try {
    const child = fork(join(HERE, "question.mjs"), [name, directory, String(quick)]);
    const ended = once(child, "exit");
    const [answer] = await Promise.race([once(child, "message"), ended]);
    await ended;
    if (typeof answer !== "object" || answer === null) throw new Error(`${name} failed`);
    return answer;
  } finally {
    fs.rmSync(directory, { recursive: true, force: true });
  }
}

/** @param {string} line */
function print(line) {
  process.stdout.write(`${line}\n`);
}
