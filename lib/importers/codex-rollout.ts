// A rollout as messages. The items that the model sees are the conversation; events, settings and counts say the same
// once more, or belong to the terminal, and are kept as parts of the message that they came after.
import { basename } from "node:path";
import type { SessionPatch } from "../base/session-info.ts";
import { giveWay } from "../base/turn.ts";
import { isObject } from "../base/object.ts";
import type { FoundLine, FoundMessage } from "../store/import/import.ts";
import { Images } from "./codex-images.ts";
import { directoryIn, isBareHeader, itemOf, promptIn } from "./codex-items.ts";
import type { Item } from "./codex-items.ts";
import { Turns } from "./codex-turns.ts";
import { recordsIn } from "./records.ts";
import type { OnProblem } from "./importer.ts";
import { textIn, timeOf } from "./importer.ts";
import { Kept, Names } from "./kept.ts";
import { titleOf } from "./titles.ts";

export interface Rollout {
  readonly id: string;
  /** Nearly always one; in the order of their times. */
  readonly paths: readonly string[];
  readonly createdMs: number;
  readonly isArchived: boolean;
  /** What the thread is called, as Codex's own list has it. */
  readonly name: string | undefined;
}

export async function* readRollout(rollout: Rollout, onProblem: OnProblem): AsyncGenerator<FoundLine> {
  const thread = new Thread(rollout);
  for (const path of rollout.paths) {
    thread.begin();
    for await (const { line, value } of recordsIn(path, onProblem)) {
      yield* thread.take(value, line);
      await giveWay();
    }
  }
  yield* thread.end();
  if (thread.isEmpty) onProblem(rollout.paths[0] ?? "", "no message in it: its other lines are not taken over");
}

class Thread {
  readonly #rollout: Rollout;
  readonly #kept = new Kept();
  readonly #images = new Images();
  readonly #turns = new Turns();
  #names = new Names();
  #ms: number;
  /** The message that was told of last. */
  #last: string | undefined;
  #meta: Record<string, unknown> | undefined;
  #model: string | undefined;
  #name: string | undefined;
  #prompt: string | undefined;
  #directory: string | undefined;

  constructor(rollout: Rollout) {
    this.#rollout = rollout;
    this.#ms = rollout.createdMs;
  }

  get isEmpty(): boolean {
    return this.#last === undefined && this.#kept.isWaiting;
  }

  /** A file begins: what it repeats of the one before has the same names. */
  begin(): void {
    this.#names = new Names();
  }

  *take(value: Record<string, unknown>, line: number): Generator<FoundLine> {
    this.#ms = timeOf(value["timestamp"]) ?? timeOf(value["created_at"]) ?? this.#ms;
    const item = itemOf(value);
    if (item === undefined) {
      this.#note(value);
      const { timestamp, ordinal } = value;
      const name = typeof ordinal === "number" ? { name: [timestamp, ordinal] } : {};
      yield* this.#kept.keep({ record: value, ms: this.#ms, line, ...name });
      return;
    }
    const { record: _record, ...named } = item;
    const id = item.id ?? this.#names.of([value["timestamp"], named.role, named.content]);
    const message = { type: "message", id, ms: this.#ms, line, data: this.#dataOf(item, id) } as const;
    // The one before has been turned back from.
    const { tip } = this.#turns;
    const isTurned = this.#last !== undefined && tip !== this.#last;
    yield isTurned ? ({ ...message, follows: tip } satisfies FoundMessage) : message;
    this.#turns.add(id, item.kind);
    this.#last = id;
    if (item.kind === "prompt") this.#prompt ??= promptIn(item.content);
    else if (item.kind === "context") this.#directory ??= directoryIn(item.content);
    yield* this.#kept.goOnFrom(id);
  }

  *end(): Generator<FoundLine> {
    const { tip } = this.#turns;
    if (this.#last !== undefined && tip !== this.#last) yield { type: "head", ms: this.#ms, after: tip };
    // Where nothing is said yet, nothing tells how long it went on.
    yield { type: "info", ms: this.isEmpty ? this.#rollout.createdMs : this.#ms, patch: this.#info() };
  }

  #dataOf({ role, content, record, isCompaction }: Item, id: string): object {
    const model = role === "assistant" && this.#model !== undefined ? { model: this.#model } : {};
    if (isCompaction === true)
      return { role, content, type: "compaction", record: this.#images.withoutKnown(record, id) as object };
    this.#images.note(content, id);
    return { role, content, ...model, record };
  }

  /** What a line says of the thread. */
  #note(value: Record<string, unknown>): void {
    const { type, payload } = value;
    // Those after the first were copied from the thread that this one was forked from.
    if (type === "session_meta" && isObject(payload)) this.#meta ??= payload;
    else if (isBareHeader(value)) this.#meta ??= value;
    if (!isObject(payload)) return;
    if (type === "turn_context") this.#model = textIn(payload, "model") ?? this.#model;
    if (type !== "event_msg") return;
    if (payload["type"] === "thread_rolled_back") this.#turns.rollBack(Number(payload["num_turns"]));
    // A fork can have those of its parent, too.
    else if (
      payload["type"] === "thread_name_updated" &&
      (payload["thread_id"] ?? this.#rollout.id) === this.#rollout.id
    )
      this.#name = textIn(payload, "thread_name");
  }

  #info(): SessionPatch {
    const meta = this.#meta ?? {};
    const { name, isArchived, id } = this.#rollout;
    const given = this.#name ?? name;
    const title = given ?? titleOf(this.#prompt);
    const directory = textIn(meta, "cwd") ?? this.#directory;
    const parent = parentIn(meta);
    const git = isObject(meta["git"]) ? meta["git"] : {};
    const gitBranch = textIn(git, "branch");
    const version = textIn(meta, "cli_version");
    return {
      ...(title !== undefined && { title, titleSource: given === undefined ? "auto" : "user" }),
      ...(directory !== undefined && { directory, project: basename(directory) }),
      ...(parent !== undefined && parent !== id && { parent }),
      archived: isArchived ? true : null,
      metadata: {
        source: "codex",
        ...(version !== undefined && { version }),
        ...(gitBranch !== undefined && { gitBranch }),
      },
    };
  }
}

/** The thread that this one was forked from, or works for. */
function parentIn(meta: Record<string, unknown>): string | undefined {
  const { source, history_base: base } = meta;
  const subagent = isObject(source) && isObject(source["subagent"]) ? source["subagent"] : {};
  const spawn = isObject(subagent["thread_spawn"]) ? subagent["thread_spawn"] : {};
  return (
    textIn(meta, "forked_from_id") ??
    textIn(meta, "parent_thread_id") ??
    textIn(spawn, "parent_thread_id") ??
    (isObject(base) ? textIn(base, "thread_id") : undefined)
  );
}
