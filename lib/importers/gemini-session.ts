// A session of gemini-cli as messages, out of its files: the older whole one, and the log of operations.
import { basename } from "node:path";
import type { SessionPatch } from "../base/session-info.ts";
import { giveWay } from "../base/turn.ts";
import { isObject } from "../base/object.ts";
import type { FoundLine } from "../store/import/import.ts";
import { Replay } from "./gemini-replay.ts";
import type { Read } from "./gemini-replay.ts";
import type { OnProblem } from "./importer.ts";
import { parseObject, textIn, timeOf } from "./importer.ts";
import { Kept, Names } from "./kept.ts";
import { parseRecord, recordsIn } from "./records.ts";
import { lineAt, textOf } from "./source.ts";
import { titleOf } from "./titles.ts";

export interface GeminiSession {
  /** The older one first. */
  readonly paths: readonly string[];
  readonly createdMs: number;
  readonly directory: string | undefined;
  readonly parent: string | undefined;
}

const ROLES: Readonly<Record<string, string>> = {
  gemini: "assistant",
  model: "assistant",
  info: "system",
  warning: "system",
  error: "system",
};

export async function* readGemini(session: GeminiSession, onProblem: OnProblem): AsyncGenerator<FoundLine> {
  const replay = new Replay();
  for (const path of session.paths) {
    if (path.endsWith(".json")) playDocument(path, replay, onProblem);
    else await playLog(path, replay, onProblem);
  }
  const kept = new Kept();
  let ms = session.createdMs;
  let prompt: string | undefined;
  for (const told of replay.told) {
    await giveWay();
    ms = timeOfMessage(told.timestamp) ?? ms;
    const { line } = told;
    if ("readRecord" in told) {
      const record = told.readRecord();
      if (record !== undefined)
        yield* kept.keep({ record, ms, line, ...(told.name !== undefined && { name: told.name }) });
      continue;
    }
    const value = told.read();
    if (value === undefined) {
      onProblem(
        session.paths.at(-1) ?? "",
        "it changed while it was read: the next import takes what is missing",
        line,
      );
      continue;
    }
    const { id, follows } = told;
    const message = { type: "message", id, ms, line, data: dataOf(value), isNewest: true } as const;
    yield follows === undefined ? message : { ...message, follows };
    prompt ??= promptIn(value);
    yield* kept.goOnFrom(id);
  }
  const { tip, last } = replay;
  if (tip !== last) yield { type: "head", ms, after: tip };
  const updatedMs = Math.max(ms, timeOfMessage(replay.meta["lastUpdated"]) ?? ms);
  yield { type: "info", ms: updatedMs, patch: infoOf(session, replay.meta, prompt) };
}

/** The lines are looked at once, and those that stand for a message are read again when it is told. */
async function playLog(path: string, replay: Replay, onProblem: OnProblem): Promise<void> {
  let cached: { readonly offset: number; readonly value: Record<string, unknown> | undefined } | undefined;
  for await (const { line, offset, length, value } of recordsIn(path, onProblem)) {
    const read: Read = () => {
      if (cached?.offset !== offset) cached = { offset, value: parseRecord(lineAt(path, offset, length)) };
      return cached.value;
    };
    const readMessage =
      (number: number): Read =>
      () => {
        const set = read()?.["$set"];
        const messages = isObject(set) ? set["messages"] : undefined;
        const message: unknown = Array.isArray(messages) ? messages[number] : undefined;
        return isObject(message) ? message : undefined;
      };
    replay.take(value, line, read, readMessage);
    await giveWay();
  }
}

/** One value, which gemini-cli writes anew at every change and holds whole, as we do. */
function playDocument(path: string, replay: Replay, onProblem: OnProblem): void {
  const value = parseObject(textOf(path));
  if (value === undefined) {
    onProblem(path, "does not parse: nothing of it is taken over");
    return;
  }
  const { messages, history, ...meta } = value;
  const all: unknown[] = Array.isArray(messages) ? messages : Array.isArray(history) ? history : [];
  replay.describe(meta, "document");
  const names = new Names();
  for (const [index, message] of all.entries()) {
    if (isObject(message)) {
      const id = textIn(message, "id") ?? names.of(message);
      replay.message(id, { timestamp: message["ts"], ...message }, index + 1, () => message);
    } else onProblem(path, `message ${index + 1} is no object`);
  }
}

/** The fields of a message stand beside its words; `record` has who said it and when, as it stood. */
function dataOf(value: Record<string, unknown>): object {
  const { id: _id, type, role: native, timestamp, ts, content, parts, record, ...rest } = value;
  const speaker = typeof type === "string" ? type : typeof native === "string" ? native : "user";
  return {
    role: Object.hasOwn(ROLES, speaker) ? ROLES[speaker] : speaker,
    content: content ?? parts ?? "",
    ...(content !== undefined && parts !== undefined && { parts }),
    ...rest,
    record: {
      ...(timestamp !== undefined && { timestamp }),
      ...(ts !== undefined && { ts }),
      ...(type !== undefined && { type }),
      ...(native !== undefined && { role: native }),
      ...(record !== undefined && { record }),
    },
  };
}

/** In ms; older files have seconds. */
function timeOfMessage(value: unknown): number | undefined {
  return timeOf(typeof value === "number" && value < 1e11 ? value * 1000 : value);
}

/** What the user typed: what they see of it, where files were put in; not what gemini-cli says in their name. */
function promptIn(value: Record<string, unknown>): string | undefined {
  if ((value["type"] ?? value["role"]) !== "user") return undefined;
  const said = value["displayContent"] ?? value["content"] ?? value["parts"];
  const blocks: unknown[] = Array.isArray(said) ? said : [said];
  const texts = blocks.map((block) => (isObject(block) ? textIn(block, "text") : block));
  const text = texts.find((each): each is string => typeof each === "string" && each.trim() !== "");
  return text?.startsWith("<session_context>") === true ? undefined : text;
}

function infoOf(session: GeminiSession, meta: Record<string, unknown>, prompt: string | undefined): SessionPatch {
  const { directory, parent } = session;
  const title = titleOf(textIn(meta, "summary") ?? prompt);
  return {
    ...(title !== undefined && { title, titleSource: "auto" }),
    ...(directory !== undefined && { directory, project: basename(directory) }),
    ...(parent !== undefined && { parent }),
    metadata: { source: "gemini-cli" },
  };
}
