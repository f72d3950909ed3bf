// What stood in a log of ours and is no line of the merged one is on the disk in lost+found/ before that takes its place.
import { machineOf } from "../../disk/names.ts";
import type { Comparison } from "../../log/compare.ts";
import { keepLost } from "../check/lost-found.ts";
import type { LogPlan } from "./merge-log.ts";
import type { Reading } from "./merge-reading.ts";
import type { StoreState } from "../state.ts";

/** Nothing is taken out for these: lines stay, and what is around them says nothing. */
const KEPT: ReadonlySet<string> = new Set(["altered", "glued", "unended", "line-ends"]);

/** The first `count` readings are ours. */
export async function keepOurs(
  store: StoreState,
  name: string,
  { readings, union }: LogPlan,
  count: number,
  comparison: Comparison,
): Promise<void> {
  const ours = readings.slice(0, count);
  const theirs = readings.slice(count);
  for (const [number, reading] of ours.entries()) {
    const { path, log } = reading;
    const { lines, findings, end, isTorn } = log.examination;
    const machine = machineOf(path);
    const keep = async (offset: number, length: number): Promise<unknown> =>
      await keepLost(store, { file: log.file, offset, length, name, machine, before: lines.before(offset) });
    const isBegun = isTorn && (await goesOn(theirs, reading, comparison));
    for (const { code, offset, length } of findings) {
      // The beginning of a copy that was cut short: the source has what it was of.
      if (KEPT.has(code) || length === 0 || (isBegun && offset >= end)) continue;
      await keep(offset, length);
    }
    const twins = [
      ...log.twins.map(({ left }) => left),
      ...union.twins.filter(([from]) => from === number).map(([, row]) => row),
    ];
    for (const row of twins) await keep(lines.offset(row), lines.size(row));
  }
}

async function goesOn(theirs: readonly Reading[], { log }: Reading, comparison: Comparison): Promise<boolean> {
  for (const { log: other } of theirs) if (await comparison.begins(other.file, log.file)) return true;
  return false;
}
