// One log that two stores have, or one of them: what becomes of it here.
import type { HealedLog } from "../../base/merge.ts";
import { FORMAT } from "../../line/codec.ts";
import { lineOf } from "../../log/new-log.ts";
import type { LineBytes } from "../../log/new-log.ts";
import { uniteLogs } from "../../log/union.ts";
import type { Union, UnionLog } from "../../log/union.ts";
import { isClean, unionLogOf } from "./merge-reading.ts";
import type { Reading } from "./merge-reading.ts";

export type LogStatus = "created" | "replaced" | "united" | "unchanged";

export interface LogPlan {
  readonly status: LogStatus;
  /** The log is in the archive: nobody has it in use. */
  readonly isPacked: boolean;
  readonly readings: readonly Reading[];
  readonly logs: readonly UnionLog[];
  readonly union: Union;
  /** Lines of ours that are erased, or that another one with their stamp takes the place of. */
  readonly isErasing: boolean;
  readonly lines: number;
  readonly messages: number;
  readonly bytes: number;
}

/** What was merged of one path. */
export interface LogResult extends Pick<LogPlan, "status" | "lines" | "messages" | "bytes"> {
  readonly healed: readonly HealedLog[];
}

/** Why a log cannot be one of the session's; undefined: it can. A log without a header may be, beside one that has it. */
export function headerProblem({ log }: Reading, id: string): string | undefined {
  const { header } = log.examination;
  if (header === undefined) return undefined;
  if (typeof header.format === "number" && header.format > FORMAT)
    return `it has format ${header.format}; this version reads ${FORMAT}`;
  return header.id === id ? undefined : `its header names session ${JSON.stringify(header.id)}`;
}

export function hasHeader({ log }: Reading): boolean {
  return log.examination.header !== undefined;
}

/** `ours`: the log in use first, then the archived one, where there are any. */
export async function planLog(
  ours: readonly Reading[],
  theirs: readonly Reading[],
  signal: AbortSignal | undefined,
): Promise<LogPlan> {
  const readings = [...ours, ...theirs];
  const logs = readings.map(unionLogOf);
  const union = await uniteLogs(logs, ours.length, signal);
  const isInUse = readings.some(({ isPacked, isOld }) => !isPacked && !isOld);
  const isPacked = !isInUse && readings.some((each) => each.isPacked);
  const [first, second] = ours;
  const isSame =
    first !== undefined &&
    second === undefined &&
    first.isPacked === isPacked &&
    union.rows.length === first.log.all.length &&
    union.logs.every((number) => number === 0) &&
    isClean(first);
  return {
    status:
      first === undefined
        ? "created"
        : isSame
          ? "unchanged"
          : union.onlyKnown === 0 && theirs.length > 0
            ? "replaced"
            : "united",
    isPacked,
    readings,
    logs,
    union,
    isErasing: ours.some(({ erased }) => erased.size > 0),
    ...newsOf(readings, union),
  };
}

function newsOf(
  readings: readonly Reading[],
  { rows, logs, news }: Union,
): Pick<LogPlan, "lines" | "messages" | "bytes"> {
  let [lines, messages, bytes] = [0, 0, 0];
  for (let at = 0; at < rows.length; at++) {
    if (news[at] === 0) continue;
    const row = rows[at] as number;
    const { log, messages: begun } = readings[logs[at] as number] as Reading;
    lines++;
    messages += begun[row] as number;
    bytes += log.examination.lines.size(row) + 1;
  }
  return { lines, messages, bytes };
}

/** The lines of the new log; those that stand side by side in a clean one are one stretch of at most so many bytes. */
export function* linesOf({ readings, logs, union }: LogPlan, most: number): Generator<LineBytes> {
  const clean = readings.map(isClean);
  let stretch: { log: number; offset: number; length: number } | undefined;
  const fileOf = (log: number): UnionLog["file"] => (logs[log] as UnionLog).file;
  for (let at = 0; at < union.rows.length; at++) {
    const row = union.rows[at] as number;
    const log = union.logs[at] as number;
    const { lines, erased } = logs[log] as UnionLog;
    const [offset, length] = [lines.offset(row), lines.size(row)];
    const isNext = stretch?.log === log && clean[log] === true && stretch.offset + stretch.length + 1 === offset;
    if (stretch !== undefined && isNext && stretch.length + 1 + length <= most) {
      stretch.length += 1 + length;
      continue;
    }
    if (stretch !== undefined) yield { file: fileOf(stretch.log), offset: stretch.offset, length: stretch.length };
    const replacement = erased?.(row);
    stretch = replacement === undefined ? { log, offset, length } : undefined;
    if (replacement !== undefined) yield lineOf(replacement);
  }
  if (stretch !== undefined) yield { file: fileOf(stretch.log), offset: stretch.offset, length: stretch.length };
}
