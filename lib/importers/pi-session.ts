// A pi session as messages: each follows the message that is nearest above it in the tree. Compactions and summaries of
// branches are messages, too; settings, labels and what extensions say are kept as parts.
import { basename } from "node:path";
import type { SessionPatch } from "../base/session-info.ts";
import { giveWay } from "../base/turn.ts";
import type { FoundLine, FoundMessage } from "../store/import/import.ts";
import type { OnProblem } from "./importer.ts";
import { textIn, timeOf } from "./importer.ts";
import { Kept, Names } from "./kept.ts";
import { entryOf, lastingOf } from "./pi-entries.ts";
import type { Entry } from "./pi-entries.ts";
import { recordsIn } from "./records.ts";
import { titleOf } from "./titles.ts";

export interface PiSession {
  readonly source: "pi" | "openclaw";
  readonly path: string;
  readonly createdMs: number;
  /** What is known of it from elsewhere; it comes before what its own lines say. */
  readonly info: SessionPatch;
}

/** Names that version 1 got. */
const NAME = /^[0-9a-f]{24}(?:\.\d+)?$/;

export async function* readPi(
  session: PiSession,
  known: readonly string[],
  onProblem: OnProblem,
): AsyncGenerator<FoundLine> {
  const tree = new Tree(session, known);
  for await (const { line, value } of recordsIn(session.path, onProblem)) {
    yield* tree.take(value, line);
    await giveWay();
  }
  yield* tree.end();
}

class Tree {
  readonly #session: PiSession;
  readonly #kept = new Kept();
  readonly #names = new Names();
  /** Names that an import gave when the file was of version 1. */
  readonly #given: ReadonlySet<string>;
  /** The message that an entry is, or follows; null: none. */
  readonly #messages = new Map<string, string | null>();
  #ms: number;
  #last: string | null = null;
  /** The message that the last entry is, or follows. */
  #tip: string | null = null;
  #header: Record<string, unknown> | undefined;
  #name: string | undefined;
  #prompt: string | undefined;

  constructor(session: PiSession, known: readonly string[]) {
    this.#session = session;
    this.#ms = session.createdMs;
    this.#given = new Set(known.filter((name) => NAME.test(name)));
  }

  *take(value: Record<string, unknown>, line: number): Generator<FoundLine> {
    this.#ms = timeOf(value["timestamp"]) ?? this.#ms;
    const id = textIn(value, "id");
    const above = this.#above(value["parentId"]);
    const entry = entryOf(value);
    if (entry === undefined) {
      const isHeader = value["type"] === "session";
      if (isHeader) this.#header ??= value;
      else if (id !== undefined) this.#messages.set(id, above);
      if (value["type"] === "session_info") this.#name = textIn(value, "name");
      const target = value["type"] === "label" ? this.#messages.get(textIn(value, "targetId") ?? "") : above;
      yield* this.#kept.keep({ record: value, ms: this.#ms, line, name: lastingOf(value) }, target ?? undefined);
      // One that is at the root, like the header, says nothing of where the session goes on.
      if (!isHeader && above !== null) this.#tip = above;
      return;
    }
    yield* this.#message(entry, value, id, above, line);
  }

  *#message(
    entry: Entry,
    value: Record<string, unknown>,
    id: string | undefined,
    above: string | null,
    line: number,
  ): Generator<FoundLine> {
    const name = id === undefined || this.#given.size > 0 ? this.#names.of([value["timestamp"], entry.said]) : "";
    const isGiven = this.#given.has(name);
    const message = isGiven ? name : (id ?? name);
    const found = { type: "message", id: message, ms: this.#ms, line, data: entry.data } as const;
    // The ids that the migration put in say nothing new.
    const isKnown = isGiven && id !== undefined;
    yield {
      ...found,
      ...(isKnown && { isKnown }),
      ...(entry.earlier !== undefined && { earlier: entry.earlier }),
      ...(above !== this.#last && { follows: above }),
    } satisfies FoundMessage;
    if (id !== undefined) this.#messages.set(id, message);
    this.#last = message;
    this.#tip = message;
    this.#prompt ??= entry.prompt;
    yield* this.#kept.goOnFrom(message);
  }

  *end(): Generator<FoundLine> {
    if (this.#tip !== this.#last) yield { type: "head", ms: this.#ms, after: this.#tip };
    yield { type: "info", ms: this.#ms, patch: this.#info() };
  }

  /** Who names no entry, or one that is not in the file, follows the last message. */
  #above(parent: unknown): string | null {
    if (parent === null) return null;
    const message = typeof parent === "string" ? this.#messages.get(parent) : undefined;
    return message === undefined ? this.#last : message;
  }

  #info(): SessionPatch {
    const { source, info } = this.#session;
    const header = this.#header ?? {};
    const title = this.#name ?? titleOf(this.#prompt);
    const directory = textIn(header, "cwd");
    const parent = parentIn(header);
    return {
      ...(title !== undefined && { title, titleSource: this.#name === undefined ? "auto" : "user" }),
      ...(directory !== undefined && { directory, project: basename(directory) }),
      ...(parent !== undefined && parent !== textIn(header, "id") && { parent }),
      ...info,
      metadata: { source, ...info.metadata },
    };
  }
}

/** The session that this one was forked from: the header has the path of its file, whose name ends with its id. */
function parentIn(header: Record<string, unknown>): string | undefined {
  const parent = textIn(header, "parentSession") ?? textIn(header, "branchedFrom");
  return parent === undefined ? undefined : /([^_/\\]+?)(?:\.jsonl)?$/.exec(parent)?.[1];
}
