// The lines of a log from where they are known, and what else stands there: all that a session holds of a log that is read.
import type { OpenFile } from "../../disk/descriptors.ts";
import type { LineHead } from "../../line/decode.ts";
import type { Log } from "../../log/log.ts";
import { CommitFilter } from "../../log/recovery.ts";
import { scanSteps } from "../../log/scan.ts";
import { settle } from "./unite.ts";

/** Reads the lines that count from `covered` on. False: they are not in the order in which a writer writes them. */
export async function readFrom(log: Log, open: OpenFile, pass: (line: LineHead) => void): Promise<boolean> {
  const filter = new CommitFilter(pass);
  await readInto(log, open, (line) => filter.add(line));
  settle(log, filter);
  return !filter.isUnsorted;
}

export async function readInto(log: Log, open: OpenFile, line: (line: LineHead) => void): Promise<void> {
  const steps = readSteps(log, open, line);
  while ((await steps.next()).done !== true);
}

/** The same, about a chunk at a time. */
export async function* readSteps(log: Log, open: OpenFile, line: (line: LineHead) => void): AsyncGenerator<void, void> {
  log.readAtMs = Date.now();
  const stat = open.file.stat();
  const { end, tail } = yield* scanSteps(open.file, log.covered, stat.size, {
    line,
    problem: (problem) => log.problems.push(problem),
  });
  log.size = stat.size;
  log.setTimes(stat);
  log.endsClean = end === stat.size;
  log.covered = tail === "torn" ? end : stat.size;
  log.unsettled = tail === "torn" ? [{ code: "torn", offset: end, length: stat.size - end }] : [];
}
