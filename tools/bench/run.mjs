// Asks the questions, prints a table, and keeps what came out:
//
//   node run.mjs [--quick] [--only QUESTION]... [--dir DIR] [--results DIR] [--readme FILE]
//
// Build the library first; `npm run bench` does, and installs what it is compared with. Ratios taken on one machine in one run are
// what counts. With --quick all is smaller, nothing is kept, and the run fails if a figure is worse than twice its bar: more
// than noise, on any machine. A bar that holds for a large store alone is not asked for then. With --only the other questions' answers stay as they were.
import { fork } from "node:child_process";
import { once } from "node:events";
import fs from "node:fs";
import os from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { describeMachine, machineOf } from "./machine.mjs";
import { isMissed, lineOf } from "./report.mjs";
import { keep } from "./results.mjs";

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
/** How much worse than its bar a figure may be in a quick run. */
const TOLERANCE = 2;
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
  const answer = await ask(name);
  const seconds = Math.round((performance.now() - begun) / 1000);
  const { title, rows, notes } = answer;
  print(`\n${title} (${seconds} s)`);
  const width = Math.max(...rows.map((row) => row.name.length));
  for (const row of rows) {
    print(lineOf(row, width));
    isBad ||= isMissed(row, TOLERANCE);
  }
  for (const note of notes) print(`  (${note})`);
  // After each question: who stops a long run keeps what was answered.
  if (!quick) keep({ directory: results, readme, machine, order: QUESTIONS }, { name, seconds, ...answer });
}
print(`\n${Math.round((performance.now() - started) / 1000)} s in all`);
if (quick && isBad) process.exitCode = 1;

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
