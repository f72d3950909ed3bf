// A chart of the claims as SVG: a dot for each ratio divided by its bar, on a log scale, with the range of its rounds. Right of
// the line: better than it is meant to be. Its colours follow the reader's light or dark.
import { describeMachine } from "./machine.mjs";
import { barOf, format, scoreOf } from "./report.mjs";

const WIDTH = 1080;
const LEFT = 590;
const RIGHT = 170;
const TOP = 64;
const ROW = 22;
const BOTTOM = 46;
const TICKS = [0.25, 0.5, 1, 2, 5, 10, 20, 50, 100];

const STYLE = `
  .back { fill: #ffffff } .text { fill: #1f2328 } .faint { fill: #59636e } .grid { stroke: #d1d9e0 } .bar { stroke: #1f2328 }
  .met { fill: #1a7f37; stroke: #1a7f37 } .missed { fill: #cf222e; stroke: #cf222e }
  @media (prefers-color-scheme: dark) {
    .back { fill: #0d1117 } .text { fill: #e6edf3 } .faint { fill: #9198a1 } .grid { stroke: #3d444d } .bar { stroke: #e6edf3 }
    .met { fill: #3fb950; stroke: #3fb950 } .missed { fill: #f85149; stroke: #f85149 }
  }
  text { font: 12px -apple-system, "Segoe UI", "Noto Sans", Helvetica, Arial, sans-serif }
  .title { font-size: 15px; font-weight: 600 }
`;

/** @typedef {import("./measure.mjs").Row} Row */

/**
 * @param {import("./results.mjs").Results} results
 * @returns {string}
 */
export function chartOf({ machine, answers }) {
  const rows = answers
    .flatMap((answer) => answer.rows)
    .filter((row) => row.claim !== undefined && scoreOf(row) !== undefined);
  const height = TOP + rows.length * ROW + BOTTOM;
  const scores = rows.flatMap((row) => Object.values(scoresOf(row)));
  const x = scale(Math.min(0.5, ...scores), Math.max(2, ...scores));
  const bottom = TOP + rows.length * ROW;
  const ticks = TICKS.filter((tick) => x(tick) >= LEFT && x(tick) <= WIDTH - RIGHT);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img">`,
    `<title>turnlog beside what one would use instead: each ratio divided by its bar</title>`,
    `<style>${STYLE}</style>`,
    `<rect class="back" width="${WIDTH}" height="${height}"/>`,
    `<text class="text title" x="16" y="26">turnlog beside what one would use instead</text>`,
    `<text class="faint" x="16" y="46">ratio divided by its bar, log scale: right of 1 is better than it is meant to be</text>`,
    ...ticks.map((tick) => line(x(tick), TOP - 6, x(tick), bottom, tick === 1 ? "bar" : "grid")),
    ...ticks.map((tick) => text(x(tick), bottom + 16, "faint", "middle", `${tick}`)),
    ...rows.map((row, index) => drawRow(row, TOP + index * ROW + ROW / 2, x)),
    text(16, height - 10, "faint", "start", describeMachine(machine)),
    "</svg>",
    "",
  ].join("\n");
}

/**
 * @param {number} least
 * @param {number} most
 */
function scale(least, most) {
  const [from, to] = [Math.log(least / 1.1), Math.log(most * 1.1)];
  return (/** @type {number} */ value) =>
    Math.round((LEFT + ((Math.log(value) - from) / (to - from)) * (WIDTH - LEFT - RIGHT)) * 10) / 10;
}

/**
 * @param {Row} row
 * @returns {{ median: number, min: number, max: number }}
 */
function scoresOf({ spread, least, most }) {
  const score = (/** @type {number} */ value) => (least === undefined ? (most ?? 1) / value : value / least);
  return { median: score(spread.median), min: score(spread.min), max: score(spread.max) };
}

/**
 * @param {Row} row
 * @param {number} y
 * @param {(value: number) => number} x
 */
function drawRow(row, y, x) {
  const { median, min, max } = scoresOf(row);
  const kind = median >= 1 ? "met" : "missed";
  const { what = row.name, against } = row.claim ?? {};
  const label = against === undefined ? what : `${what} / ${against}`;
  const value = `${format(row.spread.median)} ${row.unit} (${barOf(row).replace(/ (x|MB)$/, "")})`;
  return [
    text(LEFT - 12, y + 4, "text", "end", label),
    line(x(min), y, x(max), y, kind, 2),
    `<circle class="${kind}" cx="${x(median)}" cy="${y}" r="4.5"/>`,
    text(WIDTH - RIGHT + 14, y + 4, "text", "start", value),
  ].join("\n");
}

/**
 * @param {number} x1
 * @param {number} y1
 * @param {number} x2
 * @param {number} y2
 * @param {string} kind
 * @param {number} [width]
 */
function line(x1, y1, x2, y2, kind, width = 1) {
  return `<line class="${kind}" x1="${x1}" y1="${y1}" x2="${x2}" y2="${y2}" stroke-width="${width}"/>`;
}

/**
 * @param {number} x
 * @param {number} y
 * @param {string} kind
 * @param {"start" | "middle" | "end"} anchor
 * @param {string} content
 */
function text(x, y, kind, anchor, content) {
  const escaped = content.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
  return `<text class="${kind}" x="${x}" y="${y}" text-anchor="${anchor}">${escaped}</text>`;
}
