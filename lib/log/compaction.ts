// What stays of a log when it is compacted. A line goes when nobody can ever see it again, whatever other machines' logs
// bring: an older version, if a newer one stands in this very log (the logs of others come and go); what was removed, or
// truncated on every branch; an `info` whose keys were set again. All else stays, byte for byte:
//
//   the tree's lines, tombstones, stubs of what was purged, types that a later version brings
//   every writer's last line: it makes the writer's commits whole
//   what is not sound, and what shares its stamp with another line: nobody knows what it was
//   commits without an end: what is missing may come
//   the line before a run whose `open` was lost: the run goes on from there
//   what a truncation hides that follows lines of other machines which have not come yet: they tell what it had seen
import type { VfsFile } from "../disk/vfs.ts";
import type { LineHead } from "../line/decode.ts";
import type { Fold } from "../line/fold.ts";
import { InfoLines } from "../line/info-lines.ts";
import { LineTable } from "../line/line-table.ts";
import { CUT, REMOVED } from "../line/flags.ts";
import { NONE } from "../line/rows.ts";
import { compareStamps, formatStamp } from "../line/stamp.ts";
import type { Stamp } from "../line/stamp.ts";
import type { Run } from "../line/tree.ts";
import { giveWay } from "../base/turn.ts";
import type { LineBytes } from "./new-log.ts";
import { isFragment } from "./pieces.ts";
import type { Fragment, Problem } from "./pieces.ts";
import { CommitFilter } from "./recovery.ts";
import { scan } from "./scan.ts";

const STEPS_A_LOOK = 1024;

export class Compaction {
  /** How much of the log this is about: up to its torn end, if it has one. */
  size = 0;
  /** The lines that go, and their bytes. */
  lines = 0;
  bytes = 0;
  readonly fragments: Fragment[] = [];
  readonly #file: VfsFile;
  readonly #fold: Fold;
  readonly #table = new LineTable();
  /** For each line the row of its message or part, NONE for any other line. */
  readonly #rows: number[] = [];
  readonly #infos = new Map<number, LineHead>();
  /** The newest line of each writer. */
  readonly #newest = new Map<string, Stamp>();
  #order: Uint32Array | undefined;
  #dead: Uint8Array = new Uint8Array(0);

  /** `fold` has all lines of all logs of the session; what it takes in later makes nothing undead. */
  constructor(file: VfsFile, fold: Fold) {
    this.#file = file;
    this.#fold = fold;
  }

