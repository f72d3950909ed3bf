// From lines to a session: which messages live, in which order, on which branch, and what the session is called.
//
// Lines are applied in the order of their stamps, each stamp once. Only a plain message, part or run may come late
// (two writers without a lease can write each other's past): apply() says no to any other, and the caller starts anew.
import type { LineHead } from "./decode.ts";
import { Cuts } from "./cuts.ts";
import { History } from "./history.ts";
import { Ids } from "./ids.ts";
import { InfoFold } from "./info.ts";
import { ALTERED, CUT, HAS_LINE, NONE, PART, PURGED, REMOVED, Rows, VERSION } from "./rows.ts";
import { compareStamps, formatStamp, parseStamp } from "./stamp.ts";
import type { Stamp } from "./stamp.ts";
import { Tree } from "./tree.ts";

const TOMBSTONES: ReadonlySet<string> = new Set(["truncate", "remove", "purge", "delete"]);

export class Fold {
  readonly rows: Rows = new Rows();
  readonly tree: Tree = new Tree();
  readonly history: History = new History(this.rows, this.tree);
  readonly ids: Ids = new Ids(this.rows);
  readonly info: InfoFold = new InfoFold();
  readonly #cuts = new Cuts(this.rows, this.tree);
  /** The least and the greatest stamp of all lines. */
  first: Stamp | undefined;
  last: Stamp | undefined;
  /** Counts the changes. */
  version = 0;
  /** Lines that came again, with a stamp that was known. */
  repeats = 0;
  /** Where runs begin whose `open` was lost. */
  readonly orphans: Stamp[] = [];
  /** A line that is not sound was taken in: of two with one stamp, the other may be the one that counts. */
  #hasAltered = false;
  readonly #purged = new Set<string>();
  /** A row was made for a place that is greater than all stamps so far: somebody wrote a line by hand. */
  #isAhead = false;
  /** Rows whose run was not seen: a line about them came before any line of their writer. */
  readonly #unplaced = new Set<number>();
  /** Messages that a `remove` has hidden once, though a later version brought them back: their parts stay hidden. */
  readonly #onceRemoved = new Set<number>();
  /** Removed places of which no line was seen. */
  readonly #absent = new Set<string>();
  /** The last line of each log, by the log's number. */
  readonly #previous: (Stamp | undefined)[] = [];

  /**
   * Takes one line in. False: it came too late to be taken in, and nothing has changed. `before` is the line before it
   * in its log, where that is not the one that was applied before it.
   */
  apply(line: LineHead, log: number, before?: Stamp): boolean {
    const { stamp } = line;
    if (this.last === undefined || compareStamps(stamp, this.last) > 0) {
      this.last = stamp;
    } else {
      const verdict = this.#judgeLate(line, log);
      if (verdict === "known") this.repeats++;
      if (verdict !== "apply") return verdict === "known";
      if (this.first !== undefined && compareStamps(stamp, this.first) < 0) this.first = stamp;
    }
    this.first ??= stamp;
    this.version++;
    this.history.changed();
    this.#hasAltered ||= !line.sound;
    // An altered tombstone is not obeyed: nobody knows what it was meant to hide.
    if (line.sound || !TOMBSTONES.has(line.type)) {
      this.#extendTree(line, before ?? this.#previous[log]);
      this.#obey(line, log);
    }
    if (stamp === this.last) this.#previous[log] = stamp;
    return true;
  }

  /** The last line of a log, though it was applied as another log's. */
  setPrevious(log: number, stamp: Stamp): void {
    this.#previous[log] = stamp;
  }

  /** What the next message follows: the newest living message, `head`, `truncate` or `remove`, else the last line. */
  get tip(): Stamp | undefined {
    return this.history.tip ?? this.last;
  }

  /** True when the next line of this writer follows the tip without an `open`. */
  isCurrent(writer: string): boolean {
    const { tip } = this;
    return tip !== undefined && this.tree.goesOnFrom(tip, writer);
  }

  /** The deletion that hides the session; undefined: none, or a later message lives. */
  get deletedAt(): Stamp | undefined {
    const { deletion } = this.#cuts;
    const newest = this.history.newest();
    return deletion !== undefined && newest !== NONE && this.rows.comparePlace(newest, deletion) > 0
      ? undefined
      : deletion;
  }

