// Messages that no tool has written, but a program with them in its hands: OpenAI's chat messages, Anthropic's, the AI SDK's
// UIMessages, or a shape of its own; as a JSON array, one a line, or in conversations. They are taken over word for word.
import { createHash } from "node:crypto";
import { basename, relative, sep } from "node:path";
import { ArgumentError } from "../base/errors.ts";
import { giveWay } from "../base/turn.ts";
import { isObject } from "../base/object.ts";
import type { Asked, Importer, OnProblem, SourceSession } from "./importer.ts";
import { parseObject, tolerating, toleratingLater } from "./importer.ts";
import { itemsAt, listsIn } from "./json-lists.ts";
import { objectsIn, readConversation, timeIn } from "./messages-conversation.ts";
import type { Conversation, Item, OnFault } from "./messages-conversation.ts";
import { beginsWithMessages, isConversation, shapeOf } from "./messages-shape.ts";
import { recordsIn, TORN_LINE } from "./records.ts";
import { kindOf, lineAt, modifiedMs, peek, textOf } from "./source.ts";
import { filesBelow } from "./walk.ts";

/** They have no home. */
const WALK = { file: /\.(?:json|jsonl|ndjson)$/i, home: /^$/, rooms: [] };
/** What a conversation's own id is called. */
const IDS = [
  "id",
  "sessionId",
  "session_id",
  "conversationId",
  "conversation_id",
  "threadId",
  "thread_id",
  "chatId",
  "chat_id",
];
const HASH_CHARACTERS = 12;
/** So many messages are looked at for the first question. */
const MOST_FIRST = 32;
const NO_FAULT: OnFault = () => undefined;

type Source = Pick<Conversation, "members" | "items">;

export const messages: Importer = {
  defaultPath: () => undefined,
  async recognizes(path) {
    for await (const file of filesBelow(path, kindOf(path) === "file" ? { ...WALK, file: /^/ } : WALK, () => undefined))
      if (beginsWithMessages(peek(file))) return true;
    return false;
  },
  async find(path, onProblem, asked) {
    const found: SourceSession[] = [];
    if (kindOf(path) === "file") {
      for await (const session of sessionsIn(path, stemOf(basename(path)), asked, onProblem)) found.push(session);
      if (asked.id !== undefined && found.length > 1)
        throw new ArgumentError("INVALID_ARGUMENT", `${path} has ${found.length} sessions: one id does not name them`);
      return found;
    }
    if (asked.id !== undefined)
      throw new ArgumentError("INVALID_ARGUMENT", `${path} is a directory: one id does not name what is in it`);
    for await (const file of filesBelow(path, WALK, onProblem)) {
      asked.signal?.throwIfAborted();
      await giveWay();
      if (!tolerating(file, onProblem, () => beginsWithMessages(peek(file)), false)) continue;
      const take = async (): Promise<void> => {
        const name = stemOf(relative(path, file).split(sep).join("/"));
        for await (const session of sessionsIn(file, name, asked, onProblem)) found.push(session);
      };
      await toleratingLater(file, onProblem, take, undefined);
    }
    return found;
  },
};

function stemOf(name: string): string {
  return name.replace(WALK.file, "") || name;
}

/** `name`: what a session is called that says nothing of it itself. */
async function* sessionsIn(
  path: string,
  name: string,
  asked: Asked,
  onProblem: OnProblem,
): AsyncGenerator<SourceSession> {
  const shape = await shapeOf(path);
  const isSingle = shape !== "conversations" && shape !== "conversation lines";
  const used = new Map<string, number>();
  for await (const source of sourcesIn(path, shape, onProblem)) {
    asked.signal?.throwIfAborted();
    const onFault = (reason: string, line?: number): void => onProblem(path, reason, line);
    if (source.members.size === 0 && !(await hasMessages(source, onFault))) continue;
    const own = asked.id ?? idIn(source.members);
    let id = own ?? name;
    if (own === undefined && (asked.isStream === true || !isSingle)) {
      const beginning = `${asked.isStream === true ? "messages" : name}-${await beginningOf(source)}`;
      const number = (used.get(beginning) ?? 0) + 1;
      used.set(beginning, number);
      id = number === 1 ? beginning : `${beginning}.${number}`;
    }
    const createdMs = timeIn(Object.fromEntries(source.members)) ?? (await firstTime(source)) ?? modifiedMs(path);
    const conversation = { ...source, createdMs, isNamedByFile: own === undefined };
    yield {
      id,
      identity: `messages ${id}`,
      path,
      files: [path],
      createdMs,
      isNamedByFile: own === undefined,
      beside: null,
      lines: (known) => readConversation(conversation, known, onFault),
    };
  }
}

