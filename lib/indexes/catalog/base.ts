// The catalog's base: every session that was known when it was made, in a file of checked blocks. A page reads the
// blocks that it shows and no others; columns answer what a filter asks without reading the sessions.
import type { Fingerprint } from "../../disk/fingerprint.ts";
import type { Vfs } from "../../disk/vfs.ts";
import { BLOCK_BYTES, BlockFile } from "../blocks.ts";
import { compareMarks, decodeEntry, hashName, markOf } from "./entry.ts";
import type { CatalogEntry, Mark, Order } from "./entry.ts";
import type { LiveMark } from "./live.ts";

export const MAGIC = "turncat1";

/** A directory as it was when all its files were known. */
interface SeenMonth {
  readonly directory: string;
  readonly print: Fingerprint;
}

/** The files of a directory in the base's columns. */
export interface MonthFiles {
  readonly directory: string;
  readonly first: number;
  readonly count: number;
}

/** Where each section begins. Rows are in the order "updated". */
export interface Sections {
  /** Entries as JSON, one after the other. */
  readonly entries: number;
  /** float64 by row: where the entry ends. */
  readonly ends: number;
  /** float64 by row, and by position in the order "created": the time of the stamp. */
  readonly updatedMs: number;
  readonly createdMs: number;
  /** uint32 by position in the order "created": the row. */
  readonly created: number;
  /** uint8 by row. */
  readonly flags: number;
  /** uint32 by row. */
  readonly project: number;
  readonly projectDirectory: number;
  readonly parent: number;
  readonly title: number;
  readonly tags: number;
  /** float64 and uint32, sorted: hashes of names, and their rows. */
  readonly names: number;
  readonly nameRows: number;
  /** Per file, by month, sorted by the hash of its name: float64 hash, ino, size, mtime, ctime, and uint32 row. */
  readonly files: number;
  readonly fileRows: number;
}

export interface BaseContent {
  /** No other base has it. */
  readonly id: string;
  /** The catalog's, from the journal that it began with. */
  readonly origin: string;
  /** It may have more than the journals had. */
  readonly isMute: boolean;
  readonly count: number;
  /** Journals before this number are in it; of the one before this, up to `from`. */
  readonly journal: number;
  readonly from: number;
  readonly months: readonly SeenMonth[];
  /** Who may have been writing to a session, and when they said so. */
  readonly live: readonly LiveMark[];
  readonly files: readonly MonthFiles[];
  readonly sections: Sections;
}

/** A column of hashes, of which equal texts have equal ones. */
export type HashColumn = "project" | "projectDirectory" | "parent" | "title";

/** How many numbers stand for a file. */
const FILE_FIELDS = 5;

export class Base {
  readonly content: BaseContent;
  readonly #blocks: BlockFile;
  /** Who reads it now; the catalog's own hold is the first. */
  #holds = 1;

  constructor(blocks: BlockFile) {
    this.#blocks = blocks;
    this.content = blocks.content as BaseContent;
  }

  static open(vfs: Vfs, path: string): Base | undefined {
    const blocks = BlockFile.open(vfs, path, MAGIC);
    return blocks === undefined ? undefined : new Base(blocks);
  }

  get count(): number {
    return this.content.count;
  }

  entry(row: number): CatalogEntry {
    const { ends, entries } = this.content.sections;
    const from = row === 0 ? 0 : this.#double(ends, row - 1);
    const bytes = this.#blocks.read(entries + from, this.#double(ends, row) - from);
    return decodeEntry(JSON.parse(bytes.toString()));
  }

  /** The row at a position of an order. */
  rowAt(order: Order, position: number): number {
    return order === "updated" ? position : this.#word(this.content.sections.created, position);
  }

  /** What a column has of so many rows, from the first one on: a byte each of the flags, else four. */
  column(section: "flags" | HashColumn, first: number, count: number): Buffer {
    const width = section === "flags" ? 1 : 4;
    return this.#blocks.read(this.content.sections[section] + first * width, count * width);
  }

  tags(row: number): number {
    return this.#word(this.content.sections.tags, row);
  }

  updatedMs(row: number): number {
    return this.#double(this.content.sections.updatedMs, row);
  }

  /** How many positions of the order lie before this mark. */
  positionOf(order: Order, mark: Mark, ms: number): number {
    const { updatedMs, createdMs } = this.content.sections;
    const times = order === "updated" ? updatedMs : createdMs;
    let low = 0;
    let high = this.count;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const time = this.#double(times, middle);
      // Later ones come first. Only where the times are equal the entries tell.
      const isBefore =
        time === ms ? compareMarks(markOf(this.entry(this.rowAt(order, middle)), order), mark) < 0 : time > ms;
      if (isBefore) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** The entry with this name; undefined: there is none. */
  find(name: string): { readonly row: number; readonly entry: CatalogEntry } | undefined {
    const { names, nameRows } = this.content.sections;
    const hash = hashName(name);
    for (let at = this.#lowest(names, 0, this.count, hash); at < this.count; at++) {
      if (this.#double(names, at) !== hash) break;
      const row = this.#word(nameRows, at);
      const entry = this.entry(row);
      if (entry.name === name) return { row, entry };
    }
    return undefined;
  }

  /** The number of a file of the month that looks like this one in all respects; -1: there is none. */
  findFile({ first, count }: MonthFiles, file: string, { ino, size, mtimeMs, ctimeMs }: Fingerprint): number {
    const { files } = this.content.sections;
    const hash = hashName(file);
    for (let at = this.#lowest(files, first, first + count, hash, FILE_FIELDS); at < first + count; at++) {
      const field = at * FILE_FIELDS;
      if (this.#double(files, field) !== hash) break;
      const isIt =
        this.#double(files, field + 1) === ino &&
        this.#double(files, field + 2) === size &&
        this.#double(files, field + 3) === mtimeMs &&
        this.#double(files, field + 4) === ctimeMs;
      if (isIt) return at;
    }
    return -1;
  }

  /** The name of the session that a file is of. */
  nameOfFile(number: number): string {
    return this.entry(this.#word(this.content.sections.fileRows, number)).name;
  }

  /** It stays open until the returned function is called, though the catalog goes on to another one. */
  hold(): () => void {
    this.#holds++;
    return () => this.close();
  }

  /** Lets go of one hold. */
  close(): void {
    if (--this.#holds === 0) this.#blocks.close();
  }

  #lowest(section: number, from: number, to: number, hash: number, stride = 1): number {
    let low = from;
    let high = to;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#double(section, middle * stride) < hash) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #double(section: number, index: number): number {
    return this.#blocks.double(section + index * 8);
  }

  #word(section: number, index: number): number {
    return this.#blocks.word(section + index * 4);
  }
}

/** Sections begin where no number lies across two blocks. */
export function alignment(length: number): number {
  return (BLOCK_BYTES - (length % BLOCK_BYTES)) % 8;
}
