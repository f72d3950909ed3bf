// One commit in the making. Each line is known as it is added, so that the next operation of the same commit sees it;
// commit.ts then writes all of them at once. If that fails, what is known is thrown away with the commit.
import { StoreError } from "../../base/errors.ts";
import { FORMAT, hashId } from "../../line/codec.ts";
import { decodeLine } from "../../line/decode.ts";
import type { Line } from "../../line/decode.ts";
import type { Draft, LineBuffer } from "../../line/encode.ts";
import type { Fold } from "../../line/fold.ts";
import { NONE } from "../../line/rows.ts";
import { advance, compareStamps, formatStamp, isWithinYears, nextStamp, parseStamp } from "../../line/stamp.ts";
import type { Stamp } from "../../line/stamp.ts";
import type { Commit } from "../../log/commit.ts";
import { UNWRITTEN } from "../read/known.ts";
import type { Known, OwnLine } from "../read/known.ts";
import type { SessionState } from "../session-state.ts";

const HEADER = JSON.stringify({ format: FORMAT });

/** A line is not where it was known to lie: the log was replaced a moment ago. What is read anew is right. */
export class StaleError extends StoreError {
  constructor(session: string) {
    super("IO", "the log changed while it was read; try again", { session, written: "no" });
  }
}

/** What an operation says of a line; its stamp is not its to choose. */
export type NewLine = Omit<Draft, "stamp">;

export class Transaction implements Commit {
  readonly session: SessionState;
  readonly known: Known;
  readonly lines: OwnLine[] = [];
  readonly before: Stamp | undefined;

  constructor(session: SessionState, known: Known) {
    this.session = session;
    this.known = known;
    this.before = session.ownLast;
  }

  /** The session as it is with what this commit has so far. */
  get fold(): Fold {
    return this.known.fold;
  }

  /** Adds a line, and before the first one what connects it to the tip. -> its stamp */
  add(line: NewLine): Stamp {
    if (this.lines.length === 0) this.connect(line.type === "head");
    return this.#push(line);
  }

  /** Begins this machine's log, or this writer's run, where that is to be done. `head` begins a run by itself. */
  connect(isHead = false): void {
    const { session, known } = this;
    if (session.writer === undefined)
      this.#push({ type: "session", after: known.fold.tip, id: session.id, json: HEADER });
    else if (!isHead && !known.goesOn(session.writerId)) this.#push({ type: "open", after: known.fold.tip });
  }

  /** The row of the living message of the history that has this id; of two, the newer. */
  findMessage(id: string): number {
    for (const row of this.fold.ids.rowsOf(hashId(id))) {
      if (this.fold.history.includes(row) && this.read(row).id === id) return row;
    }
    return NONE;
  }

  /** The row of a living part of a message. */
  findPart(message: number, id: string): number {
    const hash = hashId(id);
    const isIt = (row: number): boolean =>
      this.fold.rows.isAlive(row) && this.fold.rows.idHashOf(row) === hash && this.read(row).id === id;
    return this.fold.rows.partsOf(message).findLast(isIt) ?? NONE;
  }

  /** A message by its id or its place. */
  resolve(reference: string): number {
    const place = parseStamp(reference);
    const row = place === undefined ? this.findMessage(reference) : this.fold.rows.find(place);
    if (row !== NONE && this.fold.history.includes(row)) return row;
    const { id } = this.session;
    throw new StoreError("NOT_FOUND", `no message ${JSON.stringify(reference)} in the history`, { session: id });
  }

  /** The newest line of a row. */
  read(row: number): Line {
    const { rows } = this.fold;
    if (rows.offsetOf(row) === UNWRITTEN) {
      const place = rows.place(row);
      const own = this.lines.findLast((each) => compareStamps(each.of ?? each.stamp, place) === 0) as OwnLine;
      return { at: "", type: own.type, id: own.id ?? "", data: JSON.parse(own.json ?? "null") };
    }
    const log = this.session.logs[rows.logOf(row)];
    const open = log?.open(this.session.store.descriptors);
    const length = rows.sizeOf(row);
    const bytes = Buffer.allocUnsafe(length);
    const count = open?.file.read(bytes, 0, length, rows.offsetOf(row)) ?? 0;
    const line = decodeLine(bytes, 0, count);
    // Every positioned read checks the line that it got.
    if (line === undefined || (line.of ?? line.at) !== formatStamp(rows.place(row))) {
      this.session.distrust();
      throw new StaleError(this.session.id);
    }
    return line;
  }

  encodeInto(buffer: LineBuffer, offset: number): void {
    const { lines } = this;
    const shift = offset - buffer.length;
    for (let index = 0; index < lines.length; index++) {
      const line = lines[index] as OwnLine;
      const position = buffer.length + shift;
      this.known.locate(line, position, buffer.add(line, index === 0 ? lines.length : 0));
    }
  }

  #push({ type, after, id, isPlainId, of, message, json }: NewLine): Stamp {
    const last = this.lines[this.lines.length - 1];
    const stamp =
      last === undefined
        ? nextStamp(this.known.last, this.session.store.now, this.session.writerId)
        : advance(last.stamp, 1);
    if (!isWithinYears(stamp)) {
      throw new StoreError("IO", "a line of the session has the last time that a stamp can have: none can follow it", {
        session: this.session.id,
        written: "no",
      });
    }
    const line = {
      stamp,
      type,
      after,
      id,
      isPlainId,
      of,
      message,
      json,
      offset: UNWRITTEN,
      length: 0,
      isApplied: false,
    };
    this.lines.push(line);
    this.known.add(line);
    return stamp;
  }
}
