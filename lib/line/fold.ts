// From lines to a session: which messages live, in which order, on which branch, and what the session is called.
//
// Lines are applied in the order of their stamps, each stamp once. Only a plain message, part or run may come late
// (two writers without a lease can write each other's past): apply() says no to any other, and the caller starts anew.
import type { LineHead } from "./decode.ts";
import { Cuts } from "./cuts.ts";
import type { Cut } from "./cuts.ts";
import { History } from "./history.ts";
import { Ids } from "./ids.ts";
import { InfoFold } from "./info.ts";
import type { SavedInfo } from "./info.ts";
import { judgeLate } from "./late.ts";
import { movePart } from "./move-part.ts";
import { Places } from "./places.ts";
import type { SavedPlaces } from "./places.ts";
import type { Reading } from "./reading.ts";
import { HAS_LINE, PURGED, REMOVED } from "./flags.ts";
import { NONE, Rows } from "./rows.ts";
import { compareStamps, formatStamp, parseStamp } from "./stamp.ts";
import type { Stamp } from "./stamp.ts";
import { Tally } from "./tally.ts";
import type { TypeTally } from "./tally.ts";
import { Tree } from "./tree.ts";
import type { Run } from "./tree.ts";

const TOMBSTONES: ReadonlySet<string> = new Set(["truncate", "remove", "purge", "delete"]);

/** What a fold knows beside its rows, as plain data. */
export interface SavedState {
  readonly runs: readonly Run[];
  readonly mark: Stamp | undefined;
  readonly cuts: readonly Cut[];
  readonly info: SavedInfo;
  readonly places: SavedPlaces;
  readonly tally: readonly (readonly [type: string, tally: TypeTally])[];
  readonly first: Stamp | undefined;
  readonly last: Stamp | undefined;
  readonly version: number;
  readonly repeats: number;
  readonly orphans: readonly Stamp[];
  readonly hasAltered: boolean;
  readonly previous: readonly (Stamp | undefined)[];
}

/** A line that was applied before it was written; its length is what was taken for that. */
interface EarlyLine {
  readonly stamp: Stamp;
  readonly type: string;
  readonly of?: Stamp | undefined;
  readonly length: number;
}

export class Fold implements Reading {
  readonly rows: Rows;
  readonly tree: Tree;
  readonly history: History;
  readonly ids: Ids;
  readonly info: InfoFold;
  readonly tally: Tally;
  readonly cuts: Cuts;
  readonly #places: Places;
  /** The least and the greatest stamp of all lines. */
  first: Stamp | undefined;
  last: Stamp | undefined;
  /** Counts the changes. */
  version: number;
  /** Lines that came again, with a stamp that was known. */
  repeats: number;
  /** Where runs begin whose `open` was lost. */
  readonly orphans: Stamp[];
  /** A line that is not sound was taken in: of two with one stamp, the other may be the one that counts. */
  #hasAltered: boolean;
  /** The last line of each log, by the log's number. */
  readonly previous: (Stamp | undefined)[];

  /** An empty one, or one that goes on from what was saved; the rows are in the order of their places then. */
  constructor(rows: Rows = new Rows(), saved?: SavedState) {
    this.rows = rows;
    this.tree = new Tree(saved?.runs);
    this.history = new History(rows, this.tree, saved?.mark);
    this.ids = new Ids(rows);
    this.info = new InfoFold(saved?.info);
    this.tally = new Tally(saved?.tally);
    this.cuts = new Cuts(rows, this.tree, saved?.cuts);
    this.#places = new Places(rows, this.tree, this.cuts, saved?.places);
    this.first = saved?.first;
    this.last = saved?.last;
    this.version = saved?.version ?? 0;
    this.repeats = saved?.repeats ?? 0;
    this.orphans = [...(saved?.orphans ?? [])];
    this.#hasAltered = saved?.hasAltered ?? false;
    this.previous = [...(saved?.previous ?? [])];
  }

  /** What is needed, with rows in the order of their places, to go on from here elsewhere. */
  save(): SavedState {
    return {
      runs: [...this.tree.runs],
      mark: this.history.mark,
      cuts: this.cuts.save(),
      info: this.info.save(),
      places: this.#places.save(),
      tally: Array.from(this.tally.types, ([type, tally]) => [type, { ...tally }] as const),
      first: this.first,
      last: this.last,
      version: this.version,
      repeats: this.repeats,
      orphans: [...this.orphans],
      hasAltered: this.#hasAltered,
      previous: [...this.previous],
    };
  }

