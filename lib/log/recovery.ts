// Which lines of a log count after a crash. A commit of n lines carries `batch`: n on its first; it counts when its
// writer has, in this log, any line at or after its last stamp. A writer whose commit failed never writes again, so
// what is missing at a writer's end was never acknowledged.
import type { LineHead } from "../line/decode.ts";
import { advance, compareStamps } from "../line/stamp.ts";
import type { Stamp } from "../line/stamp.ts";

/** Passes on the lines of whole commits, in the order in which they come: each writer's in the order of their stamps. */
export class CommitFilter {
  readonly #pass: (line: LineHead) => void;
  /** Lines since the first commit that is not whole yet. */
  #held: LineHead[] = [];
  /** For each writer with such a commit: the commit's first and last stamp. */
  readonly #open = new Map<string, { readonly first: Stamp; readonly last: Stamp }>();
  /** The newest stamp of each writer but the latest, whose is in #latest. */
  readonly #newest = new Map<string, Stamp>();
  #latest: Stamp | undefined;
  /** For each writer the offset of its last line in the file; that of the latest is in #latestOffset. */
  readonly #offsets = new Map<string, number>();
  #latestOffset = -1;
  /** A writer's line came after a greater one of its, or the same: only a sorted log can be filtered as it comes. */
  isUnsorted = false;
  /** Headers whose commit has no end. They count; who reads on later has to begin with them, since they tell of the commit. */
  readonly headers: LineHead[] = [];
  /** Where the last line begins that finish() passed on: others may lie before it that do not count. */
  lastPassed = -1;

  constructor(pass: (line: LineHead) => void) {
    this.#pass = pass;
  }

  add(line: LineHead): void {
    this.#note(line.stamp, line.offset);
    // The count of an altered line may be any: it must not hide what was acknowledged.
    const batch = line.sound ? line.batch : 0;
    if (this.#open.size === 0 && batch < 2) {
      this.#pass(line);
      return;
    }
    const { writer } = line.stamp;
    const open = this.#open.get(writer);
    if (open !== undefined && compareStamps(line.stamp, open.last) >= 0) this.#open.delete(writer);
    if (batch > 1) this.#open.set(writer, { first: line.stamp, last: advance(line.stamp, batch - 1) });
    this.#held.push(line);
    if (this.#open.size > 0) return;
    for (const held of this.#held) this.#pass(held);
    this.#held = [];
  }

  /** The log has ended. -> the lines of commits whose end never came, in order */
  finish(): LineHead[] {
    const dropped: LineHead[] = [];
    for (const line of this.#held) {
      const open = this.#open.get(line.stamp.writer);
      const isUnfinished = open !== undefined && compareStamps(line.stamp, open.first) >= 0;
      // A header stands for itself: the session exists, if with nothing in it.
      if (isUnfinished && line.type !== "session") {
        dropped.push(line);
        continue;
      }
      if (isUnfinished) this.headers.push(line);
      this.lastPassed = Math.max(this.lastPassed, line.offset);
      this.#pass(line);
    }
    this.#held = [];
    this.#open.clear();
    return dropped;
  }

  /** True when another writer's line stands in the file after all of this one's: what this one began is over. */
  isOver(writer: string): boolean {
    if (this.#latest !== undefined) this.#keep(this.#latest);
    const own = this.#offsets.get(writer) ?? -1;
    return [...this.#offsets.values()].some((offset) => offset > own);
  }

  #keep(latest: Stamp): void {
    this.#newest.set(latest.writer, latest);
    this.#offsets.set(latest.writer, Math.max(this.#latestOffset, this.#offsets.get(latest.writer) ?? -1));
  }

  #note(stamp: Stamp, offset: number): void {
    let newest = this.#latest;
    if (newest?.writer !== stamp.writer) {
      if (newest !== undefined) this.#keep(newest);
      newest = this.#newest.get(stamp.writer);
      this.#latestOffset = offset;
    }
    if (offset > this.#latestOffset) this.#latestOffset = offset;
    const order = newest === undefined ? 1 : compareStamps(stamp, newest);
    if (order <= 0) this.isUnsorted = true;
    this.#latest = newest !== undefined && order < 0 ? newest : stamp;
  }
}
