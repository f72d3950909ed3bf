// What came out, kept: all figures as JSON, all rows as a page, a chart, and the table in the README.
import fs from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { chartOf } from "./chart.mjs";
import { describeMachine } from "./machine.mjs";
import { pageOf, tableOf } from "./tables.mjs";

const LATEST = "latest.json";
const BEGIN = "<!-- bench:begin -->";
const END = "<!-- bench:end -->";

/** @typedef {import("./machine.mjs").Machine} Machine */
/** @typedef {import("./measure.mjs").Answer & { name: string, date: string, seconds: number }} Answered */
/** @typedef {{ machine: Machine, versions: Record<string, string>, answers: Answered[] }} Results */
/** @typedef {{ directory: string, readme: string, machine: Machine, order: readonly string[] }} Place */

/**
 * Answers of other questions stay if they were given by the same machine with the same Node.
 *
 * @param {Place} place
 * @param {Omit<Answered, "date">} answer
 */
export function keep({ directory, readme, machine, order }, answer) {
  fs.mkdirSync(directory, { recursive: true });
  const path = join(directory, LATEST);
  const known = read(path, machine);
  const others = known.filter(({ name }) => name !== answer.name && order.includes(name));
  const answers = [...others, { ...answer, date: new Date().toISOString() }];
  answers.sort((a, b) => order.indexOf(a.name) - order.indexOf(b.name));
  /** @type {Results} */
  const results = { machine, versions: versions(), answers };
  fs.writeFileSync(path, `${JSON.stringify(results, undefined, 1)}\n`);
  fs.writeFileSync(join(directory, "latest.md"), pageOf(results));
  fs.writeFileSync(join(directory, "latest.svg"), chartOf(results));
  writeInto(readme, tableOf(results, reasons()));
}

/**
 * @param {string} directory
 * @returns {Answered[]} what the last whole run was told, on whatever machine
 */
export function kept(directory) {
  const path = join(directory, LATEST);
  return fs.existsSync(path) ? JSON.parse(fs.readFileSync(path, "utf8")).answers : [];
}

/**
 * @param {string} path
 * @param {Machine} machine
 * @returns {Answered[]}
 */
function read(path, machine) {
  if (!fs.existsSync(path)) return [];
  /** @type {Results} */
  const results = JSON.parse(fs.readFileSync(path, "utf8"));
  return describeMachine(results.machine) === describeMachine(machine) ? results.answers : [];
}

/** @returns {Record<string, string>} of what it is compared with */
function versions() {
  const require = createRequire(import.meta.url);
  const { dependencies } = require("./package.json");
  return Object.fromEntries(
    Object.keys(dependencies).map((name) => {
      const path = join(fileURLToPath(new URL(".", import.meta.url)), "node_modules", name, "package.json");
      return [name, JSON.parse(fs.readFileSync(path, "utf8")).version];
    }),
  );
}

/** @returns {Record<string, string>} why a bar is not met, by "question: name of the row" */
function reasons() {
  return JSON.parse(fs.readFileSync(new URL("reasons.json", import.meta.url), "utf8"));
}

/**
 * @param {string} path of a text with the two marks
 * @param {string} table
 */
function writeInto(path, table) {
  const text = fs.readFileSync(path, "utf8");
  const [begin, end] = [text.indexOf(BEGIN), text.indexOf(END)];
  if (begin === -1 || end < begin) throw new Error(`${path} has no ${BEGIN} and ${END}`);
  fs.writeFileSync(path, `${text.slice(0, begin + BEGIN.length)}\n${table}${text.slice(end)}`);
}
