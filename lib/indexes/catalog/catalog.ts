// The catalog of all sessions as this process knows it: a base, what the journals say since, and what it learnt itself.
// It is a cache of what the logs say, and may vanish: then it knows nothing, and everything is learnt anew.
import { join } from "node:path";
import { crypto } from "../../base/crypto.ts";
import { errno } from "../../base/errors.ts";
import { isSameFile } from "../../disk/fingerprint.ts";
import type { Fingerprint } from "../../disk/fingerprint.ts";
import type { FileStat, Vfs } from "../../disk/vfs.ts";
import { Base } from "./base.ts";
import { writeBase } from "./build.ts";
import { decodeEntry, encodeEntry } from "./entry.ts";
import type { CatalogEntry } from "./entry.ts";
import { Journal } from "./journal.ts";
import type { JournalRecord } from "./journal.ts";
import { JournalTails } from "./journal-tails.ts";
import { LiveMarks } from "./live.ts";
import { CatalogView } from "./view.ts";

/** So many changed entries, and such a part of all, make a new base. */
const LEAST_YOUNG = 16;
const YOUNG_PART = 64;
/** Beyond this it is made even while changes go on. */
const MOST_YOUNG = 4096;
const MOST_YOUNG_PART = 4;
/** So many bases are made to be rid of an old one. */
const MOST_MERGES = 6;

export class Catalog {
  readonly journal: Journal;
  readonly #vfs: Vfs;
  readonly #basePath: string;
  readonly #asideDirectory: string;
  #base: Base | undefined;
  #baseStat: FileStat | undefined;
  /** Entries that the base does not have so; one without logs is gone. */
  #young = new Map<string, CatalogEntry>();
  /** What walks see; the young ones in it do not change. */
  #view: CatalogView | undefined;
  readonly live: LiveMarks = new LiveMarks();
  readonly #months = new Map<string, Fingerprint>();
  readonly #tails: JournalTails;
  #isLoaded = false;
  /** What was learnt could not be told: a directory must not be called known for what only we know. */
  #isMute = false;
  /** A base that was found damaged, and could not be removed. */
  #bad: FileStat | undefined;
  /** Whose knowledge it is: what was learnt before the cache was removed proves nothing after it. */
  #origin: string | undefined;
  /** Something of it was lost: what it knows must be compared with every file. */
  isDoubtful = false;
  /** It was, and all files were compared since: a base tells the others. */
  isChecked = false;
  /** The names of sessions that changed; whoever looks at them empties it. */
  readonly changes: Set<string> = new Set();
  /** Counts how often more may have changed than `changes` has. */
  generation = 0;

  constructor(vfs: Vfs, directory: string, asideDirectory: string) {
    this.#vfs = vfs;
    this.#basePath = join(directory, "base");
    this.#asideDirectory = asideDirectory;
    this.journal = new Journal(vfs, directory);
    this.#tails = new JournalTails(vfs, this.journal);
  }

