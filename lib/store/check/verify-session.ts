// All that is wrong with the logs of one session.
import type { VerifyCode, VerifyProblem } from "../../base/verify.ts";
import { errno, StoreError } from "../../base/errors.ts";
import { OLD_ENDING } from "../../disk/names.ts";
import { Turns } from "../../base/slices.ts";
import { formatStamp } from "../../line/stamp.ts";
import type { Stamp } from "../../line/stamp.ts";
import type { LineTable } from "../../line/line-table.ts";
import { compareTwins } from "../../log/union.ts";
import { headerFor, idOf } from "./header.ts";
import { inspectLog } from "./inspect.ts";
import type { Inspected, InspectOptions } from "./inspect.ts";
import type { Place } from "../locator.ts";
import { OLD_STAYS_MS } from "../space/replaced.ts";
import type { StoreState } from "../state.ts";
import { problemOf } from "./verify-codes.ts";
import { missingBlobs } from "./verify-blobs.ts";
import { OwnCheck } from "./verify-own.ts";
import { References } from "./verify-references.ts";

export class SessionCheck {
  readonly #store: StoreState;
  readonly #name: string;
  readonly #places: readonly Place[];
  readonly #signal: AbortSignal | undefined;
  readonly #logs: Inspected[] = [];
  readonly #references = new References();
  readonly #own: OwnCheck;
  /** One of this machine's logs went while this looked at them: what it had is not known to be missing. */
  #isMoved = false;
  #id: string | undefined;
  #isTouchable = true;
  /** Bytes that were read. */
  bytes = 0;

  constructor(store: StoreState, name: string, places: readonly Place[], signal?: AbortSignal) {
    this.#store = store;
    this.#name = name;
    this.#places = places;
    this.#signal = signal;
    this.#id = idOf(name, []);
    this.#own = new OwnCheck(store, name, this.#id);
  }

