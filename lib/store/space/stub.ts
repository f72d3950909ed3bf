// What must stay of a session when its content goes: the tree's lines and the tombstones, so that no sync, import or merge
// revives it.
import { giveWay } from "../../base/turn.ts";
import type { OpenFile } from "../../disk/descriptors.ts";
import type { LineHead } from "../../line/decode.ts";
import { HAS_LINE, PURGED, VERSION } from "../../line/flags.ts";
import type { Fold } from "../../line/fold.ts";
import { isClearing } from "../../line/info.ts";
import { advance, compareStamps } from "../../line/stamp.ts";
import type { Stamp } from "../../line/stamp.ts";
import type { Log } from "../../log/log.ts";
import { readLog } from "../read/content.ts";
import type { LogContent, Stretch } from "../read/content.ts";

export const STUB_TYPES: ReadonlySet<string> = new Set([
  "session",
  "open",
  "head",
  "truncate",
  "remove",
  "purge",
  "delete",
  "restore",
]);
/** A log with more stretches of other lines than this is read whole: it takes no longer. */
const MOST_STRETCHES = 1000;
const STEP_ROWS = 8192;

/** A log, and what of it stays. */
export interface Stub {
  readonly content: LogContent;
  readonly lines: readonly LineHead[];
  /** Nothing else stands in it, and that in order. */
  readonly isAll: boolean;
}

/** True for the line that a deletion clears with what the session was called: it stands right before the deletion's. */
export function isOfDeletion({ stamp, data }: Pick<LineHead, "stamp" | "data">, deletion: Stamp): boolean {
  return compareStamps(advance(stamp, 1), deletion) === 0 && isClearing(data);
}

/**
 * The tree's lines and the tombstones, with what makes their commits whole: a commit counts when its end is there. Where `fold`
 * knows the messages of the log, their lines, which are nearly all of it, are not read.
 */
export async function readStub(open: OpenFile, log: Log, fold: Fold | undefined): Promise<Stub> {
  const known = fold && (await knownStretches(fold, log));
  if (known !== undefined) {
    const content = await readLog(open, known);
    const { lines, isWhole } = stubOf(content.lines);
    if (isWhole && content.fragments.length === 0) return { content, lines, isAll: false };
  }
  const content = await readLog(open);
  const { lines } = stubOf(content.lines);
  return { content, lines, isAll: lines.length === content.lines.length && content.isSorted };
}

/**
 * Where the first versions of messages and parts stand, of those that stand in the order of their places. Undefined: the log is
 * not as it was written, or they are few.
 */
async function knownStretches({ rows }: Fold, log: Log): Promise<Stretch[] | undefined> {
  if (log.problems.length > 0 || log.unsettled.length > 0) return undefined;
  const stretches: { start: number; end: number }[] = [];
  let last = { start: 0, end: 0 };
  for (let row = 0; row < rows.length; row++) {
    if (row % STEP_ROWS === 0) await giveWay();
    const isFirst = rows.has(row, HAS_LINE) && !rows.has(row, VERSION | PURGED);
    const start = rows.offsetOf(row);
    if (!isFirst || rows.logOf(row) !== log.number || start < last.end) continue;
    const end = start + rows.sizeOf(row) + 1;
    if (start === last.end) {
      last.end = end;
      continue;
    }
    if (stretches.length === MOST_STRETCHES) return undefined;
    last = { start, end };
    stretches.push(last);
  }
  return stretches.length === 0 ? undefined : stretches;
}

/** `isWhole`: the end of each commit that something stays of is among `lines`. */
function stubOf(lines: readonly LineHead[]): { lines: LineHead[]; isWhole: boolean } {
  const isKept = (line: LineHead): boolean =>
    STUB_TYPES.has(line.type) || (line.type === "info" && isClearing(line.data));
  const kept = lines.filter(isKept);
  const last = lastOf(kept);
  /** The ends of commits without which these do not count. */
  const needed = new Map<string, Stamp>();
  for (const { stamp, batch } of kept) {
    const end = advance(stamp, batch - 1);
    if (batch > 1 && compareStamps(last.get(stamp.writer)?.stamp as Stamp, end) < 0) needed.set(stamp.writer, end);
  }
  const ends = needed.size === 0 ? last : lastOf(lines);
  const isThere = ([writer, end]: [string, Stamp]): boolean =>
    compareStamps(ends.get(writer)?.stamp as Stamp, end) >= 0;
  return {
    lines: lines.filter((line) => {
      const { writer } = line.stamp;
      return isKept(line) || (needed.has(writer) && ends.get(writer) === line);
    }),
    isWhole: [...needed].every(isThere),
  };
}

/** Of each writer. */
function lastOf(lines: readonly LineHead[]): Map<string, LineHead> {
  return new Map(lines.map((line) => [line.stamp.writer, line]));
}
