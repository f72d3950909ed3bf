// One log as verify and repair see it: every line, which of them count, and what is wrong.
import { setTimeout as sleep } from "node:timers/promises";
import { mayBeWritten, WRITE_MS } from "../../disk/fingerprint.ts";
import type { FileStat, Vfs, VfsFile } from "../../disk/vfs.ts";
import { sortRows } from "../../indexes/sort.ts";
import { Turns } from "../../base/slices.ts";
import type { LineHead } from "../../line/decode.ts";
import type { LineTable } from "../../line/line-table.ts";
import { examineLog } from "../../log/examination.ts";
import type { Examination } from "../../log/examination.ts";
import { CommitFilter } from "../../log/recovery.ts";
import { compareTwins } from "../../log/union.ts";
import type { Place } from "../locator.ts";

const MOST_TRIES = 5;

/** Two lines with one stamp, by their rows: one is left out. */
interface Twins {
  readonly left: number;
  readonly kept: number;
}

export interface Inspected {
  readonly place: Place;
  /** Whoever inspected the log closes it. */
  readonly file: VfsFile;
  readonly stat: FileStat;
  readonly examination: Examination;
  /** The rows by their stamps; undefined: they stand so. */
  readonly order: Uint32Array | undefined;
  /** The rows of all lines, by their stamps, each stamp once. */
  readonly all: Uint32Array;
  /** Those of the lines that count. */
  readonly kept: Uint32Array;
  /** Rows of lines that came again, byte for byte. */
  readonly repeats: readonly number[];
  readonly twins: readonly Twins[];
  /** Rows of lines whose commit has no end. */
  readonly incomplete: readonly number[];
  /** The same, but an earlier commit of their writer counts by them alone: they stay, and are among those that are kept. */
  readonly witnesses: readonly number[];
}

export interface InspectOptions {
  readonly sealed?: boolean;
  readonly signal?: AbortSignal | undefined;
  readonly onLine?: (line: LineHead, before: LineTable) => void;
  /** The log was read to its end in vain, since somebody was writing to it: it is read anew. */
  readonly onRetry?: () => void;
}

/** Reads a log. What an appender is just writing is waited for: it is no damage. */
export async function inspectLog(vfs: Vfs, place: Place, options: InspectOptions = {}): Promise<Inspected> {
  const file = vfs.open(place.path, "read");
  try {
    for (let tries = 1; ; tries++) {
      const inspected = await inspectFile(file, place, options);
      if (vfs.isVolatile || !mayGoOn(inspected)) return inspected;
      await sleep(WRITE_MS);
      if (file.stat().size === inspected.stat.size) return inspected;
      options.onRetry?.();
      // Somebody writes without a pause: what he has not ended is not looked at.
      if (tries === MOST_TRIES)
        return { ...(await inspectFile(file, place, options, endOf(inspected))), incomplete: [], witnesses: [] };
    }
  } catch (error) {
    file.close();
    throw error;
  }
}

async function inspectFile(file: VfsFile, place: Place, options: InspectOptions, size?: number): Promise<Inspected> {
  const { signal } = options;
  const stat = file.stat();
  const examination = await examineLog(file, size ?? stat.size, options);
  const { lines } = examination;
  const turns = new Turns(signal);
  const order = lines.isSorted ? undefined : await sortRows(lines.length, (a, b) => lines.compare(a, b), turns);
  const repeats: number[] = [];
  const twins: Twins[] = [];
  let kept = new Uint32Array(lines.length);
  let count = 0;
  for (let position = 0; position < lines.length; position++) {
    if (turns.isOver) await turns.giveWay();
    const row = order?.[position] ?? position;
    const last = count === 0 ? -1 : (kept[count - 1] as number);
    if (order === undefined || last === -1 || lines.compare(last, row) !== 0) {
      kept[count++] = row;
      continue;
    }
    const preference = compareTwins({ file, lines, row }, { file, lines, row: last });
    if (preference === 0) repeats.push(row);
    else if (preference < 0) twins.push({ left: row, kept: last });
    else {
      twins.push({ left: last, kept: row });
      kept[count - 1] = row;
    }
  }
  kept = kept.subarray(0, count);
  const commits = await dropIncomplete(lines, kept, turns);
  return { place, file, stat, examination, order, repeats, twins, all: kept, ...commits };
}

/** A commit without an end was never written. A line of it may be all that shows an earlier one to be whole: it stays. */
async function dropIncomplete(
  lines: LineTable,
  rows: Uint32Array<ArrayBuffer>,
  turns: Turns,
): Promise<Pick<Inspected, "kept" | "incomplete" | "witnesses">> {
  const unended = await unendedIn(lines, rows, turns);
  if (unended.size === 0) return { kept: rows, incomplete: [], witnesses: [] };
  const isUnended = (row: number): boolean => unended.has(lines.offset(row));
  const needed = await unendedIn(
    lines,
    rows.filter((row) => !isUnended(row)),
    turns,
  );
  const writers = new Set(needed.values());
  const isWitness = (row: number): boolean => isUnended(row) && writers.has(lines.stamp(row).writer);
  return {
    kept: rows.filter((row) => !isUnended(row) || isWitness(row)),
    incomplete: [...rows].filter((row) => isUnended(row) && !isWitness(row)),
    witnesses: [...rows].filter(isWitness),
  };
}

/** The lines of commits without an end: their writers, by the offsets of the lines. */
async function unendedIn(lines: LineTable, rows: Uint32Array, turns: Turns): Promise<Map<number, string>> {
  if (!lines.hasBatches) return new Map();
  const filter = new CommitFilter(() => undefined);
  for (const row of rows) {
    filter.add(lines.head(row));
    if (turns.isOver) await turns.giveWay();
  }
  return new Map(filter.finish().map(({ offset, stamp }) => [offset, stamp.writer]));
}

/** Where the last whole line ends. */
function endOf({ examination: { end, findings, isTorn, lines } }: Inspected): number {
  const isUnended = findings.some(({ code }) => code === "unended");
  return isTorn || !isUnended ? end : lines.offset(lines.length - 1);
}

/** True when a writer may be in the middle of what looks like damage. */
function mayGoOn({ examination, incomplete, witnesses, stat }: Inspected): boolean {
  const isUnended = examination.findings.some(({ code }) => code === "unended");
  const isOpen = examination.isTorn || isUnended || incomplete.length + witnesses.length > 0;
  return isOpen && mayBeWritten(stat);
}
