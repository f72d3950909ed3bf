// Reading is the merge: the lines of all logs of a session, in the order of their stamps, each stamp once.
import type { OpenFile } from "../disk/descriptors.ts";
import type { LineHead } from "../line/decode.ts";
import { compareStamps } from "../line/stamp.ts";
import type { Log } from "../log/log.ts";
import { CommitFilter } from "../log/recovery.ts";

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

/** The lines that count, of any number of logs in any order. */
export function unite(sources: readonly Source[]): (Found & { readonly log: Log })[] {
  const all: (Found & { readonly log: Log })[] = [];
  for (const { log, open, lines } of sources) {
    const counted: LineHead[] = [];
    const filter = new CommitFilter((line) => counted.push(line));
    for (const { line } of unique(lines.map((each) => ({ line: each, open })))) filter.add(line);
    settle(log, filter.finish());
    for (const line of counted) all.push({ line, log, open });
  }
  return unique(all);
}

/** Lines of commits without an end may still get theirs: the next read of the log begins before the first of them. */
export function settle(log: Log, dropped: readonly LineHead[]): void {
  for (const { offset, length } of dropped) {
    log.unsettled.push({ code: "incomplete", offset, length });
    log.covered = Math.min(log.covered, offset);
  }
  log.problems = log.problems.filter(({ offset }) => offset < log.covered);
}

/** Sorted by stamp. Of two lines with one stamp a purged one stays, then a sound one, then the greater bytes. */
export function unique<F extends Found>(found: F[]): F[] {
  found.sort((a, b) => compareStamps(a.line.stamp, b.line.stamp));
  const kept: F[] = [];
  for (const next of found) {
    const last = kept.at(-1);
    if (last === undefined || compareStamps(last.line.stamp, next.line.stamp) !== 0) kept.push(next);
    else if (rank(next) > rank(last) || (rank(next) === rank(last) && Buffer.compare(read(next), read(last)) > 0)) {
      kept[kept.length - 1] = next;
    }
  }
  return kept;
}

function rank({ line }: Found): number {
  return (line.type === "purged" ? 2 : 0) + (line.sound ? 1 : 0);
}

function read({ line, open }: Found): Buffer {
  const bytes = Buffer.alloc(line.length);
  open.file.read(bytes, 0, line.length, line.offset);
  return bytes;
}
