// A transcript's main conversation as messages. One answer of the model is written as several lines, a block each,
// that share its id: they are one message here. Where an older prompt was edited, the history turns back to it.
import { createHash } from "node:crypto";
import { basename } from "node:path";
import type { SessionPatch } from "../base/session-info.ts";
import type { FoundLine, FoundMessage } from "../store/import/import.ts";
import { isPrompt, recordsOf, sayingOf, textOfPrompt } from "./claude-code-records.ts";
import type { RawRecord, Saying } from "./claude-code-records.ts";
import type { OnProblem } from "./importer.ts";
import { textIn, timeOf } from "./importer.ts";
import { titleOf } from "./titles.ts";

/** Lines that make one message. */
interface Turn {
  readonly id: string;
  readonly line: number;
  readonly ms: number;
  readonly follows: string | undefined;
  readonly records: { readonly value: Record<string, unknown>; readonly saying: Saying }[];
}

/** What the model's side of a message says beside its words. */
const ANSWER_FIELDS = ["model", "stop_reason", "usage"];

export async function* readConversation(
  path: string,
  createdMs: number,
  onProblem: OnProblem,
): AsyncGenerator<FoundLine> {
  const conversation = new Conversation(createdMs);
  for await (const record of recordsOf(path, onProblem)) {
    const turn = conversation.take(record);
    if (turn !== undefined) yield messageOf(turn);
  }
  if (conversation.turn !== undefined) yield messageOf(conversation.turn);
  yield { type: "info", ms: conversation.ms, patch: conversation.info() };
}

class Conversation {
  /** The time of the newest message. */
  ms: number;
  /** The message that is being read. */
  turn: Turn | undefined;
  /** The message that a line is of, or follows, by the line's uuid. */
  readonly #messages = new Map<string, string>();
  /** The lines with a uuid, as hashes. */
  readonly #said = new Set<string>();
  #isSubagents: boolean | undefined;
  readonly #unnamed = new Map<string, number>();
  #title: { custom?: string | undefined; ai?: string | undefined; summary?: string | undefined } = {};
  #leaf: string | undefined;
  #prompt: string | undefined;
  #directory: string | undefined;
  #gitBranch: string | undefined;

  constructor(createdMs: number) {
    this.ms = createdMs;
  }

  /** -> the message before, when this line is not of it any more. */
  take({ line, value }: RawRecord): Turn | undefined {
    this.#noteInfo(value);
    const uuid = textIn(value, "uuid");
    const parent = textIn(value, "parentUuid") ?? textIn(value, "logicalParentUuid");
    const follows = parent === undefined ? undefined : this.#messages.get(parent);
    const saying = sayingOf(value);
    if (saying === undefined || !this.#isMain(value)) {
      // The chain of parents runs through lines that are not of the conversation.
      if (uuid !== undefined && follows !== undefined) this.#messages.set(uuid, follows);
      return undefined;
    }
    // A file that was put together of copies can have a line twice.
    if (uuid !== undefined && this.#said.size === this.#said.add(hashOf(value)).size) return undefined;
    this.ms = timeOf(value["timestamp"]) ?? this.ms;
    const before = this.turn;
    if (before !== undefined && isSameAnswer(before, saying)) {
      before.records.push({ value, saying });
      if (uuid !== undefined) this.#messages.set(uuid, before.id);
      return undefined;
    }
    const id = uuid ?? this.#nameOf(value);
    const turnsBack = isPrompt(value) && before !== undefined && follows !== before.id;
    this.turn = { id, line, ms: this.ms, follows: turnsBack ? follows : undefined, records: [{ value, saying }] };
    if (uuid !== undefined) this.#messages.set(uuid, id);
    if (isPrompt(value)) this.#prompt ??= textOfPrompt(saying);
    return before;
  }

  info(): SessionPatch {
    const { custom, ai, summary } = this.#title;
    // A summary can be of another file: its leaf says of which.
    const own = this.#leaf === undefined || this.#messages.has(this.#leaf) ? summary : undefined;
    const title = custom ?? ai ?? own ?? titleOf(this.#prompt);
    const gitBranch = this.#gitBranch === undefined ? {} : { gitBranch: this.#gitBranch };
    return {
      ...(title !== undefined && { title, titleSource: custom === undefined ? "auto" : "user" }),
      ...(this.#directory !== undefined && { directory: this.#directory, project: basename(this.#directory) }),
      metadata: { source: "claude-code", ...gitBranch },
    };
  }

  /** A subagent's own file is its conversation; in another, a subagent's lines are not of the conversation. */
  #isMain({ isSidechain }: Record<string, unknown>): boolean {
    this.#isSubagents ??= isSidechain === true;
    return this.#isSubagents || isSidechain !== true;
  }

  #noteInfo(value: Record<string, unknown>): void {
    const { type } = value;
    if (type === "custom-title") this.#title.custom = textIn(value, "customTitle") ?? this.#title.custom;
    else if (type === "ai-title") this.#title.ai = textIn(value, "aiTitle") ?? this.#title.ai;
    else if (type === "summary") {
      this.#title.summary = textIn(value, "summary") ?? this.#title.summary;
      this.#leaf = textIn(value, "leafUuid");
    }
    this.#directory ??= textIn(value, "cwd");
    this.#gitBranch = textIn(value, "gitBranch") ?? this.#gitBranch;
  }

  /** A line without a uuid is known by its content, and by how often it was said before. */
  #nameOf(value: Record<string, unknown>): string {
    const hash = hashOf(value);
    const number = (this.#unnamed.get(hash) ?? 0) + 1;
    this.#unnamed.set(hash, number);
    return number === 1 ? hash : `${hash}.${number}`;
  }
}

function hashOf(value: object): string {
  return createHash("sha256").update(JSON.stringify(value)).digest("hex").slice(0, 32);
}

function isSameAnswer({ records }: Turn, { role, message }: Saying): boolean {
  const last = records.at(-1)?.saying;
  const id = textIn(message, "id");
  return role === "assistant" && last?.role === "assistant" && id !== undefined && last.message["id"] === id;
}

function messageOf({ id, line, ms, follows, records }: Turn): FoundMessage {
  function* earlier(): Generator<object> {
    for (let count = records.length - 1; count > 0; count--) yield dataOf(records.slice(0, count));
  }
  const message = { type: "message", id, ms, line, data: dataOf(records), earlier } as const;
  return follows === undefined ? message : { ...message, follows };
}

/** The words, then the lines as they stood but for the words; `blocks` says how many of them each line had. */
function dataOf(records: Turn["records"]): object {
  const [first] = records as [Turn["records"][number]];
  const contents = records.map(({ saying }) => saying.message["content"] ?? "");
  const last = records.at(-1)?.saying.message ?? {};
  const fields = ANSWER_FIELDS.filter((field) => last[field] !== undefined).map((field) => [field, last[field]]);
  const isOne = records.length === 1;
  return {
    role: first.saying.role,
    content: isOne ? contents[0] : contents.flatMap(blocksOf),
    ...Object.fromEntries(fields),
    ...(!isOne && { blocks: contents.map((content) => blocksOf(content).length) }),
    records: records.map(({ value, saying }) => {
      if (value["message"] !== saying.message) return value;
      const { content: _content, ...rest } = saying.message;
      return { ...value, message: rest };
    }),
  };
}

function blocksOf(content: unknown): unknown[] {
  return Array.isArray(content) ? content : content === "" ? [] : [{ type: "text", text: content }];
}
