// A conversation as the store takes it: each message word for word, and what stands beside the messages as a part of the first.
import type { SessionPatch } from "../base/session-info.ts";
import { giveWay } from "../base/turn.ts";
import { isObject } from "../base/object.ts";
import type { FoundLine, FoundMessage } from "../store/import/import.ts";
import { textIn, timeOf } from "./importer.ts";
import { Kept } from "./kept.ts";
import { hashOf, idOf, Thread } from "./messages-thread.ts";
import { titleOf } from "./titles.ts";

/** Undefined: it is no object. */
export interface Item {
  readonly value: Record<string, unknown> | undefined;
  /** Which one of the conversation, from 1. */
  readonly number: number;
  readonly line: number | undefined;
}

/** Tells what is wrong with a source; `isEnd`: it was cut off, and may have had more. */
export type OnFault = (reason: string, line?: number, isEnd?: boolean) => void;

export interface Conversation {
  /** What stands beside the messages. */
  readonly members: ReadonlyMap<string, unknown>;
  readonly createdMs: number;
  items(onFault: OnFault): AsyncIterable<Item>;
  /** Its name is that of a file, which another may have, too. */
  readonly isNamedByFile: boolean;
}

export async function* readConversation(
  conversation: Conversation,
  known: readonly string[],
  onFault: (reason: string, line?: number) => void,
): AsyncGenerator<FoundLine> {
  const { members, createdMs, isNamedByFile } = conversation;
  if (isNamedByFile && known.length > 0 && (await isOther(conversation, known))) {
    onFault("another conversation has its name in this store: an id of its own makes it a session of its own");
    return;
  }
  const kept = new Kept();
  const record = Object.fromEntries(members);
  let ms = createdMs;
  if (members.size > 0) yield* kept.keep({ record, ms, line: 1, name: "document" });
  const thread = new Thread(known);
  let isTorn = false;
  let last: string | undefined;
  let prompt: string | undefined;
  const tell: OnFault = (reason, line, isEnd = false) => {
    isTorn ||= isEnd;
    onFault(reason, line);
  };
  for await (const [{ value, line }, next] of pairsOf(objectsIn(conversation, tell))) {
    await giveWay();
    ms = timeIn(value) ?? ms;
    const id = thread.name(value, next?.value);
    // Where nothing is known, each follows the one before it by itself.
    const follows = known.length > 0 && !thread.isKnown(id) ? { follows: last ?? null } : {};
    yield {
      type: "message",
      id,
      ms,
      data: value,
      ...(line !== undefined && { line }),
      ...(idOf(value) !== undefined && { isNewest: true }),
      ...follows,
    } satisfies FoundMessage;
    last = id;
    prompt ??= promptIn(value);
    yield* kept.goOnFrom(id);
  }
  // The source goes on from its last message; one that was cut off may not.
  if (!isTorn && last !== undefined) yield { type: "head", ms, after: last };
  yield { type: "info", ms, patch: infoOf(members, prompt) };
}

/** True if nothing of it is known. */
async function isOther(conversation: Conversation, known: readonly string[]): Promise<boolean> {
  const ids = new Set(known);
  const said = new Set(known.map((name) => name.slice(0, name.length / 2)));
  let isEmpty = true;
  for await (const { value } of objectsIn(conversation, () => undefined)) {
    const id = idOf(value);
    if (id === undefined ? said.has(hashOf(value)) : ids.has(id)) return false;
    isEmpty = false;
    await giveWay();
  }
  return !isEmpty;
}

interface Found {
  readonly value: Record<string, unknown>;
  readonly line: number | undefined;
}

/** What is none is told of. */
export async function* objectsIn(conversation: Pick<Conversation, "items">, onFault: OnFault): AsyncGenerator<Found> {
  for await (const { value, number, line } of conversation.items(onFault)) {
    if (value !== undefined) yield { value, line };
    else onFault(`message ${number} is no JSON object`, line);
  }
}

/** Each with the one after it. */
async function* pairsOf<T>(items: AsyncIterable<T>): AsyncGenerator<[T, T | undefined]> {
  let waiting: T | undefined;
  for await (const item of items) {
    if (waiting !== undefined) yield [waiting, item];
    waiting = item;
  }
  if (waiting !== undefined) yield [waiting, undefined];
}

const TIMES = ["createdAt", "created_at", "create_time", "timestamp", "created"];
/** A smaller number counts seconds. */
const LEAST_MS = 1e11;

/** When a message was said or a conversation begun, where it tells. */
export function timeIn(value: Record<string, unknown>): number | undefined {
  const { metadata } = value;
  const told = [value, ...(isObject(metadata) ? [metadata] : [])].flatMap((each) => TIMES.map((key) => each[key]));
  const times = told.map((time) => timeOf(typeof time === "number" && time < LEAST_MS ? time * 1000 : time));
  return times.find((ms) => ms !== undefined);
}

function infoOf(members: ReadonlyMap<string, unknown>, prompt: string | undefined): SessionPatch {
  const named = [members.get("title"), members.get("name")].find((text) => typeof text === "string" && text !== "");
  const title = titleOf(named as string | undefined) ?? titleOf(prompt);
  return { ...(title !== undefined && { title, titleSource: "auto" }), metadata: { source: "messages" } };
}

/** The words of a user's message. */
function promptIn({ role, content, parts, text }: Record<string, unknown>): string | undefined {
  if (role !== "user") return undefined;
  const said = content ?? parts ?? text;
  const blocks: unknown[] = Array.isArray(said) ? said : [said];
  const texts = blocks.map((block) => (isObject(block) ? textIn(block, "text") : block));
  return texts.find((each): each is string => typeof each === "string" && each.trim() !== "");
}
