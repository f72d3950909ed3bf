// What is known of a session: its fold, and the lines that we wrote since and nobody has asked for yet. Those are
// applied when somebody does, off the path of an append.
import { hashId } from "../../line/codec.ts";
import type { LineHead } from "../../line/decode.ts";
import type { Draft } from "../../line/encode.ts";
import type { Fold } from "../../line/fold.ts";
import type { Stamp } from "../../line/stamp.ts";

/** A line of ours. It lies nowhere until it is written. */
export interface OwnLine extends Draft {
  json: string | undefined;
  offset: number;
  length: number;
  isApplied: boolean;
}

export const UNWRITTEN = -1;
/** So much may wait to be applied. */
const MOST_LINES = 256;
const MOST_CHARACTERS = 1024 * 1024;

/** Lines that hide nothing. */
const GROWING_TYPES: ReadonlySet<string> = new Set(["message", "part", "open", "info"]);

export class Known {
  /** The greatest stamp of all lines. */
  last: Stamp | undefined;
  readonly #fold: Fold;
  #waiting: OwnLine[] = [];
  #waitingCharacters = 0;
  #goesOn: boolean | undefined;
  #isDeleted: boolean | undefined;
  /** The number of the log that we write to. */
  readonly #log: number;

  constructor(fold: Fold, log: number) {
    this.#fold = fold;
    this.#log = log;
    this.last = fold.last;
  }

  get fold(): Fold {
    if (this.#waiting.length > 0) this.settle();
    return this.#fold;
  }

  /** Messages and parts, but for those that wait to be applied. */
  get rows(): number {
    return this.#fold.rows.length;
  }

  /** True when the next line of this writer follows the tip without an `open`. */
  goesOn(writer: string): boolean {
    this.#goesOn ??= this.fold.isCurrent(writer);
    return this.#goesOn;
  }

  get isDeleted(): boolean {
    this.#isDeleted ??= this.fold.deletedAt !== undefined;
    return this.#isDeleted;
  }

  add(line: OwnLine): void {
    this.last = line.stamp;
    this.#waiting.push(line);
    this.#waitingCharacters += line.json?.length ?? 0;
    // What hides or brings back others' messages and is no tip itself moves the tip; after anything else of ours it is ours.
    if (line.type === "delete" || line.type === "restore" || line.type === "purge") this.#goesOn = undefined;
    else if (this.#goesOn !== undefined) this.#goesOn = true;
    // Hiding the last message that came after a deletion makes it hold again.
    if (this.#isDeleted === true || !GROWING_TYPES.has(line.type)) this.#isDeleted = undefined;
  }

  /** The line was written, or will be now. */
  locate(line: OwnLine, offset: number, length: number): void {
    if (line.isApplied) this.#fold.locate(line, offset, length, this.#log);
    line.offset = offset;
    line.length = length;
  }

  /** A commit is through: what waits for long is applied. */
  rest(): void {
    if (this.#waiting.length >= MOST_LINES || this.#waitingCharacters >= MOST_CHARACTERS) this.settle();
  }

  /** Nothing waits to be applied any more. */
  settle(): void {
    const lines = this.#waiting;
    this.#waiting = [];
    this.#waitingCharacters = 0;
    for (const line of lines) {
      this.#fold.apply(headOf(line), this.#log);
      line.isApplied = true;
    }
  }
}

function headOf({ stamp, type, after, id, of, message, json, offset, length }: OwnLine): LineHead {
  const data: unknown = type === "message" || type === "part" || json === undefined ? undefined : JSON.parse(json);
  const idHash = id === undefined ? 0 : hashId(id);
  return { stamp, type, sound: true, crc: 0, after, batch: 0, of, message, idHash, data, offset, length };
}
