// Reading is the merge: the lines of all logs of a session, in the order of their stamps, each stamp once.
import type { OpenFile } from "../../disk/descriptors.ts";
import type { LineHead } from "../../line/decode.ts";
import { compareStamps } from "../../line/stamp.ts";
import type { Stamp } from "../../line/stamp.ts";
import { isSameLine, rankOf } from "../../line/twins.ts";
import type { Log } from "../../log/log.ts";
import { CommitFilter } from "../../log/recovery.ts";

interface Source {
  readonly log: Log;
  readonly open: OpenFile;
  /** In the order of the file. */
  readonly lines: LineHead[];
}

interface Found {
  readonly line: LineHead;
  readonly open: OpenFile;
}

interface Union {
  /** The lines that count, in the order of their stamps, each in one of the logs that have it. */
  readonly lines: (Found & { readonly log: Log })[];
  /** What stands in its log before a line that is its writer's first there and begins no run: its `open` was lost. */
  readonly before: ReadonlyMap<LineHead, Stamp>;
  /** The last line of each log. */
  readonly last: ReadonlyMap<Log, Stamp>;
}

/** The lines of any number of logs in any order. */
export function unite(sources: readonly Source[]): Union {
  const all: (Found & { readonly log: Log })[] = [];
  const before = new Map<LineHead, Stamp>();
  const last = new Map<Log, Stamp>();
  for (const { log, open, lines } of sources) {
    const counted: LineHead[] = [];
    const filter = new CommitFilter((line) => counted.push(line));
    const found = lines.map((line) => ({ line, open, log }));
    for (const { line } of unique(found, noteTwo)) filter.add(line);
    settle(log, filter);
    const writers = new Set<string>();
    for (const line of counted) {
      const previous = last.get(log);
      if (!writers.has(line.stamp.writer) && previous !== undefined) before.set(line, previous);
      writers.add(line.stamp.writer);
      last.set(log, line.stamp);
      all.push({ line, log, open });
    }
  }
  return { lines: unique(all, noteTwo), before, last };
}

/** Two lines that differ have one stamp: somebody changed one of them. */
function noteTwo({ line: { offset, length }, log }: { readonly line: LineHead; readonly log: Log }): void {
  log.problems.push({ code: "twice", offset, length });
}

/**
 * The log was read to its end. Lines of a commit without an end may still get theirs: the next read of the log begins
 * before the first of them, until another writer has written after them.
 */
export function settle(log: Log, filter: CommitFilter): void {
  const incomplete = filter.finish();
  for (const { offset, stamp } of [...filter.headers, ...incomplete]) {
    if (filter.isOver(stamp.writer)) log.closed.add(stamp.writer);
    else log.covered = Math.min(log.covered, offset);
  }
  log.isAhead = filter.lastPassed >= log.covered;
  const problems = log.problems;
  for (const { offset, length } of incomplete) problems.push({ code: "incomplete", offset, length });
  log.problems = problems.filter(({ offset }) => offset < log.covered);
  log.unsettled.push(...problems.filter(({ offset }) => offset >= log.covered));
}

/**
 * Sorted by stamp. Of two lines with one stamp a purged one stays, then a sound one, then the greater bytes; `onTwo` is
 * told of the other, if their bytes differ.
 */
export function unique<F extends Found>(found: F[], onTwo?: (left: F) => void): F[] {
  found.sort((a, b) => compareStamps(a.line.stamp, b.line.stamp));
  const kept: F[] = [];
  for (const next of found) {
    const last = kept.at(-1);
    if (last === undefined || compareStamps(last.line.stamp, next.line.stamp) !== 0) {
      kept.push(next);
      continue;
    }
    if (isSameLine(last.line, next.line)) continue;
    const order = rank(next) - rank(last) || Buffer.compare(read(next), read(last));
    if (order > 0) kept[kept.length - 1] = next;
    if (order !== 0) onTwo?.(order > 0 ? last : next);
  }
  return kept;
}

function rank({ line }: Found): number {
  return rankOf(line.type === "purged", line.sound);
}

function read({ line, open }: Found): Buffer {
  const bytes = Buffer.alloc(line.length);
  open.file.read(bytes, 0, line.length, line.offset);
  return bytes;
}
