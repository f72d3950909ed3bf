// A row as a line of text, and what its bar says.

/** @typedef {import("./measure.mjs").Row} Row */

/**
 * @param {Row} row
 * @param {number} width of the names
 */
export function lineOf(row, width) {
  const { name, unit, spread } = row;
  const [median, min, max] = [spread.median, spread.min, spread.max].map(format);
  const bar = barOf(row);
  const verdict = bar === "" ? "" : `bar ${bar}: ${isMissed(row, 1) ? "MISSED" : "met"}`;
  return `  ${name.padEnd(width)}${median.padStart(9)} ${unit.padEnd(4)} ${`${min}..${max}`.padEnd(18)}${verdict}`.trimEnd();
}

/** @param {Row} row */
export function barOf({ unit, least, most }) {
  if (least !== undefined) return `>= ${least} ${unit}`;
  return most === undefined ? "" : `< ${most} ${unit}`;
}

/**
 * @param {Row} row
 * @param {number} tolerance
 */
export function isMissed(row, tolerance) {
  const score = scoreOf(row);
  return score !== undefined && score < 1 / tolerance;
}

/**
 * @param {Row} row
 * @returns {number | undefined} how many times better than its bar; 1: it is just met
 */
export function scoreOf({ spread, least, most }) {
  if (least !== undefined) return spread.median / least;
  // What is to be below is not met by what is equal.
  return most === undefined ? undefined : most / (spread.median * (1 + Number.EPSILON));
}

/**
 * With three figures that count, or two decimals.
 *
 * @param {number} value
 */
export function format(value) {
  return value.toFixed(value >= 100 ? 0 : value >= 10 ? 1 : 2);
}
