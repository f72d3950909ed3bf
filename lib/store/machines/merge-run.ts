// What a merge has at hand, and what it counts.
import { ArgumentError, errno, ioError, StoreError } from "../../base/errors.ts";
import type { HealedLog, MergeProblem, MergeReport } from "../../base/merge.ts";
import { NotHere } from "../../disk/far.ts";
import type { Stamp } from "../../line/stamp.ts";
import { Comparison } from "../../log/compare.ts";
import type { Place } from "../locator.ts";
import { BlobCopies } from "./merge-blobs.ts";
import type { LogResult, LogStatus } from "./merge-log.ts";
import type { Reading } from "./merge-reading.ts";
import type { MergeSource } from "./merge-source.ts";
import type { StoreState } from "../state.ts";
import { placesIn, readableMonths } from "../check/verify-targets.ts";
import type { MonthPlace } from "../check/verify-targets.ts";

/** With these nothing more can be written. */
const FATAL: ReadonlySet<string> = new Set(["NO_SPACE", "READ_ONLY", "CLOSED"]);

export class MergeRun {
  readonly store: StoreState;
  readonly source: MergeSource;
  readonly isTrial: boolean;
  readonly signal: AbortSignal | undefined;
  readonly comparison: Comparison;
  readonly blobs: BlobCopies;
  /** Directories whose names are to be brought to the disk. */
  readonly directories: Set<string> = new Set();
  readonly #sessions = { new: 0, grown: 0, unchanged: 0 };
  readonly #logs: Record<LogStatus, number> = { created: 0, replaced: 0, united: 0, unchanged: 0 };
  readonly #healed: HealedLog[] = [];
  readonly #problems: MergeProblem[] = [];
  #lines = 0;
  #messages = 0;
  #bytes = 0;
  #months: readonly MonthPlace[] | undefined;

  constructor(store: StoreState, source: MergeSource, isTrial: boolean, signal: AbortSignal | undefined) {
    this.store = store;
    this.source = source;
    this.isTrial = isTrial;
    this.signal = signal;
    this.comparison = new Comparison(signal);
    this.blobs = new BlobCopies(store, source, isTrial, (path) =>
      this.#problems.push({ path, reason: "the attachment is not what its name says" }),
    );
  }

  /** The logs of a session here. */
  placesOf(name: string): Place[] {
    // What a look at a session shows may lie in a month that nothing lay in before.
    if (this.store.remote !== undefined) this.#months = undefined;
    this.#months ??= readableMonths(this.store);
    return placesIn(this.store, this.#months, name);
  }

  /** A name in this directory is another file's now. */
  changed(directory: string): void {
    this.directories.add(directory);
    this.#months = undefined;
  }

  /** The stamp of the line that begins at this offset. */
  stampAt({ log }: Reading, offset: number): Stamp | undefined {
    return log.examination.lines.before(offset + 1);
  }

  /** Equal logs: nothing is to be done. */
  unchanged(logs: number): void {
    this.#sessions.unchanged++;
    this.#logs.unchanged += logs;
  }

  /** `isSession`: these logs stand for the session, of which the source may have a copy under another name, too. */
  add(results: readonly LogResult[], problems: readonly MergeProblem[], isKnown: boolean, isSession: boolean): void {
    this.#problems.push(...problems);
    if (results.length === 0) return;
    for (const { status, lines, messages, bytes, healed } of results) {
      this.#logs[status]++;
      this.#lines += lines;
      this.#messages += messages;
      this.#bytes += bytes;
      this.#healed.push(...healed);
    }
    if (!isSession) return;
    const hasGrown = results.some(({ lines }) => lines > 0);
    this.#sessions[isKnown ? (hasGrown ? "grown" : "unchanged") : "new"]++;
  }

  problem(problem: MergeProblem): void {
    this.#problems.push(problem);
  }

  /** What keeps one log from being merged; throws what keeps all from it. */
  problemOf(error: unknown, path: string, session?: string): MergeProblem {
    this.signal?.throwIfAborted();
    // Nothing is wrong: who can wait for it begins anew.
    if (error instanceof NotHere) throw error;
    const isExpected = error instanceof StoreError || error instanceof ArgumentError || errno(error) !== undefined;
    if (!isExpected) throw error;
    const failure = error instanceof ArgumentError ? error : ioError(error, "merge the log");
    // What became of this one log says nothing of those before it.
    if (failure instanceof StoreError && FATAL.has(failure.code))
      throw new StoreError(failure.code, failure.message, { path, session, cause: failure });
    return { path, ...(session !== undefined && { session }), reason: failure.message };
  }

  report(): MergeReport {
    return {
      sessions: this.#sessions,
      logs: this.#logs,
      lines: this.#lines,
      messages: this.#messages,
      bytes: this.#bytes,
      attachments: { count: this.blobs.count, bytes: this.blobs.bytes },
      healed: this.#healed,
      problems: this.#problems,
    };
  }
}
