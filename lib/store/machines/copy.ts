// A copy of a store in another one, whatever keeps each: a merge, and then a look at both, session by session.
import { ArgumentError } from "../../base/errors.ts";
import type { CopyOptions, CopyProblem, CopyReport } from "../../base/copy.ts";
import { checkOptions } from "../../base/options.ts";
import { giveWay } from "../../base/turn.ts";
import { merge } from "./merge.ts";
import { openSource } from "./merge-source.ts";
import type { SourceLogs } from "./merge-source.ts";
import { sumOf } from "./log-sum.ts";
import type { LogSum } from "./log-sum.ts";
import type { StoreState } from "../state.ts";

/** If it is cut short, what was copied stays, and the next one passes over it. */
export async function copy(from: StoreState, to: StoreState, options: CopyOptions): Promise<CopyReport> {
  checkOptions("copyTo", options, ["onProgress", "signal"]);
  const { onProgress, signal } = options;
  if (onProgress !== undefined && typeof onProgress !== "function")
    throw new ArgumentError("INVALID_ARGUMENT", "copyTo: onProgress is a function");
  const merged = await merge(to, from, {
    signal,
    ...(onProgress !== undefined && { onProgress: (done) => onProgress({ step: "copy", ...done }) }),
  });
  const problems: CopyProblem[] = merged.problems.map(({ path, session, reason }) => ({
    session: session ?? path,
    reason,
  }));
  const equal = { sessions: 0, logs: 0, lines: 0, bytes: 0 };
  const others: string[] = [];
  for await (const logs of openSource(to, from).logs()) {
    signal?.throwIfAborted();
    to.checkOpen();
    if ("error" in logs) continue;
    const sums = await sumsOf(from, to, logs);
    if (sums === undefined) others.push(logs.name);
    else {
      equal.sessions++;
      equal.logs += sums.length;
      for (const { lines, bytes } of sums) [equal.lines, equal.bytes] = [equal.lines + lines, equal.bytes + bytes];
    }
    onProgress?.({ step: "compare", sessions: equal.sessions + others.length, bytes: equal.bytes });
    await giveWay();
  }
  if (others.length === 0) return { merged, equal, longer: 0, problems };
  // They were written to there since, or here meanwhile: a merge finds out which of their lines are missing.
  const again = await merge(to, from, { dryRun: true, signal });
  if (again.lines > 0)
    problems.push({
      session: others.join(", "),
      reason: `${again.lines} lines were written here meanwhile; copy again`,
    });
  return { merged, equal, longer: others.length, problems };
}

/** The checksums of a session's logs, if they are the same in both. */
async function sumsOf(from: StoreState, to: StoreState, { name, copies }: SourceLogs): Promise<LogSum[] | undefined> {
  await to.remote?.look(name);
  const sums: LogSum[] = [];
  for (const { month } of copies) {
    if (month === undefined) return undefined;
    const [here, there] = [from, to].map(({ layout }) => layout.log(month.machine, month.month, name));
    const sum = await sumOf(from, here as string);
    const other = await sumOf(to, there as string);
    if (sum === undefined || other?.checksum !== sum.checksum || other.lines !== sum.lines) return undefined;
    sums.push(sum);
  }
  return sums;
}
