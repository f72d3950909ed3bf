// The end of a session from the ends of its logs: backwards, until enough is known. No index, and no scan of the rest.
//
// What comes later in a sorted log has the greater stamps, so all that can hide or change a late message lies after it. Of
// several logs that holds from the stamp on from which the ends of all of them are known: their lines after it are the end
// of their union. Where that is not so plain (several writers in one log whose runs began earlier, damage, a log that is not
// sorted, a line that stands in two) the answer is undefined, and all of the logs must be read.
import type { VfsFile } from "../disk/vfs.ts";
import { LF } from "../line/codec.ts";
import type { LineHead } from "../line/decode.ts";
import { Fold } from "../line/fold.ts";
import { NONE } from "../line/rows.ts";
import { advance, compareStamps } from "../line/stamp.ts";
import type { Stamp } from "../line/stamp.ts";
import { readPieces, readTail } from "./pieces.ts";
import { CommitFilter } from "./recovery.ts";

const FIRST_BYTES = 64 * 1024;
/** Beyond this the whole log may as well be read. */
const MOST_BYTES = 32 * 1024 * 1024;
/** Lines that are likely to be among the last messages and are none. */
const MARGIN = 4;
/** So many pieces tell how new a log is, and that its end is in order. */
const GLIMPSE = 8;

/** A log whose end is read. */
export interface TailSource {
  readonly file: VfsFile;
  readonly size: number;
  /** Its number in the fold. */
  readonly log: number;
  /** Its last bytes, where somebody has read them already. */
  readonly last?: Buffer | undefined;
}

/** The last bytes of a log, as many as are needed first. Several logs are read at the same time so, from a cold disk. */
export async function readLast(file: VfsFile, size: number): Promise<Buffer | undefined> {
  const bytes = Buffer.allocUnsafe(Math.min(FIRST_BYTES, size));
  const count = await file.readLater(bytes, 0, bytes.length, size - bytes.length);
  return count === bytes.length ? bytes : undefined;
}

/** A fold of the logs' ends in which at least `messages` messages are history, or all there are. */
export function foldTail(sources: readonly TailSource[], messages: number): Fold | undefined {
  const ends = sources.map((source) => new Ends(source));
  const order = newestFirst(ends);
  if (order === undefined) return undefined;
  for (let pieces = Math.max(GLIMPSE, messages + MARGIN); ;) {
    const tails = tailsOf(order, pieces);
    const fold = tails && foldEnds(tails);
    const isWhole = tails?.every((tail) => tail.isWhole) === true;
    const found = fold?.history.list().length ?? 0;
    if (fold !== undefined && (isWhole || found >= messages)) return fold;
    if (tails === undefined || isWhole) return undefined;
    // Nearly enough is enough with a few more: all that is read is decoded anew.
    const needed = found === 0 ? Infinity : Math.ceil((pieces * messages * 1.25) / found);
    pieces = Math.max(pieces + MARGIN, Math.min(pieces * 4, needed));
  }
}

/** What is known of a log's end. */
class Ends {
  readonly #source: TailSource;
  #end: LogEnd | undefined;

  constructor(source: TailSource) {
    this.#source = source;
    const { last, size } = source;
    this.#end = last && { bytes: last, base: size - last.length };
  }

