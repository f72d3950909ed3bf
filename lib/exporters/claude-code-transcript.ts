// A session as the lines of a transcript. Lines that no import kept stand in the chain of those that one did: where one is
// missing, a line that says nothing has its uuid, so that the chain holds.
import type { Entry } from "../base/entry.ts";
import { isObject } from "../base/object.ts";
import type { TreeEntry } from "../store/read/read-tree.ts";
import { keptLines } from "./claude-code-kept.ts";
import { NativeLines } from "./claude-code-native.ts";
import type { Line } from "./claude-code-native.ts";
import type { OutgoingSession, Text } from "./exporter.ts";
import { Seen } from "./seen.ts";

/** What such a line takes from the one that follows it. */
const SURROUNDINGS = ["isSidechain", "userType", "cwd", "sessionId", "version", "gitBranch", "agentId", "timestamp"];

/** A file that lay beside the transcript. */
export interface SideFile {
  readonly name: string;
  readonly content: string | Uint8Array;
}

export class Transcript {
  /** Known when the text has come to its end. */
  readonly sideFiles: SideFile[] = [];
  readonly #session: OutgoingSession;
  readonly #native: NativeLines;
  readonly #name: string;
  readonly #isItsOwn: boolean;
  /** The uuids of the lines so far. */
  readonly #uuids = new Seen();
  /** The last lines of messages that more than one follow. */
  readonly #forks = new Map<string, string | null>();
  /** Where the conversation goes on. */
  #last: string | null = null;

  /** `name`: that of the session, in its lines. */
  constructor(session: OutgoingSession, name: string) {
    this.#session = session;
    this.#name = name;
    this.#native = new NativeLines(session.info, name);
    this.#isItsOwn = session.info.metadata?.["source"] === "claude-code";
  }

  async *text(): Text {
    const { info } = this.#session;
    let isFirst = true;
    for await (const each of this.#session.tree()) {
      const lines = [...this.#linesOf(each)];
      const begins = lines.map(({ timestamp }) => timestamp).find((time) => typeof time === "string") ?? each.entry.at;
      const beginning = { type: "queue-operation", operation: "dequeue", timestamp: info.createdAt };
      // The first line with a time says when the session began.
      if (isFirst && Date.parse(info.createdAt) < Date.parse(begins.slice(0, 24)))
        yield textOf({ ...beginning, sessionId: this.#name });
      isFirst = false;
      for (const line of lines) yield textOf(line);
    }
    const { title, titleSource } = info;
    const sessionId = this.#name;
    if (title !== undefined) {
      yield textOf(
        titleSource === "auto"
          ? { type: "ai-title", aiTitle: title, sessionId }
          : { type: "custom-title", customTitle: title, sessionId },
      );
    }
    if (this.#last !== null) yield textOf({ type: "last-prompt", leafUuid: this.#last, sessionId });
  }

  *#linesOf({ entry, follows, isForked }: TreeEntry): Generator<Line> {
    if (follows !== undefined) this.#last = follows === null ? null : (this.#forks.get(follows) ?? null);
    const kept = keptLines(entry.data);
    const { before, after, parts } = this.#recordsOf(entry);
    const later = new Later(kept ?? [], after);
    for (const line of [...before, ...(kept ?? [])]) yield* this.#chained(line, later);
    for (let line = later.next(); line !== undefined; line = later.next()) yield* this.#chained(line, later);
    // Parts can have come to it here.
    const data = kept === undefined ? entry.data : { role: entry.data["role"], content: [] };
    for (const line of this.#native.linesOf({ ...entry, data, parts }, kept !== undefined))
      yield* this.#chained({ parentUuid: this.#last, ...line }, later);
    if (isForked) this.#forks.set(entry.at, this.#last);
  }

  /** What an import kept with a message: lines that stood before it, and after it; and the other parts. */
  #recordsOf({ parts }: Entry): { before: Line[]; after: Line[]; parts: Entry["parts"] } {
    const before: Line[] = [];
    const after: Line[] = [];
    const others = parts.filter(({ data }) => {
      const { type, record, before: isBefore } = data;
      if (type !== "record" || !isObject(record) || !this.#isItsOwn) return true;
      const { path, text, base64 } = record;
      if (record["type"] !== "file" || typeof path !== "string") (isBefore === true ? before : after).push(record);
      else if (typeof text === "string") this.sideFiles.push({ name: path, content: text });
      else if (typeof base64 === "string") this.sideFiles.push({ name: path, content: Buffer.from(base64, "base64") });
      return false;
    });
    return { before, after, parts: others };
  }

  /** The line, after the one that it follows: that one may wait, or not be there. */
  *#chained(line: Line, later: Later): Generator<Line> {
    const { uuid, parentUuid, logicalParentUuid } = line;
    const parent = parentUuid ?? logicalParentUuid;
    if (typeof parent === "string" && !this.#uuids.has(parent)) {
      for (let next = later.upTo(parent); next !== undefined; next = later.upTo(parent))
        yield* this.#chained(next, later);
      if (!this.#uuids.has(parent) && !later.isOwn(parent)) {
        this.#uuids.add(parent);
        yield missing(parent, this.#last, line);
        this.#last = parent;
      }
    }
    yield line;
    if (typeof uuid !== "string") return;
    this.#uuids.add(uuid);
    // A line of the harness can hang on to an older message: what comes next does not go on from there.
    if (later.isOwn(uuid) || (parent ?? null) === this.#last) this.#last = uuid;
  }
}

/** Lines that stood after a message, or in the middle of it. */
class Later {
  readonly #lines: readonly Line[];
  readonly #own: ReadonlySet<unknown>;
  #at = 0;

  constructor(own: readonly Line[], lines: readonly Line[]) {
    this.#own = new Set(own.map(({ uuid }) => uuid));
    this.#lines = lines;
  }

  /** True for a line of the message itself. */
  isOwn(uuid: string): boolean {
    return this.#own.has(uuid);
  }

  next(): Line | undefined {
    return this.#lines[this.#at++];
  }

  /** The next one, if the one with this uuid is to come yet. */
  upTo(uuid: string): Line | undefined {
    return this.#lines.slice(this.#at).some((line) => line["uuid"] === uuid) ? this.next() : undefined;
  }
}

function textOf(line: Line): string {
  return `${JSON.stringify(line)}\n`;
}

/** A line that says nothing. Before a summary of what came before it stands the mark that nothing earlier counts. */
function missing(uuid: string, parentUuid: string | null, next: Line): Line {
  const around = Object.fromEntries(SURROUNDINGS.filter((key) => key in next).map((key) => [key, next[key]]));
  const line = { ...around, type: "system", content: "", isMeta: true, level: "info", uuid };
  return next["isCompactSummary"] === true
    ? { parentUuid: null, logicalParentUuid: parentUuid, ...line, subtype: "compact_boundary" }
    : { parentUuid, ...line, subtype: "informational" };
}
