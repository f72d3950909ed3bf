// The catalog's journal: what changed since the base was made, appended by every process of this machine.
//
// Journals are numbered. A base with the number n has all of the journals before n - 1, and of n - 1 up to an offset; whoever
// makes base n + 1 makes journal n + 1 after it. So a reader of base n reads the rest of n - 1 and all from n on, and a
// writer may take the greatest number that is there: only if two bases were made while it wrote must it write again.
import { join } from "node:path";
import { crypto } from "../../base/crypto.ts";
import { errno } from "../../base/errors.ts";
import type { Fingerprint } from "../../disk/fingerprint.ts";
import type { Vfs, VfsFile } from "../../disk/vfs.ts";
import { checksum } from "../../line/codec.ts";

/**
 * `live`: this writer may write to the session from now on without saying so each time. `rest`: it says so again before
 * it does. `month`: all files of the directory were known when it looked like this, by the catalog with this origin.
 * `origin`: the name of the catalog that began with this journal, after there was none or it was removed.
 */
export type JournalRecord =
  | readonly ["entry", unknown]
  | readonly ["live", name: string, writer: string, ms: number]
  | readonly ["rest", name: string, writer: string]
  | readonly ["month", directory: string, print: Fingerprint, origin: string]
  | readonly ["origin", string];

const PREFIX = "journal-";
const CHECKSUM_LENGTH = 8;
const LF = 10;

/** What was appended: to which journal, where it ends, how long it is. */
export interface Appended {
  readonly number: number;
  readonly end: number;
  readonly bytes: number;
}

export interface JournalPart {
  readonly records: readonly JournalRecord[];
  /** After the last whole line. */
  readonly end: number;
  /** A line is not as it was written. */
  readonly isDamaged: boolean;
}

export class Journal {
  readonly directory: string;
  readonly #vfs: Vfs;
  #number = -1;
  #file: VfsFile | undefined;
  #ino = -1;

  constructor(vfs: Vfs, directory: string) {
    this.#vfs = vfs;
    this.directory = directory;
  }

  pathOf(number: number): string {
    return join(this.directory, PREFIX + String(number));
  }

  /** The numbers of the journals that are there, the least first. */
  numbers(): number[] {
    return this.#vfs
      .names(this.directory)
      .filter((name) => name.startsWith(PREFIX))
      .map((name) => Number(name.slice(PREFIX.length)))
      .filter((number) => Number.isSafeInteger(number) && number >= 0)
      .sort((a, b) => a - b);
  }

  /** Appends records in one write. */
  append(records: readonly JournalRecord[]): Appended {
    // A line that a crash has cut ends before what follows it.
    const text = `\n${records.map(lineOf).join("")}`;
    const bytes = Buffer.byteLength(text);
    for (;;) {
      const file = this.#open();
      if (file.write(text, bytes) !== bytes) throw Object.assign(new Error("a short write"), { code: "ENOSPC" });
      const isThere = this.#vfs.stat(this.pathOf(this.#number))?.ino === this.#ino;
      if (isThere && this.#vfs.stat(this.pathOf(this.#number + 2)) === undefined)
        return { number: this.#number, end: file.stat().size, bytes };
      this.close();
    }
  }

  read(number: number, from: number): JournalPart {
    const file = this.#vfs.open(this.pathOf(number), "read");
    try {
      const length = Math.max(0, file.stat().size - from);
      const bytes = Buffer.allocUnsafeSlow(length);
      return parse(bytes.subarray(0, file.read(bytes, 0, length, from)), from);
    } finally {
      file.close();
    }
  }

  /** Makes the journal that a new base of this number goes with, and lets those go that it has. */
  begin(number: number): void {
    this.close();
    this.make(number);
    for (const old of this.numbers()) if (old < number - 1) this.#vfs.remove(this.pathOf(old));
  }

  removeAll(): void {
    this.close();
    for (const number of this.numbers()) this.#vfs.remove(this.pathOf(number));
  }

  /** Makes the journal with this number, if there is none. */
  make(number: number): void {
    this.#vfs.makeDirectory(this.directory);
    try {
      const file = this.#vfs.open(this.pathOf(number), "create");
      try {
        // If we crash before it has its origin, no directory is called known in it until a base is made.
        const origin = lineOf(["origin", crypto().randomBytes(8).toString("hex")]);
        if (number === 0) file.write(origin, Buffer.byteLength(origin));
      } finally {
        file.close();
      }
    } catch (error) {
      // Another process was first, or the directory went again.
      if (errno(error) !== "EEXIST" && errno(error) !== "ENOENT") throw error;
    }
  }

  close(): void {
    this.#file?.close();
    this.#file = undefined;
  }

  /** The newest journal, open for appending. */
  #open(): VfsFile {
    if (this.#file !== undefined && this.#vfs.stat(this.pathOf(this.#number + 1)) === undefined) return this.#file;
    this.close();
    for (;;) {
      const newest = this.numbers().at(-1);
      if (newest === undefined) this.make(0);
      else {
        try {
          this.#file = this.#vfs.open(this.pathOf(newest), "append");
          this.#number = newest;
          this.#ino = this.#file.stat().ino;
          return this.#file;
        } catch (error) {
          // It went between our look and now, as the whole cache may at any time.
          if (errno(error) !== "ENOENT") throw error;
        }
      }
    }
  }
}

function lineOf(record: JournalRecord): string {
  const json = JSON.stringify(record);
  return `${checksum(json)} ${json}\n`;
}

function parse(bytes: Buffer, base: number): JournalPart {
  const records: JournalRecord[] = [];
  let isDamaged = false;
  let at = 0;
  for (;;) {
    const newline = bytes.indexOf(LF, at);
    if (newline === -1) return { records, end: base + at, isDamaged };
    if (newline > at) {
      const json = bytes.subarray(at + CHECKSUM_LENGTH + 1, newline);
      if (bytes.toString("latin1", at, at + CHECKSUM_LENGTH) === checksum(json))
        records.push(JSON.parse(json.toString()) as JournalRecord);
      else isDamaged = true;
    }
    at = newline + 1;
  }
}