  /** A line that is not greater than all before it: known already, fit to be taken in late, or neither. */
  #judgeLate(line: LineHead, log: number): "apply" | "known" | "refuse" {
    if (this.#hasAltered) return "refuse";
    switch (line.type) {
      case "open":
      case "session":
      case "head":
        if (!this.tree.knows(line.stamp.writer)) return "apply";
        return this.tree.begins(line.stamp) ? "known" : "refuse";
      case "message":
      case "part": {
        if (line.of !== undefined || !this.tree.knows(line.stamp.writer)) return "refuse";
        const row = this.rows.find(line.stamp);
        if (row !== NONE && this.rows.has(row, HAS_LINE)) {
          if (!line.sound || this.rows.has(row, ALTERED | PURGED)) return "refuse";
          if (!this.rows.has(row, VERSION)) this.rows.moveTo(row, line.offset, line.length, log);
          return "known";
        }
        if (row !== NONE && this.rows.has(row, REMOVED)) return "refuse";
        if (this.#absent.size > 0 || this.#purged.size > 0) return "refuse";
        const owner = line.message === undefined ? NONE : this.rows.find(line.message);
        return owner !== NONE && this.#onceRemoved.has(owner) ? "refuse" : "apply";
      }
      default:
        return "refuse";
    }
  }

  /** Begins a run where the line does. A run whose `open` is missing goes on from the line before it in its log. */
  #extendTree(line: LineHead, before: Stamp | undefined): void {
    if (line.type === "session" || line.type === "open" || line.type === "head") {
      this.tree.begin(line.stamp, line.after, line.type === "head");
    } else if (!this.tree.knows(line.stamp.writer)) {
      this.orphans.push(line.stamp);
      this.tree.begin(line.stamp, before, false);
    } else {
      return;
    }
    for (const row of this.#unplaced) {
      this.rows.run[row] = this.tree.runOf(this.rows.place(row));
      if (this.rows.run[row] === NONE) continue;
      this.#unplaced.delete(row);
      this.#cuts.hide(row);
      this.history.revive();
    }
  }

  #obey(line: LineHead, log: number): void {
    switch (line.type) {
      case "message":
        this.#putMessage(line, log);
        break;
      case "part":
        this.#putPart(line, log);
        break;
      case "info":
        this.info.apply(line.data);
        break;
      case "head":
        this.history.setMark(line.stamp);
        break;
      case "truncate":
        this.#truncate(line);
        break;
      case "remove":
        this.history.setMark(line.stamp);
        if (line.of !== undefined) this.#remove(line.of);
        break;
      case "delete":
        for (const row of this.#cuts.delete(line.stamp)) this.history.kill(row, CUT);
        break;
      case "restore":
        if (line.of !== undefined) this.#cuts.restore(line.of);
        this.history.revive();
        break;
      case "purge":
        this.#purge(line.data);
        break;
      case "purged":
        this.#purged.add(formatStamp(line.stamp));
        break;
      default:
    }
  }

  #putMessage(line: LineHead, log: number): void {
    const place = line.of ?? line.stamp;
    const row = this.#rowOf(place);
    if (row === NONE || this.rows.isPart(row)) return;
    this.rows.setLine(row, line, log);
    this.ids.note(row);
    this.history.put(row, place);
  }

  #putPart(line: LineHead, log: number): void {
    if (line.message === undefined) return;
    const place = line.of ?? line.stamp;
    const known = this.#find(place);
    if (known !== NONE) {
      if (this.rows.isPart(known)) this.rows.setLine(known, line, log);
      return;
    }
    const owner = this.#rowOf(line.message);
    if (owner === NONE || this.rows.isPart(owner) || this.#isPurged(place)) return;
    this.rows.setLine(this.rows.add(place, PART, NONE, owner), line, log);
  }

  /** The row of a message's place, made if there is none; NONE: it was purged. */
  #rowOf(place: Stamp): number {
    const known = this.#find(place);
    if (known !== NONE) return known;
    if (this.#isPurged(place)) return NONE;
    const row = this.rows.add(place, 0, this.tree.runOf(place), NONE);
    this.#isAhead ||= this.last !== undefined && compareStamps(place, this.last) > 0;
    if (this.rows.run[row] === NONE) this.#unplaced.add(row);
    if (place !== this.last) this.#cuts.hide(row);
    return row;
  }

  /** A place that is greater than all before it has no row yet, unless one was made ahead of its line. */
  #find(place: Stamp): number {
    if (place === this.last && !this.#isAhead) return NONE;
    return this.rows.find(place);
  }

  #isPurged(place: Stamp): boolean {
    return this.#purged.size > 0 && this.#purged.has(formatStamp(place));
  }

  #truncate(line: LineHead): void {
    const rows = this.#cuts.truncate(line.stamp, line.data);
    if (rows === undefined) return;
    this.history.setMark(line.stamp);
    for (const row of rows) this.history.kill(row, CUT);
  }

  #remove(place: Stamp): void {
    const row = this.rows.find(place);
    if (row === NONE) {
      this.#absent.add(formatStamp(place));
    } else {
      this.#onceRemoved.add(row);
      this.#killWithParts(row, REMOVED);
    }
  }

  #purge(data: unknown): void {
    const places = (data as { of?: unknown } | null | undefined)?.of;
    if (!Array.isArray(places)) return;
    for (const text of places) {
      const place = parseStamp(text);
      if (place === undefined) continue;
      this.#purged.add(text as string);
      const row = this.rows.find(place);
      if (row !== NONE) this.#killWithParts(row, PURGED);
    }
  }

  #killWithParts(row: number, flag: number): void {
    this.history.kill(row, flag);
    if (!this.rows.isPart(row)) for (const part of this.rows.partsOf(row)) this.rows.mark(part, flag);
  }
}
