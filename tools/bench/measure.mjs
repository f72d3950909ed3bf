// What the questions share: sides that take turns, so that a noisy moment hits all of them, and the medians of that.

/** @typedef {{ median: number, min: number, max: number }} Spread */
/** @typedef {"us" | "ms" | "x" | "MB" | "GB/s"} Unit */
/**
 * What stands in the README: the figures of both sides, in `unit`, or ours alone.
 *
 * @typedef {{ what: string, unit: Unit, against?: string, ours: Spread, other?: Spread }} Claim
 */
/**
 * One line of the table. With a bar: `least` for a ratio or a rate, `most` for times and memory.
 *
 * @typedef {{ name: string, unit: Unit, spread: Spread, least?: number, most?: number, claim?: Claim }} Row
 */
/** @typedef {{ title: string, rows: Row[], notes: string[] }} Answer */
/** @typedef {{ directory: string, quick: boolean }} Setting */

/**
 * Runs each side once a round, each round beginning with the next one.
 *
 * @template {string} Name
 * @template [Figure=number]
 * @param {Record<Name, () => Figure | Promise<Figure>>} sides
 * @param {{ rounds: number, dropped: number }} counts `dropped` rounds come first and count for nothing
 * @returns {Promise<Record<Name, Figure[]>>} what each side gave, round by round
 */
export async function inTurn(sides, { rounds, dropped }) {
  const names = /** @type {Name[]} */ (Object.keys(sides));
  const figures = /** @type {Record<Name, Figure[]>} */ ({});
  for (const name of names) figures[name] = [];
  for (let round = 0; round < dropped + rounds; round++) {
    for (let turn = 0; turn < names.length; turn++) {
      const name = names[(round + turn) % names.length];
      const figure = await sides[name]();
      if (round >= dropped) figures[name].push(figure);
    }
  }
  return figures;
}

/**
 * @param {ArrayLike<number>} values
 * @returns {number}
 */
export function median(values) {
  return quantile(values, 0.5);
}

/**
 * @param {ArrayLike<number>} values
 * @param {number} share
 * @returns {number}
 */
export function quantile(values, share) {
  return Float64Array.from(values).sort()[Math.floor(values.length * share)];
}

/**
 * @param {number[]} values
 * @returns {Spread}
 */
export function spreadOf(values) {
  return { median: median(values), min: Math.min(...values), max: Math.max(...values) };
}

/**
 * The same rows from several askings: the median of the medians, the smallest and the largest of all.
 *
 * @param {Row[][]} askings
 * @returns {Row[]}
 */
export function medianRows(askings) {
  return askings[0].map((row, number) => {
    const spreads = askings.map((rows) => rows[number].spread);
    return {
      ...row,
      spread: {
        median: median(spreads.map((spread) => spread.median)),
        min: Math.min(...spreads.map(({ min }) => min)),
        max: Math.max(...spreads.map(({ max }) => max)),
      },
    };
  });
}

/**
 * The rate of `ours` divided by the rate of `other`. Taken within each round, since machines drift from round to round.
 *
 * @param {number[]} ours times
 * @param {number[]} other times
 * @returns {Spread}
 */
export function ratioOf(ours, other) {
  return spreadOf(ours.map((time, round) => other[round] / time));
}
