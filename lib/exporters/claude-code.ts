// Back to Claude Code: a transcript for each session, JSONL, a block of an answer a line, each line with the uuid of the one that
// it follows. What an import kept of a line is written as it was. Lines that no import keeps (of the harness and the terminal)
// stand in that chain: where one is missing, a line that says nothing has its uuid, so that the chain holds.
import type { SessionInfo } from "../base/session-info.ts";
import type { TreeEntry } from "../store/read/read-tree.ts";
import { keptLines } from "./claude-code-kept.ts";
import { NativeLines, uuidOf } from "./claude-code-native.ts";
import type { Line } from "./claude-code-native.ts";
import type { Exporter, OutgoingSession, Text } from "./exporter.ts";
import { Seen } from "./seen.ts";

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const OWN_NAME = /^[A-Za-z0-9_][A-Za-z0-9_-]{0,99}$/;
const MOST_SLUG = 200;
/** What such a line takes from the one that follows it. */
const SURROUNDINGS = ["isSidechain", "userType", "cwd", "sessionId", "version", "gitBranch", "agentId", "timestamp"];

export const claudeCode: Exporter = {
  ending: ".jsonl",
  async *one(session: OutgoingSession): Text {
    yield* new Transcript(session).text();
  },
  async into(folder, sessions) {
    for await (const session of sessions) {
      const name = `${slugOf(session.info.directory ?? "/")}/${nameOf(session.info)}.jsonl`;
      if (!(await folder.write(name, new Transcript(session).text(), "keep")))
        session.tell(`${name} is there already, and was left as it is`, false);
    }
  },
};

/** Claude Code resumes what has a UUID for a name. A name that it gave itself stays. */
function nameOf({ id, metadata }: SessionInfo): string {
  const isOwn = UUID.test(id) || /^agent-[\w-]{1,80}$/.test(id);
  return isOwn || (metadata?.["source"] === "claude-code" && OWN_NAME.test(id)) ? id : uuidOf("session", id);
}

/** The folder that it has for a directory. */
function slugOf(directory: string): string {
  const slug = directory.replace(/[^A-Za-z0-9]/g, "-");
  if (slug.length <= MOST_SLUG) return slug;
  let hash = 0;
  for (let at = 0; at < directory.length; at++) hash = (Math.imul(hash, 31) + directory.charCodeAt(at)) | 0;
  return `${slug.slice(0, MOST_SLUG)}-${Math.abs(hash).toString(36)}`;
}

class Transcript {
  readonly #session: OutgoingSession;
  readonly #native: NativeLines;
  readonly #name: string;
  /** The uuids of the lines so far. */
  readonly #uuids = new Seen();
  /** The last lines of messages that more than one follow. */
  readonly #forks = new Map<string, string | null>();
  #last: string | null = null;

  constructor(session: OutgoingSession) {
    this.#session = session;
    this.#name = nameOf(session.info);
    this.#native = new NativeLines(session.info, this.#name);
  }

  async *text(): Text {
    const { info } = this.#session;
    let isFirst = true;
    for await (const each of this.#session.tree()) {
      const beginning = { type: "queue-operation", operation: "dequeue", timestamp: info.createdAt };
      // The first line with a time says when the session began.
      if (isFirst && info.createdAt < each.entry.at) yield this.#line({ ...beginning, sessionId: this.#name });
      isFirst = false;
      for (const line of this.#linesOf(each)) yield this.#line(line);
    }
    const { title, titleSource } = info;
    const sessionId = this.#name;
    if (title !== undefined) {
      yield this.#line(
        titleSource === "auto"
          ? { type: "ai-title", aiTitle: title, sessionId }
          : { type: "custom-title", customTitle: title, sessionId },
      );
    }
    if (this.#last !== null) yield this.#line({ type: "last-prompt", leafUuid: this.#last, sessionId });
  }

  *#linesOf({ entry, follows, isForked }: TreeEntry): Generator<Line> {
    if (follows !== undefined) this.#last = follows === null ? null : (this.#forks.get(follows) ?? null);
    const kept = keptLines(entry.data);
    for (const line of kept ?? []) yield* this.#chained(line);
    // Parts can have come to it here.
    const rest = kept === undefined ? entry : { ...entry, data: { role: entry.data["role"], content: [] } };
    for (const line of this.#native.linesOf(rest, kept !== undefined))
      yield* this.#chained({ parentUuid: this.#last, ...line });
    if (isForked) this.#forks.set(entry.at, this.#last);
  }

  /** The line, after one for that which it follows if that is not there. */
  *#chained(line: Line): Generator<Line> {
    const { uuid, parentUuid, logicalParentUuid } = line;
    const parent = parentUuid ?? logicalParentUuid;
    if (typeof parent === "string" && !this.#uuids.has(parent)) {
      this.#uuids.add(parent);
      yield missing(parent, this.#last, line);
      this.#last = parent;
    }
    yield line;
    if (typeof uuid !== "string") return;
    this.#uuids.add(uuid);
    this.#last = uuid;
  }

  #line(line: Line): string {
    return `${JSON.stringify(line)}\n`;
  }
}

/** A line that says nothing. Before a summary of what came before it stands the mark that nothing earlier counts. */
function missing(uuid: string, parentUuid: string | null, next: Line): Line {
  const around = Object.fromEntries(SURROUNDINGS.filter((key) => key in next).map((key) => [key, next[key]]));
  const line = { ...around, type: "system", content: "", isMeta: true, level: "info", uuid };
  return next["isCompactSummary"] === true
    ? { parentUuid: null, logicalParentUuid: parentUuid, ...line, subtype: "compact_boundary" }
    : { parentUuid, ...line, subtype: "informational" };
}