  async *problems(): AsyncGenerator<VerifyProblem> {
    try {
      for (const place of this.#places) yield* this.#inspect(place);
      this.#id = idOf(
        this.#name,
        this.#logs.map(({ examination }) => examination.header?.id),
      );
      this.#judge();
      for (const log of this.#logs) {
        yield* this.#ofLog(log);
        yield* this.#ofBlobs(log);
      }
      yield* this.#ofReferences();
      yield* this.#ofOwn();
      yield* this.#ofSeveral();
    } finally {
      for (const { file } of this.#logs) file.close();
    }
  }

  async *#inspect(place: Place): AsyncGenerator<VerifyProblem> {
    const number = this.#logs.length;
    try {
      const inspected = await this.#read(place, {
        signal: this.#signal,
        onLine: (line, before) => {
          this.#references.add(line, number, before);
          this.#own.line(line, place.machine, number);
        },
        onRetry: () => {
          this.#references.forget(number);
          this.#own.forget(number);
        },
      });
      this.#logs.push(inspected);
      this.bytes += inspected.stat.size;
    } catch (error) {
      this.#signal?.throwIfAborted();
      // It was deleted, archived or replaced since it was met.
      this.#isMoved ||= this.#store.isOwn(place.machine);
      if (errno(error) === "ENOENT") return;
      if (errno(error) === undefined) throw error;
      this.#references.forget(number);
      const isDamaged = error instanceof StoreError && error.code === "DAMAGED";
      const { message } = (isDamaged ? error.cause : error) as Error;
      yield this.#problem(isDamaged ? "archive-damaged" : "unreadable", place, { detail: message });
    }
  }

  /** An archived log is unpacked for it, whatever the cache has: all of its bytes are to be read. */
  async #read(place: Place, options: InspectOptions): Promise<Inspected> {
    const { vfs, unpacked } = this.#store;
    if (place.packed === undefined) return await inspectLog(vfs, place, options);
    const aside = await unpacked.unpackAside(place.path);
    try {
      return { ...(await inspectLog(vfs, { ...place, path: aside.path }, options)), place };
    } finally {
      aside.discard();
    }
  }

  #judge(): void {
    const own = this.#logs.filter(({ place }) => this.#store.isOwn(place.machine));
    this.#isTouchable = own.every((log) => headerFor(log, this.#id) !== "foreign");
  }

  *#ofLog(log: Inspected): Generator<VerifyProblem> {
    const { place, examination, stat } = log;
    const { header, findings, lines } = examination;
    const restored = headerFor(log, this.#id);
    if (header === undefined) {
      yield this.#problem("no-header", place, { offset: 0 });
    } else if (restored !== "stays") {
      const isOther = header.id !== this.#id || this.#id === undefined;
      const detail = isOther ? `it names ${JSON.stringify(header.id)}` : `it names format ${String(header.format)}`;
      const code = isOther || restored !== "foreign" ? "foreign-header" : "newer-format";
      yield this.#problem(code, place, { offset: header.offset, bytes: header.length, detail });
      if (code === "newer-format") return;
    }
    const isAlone = !this.#logs.some(
      ({ place: { machine, path } }) => machine === place.machine && !path.endsWith(OLD_ENDING),
    );
    if (place.path.endsWith(OLD_ENDING) && (isAlone || Date.now() - stat.ctimeMs > OLD_STAYS_MS))
      yield this.#problem("leftover", place, { bytes: stat.size });
    for (const { code, offset, length } of findings) yield this.#problem(code, place, { offset, bytes: length });
    if (!lines.isInOrder) yield this.#problem("unsorted", place, this.#firstUnsorted(lines));
    if (log.repeats.length > 0) {
      const [first = 0] = log.repeats;
      const bytes = log.repeats.reduce((sum, row) => sum + lines.size(row) + 1, 0);
      const detail = log.repeats.length > 1 ? `${log.repeats.length} lines` : undefined;
      yield this.#problem("repeated", place, { offset: lines.offset(first), bytes, detail });
    }
    for (const { left } of log.twins) yield this.#problem("twice", place, this.#at(lines, left));
    for (const row of log.incomplete) yield this.#problem("incomplete", place, this.#at(lines, row));
    for (const row of log.witnesses)
      yield this.#problem("incomplete", place, { ...this.#at(lines, row), by: "nobody" });
  }

  #firstUnsorted(lines: LineTable): { offset: number; bytes: number } {
    let row = 1;
    while (row < lines.length - 1 && lines.compare(row - 1, row) <= 0) row++;
    return { offset: lines.offset(row), bytes: lines.size(row) };
  }

  #at(lines: LineTable, row: number): { offset: number; bytes: number; detail: string } {
    return { offset: lines.offset(row), bytes: lines.size(row), detail: formatStamp(lines.stamp(row)) };
  }

  async *#ofBlobs(log: Inspected): AsyncGenerator<VerifyProblem> {
    for (const { offset, bytes, hash } of await missingBlobs(this.#store, log, this.#signal))
      yield this.#problem("blob-missing", log.place, { offset, bytes, detail: hash, by: "nobody" });
  }

  *#ofReferences(): Generator<VerifyProblem> {
    const has = (stamp: Stamp): boolean =>
      this.#logs.some(({ examination, order }) => examination.lines.has(stamp, order));
    for (const { code, log, offset, bytes, detail } of this.#references.problems(has)) {
      const { place } = this.#logs[log] as Inspected;
      yield this.#problem(code, place, { offset, bytes, detail, by: "nobody" });
    }
  }

  *#ofOwn(): Generator<VerifyProblem> {
    const missing = this.#isMoved ? undefined : this.#own.missing(this.#logs);
    const place = this.#places.find(({ machine }) => this.#store.isOwn(machine)) ?? this.#places[0];
    if (missing !== undefined && place !== undefined)
      yield this.#problem("rolled-back", place, { detail: `the last was ${missing}`, by: "nobody" });
  }

  /** What only several logs of a session can have. */
  async *#ofSeveral(): AsyncGenerator<VerifyProblem> {
    const { machine: own } = this.#store;
    const machines = new Set<string>();
    for (const { place } of this.#logs) {
      if (place.path.endsWith(OLD_ENDING)) continue;
      const machine = this.#store.isOwn(place.machine) ? own : place.machine;
      if (machines.has(machine)) yield this.#problem("two-logs", place, {});
      machines.add(machine);
    }
    for (let next = 1; next < this.#logs.length; next++) {
      for (let before = 0; before < next; before++)
        yield* this.#twinsOf(this.#logs[before] as Inspected, this.#logs[next] as Inspected);
    }
  }

  /** Lines of two logs that have one stamp and differ. Of a purged one and what it was, nothing is to be said. */
  async *#twinsOf(a: Inspected, b: Inspected): AsyncGenerator<VerifyProblem> {
    const inA = a.examination.lines;
    const inB = b.examination.lines;
    const turns = new Turns(this.#signal);
    for (let atA = 0, atB = 0; atA < a.kept.length && atB < b.kept.length;) {
      const rowA = a.kept[atA] as number;
      const rowB = b.kept[atB] as number;
      const order = inA.compareWith(rowA, inB, rowB);
      if (order <= 0) atA++;
      if (order >= 0) atB++;
      if (turns.isOver) await turns.giveWay();
      if (order !== 0 || inA.isPurged(rowA) || inB.isPurged(rowB)) continue;
      const preference = compareTwins({ file: a.file, lines: inA, row: rowA }, { file: b.file, lines: inB, row: rowB });
      if (preference === 0) continue;
      const [left, row] = preference < 0 ? ([a, rowA] as const) : ([b, rowB] as const);
      yield this.#problem("twice", left.place, { ...this.#at(left.examination.lines, row), by: "nobody" });
    }
  }

  /** What may be mended: this machine's logs, if all of them are the session's. */
  #by({ machine, packed }: Place): "mine" | "others" | "nobody" {
    // What is archived stays as it is.
    if (packed !== undefined) return "nobody";
    if (!this.#store.isOwn(machine) || this.#store.readOnly !== undefined) return "others";
    return this.#isTouchable ? "mine" : "nobody";
  }

  #problem(
    code: VerifyCode,
    place: Place,
    more: { offset?: number; bytes?: number; detail?: string | undefined; by?: "mine" | "others" | "nobody" },
  ): VerifyProblem {
    const session = this.#id;
    return problemOf({
      code,
      by: this.#by(place),
      ...(session !== undefined && { session }),
      machine: place.machine,
      file: place.path,
      ...more,
    });
  }
}