  /** Another log of the session, which was seen as far as `size`. */
  async readOther(file: VfsFile, size: number, signal?: AbortSignal): Promise<void> {
    await scan(file, 0, size, { line: ({ stamp }) => this.#note(stamp), problem: () => undefined }, signal);
  }

  /** The log is as it would be afterwards. */
  get isNothing(): boolean {
    return this.lines === 0 && this.fragments.length === 0 && this.#table.isInOrder;
  }

  /** Reads the first `size` bytes. */
  async read(size: number, signal?: AbortSignal): Promise<void> {
    const keep = ({ offset, length }: Pick<Problem, "offset" | "length">): void => {
      const last = this.#table.length - 1;
      this.fragments.push({ file: this.#file, offset, length, before: last < 0 ? undefined : this.#table.stamp(last) });
    };
    const sink = {
      line: (line: LineHead) => this.#add(line),
      problem: (problem: Problem) => void (isFragment(problem) && keep(problem)),
    };
    const { end, tail } = await scan(this.#file, 0, size, sink, signal);
    // A torn end may be a write that is under way: what follows it belongs to it.
    this.size = tail === "torn" ? end : size;
    if (!this.#table.isInOrder) {
      this.#order = Uint32Array.from({ length: this.#table.length }, (_, line) => line);
      this.#order.sort((a, b) => this.#table.compare(a, b) || a - b);
    }
    this.#dead = new Uint8Array(this.#table.length);
    await this.#findDead(await this.#unsure());
  }

  /** What stays, in the order of the stamps; lines that stand side by side are one stretch. */
  *stretches(most: number): Generator<LineBytes> {
    const file = this.#file;
    let offset = Number.NaN;
    let length = 0;
    for (let at = 0; at < this.#table.length; at++) {
      const line = this.#at(at);
      if (this.#dead[line] === 1) continue;
      const start = this.#table.offset(line);
      const size = this.#table.size(line);
      if (offset + length + 1 === start && length + 1 + size <= most) {
        length += 1 + size;
        continue;
      }
      if (length > 0) yield { file, offset, length };
      [offset, length] = [start, size];
    }
    if (length > 0) yield { file, offset, length };
  }

  #at(position: number): number {
    return this.#order === undefined ? position : (this.#order[position] as number);
  }

  #note(stamp: Stamp): void {
    const newest = this.#newest.get(stamp.writer);
    if (newest === undefined || compareStamps(newest, stamp) < 0) this.#newest.set(stamp.writer, stamp);
  }

  #add(line: LineHead): void {
    const number = this.#table.length;
    this.#note(line.stamp);
    this.#table.add(line);
    this.#rows.push(this.#rowOf(line));
    if (line.type === "info") this.#infos.set(number, line);
  }

  /** A line that the fold makes nothing of has no row. */
  #rowOf({ type, of, stamp, message }: LineHead): number {
    if (type !== "message" && type !== "part") return NONE;
    const row = this.#fold.rows.find(of ?? stamp);
    if (row === NONE || this.#fold.rows.isPart(row) !== (type === "part")) return NONE;
    return type === "part" && message === undefined ? NONE : row;
  }

  /** Lines that stay because nobody knows what they count for. */
  async #unsure(): Promise<Uint8Array> {
    const table = this.#table;
    const unsure = new Uint8Array(table.length);
    const filter = new CommitFilter(() => undefined);
    for (let at = 0; at < table.length; at++) {
      if (at % STEPS_A_LOOK === 0) await giveWay();
      const line = this.#at(at);
      if (table.hasBatches) filter.add(table.head(line));
      if (!table.isSound(line)) unsure[line] = 1;
      const before = at === 0 ? NONE : this.#at(at - 1);
      if (before === NONE || table.compare(before, line) !== 0) continue;
      if (this.#isSame(before, line)) this.#drop(before);
      else unsure[before] = unsure[line] = 1;
    }
    const incomplete = new Set(filter.finish().map(({ offset }) => offset));
    if (incomplete.size > 0)
      for (let line = 0; line < table.length; line++) if (incomplete.has(table.offset(line))) unsure[line] = 1;
    return unsure;
  }

  async #findDead(unsure: Uint8Array): Promise<void> {
    const { rows } = this.#fold;
    const newest = new Int32Array(rows.length).fill(NONE);
    const lastOf = new Map<string, number>();
    const infos = new InfoLines();
    const orphans = new Set(this.#fold.orphans.map(formatStamp));
    const anchors: number[] = [];
    for (let at = 0; at < this.#table.length; at++) {
      if (at % STEPS_A_LOOK === 0) await giveWay();
      const line = this.#at(at);
      if (this.#dead[line] === 1) continue;
      const stamp = this.#table.stamp(line);
      if (orphans.size > 0 && at > 0 && orphans.has(formatStamp(stamp))) anchors.push(this.#at(at - 1));
      lastOf.set(stamp.writer, line);
      if (unsure[line] === 1) continue;
      const info = this.#infos.get(line);
      if (info !== undefined) infos.add(line, info);
      const row = this.#rows[line] as number;
      if (row === NONE || row >= newest.length) continue;
      const before = newest[row] as number;
      if (before !== NONE) this.#drop(before);
      newest[row] = line;
    }
    await this.#dropUnseen(newest);
    const needed = infos.needed();
    for (const line of this.#infos.keys()) if (unsure[line] !== 1 && !needed.has(line)) this.#drop(line);
    for (const line of [...lastOf.values(), ...anchors]) this.#keep(line);
  }

  async #dropUnseen(newest: Int32Array): Promise<void> {
    const { rows, cuts } = this.#fold;
    const isTruncated = cuts.truncationTest((at) => this.#isCertain(at));
    for (let row = 0; row < newest.length; row++) {
      if (row % STEPS_A_LOOK === 0) await giveWay();
      const line = newest[row] as number;
      if (line === NONE) continue;
      // A message that was removed may come back with a later version, and with it the parts that came after that.
      const message = rows.isPart(row) ? rows.ownerOf(row) : row;
      const isCut = message !== NONE && rows.has(message, CUT) && isTruncated(message);
      if (isCut || rows.has(row, REMOVED)) this.#drop(line);
    }
  }

  /** All the lines that this one follows are there, or were compacted away. */
  #isCertain(line: Stamp): boolean {
    const { tree, orphans } = this.#fold;
    for (let at: Stamp | undefined = line; at !== undefined;) {
      const newest = this.#newest.get(at.writer);
      const run: Run | undefined = tree.runs[tree.runOf(at)];
      if (run === undefined || newest === undefined || compareStamps(newest, at) < 0) return false;
      if (orphans.some((each) => compareStamps(each, run.first) === 0)) return false;
      at = run.after;
    }
    return true;
  }

  #drop(line: number): void {
    if (this.#dead[line] === 1) return;
    this.#dead[line] = 1;
    this.lines++;
    this.bytes += this.#table.size(line) + 1;
  }

  #keep(line: number): void {
    if (this.#dead[line] === 0) return;
    this.#dead[line] = 0;
    this.lines--;
    this.bytes -= this.#table.size(line) + 1;
  }

  #isSame(a: number, b: number): boolean {
    const size = this.#table.size(a);
    if (size !== this.#table.size(b)) return false;
    const [one, two] = [Buffer.allocUnsafe(size), Buffer.allocUnsafe(size)];
    this.#file.read(one, 0, size, this.#table.offset(a));
    this.#file.read(two, 0, size, this.#table.offset(b));
    return one.equals(two);
  }
}
