// A transcript's conversation as messages. One answer of the model is written as several lines, a block each, that share
// its id: they are one message here. Where an older prompt was edited, the history turns back to it. All other lines (of
// the harness, the terminal, the session's settings) are kept with the message that they came after.
import { basename } from "node:path";
import type { SessionPatch } from "../base/session-info.ts";
import { canonical } from "../line/canonical.ts";
import type { FoundLine } from "../store/import/import.ts";
import { Chains, isSidechain } from "./claude-code-chains.ts";
import { isPrompt, recordsOf, sayingOf, textAt, textOfPrompt } from "./claude-code-records.ts";
import type { RawRecord, Saying } from "./claude-code-records.ts";
import { keptFiles } from "./claude-code-side-files.ts";
import type { SideFile } from "./claude-code-side-files.ts";
import { isSameAnswer, TurnMessage } from "./claude-code-turn.ts";
import type { Turn, TurnLine } from "./claude-code-turn.ts";
import type { OnProblem } from "./importer.ts";
import { parseObject, textIn, timeOf } from "./importer.ts";
import { Kept, Names } from "./kept.ts";
import type { KeptLine } from "./kept.ts";
import { titleOf } from "./titles.ts";

/** What of a transcript makes one session. */
export interface Scope {
  readonly path: string;
  readonly createdMs: number;
  /** The first line of the subagent whose lines in the file are meant; undefined: all others. */
  readonly root: string | undefined;
  /** The subagents whose lines in the file make sessions of their own, by their first lines. */
  readonly roots: ReadonlySet<string>;
  /** The file is a subagent's. */
  readonly isAgents: boolean;
  /** What lies beside the file. */
  readonly side: readonly SideFile[];
  /** What is known of the session beside its lines. */
  readonly info: SessionPatch;
}

/** What these say is the session's title, and where it goes on. */
const SAID_OF_SESSION: ReadonlySet<string> = new Set(["ai-title", "custom-title", "last-prompt"]);
/** So much may wait for the end of an answer, in the middle of which it was noted. */
const MOST_WAITING = 64;

interface OpenTurn extends Turn {
  readonly lines: TurnLine[];
  readonly kept: KeptLine[];
  /** So many of its lines were told of. */
  told: number;
}

export async function* readConversation(scope: Scope, onProblem: OnProblem): AsyncGenerator<Iterable<FoundLine>> {
  const conversation = new Conversation(scope);
  for await (const records of recordsOf(scope.path, onProblem)) yield conversation.takeAll(records);
  if (scope.root === undefined) yield conversation.keepAll(keptFiles(scope.side, onProblem));
  yield conversation.end();
}

class Conversation {
  /** The time of the newest line. */
  #ms: number;
  readonly #scope: Scope;
  readonly #kept = new Kept();
  readonly #names = new Names();
  readonly #chains: Chains;
  readonly #isSubagent: boolean;
  /** What there is to be told of, in order. */
  readonly #next: FoundLine[] = [];
  #first: string | undefined;
  /** The message that is being read. */
  #turn: OpenTurn | undefined;
  #title: { custom?: string | undefined; ai?: string | undefined; summary?: string | undefined } = {};
  #leaf: string | undefined;
  /** Where the session goes on. */
  #head: string | undefined;
  #prompt: string | undefined;
  #directory: string | undefined;
  #gitBranch: string | undefined;

  constructor(scope: Scope) {
    this.#scope = scope;
    this.#ms = scope.createdMs;
    this.#chains = new Chains(scope.root, scope.roots);
    this.#isSubagent = scope.isAgents || scope.root !== undefined;
  }

