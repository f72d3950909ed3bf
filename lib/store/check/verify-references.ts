// Whether what the lines of a session name is there: the line that a run goes on from, the message of a part.
import type { LineHead } from "../../line/decode.ts";
import type { LineTable } from "../../line/line-table.ts";
import { compareStamps, formatStamp, parseStamp } from "../../line/stamp.ts";
import type { Stamp } from "../../line/stamp.ts";

const TOMBSTONES: ReadonlySet<string> = new Set(["truncate", "remove", "purge", "delete"]);
const BEGINS: ReadonlySet<string> = new Set(["session", "open", "head"]);
/** So many parts are remembered that came before their messages; of more it is not asked. */
const MOST_PARTS = 10_000;

export interface Reference {
  readonly code: "orphan" | "gap";
  /** The number of the log. */
  readonly log: number;
  readonly offset: number;
  readonly bytes: number;
  readonly detail: string;
}

interface Source {
  readonly log: number;
  readonly offset: number;
  readonly bytes: number;
}

interface First extends Source {
  readonly stamp: Stamp;
  readonly begins: boolean;
}

interface Named extends Source {
  /** The least stamp of the writer that is named. */
  readonly stamp: Stamp;
  lines: number;
}

export class References {
  /** Each writer's first line. */
  readonly #firsts = new Map<string, First>();
  /** For each log and each writer that its lines name: what they name first. */
  readonly #named = new Map<string, Named>();
  readonly #ahead: Reference[] = [];
  /** Parts whose messages were not met before them, by the messages' places. */
  readonly #parts = new Map<string, Source>();
  /** Places of which a later version was met. */
  readonly #versions = new Set<string>();
  #hasTombstone = false;

  /** `table` has the lines of the log up to this one. */
  add(line: LineHead, log: number, table: LineTable): void {
    const { type, stamp } = line;
    const isTombstone = TOMBSTONES.has(type);
    this.#hasTombstone ||= isTombstone;
    if (isTombstone && !line.sound) return;
    const first = this.#firsts.get(stamp.writer);
    if (first === undefined || compareStamps(stamp, first.stamp) < 0)
      this.#firsts.set(stamp.writer, { ...sourceOf(line, log), stamp, begins: BEGINS.has(type) });
    if (BEGINS.has(type)) this.#name(line.after, line, log);
    if (type === "message" || type === "part" || type === "remove" || type === "restore")
      this.#name(line.of, line, log);
    if (type === "message" && line.of !== undefined && this.#versions.size < MOST_PARTS && !table.has(line.of))
      this.#versions.add(formatStamp(line.of));
    if (type !== "part" || line.message === undefined) return;
    this.#name(line.message, line, log);
    if (this.#parts.size >= MOST_PARTS || (table.isSorted && table.has(line.message))) return;
    const place = formatStamp(line.message);
    if (!this.#parts.has(place)) this.#parts.set(place, sourceOf(line, log));
  }

  /** The log is read anew. */
  forget(log: number): void {
    for (const map of [this.#firsts, this.#named, this.#parts] as Map<string, Source>[])
      for (const [key, source] of map) if (source.log === log) map.delete(key);
    const kept = this.#ahead.filter((each) => each.log !== log);
    this.#ahead.splice(0, this.#ahead.length, ...kept);
  }

  /** All lines of all logs were added. `has` tells whether a line with this stamp is in one of them. */
  *problems(has: (stamp: Stamp) => boolean): Generator<Reference> {
    yield* this.#ahead;
    for (const { begins, stamp, ...source } of this.#firsts.values()) {
      if (!begins) yield { code: "orphan", ...source, detail: `its first line is ${formatStamp(stamp)}` };
    }
    for (const { stamp, lines, ...source } of this.#named.values()) {
      const first = this.#firsts.get(stamp.writer);
      if (first !== undefined && compareStamps(first.stamp, stamp) <= 0) continue;
      const more = lines > 1 ? `, and ${lines - 1} more name lines of this writer` : "";
      yield { code: "gap", ...source, detail: `${formatStamp(stamp)}${more}; was a log not synced?` };
    }
    // What a tombstone hides may have been compacted away, while a line about it stays as its writer's last.
    if (this.#hasTombstone) return;
    for (const [place, source] of this.#parts) {
      const stamp = parseStamp(place) as Stamp;
      if (this.#firsts.has(stamp.writer) && !this.#versions.has(place) && !has(stamp))
        yield { code: "gap", ...source, detail: `the part's message ${place}` };
    }
  }

  #name(stamp: Stamp | undefined, line: LineHead, log: number): void {
    if (stamp === undefined) return;
    if (compareStamps(stamp, line.stamp) >= 0) {
      this.#ahead.push({
        code: "gap",
        ...sourceOf(line, log),
        detail: `it names ${formatStamp(stamp)}, which is not earlier`,
      });
      return;
    }
    const first = this.#firsts.get(stamp.writer);
    if (first !== undefined && compareStamps(first.stamp, stamp) <= 0) return;
    const source = sourceOf(line, log);
    const key = `${log} ${stamp.writer}`;
    const named = this.#named.get(key);
    if (named === undefined) this.#named.set(key, { ...source, stamp, lines: 1 });
    else if (compareStamps(stamp, named.stamp) < 0) this.#named.set(key, { ...source, stamp, lines: named.lines + 1 });
    else named.lines++;
  }
}

function sourceOf({ offset, length: bytes }: LineHead, log: number): Source {
  return { log, offset, bytes };
}