  /** Its last lines, from so many pieces; undefined: they are damaged or not in order, or too long. */
  tail(pieces: number): Tail | undefined {
    const { file, size, log } = this.#source;
    this.#end = readEnd(file, size, pieces, this.#end);
    if (this.#end === undefined) return undefined;
    const start = startOf(this.#end, pieces);
    const lines = decode(this.#end, start);
    return lines && { log, lines, isWhole: start === 0 && this.#end.base === 0 };
  }
}

/** A log, and its very last lines. */
interface Glimpse {
  readonly ends: Ends;
  readonly tail: Tail;
}

const NO_TAIL: Tail = { log: NONE, lines: [], isWhole: false };

/** The log that was written to last comes first. Undefined: one is damaged or not in order. */
function newestFirst(all: readonly Ends[]): Glimpse[] | undefined {
  const [only, another] = all;
  if (only !== undefined && another === undefined) return [{ ends: only, tail: NO_TAIL }];
  const glimpses: Glimpse[] = [];
  for (const ends of all) {
    const tail = ends.tail(GLIMPSE);
    if (tail === undefined) return undefined;
    glimpses.push({ ends, tail });
  }
  return glimpses.sort((a, b) => compareLast(b.tail, a.tail));
}

function compareLast(a: Tail, b: Tail): number {
  const [lastA, lastB] = [a.lines.at(-1)?.stamp, b.lines.at(-1)?.stamp];
  if (lastA === undefined || lastB === undefined) return Number(lastA !== undefined) - Number(lastB !== undefined);
  return compareStamps(lastA, lastB);
}

/** Of a log that ends before the part of the newest one begins a glimpse is enough. */
function tailsOf(order: readonly Glimpse[], pieces: number): Tail[] | undefined {
  const tails: Tail[] = [];
  for (const { ends, tail: glimpse } of order) {
    const first = knownFrom(tails);
    const last = glimpse.lines.at(-1)?.stamp;
    const isBefore = first !== undefined && last !== undefined && compareStamps(last, first) < 0;
    const tail = isBefore ? glimpse : ends.tail(pieces);
    if (tail === undefined) return undefined;
    tails.push(tail);
  }
  return tails;
}

/** The last lines of a log, in order. */
interface Tail {
  readonly log: number;
  readonly lines: readonly LineHead[];
  /** All lines that it has. */
  readonly isWhole: boolean;
}

/** The last bytes of a file; bytes[0] is at `base` in it. */
interface LogEnd {
  readonly bytes: Buffer;
  readonly base: number;
}

/** So much of the file's end that so many pieces stand whole in it, or all of it. Undefined: that would be too much. */
function readEnd(file: VfsFile, size: number, pieces: number, last: LogEnd | undefined): LogEnd | undefined {
  let end = last;
  for (let length = end?.bytes.length ?? FIRST_BYTES; ; length *= 4) {
    if (end === undefined || length > end.bytes.length) {
      const bytes = Buffer.allocUnsafe(Math.min(length, size));
      if (file.read(bytes, 0, bytes.length, size - bytes.length) !== bytes.length) return undefined;
      end = { bytes, base: size - bytes.length };
    }
    if (end.base === 0 || startOf(end, pieces) > 0) return end;
    if (length >= MOST_BYTES) return undefined;
  }
}

/** Where the last so many pieces begin; 0: there are not so many, and the first may be cut. */
function startOf({ bytes }: LogEnd, pieces: number): number {
  let at = bytes.length - 1;
  for (let count = 0; count < pieces && at >= 0; count++) at = at === 0 ? -1 : bytes.lastIndexOf(LF, at - 1);
  return at + 1;
}

/** The lines from `start` on, in order; undefined: they are damaged or not in order. */
function decode({ bytes, base }: LogEnd, start: number): LineHead[] | undefined {
  const lines: LineHead[] = [];
  let last: LineHead | undefined;
  let isPlain = true;
  const sink = {
    line(line: LineHead): void {
      if (last !== undefined && compareStamps(line.stamp, last.stamp) <= 0) isPlain = false;
      last = line;
      lines.push(line);
    },
    problem(): void {
      isPlain = false;
    },
  };
  const rest = readPieces(bytes, start, bytes.length, base, sink);
  const tail = readTail(bytes, rest, bytes.length, base, sink);
  return isPlain && tail !== "torn" ? lines : undefined;
}

/** A line that counts, and the log that it stands in. */
interface Counted {
  readonly line: LineHead;
  readonly log: number;
}

/** Undefined: more must be read, since a line here hangs on one that lies before; or all, since they are not plain. */
function foldEnds(tails: readonly Tail[]): Fold | undefined {
  const first = knownFrom(tails);
  const counted: Counted[] = [];
  for (const { log, lines, isWhole } of tails) {
    const last = lines.at(-1)?.stamp;
    // All of it lies before: whether its last commit is whole is not asked.
    if (first !== undefined && last !== undefined && compareStamps(last, first) < 0) continue;
    if (!isWhole && !endsAreWhole(lines)) return undefined;
    const filter = new CommitFilter((line) => {
      if (first === undefined || compareStamps(line.stamp, first) >= 0) counted.push({ line, log });
    });
    for (const line of lines) filter.add(line);
    if (filter.finish().length > 0) return undefined;
  }
  if (tails.length > 1) counted.sort((a, b) => compareStamps(a.line.stamp, b.line.stamp));
  const fold = new Fold();
  const begun = new Set<number>();
  for (const { line, log } of counted) {
    // What is before the first line of a log lies before all that is known: so does what its run follows.
    const isFirst = !begun.has(log);
    begun.add(log);
    const beginsRun = line.type === "session" || line.type === "open" || line.type === "head";
    if (first !== undefined && !isFirst && !beginsRun && !fold.tree.knows(line.stamp.writer)) return undefined;
    if (fold.last !== undefined && compareStamps(line.stamp, fold.last) === 0) return undefined;
    fold.apply(line, log);
  }
  return fold;
}

/** From this stamp on every line is known; undefined: all lines are. */
function knownFrom(tails: readonly Tail[]): Stamp | undefined {
  let first: Stamp | undefined;
  for (const { lines, isWhole } of tails) {
    const stamp = lines[0]?.stamp;
    if (!isWhole && stamp !== undefined && (first === undefined || compareStamps(stamp, first) > 0)) first = stamp;
  }
  return first;
}

/** True when no writer's last commit can have begun before these lines: its lines have stamps without a gap. */
function endsAreWhole(lines: readonly LineHead[]): boolean {
  const expected = new Map<string, LineHead | undefined>();
  for (let index = lines.length - 1; index >= 0; index--) {
    const line = lines[index] as LineHead;
    const { writer } = line.stamp;
    if (!expected.has(writer)) expected.set(writer, line);
    else {
      const next = expected.get(writer);
      if (next === undefined) continue;
      const isGap = compareStamps(advance(line.stamp, 1), next.stamp) !== 0;
      expected.set(writer, isGap ? undefined : line);
      if (isGap) continue;
    }
    // A commit begins here: with its count, or with `open`, which is the first line of a commit.
    if (line.batch > 1 || line.type === "open") expected.set(writer, undefined);
  }
  return [...expected.values()].every((line) => line === undefined);
}