  *takeAll(records: Iterable<RawRecord>): Generator<FoundLine> {
    for (const record of records) {
      this.#take(record);
      if (this.#next.length > 0) yield* this.#give();
    }
  }

  /** They are of the whole session: its first message has them. */
  *keepAll(files: Iterable<Omit<KeptLine, "ms">>): Generator<FoundLine> {
    if (this.#first === undefined) return;
    this.#tell();
    yield* this.#give();
    for (const file of files) yield* this.#kept.keep({ ...file, ms: this.#ms }, this.#first);
  }

  *#give(): Generator<FoundLine> {
    yield* this.#next;
    this.#next.length = 0;
  }

  #take(record: RawRecord): void {
    const { value, line } = record;
    const uuid = textIn(value, "uuid");
    const parent = textIn(value, "parentUuid") ?? textIn(value, "logicalParentUuid");
    if (!this.#chains.isHere(value)) return;
    this.#noteInfo(value);
    // A file that was put together of copies can have a line twice.
    if (uuid !== undefined && this.#isKnown(uuid, record)) return;
    const follows = parent === undefined ? undefined : this.#chains.messageOf(parent);
    const isOther = isSidechain(value) && !this.#isSubagent;
    const saying = isOther ? undefined : sayingOf(value);
    this.#ms = timeOf(value["timestamp"]) ?? this.#ms;
    if (saying === undefined) {
      // The chain of parents runs through lines that are not of the conversation.
      if (uuid !== undefined) this.#chains.addOther(uuid, record.where, parent);
      if (!SAID_OF_SESSION.has(textIn(value, "type") ?? ""))
        this.#keep({ record: value, json: record.ready(), ms: this.#ms, line, id: uuid });
      return;
    }
    const last = this.#turn?.lines.at(-1)?.saying;
    if (this.#turn !== undefined && last !== undefined && isSameAnswer(last, saying)) {
      this.#turn.lines.push({ record, saying });
    } else {
      this.#tell();
      this.#begin(record, saying, uuid, follows);
    }
    if (uuid !== undefined) this.#chains.addOwn(uuid, record.where);
  }

  #keep(kept: KeptLine): void {
    if (this.#turn === undefined) this.#next.push(...this.#kept.keep(kept));
    else {
      this.#turn.kept.push(kept);
      if (this.#turn.kept.length === MOST_WAITING) this.#tell();
    }
  }

  *end(): Generator<FoundLine> {
    this.#tell();
    yield* this.#give();
    const leaf = this.#head;
    if (leaf !== undefined && this.#chains.isLeft(leaf))
      yield { type: "head", ms: this.#ms, after: this.#chains.messageOf(leaf) ?? null };
    yield { type: "info", ms: this.#ms, patch: this.#info() };
  }

  /** True if a line with this uuid said the same. */
  #isKnown(uuid: string, { text, value }: RawRecord): boolean {
    const places = this.#chains.places(uuid);
    if (places === undefined) return false;
    const before = places.map((where) => textAt(this.#scope.path, where));
    return before.some((each) => each === text || JSON.stringify(parseObject(each)) === JSON.stringify(value));
  }

  #begin(record: RawRecord, saying: Saying, uuid: string | undefined, follows: string | undefined): void {
    const { value, line } = record;
    const isAsked = isPrompt(value, saying);
    const turnsBack = isAsked && follows !== undefined && this.#turn !== undefined && follows !== this.#turn.id;
    if (isAsked) this.#prompt ??= textOfPrompt(saying);
    const id = uuid ?? this.#names.of(nameOf(value, saying));
    this.#chains.begin(id, turnsBack ? follows : undefined);
    this.#first ??= id;
    this.#turn = {
      id,
      line,
      ms: this.#ms,
      follows: turnsBack ? follows : undefined,
      lines: [{ record, saying }],
      kept: [],
      told: 0,
    };
  }

  /** Tells of the message that is being read, as far as it was; what it says after that is a newer version. */
  #tell(): void {
    const turn = this.#turn;
    if (turn === undefined) return;
    if (turn.told < turn.lines.length) {
      turn.told = turn.lines.length;
      this.#next.push(new TurnMessage(turn));
    }
    this.#next.push(...this.#kept.goOnFrom(turn.id));
    for (const kept of turn.kept.splice(0)) this.#next.push(...this.#kept.keep(kept));
  }

  #info(): SessionPatch {
    const { custom, ai, summary } = this.#title;
    const { info } = this.#scope;
    // A summary can be of another file: its leaf says of which.
    const own = this.#leaf === undefined || this.#chains.messageOf(this.#leaf) !== undefined ? summary : undefined;
    const title = custom ?? ai ?? own ?? info.title ?? titleOf(this.#prompt);
    const gitBranch = this.#gitBranch === undefined ? {} : { gitBranch: this.#gitBranch };
    return {
      ...info,
      ...(title !== undefined && { title, titleSource: custom === undefined ? "auto" : "user" }),
      ...(this.#directory !== undefined && { directory: this.#directory, project: basename(this.#directory) }),
      metadata: { source: "claude-code", ...gitBranch, ...info.metadata },
    };
  }

  #noteInfo(value: Record<string, unknown>): void {
    const { type } = value;
    if (type === "custom-title") this.#title.custom = textIn(value, "customTitle") ?? this.#title.custom;
    else if (type === "ai-title") this.#title.ai = textIn(value, "aiTitle") ?? this.#title.ai;
    else if (type === "summary") {
      this.#title.summary = textIn(value, "summary") ?? this.#title.summary;
      this.#leaf = textIn(value, "leafUuid");
    } else if (type === "last-prompt") this.#head = textIn(value, "leafUuid");
    this.#directory ??= textIn(value, "cwd");
    this.#gitBranch = textIn(value, "gitBranch") ?? this.#gitBranch;
  }
}

/** What names a line that has no uuid: the same, whatever the order of its keys, and whether it says nothing or "". */
function nameOf(value: Record<string, unknown>, { message }: Saying): string {
  const isMessage = value["message"] === message;
  return canonical(isMessage ? { ...value, message: { ...message, content: message["content"] ?? "" } } : value);
}
