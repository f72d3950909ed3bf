// The results as Markdown: what is claimed, for the README, and every row.
import { describeMachine } from "./machine.mjs";
import { barOf, format, scoreOf } from "./report.mjs";

/** @typedef {import("./measure.mjs").Row} Row */
/** @typedef {import("./results.mjs").Results} Results */

/**
 * The table of the README.
 *
 * @param {Results} results
 * @param {Record<string, string>} reasons why a bar is not met, by "question: name of the row"
 */
export function tableOf({ machine, versions, answers }, reasons) {
  const claims = answers.flatMap(({ name, rows }) =>
    rows.filter(({ claim }) => claim !== undefined).map((row) => ({ key: `${name}: ${row.name}`, row })),
  );
  const lines = claims.map(({ key, row }) => claimLine(row, reasons[key] ?? ""));
  const dates = answers.map(({ date }) => date.slice(0, 10)).sort();
  const packages = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  const met = claims.filter(({ row }) => (scoreOf(row) ?? 1) >= 1).length;
  return [
    `Measured on ${dates.at(-1)}: ${describeMachine(machine)}; ${packages.join(", ")}. Each line is one run in which the sides take`,
    "turns; times and ratios are medians, with the smallest and largest ratio of a round. `x` is how many times faster, or",
    `smaller, turnlog is; where it is compared with itself, how much more it takes. ${met} of ${claims.length} are as good as they are meant to be, or better.`,
    "",
    "| | turnlog | compared with | | ratio | meant to be | |",
    "|---|---:|---|---:|---:|---:|---|",
    ...lines,
    "",
    "![Each ratio divided by what it is meant to be](tools/bench/results/latest.svg)",
    "",
    "All rows, those of the other contenders too: [tools/bench/results/latest.md](tools/bench/results/latest.md).",
    "",
  ].join("\n");
}

/**
 * @param {Row} row
 * @param {string} reason
 */
function claimLine(row, reason) {
  const { claim, spread } = row;
  if (claim === undefined) throw new Error(`${row.name} is not claimed`);
  const score = scoreOf(row);
  const ratio = row.unit === "x" ? `${format(spread.median)}x (${format(spread.min)} to ${format(spread.max)})` : "";
  const verdict =
    score === undefined ? reason : score >= 1 ? "met" : `not met. ${reason || "The reason is not known yet."}`;
  const figures = [claim.ours, claim.other].map((each) =>
    each ? `${format(each.median)} ${claim.unit}`.replace(/ x$/, "x") : "",
  );
  const bar = barOf(row).replace(/ x$/, "x");
  return `| ${claim.what} | ${figures[0]} | ${claim.against ?? ""} | ${figures[1]} | ${ratio} | ${bar} | ${verdict.trim()} |`;
}

/**
 * Every row of every question.
 *
 * @param {Results} results
 */
export function pageOf({ machine, versions, answers }) {
  const packages = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  const parts = answers.map(({ title, name, rows, notes, date, seconds }) =>
    [
      `## ${title}`,
      "",
      `\`npm run bench -- --only ${name}\`, ${date.slice(0, 16).replace("T", " ")} UTC, ${seconds} s.`,
      ...notes.map((note) => `\n${note[0]?.toUpperCase()}${note.slice(1)}.`),
      "",
      "| | median | min | max | | bar | |",
      "|---|---:|---:|---:|---|---|---|",
      ...rows.map(rowLine),
      "",
    ].join("\n"),
  );
  return [
    "# What was measured",
    "",
    `${describeMachine(machine)}; ${packages.join(", ")}. Written by \`npm run bench\`. In a ratio more is better: it is how many`,
    "times faster, or smaller, turnlog is, unless the row says of what the ratio is.",
    "",
    ...parts,
  ].join("\n");
}

/** @param {Row} row */
function rowLine(row) {
  const { median, min, max } = row.spread;
  const score = scoreOf(row);
  const verdict = score === undefined ? "" : score >= 1 ? "met" : "**not met**";
  return `| ${row.name} | ${format(median)} | ${format(min)} | ${format(max)} | ${row.unit} | ${barOf(row)} | ${verdict} |`;
}
