// Rows of the table: what a thing took on each side, and how much faster turnlog did it.
import { ratioOf, spreadOf } from "./measure.mjs";
import { OURS } from "./contenders/contender.mjs";

/** @typedef {import("./measure.mjs").Row} Row */
/**
 * A bar of one comparison. `claim`: what the table in the README calls the thing; without it the row is not in that table.
 *
 * @typedef {{ least?: number, most?: number, claim?: string }} Bar
 */

/**
 * @param {string} what was done
 * @param {Row["unit"]} unit of the figures: less is better
 * @param {Record<string, number[]>} figures by the titles of the sides, round by round, turnlog's among them
 * @param {Record<string, Bar>} [bars] by the titles of the others
 * @returns {Row[]}
 */
export function comparison(what, unit, figures, bars = {}) {
  const ours = figures[OURS];
  if (ours === undefined) throw new Error(`${what}: ${OURS} was not asked`);
  const others = Object.entries(figures).filter(([title]) => title !== OURS);
  return [
    { name: `${what}: ${OURS}`, unit, spread: spreadOf(ours) },
    ...others.map(([title, other]) => ({ name: `${what}: ${title}`, unit, spread: spreadOf(other) })),
    ...others.map(([title, other]) => against(`${what}: ${OURS} / ${title}`, unit, title, ours, other, bars[title])),
  ];
}

/**
 * @param {string} name
 * @param {Row["unit"]} unit
 * @param {string} title
 * @param {number[]} ours
 * @param {number[]} other
 * @param {Bar} [bar]
 * @returns {Row}
 */
export function against(name, unit, title, ours, other, { claim, ...bar } = {}) {
  const row = { name, unit: /** @type {const} */ ("x"), spread: ratioOf(ours, other), ...bar };
  if (claim === undefined) return row;
  return { ...row, claim: { what: claim, unit, against: title, ours: spreadOf(ours), other: spreadOf(other) } };
}

/**
 * One figure of each side, and no rounds.
 *
 * @param {Record<string, number>} figures
 * @returns {Record<string, number[]>}
 */
export function once(figures) {
  return Object.fromEntries(Object.entries(figures).map(([title, figure]) => [title, [figure]]));
}
