// One session's part of a search: a look at its bytes; if they have the needle, its fold, which knows what is shown and
// what is hidden; then the lines themselves, newest message first.
import type { OpenFile } from "../../disk/descriptors.ts";
import { decodeLine, readAt } from "../../line/decode.ts";
import type { Line, LineHead } from "../../line/decode.ts";
import type { Fold } from "../../line/fold.ts";
import { PURGED, VERSION } from "../../line/flags.ts";
import { NONE } from "../../line/rows.ts";
import { compareStamps, formatStamp } from "../../line/stamp.ts";
import type { Stamp } from "../../line/stamp.ts";
import type { LogSearch } from "../../log/search.ts";
import { StaleError } from "../read/snapshot.ts";
import type { View } from "../read/view.ts";

/** Lines of which it is not known, or not said, where their commit ends; and lines beside which another counts. */
const UNCOUNTED: ReadonlySet<string> = new Set(["incomplete", "twice"]);
/** So little is read at once: the trip through the thread pool would cost more. */
const SYNC_BYTES = 64 * 1024;
/** So many more than are wanted are taken before they are put in order. */
const SPARE_MATCHES = 1024;

export interface SearchRange {
  readonly hidden: boolean;
  readonly sinceMs: number;
  /** Only what comes behind this one. */
  readonly after: Match | undefined;
  /** How many are wanted. */
  readonly most: number;
}

/** A line that has the needle, in the place that it has among the hits. */
export interface Match {
  /** The place of its message. */
  readonly message: Stamp;
  /** The place of the part, if it is one. */
  readonly part: Stamp | undefined;
  readonly stamp: Stamp;
  readonly isHidden: boolean;
  readonly log: number;
  readonly offset: number;
  readonly length: number;
}

/** What is known of a session at one moment. Its files stay open until it is released. */
export class SearchView {
  readonly #fold: Fold;
  readonly #files: readonly OpenFile[];
  readonly #sizes: readonly number[];
  /** For each log the offsets of lines that do not count. */
  readonly #uncounted: readonly ReadonlySet<number>[];

  constructor({ fold, logs, files }: View) {
    this.#fold = fold;
    this.#files = files.map((file) => file.pin());
    this.#sizes = logs.map(({ size }) => size);
    this.#uncounted = logs.map(
      ({ problems, unsettled }) =>
        new Set([...problems, ...unsettled].filter(({ code }) => UNCOUNTED.has(code)).map(({ offset }) => offset)),
    );
  }

  release(): void {
    for (const file of this.#files) file.unpin();
  }

  /** All that is to be found, or the first of it, newest message first; of one message first itself, then its parts. */
  async matches(search: LogSearch, range: SearchRange): Promise<Match[]> {
    const { after, most } = range;
    let matches: Match[] = [];
    for (const [log, { file }] of this.#files.entries()) {
      await search.run(file, this.#sizes[log] as number, {
        match: (line) => {
          const match = this.#matchOf(line, log, range);
          if (match === undefined || (after !== undefined && comparePlaces(match, after) <= 0)) return false;
          matches.push(match);
          if (matches.length > 2 * most + SPARE_MATCHES) matches = inOrder(matches).slice(0, most);
          return false;
        },
      });
    }
    return inOrder(matches).slice(0, most);
  }

  /** Undefined: the line does not count, was purged, or is not asked for. */
  #matchOf(line: LineHead, log: number, { hidden, sinceMs }: SearchRange): Match | undefined {
    const { rows, history, deletedAt } = this.#fold;
    if (this.#uncounted[log]?.has(line.offset)) return undefined;
    const isPart = line.type === "part";
    if (isPart && line.message === undefined) return undefined;
    const row = rows.find(line.of ?? line.stamp);
    if (row === NONE || rows.isPart(row) !== isPart || rows.has(row, PURGED)) return undefined;
    const owner = isPart ? rows.ownerOf(row) : row;
    const message = rows.place(owner);
    if (rows.has(owner, PURGED) || message.ms < sinceMs) return undefined;
    // The first version may have been found in another log, in the same bytes.
    const isNewest = rows.has(row, VERSION)
      ? rows.logOf(row) === log && rows.offsetOf(row) === line.offset
      : line.of === undefined;
    const isHidden = !isNewest || deletedAt !== undefined || !rows.isAlive(row) || !history.includes(owner);
    if (isHidden && !hidden) return undefined;
    const { stamp, offset, length } = line;
    return { message, part: isPart ? rows.place(row) : undefined, stamp, isHidden, log, offset, length };
  }

  /** The line of a match. Every positioned read checks the line that it got. */
  async line({ log, offset, length, stamp }: Match): Promise<Line> {
    const bytes = await this.#read(log, offset, length);
    const at = readAt(bytes, 0, bytes.length);
    const line = decodeLine(bytes, 0, bytes.length);
    if (line === undefined || at === undefined || compareStamps(at, stamp) !== 0) throw new StaleError();
    return line;
  }

  /** The newest line of a message; undefined: it has none, or the log changes in place. */
  async message(place: Stamp): Promise<Line | undefined> {
    const { rows } = this.#fold;
    const row = rows.find(place);
    if (row === NONE || rows.sizeOf(row) === 0) return undefined;
    const bytes = await this.#read(rows.logOf(row), rows.offsetOf(row), rows.sizeOf(row));
    const line = decodeLine(bytes, 0, bytes.length);
    return (line?.of ?? line?.at) === formatStamp(place) ? line : undefined;
  }

  async #read(log: number, offset: number, length: number): Promise<Buffer> {
    const bytes = Buffer.allocUnsafe(length);
    const { file } = this.#files[log] as OpenFile;
    const count =
      length <= SYNC_BYTES && file.isFar !== true
        ? file.read(bytes, 0, length, offset)
        : await file.readLater(bytes, 0, length, offset);
    return bytes.subarray(0, count);
  }
}

/** A line that two logs have counts once, and as shown if it is that in one of them. */
function inOrder(matches: Match[]): Match[] {
  matches.sort((a, b) => comparePlaces(a, b) || Number(a.isHidden) - Number(b.isHidden));
  return matches.filter((match, index) => index === 0 || comparePlaces(matches[index - 1] as Match, match) !== 0);
}

/** Newest message first; of a message its versions, newest first, then its parts in the same way. */
function comparePlaces(a: Match, b: Match): number {
  return compareStamps(b.message, a.message) || compareParts(a.part, b.part) || compareStamps(b.stamp, a.stamp);
}

function compareParts(a: Stamp | undefined, b: Stamp | undefined): number {
  if (a === undefined || b === undefined) return Number(a !== undefined) - Number(b !== undefined);
  return compareStamps(a, b);
}
