// The end of a session from the end of its log: backwards, until enough is known. No index, and no scan of the rest.
//
// What comes later in a sorted log has the greater stamps, so all that can hide or change a late message lies after it.
// Where that is not so plain (several writers whose runs began earlier, damage, a log that is not sorted) the answer is
// undefined, and the whole log must be read.
import type { VfsFile } from "../disk/vfs.ts";
import { LF } from "../line/codec.ts";
import type { LineHead } from "../line/decode.ts";
import { Fold } from "../line/fold.ts";
import { advance, compareStamps } from "../line/stamp.ts";
import { readPieces, readTail } from "./pieces.ts";
import { CommitFilter } from "./recovery.ts";

const FIRST_BYTES = 64 * 1024;
/** Beyond this the whole log may as well be read. */
const MOST_BYTES = 32 * 1024 * 1024;
/** Lines that are likely to be among the last messages and are none. */
const MARGIN = 4;

/** A fold of the log's end in which at least `messages` messages are history, or all there are. */
export function foldTail(file: VfsFile, size: number, log: number, messages: number): Fold | undefined {
  let end: LogEnd | undefined;
  for (let pieces = messages + MARGIN; ; pieces *= 4) {
    end = readEnd(file, size, pieces, end);
    if (end === undefined) return undefined;
    const start = startOf(end, pieces);
    const isWhole = start === 0 && end.base === 0;
    const lines = decode(end, start);
    const fold = lines && foldEnd(lines, log, isWhole);
    if (fold !== undefined && (isWhole || fold.history.list().length >= messages)) return fold;
    if (lines === undefined || isWhole) return undefined;
  }
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

/** Undefined: more must be read, since a line here hangs on one that lies before. */
function foldEnd(lines: LineHead[], log: number, isWhole: boolean): Fold | undefined {
  if (!isWhole && !endsAreWhole(lines)) return undefined;
  const counted: LineHead[] = [];
  const filter = new CommitFilter((line) => counted.push(line));
  for (const line of lines) filter.add(line);
  if (filter.finish().length > 0) return undefined;
  const fold = new Fold();
  for (const line of counted) {
    const isRoot = fold.last === undefined;
    const beginsRun = line.type === "session" || line.type === "open" || line.type === "head";
    if (!isWhole && !isRoot && !beginsRun && !fold.tree.knows(line.stamp.writer)) return undefined;
    fold.apply(line, log);
  }
  return fold;
}

/** True when no writer's last commit can have begun before these lines: its lines have stamps without a gap. */
function endsAreWhole(lines: LineHead[]): boolean {
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
