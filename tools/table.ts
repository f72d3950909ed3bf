// Rows for people on a terminal: columns, a head, the last column cut to the width. For a pipe: a row a line, with tabs.
import type { Output } from "./output.ts";
import { oneLine, shorten } from "./text.ts";

const GAP = "  ";
const LEAST_WIDTH = 10;

export async function writeTable(
  out: Output,
  head: readonly string[],
  rows: readonly (readonly string[])[],
): Promise<void> {
  const cells = rows.map((row) => row.map(oneLine));
  if (!out.isTerminal) {
    for (const row of cells) await out.add(`${row.join("\t")}\n`);
    return;
  }
  const widths = head.map((name, column) => Math.max(name.length, ...cells.map((row) => row[column]?.length ?? 0)));
  const before = widths.slice(0, -1).reduce((sum, width) => sum + width + GAP.length, 0);
  const left = out.columns === undefined ? Infinity : Math.max(LEAST_WIDTH, out.columns - before);
  const line = (row: readonly string[]): string =>
    row
      .map((cell, column) => (column < row.length - 1 ? cell.padEnd(widths[column] ?? 0) : shorten(cell, left)))
      .join(GAP);
  await out.add(`${out.styled("dim", line(head).trimEnd())}\n`);
  for (const row of cells) await out.add(`${line(row).trimEnd()}\n`);
}