  /** Takes in what other processes wrote. Where the cache cannot be read, what this process knows must do. */
  load(): void {
    try {
      const stat = this.#vfs.stat(this.#basePath);
      if (!this.#isLoaded || !isSameBase(stat, this.#baseStat) || this.#tails.isBroken()) this.#reload(stat);
      this.#tails.follow(this.#number, 0);
      this.#readOn();
    } catch (error) {
      if (errno(error) === undefined) throw error;
      this.#isLoaded = true;
    }
  }

  /** This moment, for as long as the caller holds its base. */
  view(): CatalogView {
    this.#view ??= new CatalogView(this.#base, this.#young);
    return this.#view;
  }

  /** What it knows of a session; undefined: nothing, or that it is gone. */
  find(name: string): CatalogEntry | undefined {
    return this.view().find(name);
  }

  /** Takes entries in, and tells the other processes. */
  put(entries: readonly CatalogEntry[]): void {
    if (entries.length === 0) return;
    for (const entry of entries) this.#take(entry);
    this.#tell(entries.map((entry) => ["entry", encodeEntry(entry)]));
  }

  /** The directory looked like this when all its files were known, in this generation. */
  setMonth(directory: string, print: Fingerprint, generation: number): void {
    if (generation !== this.generation) return;
    this.#months.set(directory, print);
    if (!this.#isMute && this.#origin !== undefined) this.#tell([["month", directory, print, this.#origin]]);
  }

  /** All files were compared with what was known in this generation. */
  settleDoubt(generation: number): void {
    if (!this.isDoubtful || generation !== this.generation) return;
    this.isDoubtful = false;
    this.isChecked = true;
  }

  isKnownMonth(directory: string, print: Fingerprint): boolean {
    const known = this.#months.get(directory);
    return known !== undefined && isSameFile(known, print);
  }

  /** The writer may write to the session from now on. */
  touch(name: string, writer: string, now: number): void {
    this.live.set({ name, writer, ms: now });
    this.#tell([["live", name, writer, now]]);
  }

  /** The writer has written `entry`, and tells before it writes again. */
  rest(entries: readonly CatalogEntry[], writer: string): void {
    for (const entry of entries) this.#take(entry);
    for (const { name } of entries) this.live.rest(name, writer);
    this.#tell(
      entries.flatMap((entry): JournalRecord[] => [
        ["entry", encodeEntry(entry)],
        ["rest", entry.name, writer],
      ]),
    );
  }

  /** True when so much is young that a new base is worth its making; `isBusy`: more is to come at once. */
  isRipe(isBusy: boolean): boolean {
    const count = this.#base?.count ?? 0;
    return (
      this.#young.size >
      (isBusy ? Math.max(MOST_YOUNG, count / MOST_YOUNG_PART) : Math.max(LEAST_YOUNG, count / YOUNG_PART))
    );
  }

  /**
   * Makes a new base of all that is known. Others may do so at the same time, and write to the journals: what is made
   * says how much of them is in it. If we crash in here, the old base stands.
   */
  async merge(): Promise<void> {
    this.load();
    const newest = Math.max(this.#number, ...this.journal.numbers());
    // A base whose journals are gone is not believed: they must be there.
    this.journal.make(newest);
    this.#tails.follow(newest, 0);
    this.#readOn();
    const origin = {
      journal: newest + 1,
      from: this.#tails.endOf(newest),
      months: [...this.#months].map(([directory, print]) => ({ directory, print })),
      live: this.live.marks(),
      id: crypto().randomBytes(8).toString("hex"),
      origin: this.#origin ?? crypto().randomBytes(8).toString("hex"),
      isMute: this.#isMute,
    };
    const view = this.view();
    const before = this.#baseStat;
    const release = view.base?.hold();
    try {
      const entries = view.walk("updated", 1);
      // One that another process made meanwhile has more in it, and of a cache that is gone nothing comes back.
      const isFirst = (): boolean => isSameBase(this.#vfs.stat(this.#basePath), before) && !this.#tails.isBroken();
      if (await writeBase(this.#vfs, this.#asideDirectory, this.#basePath, origin, entries, isFirst))
        this.journal.begin(newest + 1);
    } finally {
      release?.();
    }
  }

  /** Nothing stays of what was known before: a new base is made, until no journal is left that is older than this call. */
  async erase(): Promise<void> {
    this.load();
    const newest = Math.max(this.#number, ...this.journal.numbers());
    for (let tries = 0; tries < MOST_MERGES; tries++) {
      await this.merge().then(() => this.load());
      if (this.#number > newest && this.journal.numbers().every((each) => each > newest)) return;
    }
    // Others make bases without a pause, or what is there cannot be merged: everything is learnt anew.
    this.journal.removeAll();
    this.drop();
  }

  close(): void {
    this.journal.close();
    this.#base?.close();
    this.#base = undefined;
    this.#view = undefined;
    this.#isLoaded = false;
  }

  /** Forgets all that is known: the base is damaged. */
  drop(): void {
    this.#bad = this.#baseStat;
    this.#isLoaded = false;
    try {
      this.#vfs.remove(this.#basePath);
    } catch (error) {
      if (errno(error) === undefined) throw error;
    }
    this.load();
  }

  /** The number of the base, and so of the journal that goes with it. */
  get #number(): number {
    return this.#base?.content.journal ?? 0;
  }

  #reload(stat: FileStat | undefined): void {
    const number = this.#isLoaded && !this.#tails.isBroken() ? this.#number : undefined;
    // What the journals have to their ends is all that a base that follows ours can have been made from.
    if (number !== undefined) this.#readOn();
    this.#base?.close();
    // If the new one cannot be opened, the old one is not closed once more.
    this.#base = undefined;
    if (stat !== undefined && !isSameBase(stat, this.#bad)) this.#base = Base.open(this.#vfs, this.#basePath);
    this.#baseStat = stat;
    this.#isMute = false;
    const { journal, isMute } = this.#base?.content ?? {};
    if (number === undefined || journal !== number + 1 || isMute === true) this.generation++;
    this.#young = new Map();
    this.#view = undefined;
    this.live.clear();
    this.#months.clear();
    this.#tails.clear();
    this.isDoubtful = false;
    this.isChecked = false;
    this.#origin = this.#base?.content.origin;
    for (const { directory, print } of this.#base?.content.months ?? []) this.#months.set(directory, print);
    for (const mark of this.#base?.content.live ?? []) this.live.set(mark);
    const numbers = this.journal.numbers().filter((number) => number >= this.#number - 1);
    // Without the journal that it was made from nobody knows what changed since, and what a journal calls known may
    // have been in a base.
    const isWhole = this.#base === undefined ? numbers.every((each) => each === 0) : numbers[0] === this.#number - 1;
    if (!isWhole) this.isDoubtful = true;
    for (const number of numbers)
      this.#tails.follow(number, number < this.#number ? (this.#base?.content.from ?? 0) : 0);
    this.#readOn();
    this.#isLoaded = true;
  }

  #readOn(): void {
    for (const { records, isDamaged } of this.#tails.readOn()) {
      if (isDamaged) this.isDoubtful = true;
      for (const record of records) this.#apply(record);
    }
  }

  #apply(record: JournalRecord): void {
    switch (record[0]) {
      case "entry":
        this.#take(decodeEntry(record[1]));
        break;
      case "live":
        this.live.set({ name: record[1], writer: record[2], ms: record[3] });
        break;
      case "rest":
        this.live.rest(record[1], record[2]);
        break;
      case "month":
        if (record[3] === this.#origin) this.#months.set(record[1], record[2]);
        break;
      case "origin":
        this.#origin ??= record[1];
        break;
      default:
        // A newer version's record, which it needs and we do not.
        this.isDoubtful = true;
    }
  }

  #take(entry: CatalogEntry): void {
    if (this.#view !== undefined) {
      this.#young = new Map(this.#young);
      this.#view = undefined;
    }
    this.#young.set(entry.name, entry);
    this.changes.add(entry.name);
  }

  /** What others do not hear of they find out from the files; nothing here fails because of it. */
  #tell(records: readonly JournalRecord[]): void {
    try {
      this.#tails.wrote(this.journal.append(records));
    } catch (error) {
      if (errno(error) === undefined) throw error;
      this.#isMute = true;
    }
  }
}

function isSameBase(a: FileStat | undefined, b: FileStat | undefined): boolean {
  return a === b || (a !== undefined && b !== undefined && isSameFile(a, b));
}