  /**
   * Takes one line in. False: it came too late to be taken in, and nothing has changed. `before` is the line before it
   * in its log, where that is not the one that was applied before it.
   */
  apply(line: LineHead, log: number, before?: Stamp): boolean {
    const { stamp } = line;
    if (this.last === undefined || compareStamps(stamp, this.last) > 0) {
      this.last = stamp;
    } else {
      const verdict = this.#hasAltered ? "refuse" : judgeLate(line, log, this.rows, this.tree, this.#places);
      if (verdict === "known") this.repeats++;
      if (verdict !== "apply") return verdict === "known";
      this.history.forget();
      if (this.first !== undefined && compareStamps(stamp, this.first) < 0) this.first = stamp;
    }
    this.first ??= stamp;
    this.version++;
    this.tally.add(line.type, line.length);
    this.#hasAltered ||= !line.sound;
    // An altered tombstone is not obeyed: nobody knows what it was meant to hide.
    if (line.sound || !TOMBSTONES.has(line.type)) {
      this.#extendTree(line, before ?? this.previous[log]);
      this.#obey(line, log);
    }
    if (stamp === this.last) this.previous[log] = stamp;
    return true;
  }

  /** Now it is known how long the line is, and where it lies. */
  locate({ stamp, type, of, length: was }: EarlyLine, offset: number, length: number, log: number): void {
    this.tally.lengthen(type, length - was);
    if (type === "info") this.info.lengthen(stamp, length - was);
    if (type !== "message" && type !== "part") return;
    const row = this.rows.find(of ?? stamp);
    if (row !== NONE) this.rows.moveTo(row, offset, length, log);
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
    const { deletion } = this.cuts;
    const newest = this.history.newest();
    if (deletion === undefined || newest === NONE) return deletion;
    return this.rows.comparePlace(newest, deletion) > 0 ? undefined : deletion;
  }

  get isDiverged(): boolean {
    return this.history.isDiverged;
  }

  get otherBranches(): number {
    return this.history.otherTips().length;
  }

  knows(writer: string): boolean {
    return this.tree.knows(writer);
  }

  get liveBytes(): number {
    return this.tally.lastingBytes + this.info.liveBytes + this.rows.liveBytes;
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
    if (this.#places.placeRows(this.last)) this.history.changed();
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
        this.info.apply(line.data, line);
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
        this.cuts.delete(line.stamp);
        this.history.changed();
        break;
      case "restore":
        if (line.of !== undefined) this.cuts.restore(line.of);
        this.history.changed();
        break;
      case "purge":
        this.#purge(line.data);
        break;
      case "purged":
        this.#places.purged.add(formatStamp(line.stamp));
        break;
      default:
    }
  }

  #putMessage(line: LineHead, log: number): void {
    const place = line.of ?? line.stamp;
    const row = this.#places.rowOf(place, this.last);
    if (row === NONE || this.rows.isPart(row)) return;
    const before = this.rows.has(row, HAS_LINE) ? this.rows.idHashOf(row) : undefined;
    const wasLiving = this.rows.isLivingMessage(row);
    this.rows.setLine(row, line, log);
    if (line.idHash !== before) this.ids.note(row);
    this.history.put(row, place, wasLiving);
  }

  #putPart(line: LineHead, log: number): void {
    if (line.message === undefined) return;
    const place = line.of ?? line.stamp;
    const known = this.#places.find(place, this.last);
    if (known !== NONE) {
      if (!this.rows.isPart(known)) return;
      if (this.rows.comparePlace(this.rows.ownerOf(known), line.message) !== 0)
        movePart(this.rows, known, this.#places.rowOf(line.message, this.last));
      this.rows.setLine(known, line, log);
      return;
    }
    const owner = this.#places.rowOf(line.message, this.last);
    if (owner === NONE || this.rows.isPart(owner) || this.#places.isPurged(place)) return;
    this.rows.setLine(this.#places.addPart(place, owner, this.last), line, log);
  }

  #truncate(line: LineHead): void {
    if (!this.cuts.truncate(line.stamp, line.data)) return;
    this.history.setMark(line.stamp);
    this.history.changed();
  }

  #remove(place: Stamp): void {
    const row = this.rows.find(place);
    if (row === NONE) {
      this.#places.absent.add(formatStamp(place));
    } else {
      this.#places.onceRemoved.add(row);
      this.#killWithParts(row, REMOVED);
    }
  }

  #purge(data: unknown): void {
    const places = (data as { of?: unknown } | null | undefined)?.of;
    if (!Array.isArray(places)) return;
    for (const text of places) {
      const place = parseStamp(text);
      if (place === undefined) continue;
      this.#places.purged.add(text as string);
      const row = this.rows.find(place);
      if (row !== NONE) this.#killWithParts(row, PURGED);
    }
  }

  #killWithParts(row: number, flag: number): void {
    this.history.kill(row, flag);
    if (!this.rows.isPart(row)) for (const part of this.rows.partsOf(row)) this.rows.mark(part, flag);
  }
}