function idIn(members: ReadonlyMap<string, unknown>): string | undefined {
  for (const key of IDS) {
    const id = members.get(key);
    if (typeof id === "string" && id !== "") return id;
    if (typeof id === "number") return String(id);
  }
  return undefined;
}

/** What it begins with, to the first question: that stays when it grows. */
async function beginningOf(source: Source): Promise<string> {
  const hash = createHash("sha256");
  for await (const { value, number } of source.items(NO_FAULT)) {
    hash.update(`${JSON.stringify(value)}\n`);
    if (value?.["role"] === "user" || number === MOST_FIRST) break;
  }
  return hash.digest("hex").slice(0, HASH_CHARACTERS);
}

/** What stands there instead is told of. */
async function hasMessages(source: Source, onFault: OnFault): Promise<boolean> {
  for await (const { value } of objectsIn(source, onFault)) return isObject(value);
  return false;
}

async function firstTime(source: Source): Promise<number | undefined> {
  for await (const { value } of source.items(NO_FAULT)) return value === undefined ? undefined : timeIn(value);
  return undefined;
}

async function* sourcesIn(
  path: string,
  shape: Awaited<ReturnType<typeof shapeOf>>,
  onProblem: OnProblem,
): AsyncGenerator<Source> {
  const members: ReadonlyMap<string, unknown> = new Map();
  if (shape === "list") yield { members, items: (onFault) => itemsOfList(path, 0, onFault) };
  else if (shape === "lines") yield { members, items: (onFault) => itemsOfLines(path, onFault) };
  else if (shape === "alone") yield { members, items: () => itemsOf([parseObject(textOf(path))]) };
  else if (shape === "conversation lines") yield* conversationsInLines(path, onProblem);
  else if (shape !== undefined) {
    for await (const { members: own, offset, number } of listsIn(path, onProblem)) {
      if (offset === undefined) onProblem(path, `conversation ${number} has no messages`);
      else yield { members: own, items: (onFault) => itemsOfList(path, offset, onFault) };
    }
  }
}

async function* conversationsInLines(path: string, onProblem: OnProblem): AsyncGenerator<Source> {
  for await (const { value, offset, length, line } of recordsIn(path, onProblem)) {
    await giveWay();
    if (!isConversation(value)) {
      onProblem(path, "no conversation: it has no list of messages", line);
      continue;
    }
    const { messages: _messages, ...members } = value;
    // Not held: a file has as many of them as it likes.
    const items = (): AsyncIterable<Item> => {
      const list = parseObject(lineAt(path, offset, length))?.["messages"];
      return itemsOf(Array.isArray(list) ? list : [], line);
    };
    yield { members: new Map(Object.entries(members)), items };
  }
}

async function* itemsOfList(path: string, offset: number, onFault: OnFault): AsyncGenerator<Item> {
  let number = 0;
  for await (const text of itemsAt(path, offset, (reason) => onFault(reason, undefined, true)))
    yield { value: text === undefined ? undefined : parseObject(text), number: ++number, line: undefined };
}

async function* itemsOfLines(path: string, onFault: OnFault): AsyncGenerator<Item> {
  let number = 0;
  const onProblem: OnProblem = (_path, reason, line) => onFault(reason, line, reason === TORN_LINE);
  for await (const { value, line } of recordsIn(path, onProblem)) yield { value, number: ++number, line };
}

async function* itemsOf(values: readonly unknown[], line?: number): AsyncGenerator<Item> {
  for (const [index, value] of values.entries())
    yield { value: isObject(value) ? value : undefined, number: index + 1, line };
}
