// Several logs as one: their lines in the order of their stamps, each stamp once. By tables of where the lines lie: no line
// is in memory but the two that are compared.
import type { VfsFile } from "../disk/vfs.ts";
import { Turns } from "../base/slices.ts";
import type { LineTable } from "../line/line-table.ts";
import { rankOf } from "../line/twins.ts";

export interface UnionLog {
  readonly file: Pick<VfsFile, "read">;
  readonly lines: LineTable;
  /** The rows that are to be united, by their stamps, each stamp once. */
  readonly rows: Uint32Array;
  /** What takes the place of a line that is erased. */
  readonly erased?: (row: number) => Buffer | undefined;
}

export interface Union {
  /** Rows, by their stamps, and the number of the log that each stands in. */
  readonly rows: Uint32Array;
  readonly logs: Uint8Array;
  /** Those that are left out, since another log has a better line of that stamp. */
  readonly twins: readonly (readonly [log: number, row: number])[];
  /** For each row: 1 if none of the known logs has its stamp. */
  readonly news: Uint8Array;
  /** Stamps that only known logs have. */
  readonly onlyKnown: number;
}

/** So many logs can be united. */
export const MOST_LOGS = 255;

/** Of equal lines the first log's is taken. The first `known` logs are those that the others are news to. */
export async function uniteLogs(logs: readonly UnionLog[], known = 0, signal?: AbortSignal): Promise<Union> {
  const turns = new Turns(signal);
  const total = logs.reduce((sum, { rows }) => sum + rows.length, 0);
  const rows = new Uint32Array(total);
  const numbers = new Uint8Array(total);
  const news = new Uint8Array(total);
  const twins: (readonly [number, number])[] = [];
  const heads = logs.map(() => 0);
  let count = 0;
  let onlyKnown = 0;
  let isElse = true;
  for (;;) {
    if (turns.isOver) await turns.giveWay();
    const number = least(logs, heads);
    const log = logs[number];
    if (log === undefined) break;
    const row = log.rows[heads[number] as number] as number;
    heads[number] = (heads[number] as number) + 1;
    const isKnown = number < known;
    const last = count === 0 ? undefined : { number: numbers[count - 1] as number, row: rows[count - 1] as number };
    const before = last === undefined ? undefined : (logs[last.number] as UnionLog);
    if (last === undefined || before === undefined || before.lines.compareWith(last.row, log.lines, row) !== 0) {
      if (!isElse) onlyKnown++;
      isElse = !isKnown;
      news[count] = isKnown ? 0 : 1;
      rows[count] = row;
      numbers[count++] = number;
      continue;
    }
    if (!isKnown) isElse = true;
    const preference = compareTwins({ ...log, row }, { ...before, row: last.row });
    if (preference === 0) continue;
    twins.push(preference < 0 ? [number, row] : [last.number, last.row]);
    if (preference < 0) continue;
    rows[count - 1] = row;
    numbers[count - 1] = number;
  }
  if (!isElse) onlyKnown++;
  return {
    rows: rows.subarray(0, count),
    logs: numbers.subarray(0, count),
    news: news.subarray(0, count),
    twins,
    onlyKnown,
  };
}

/** The number of the log whose next line has the least stamp, the first of several; -1: all are at their end. */
function least(logs: readonly UnionLog[], heads: readonly number[]): number {
  let found = -1;
  let other: UnionLog | undefined;
  for (const [number, log] of logs.entries()) {
    const at = heads[number] as number;
    if (at === log.rows.length) continue;
    const row = log.rows[at] as number;
    if (other === undefined || log.lines.compareWith(row, other.lines, other.rows[heads[found] as number] ?? 0) < 0)
      [found, other] = [number, log];
  }
  return found;
}

interface TableRow extends Pick<UnionLog, "file" | "lines" | "erased"> {
  readonly row: number;
}

/** Of two lines with one stamp a purged one stays, then a sound one, then the greater bytes. 0: they are equal. */
export function compareTwins(a: TableRow, b: TableRow): number {
  const [erasedA, erasedB] = [a.erased?.(a.row), b.erased?.(b.row)];
  return (
    rank(a, erasedA !== undefined) - rank(b, erasedB !== undefined) ||
    Buffer.compare(erasedA ?? bytesOf(a), erasedB ?? bytesOf(b))
  );
}

function rank({ lines, row }: TableRow, isErased: boolean): number {
  return isErased ? rankOf(true, true) : rankOf(lines.isPurged(row), lines.isSound(row));
}

function bytesOf({ file, lines, row }: TableRow): Buffer {
  const bytes = Buffer.alloc(lines.size(row));
  return bytes.subarray(0, file.read(bytes, 0, bytes.length, lines.offset(row)));
}
