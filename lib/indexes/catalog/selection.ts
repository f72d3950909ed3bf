// Which rows of a base may be wanted, from its columns: so many at once that a narrow walk is a walk over columns.
import type { Base, HashColumn } from "./base.ts";
import { ALL_FLAGS, ARCHIVED, DAMAGED, DELETED, HAS_PARENT, hashOf, PINNED, tagBits } from "./entry.ts";
import type { Order } from "./entry.ts";

/** What the columns can rule out: a session that passes may still be another than the caller wants. */
export interface Narrowing {
  readonly project?: string | undefined;
  readonly directory?: string | undefined;
  /** Undefined: those without a parent, unless `all`. */
  readonly parent?: string | undefined;
  readonly all?: boolean | undefined;
  readonly archived?: boolean | undefined;
  readonly pinned?: boolean | undefined;
  readonly title?: string | undefined;
  readonly tags?: readonly string[] | undefined;
  /** Active at or after this time, in ms. */
  readonly sinceMs?: number | undefined;
}

/** So many rows are looked at together: a first page is not to wait for more. */
export const ROWS_A_PART = 1024;

interface Word {
  readonly section: HashColumn;
  readonly bytes: Buffer;
}

/** The rows that pass, found part by part when somebody asks for them. */
export class Selection {
  readonly #base: Base;
  readonly #parts: Uint8Array[] = [];
  readonly #words: readonly Word[];
  readonly #tagBits: number;
  readonly #sinceMs: number;
  /** For all that a row's flags can be: 1 if it may pass. */
  readonly #byFlags: Uint8Array;

  constructor(base: Base, { project, directory, parent, all, archived, pinned, title, tags, sinceMs }: Narrowing) {
    this.#base = base;
    this.#words = (
      [
        ["project", project],
        ["projectDirectory", directory],
        ["parent", parent],
        ["title", title],
      ] as const
    ).flatMap(([section, text]) => (text === undefined ? [] : [{ section, bytes: wordOf(hashOf(text)) }]));
    this.#tagBits = tagBits(tags);
    this.#sinceMs = sinceMs ?? Number.NEGATIVE_INFINITY;
    // Nobody knows what a damaged session belongs to: it is in every list that asks for no such thing.
    const isWide = this.#words.length === 0 && tags === undefined && archived === undefined && pinned === undefined;
    const hasParent = parent === undefined ? (all === true ? undefined : false) : true;
    const asked = [
      [HAS_PARENT, hasParent],
      [ARCHIVED, archived],
      [PINNED, pinned],
    ] as const;
    this.#byFlags = Uint8Array.from({ length: ALL_FLAGS + 1 }, (_, flags) => {
      if ((flags & DELETED) !== 0) return 0;
      if ((flags & DAMAGED) !== 0) return isWide ? 1 : 0;
      return asked.every(([flag, wanted]) => wanted === undefined || ((flags & flag) !== 0) === wanted) ? 1 : 0;
    });
  }

  has(row: number): boolean {
    return this.#part(Math.floor(row / ROWS_A_PART))[row % ROWS_A_PART] === 1;
  }

  /** A later position, with no row between them that passes; at most the next part's first. */
  next(order: Order, position: number, direction: 1 | -1): number {
    // In the other order the rows lie anywhere.
    if (order !== "updated") return position + direction;
    const number = Math.floor(position / ROWS_A_PART);
    const first = number * ROWS_A_PART;
    const part = this.#part(number);
    const at = position - first + direction;
    if (direction === 1) {
      const found = part.indexOf(1, at);
      return found === -1 ? first + part.length : first + found;
    }
    // A negative index would count from the end.
    return at < 0 ? position - 1 : first + part.lastIndexOf(1, at);
  }

  /** How many rows of a part pass. */
  countIn(part: number): number {
    const rows = this.#part(part);
    let count = 0;
    // An iterator of the bytes would take ten times as long before it is compiled.
    for (let at = 0; at < rows.length; at++) count += rows[at] as number;
    return count;
  }

  #part(number: number): Uint8Array {
    return (this.#parts[number] ??= this.#select(number * ROWS_A_PART));
  }

  #select(first: number): Uint8Array {
    const base = this.#base;
    const rows = new Uint8Array(Math.min(ROWS_A_PART, base.count - first));
    const flags = base.column("flags", first, rows.length);
    const byFlags = this.#byFlags;
    const [word, ...others] = this.#words;
    if (word === undefined) {
      for (let at = 0; at < rows.length; at++) rows[at] = byFlags[(flags[at] as number) & ALL_FLAGS] as number;
    } else {
      const columns = others.map(({ section, bytes }) => ({ column: base.column(section, first, rows.length), bytes }));
      const column = base.column(word.section, first, rows.length);
      for (let byte = column.indexOf(word.bytes); byte !== -1; byte = column.indexOf(word.bytes, byte + 1)) {
        // What looks like it across two numbers is none.
        if (byte % 4 !== 0) continue;
        const isIt = columns.every((each) => each.column.compare(each.bytes, 0, 4, byte, byte + 4) === 0);
        if (isIt) rows[byte / 4] = byFlags[(flags[byte / 4] as number) & ALL_FLAGS] as number;
      }
    }
    if (this.#tagBits === 0 && this.#sinceMs === Number.NEGATIVE_INFINITY) return rows;
    for (let at = rows.indexOf(1); at !== -1; at = rows.indexOf(1, at + 1))
      if (((flags[at] as number) & DAMAGED) === 0 && !this.#passes(first + at)) rows[at] = 0;
    return rows;
  }

  /** The row's time and tags may pass. */
  #passes(row: number): boolean {
    if (this.#tagBits !== 0 && (this.#base.tags(row) & this.#tagBits) >>> 0 !== this.#tagBits) return false;
    return this.#sinceMs === Number.NEGATIVE_INFINITY || this.#base.updatedMs(row) >= this.#sinceMs;
  }
}

/** As the columns have it. */
function wordOf(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(4);
  bytes.writeUInt32LE(value);
  return bytes;
}
