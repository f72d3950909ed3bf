// What exportTo() wrote: sessions with their messages, as a JSON array or a record a line, whoever has laid it out anew since.
// It is read twice: once for what the sessions say of themselves and where their messages begin, then session by session.
import { ArgumentError } from "../base/errors.ts";
import type { SessionPatch } from "../base/session-info.ts";
import { isObject } from "../base/object.ts";
import { parseStamp } from "../line/stamp.ts";
import type { FoundLine, FoundPart } from "../store/import/import.ts";
import { parseObject, textIn, timeOf } from "./importer.ts";
import type { Importer, OnProblem, SourceSession } from "./importer.ts";
import { itemsAt, listsIn } from "./json-lists.ts";
import { JsonPieces } from "./json-pieces.ts";
import { kindOf, modifiedMs, peek } from "./source.ts";
import { headsInLines, isLines } from "./turnlog-lines.ts";
import type { ExportedHead, ExportedMessage } from "./turnlog-lines.ts";

/** What is taken over of what a session says of itself. */
const KEYS = [
  "title",
  "titleSource",
  "summary",
  "project",
  "directory",
  "parent",
  "archived",
  "pinned",
  "tags",
  "metadata",
] as const;

/** A message of ours that is longer than what was looked at. */
const LONG_FIRST = /"messages"\s*:\s*\[\s*\{\s*(?:"id"\s*:\s*"(?:[^"\\]|\\.)*"\s*,\s*)?"at"\s*:/;

export const turnlog: Importer = {
  defaultPath: () => undefined,
  recognizes(path) {
    if (kindOf(path) !== "file") return Promise.resolve(false);
    const beginning = peek(path);
    return Promise.resolve(isExport(beginning) || isLines(beginning));
  },
  async find(path, onProblem, { signal }) {
    if (kindOf(path) !== "file")
      throw new ArgumentError("INVALID_ARGUMENT", `${path} is a directory; an export is a file`);
    const found: SourceSession[] = [];
    if (isLines(peek(path))) {
      for await (const head of headsInLines(path, onProblem)) {
        signal?.throwIfAborted();
        const session = sessionOf(path, head, onProblem);
        if (session !== undefined) found.push(session);
      }
      return found;
    }
    for await (const each of sessionsIn(path, onProblem)) {
      signal?.throwIfAborted();
      found.push(each);
    }
    return found;
  },
};

/** True if it begins as an array whose first session has an id and messages of ours, as far as it is there. */
function isExport(text: string): boolean {
  if (!text.trimStart().startsWith("[")) return false;
  const pieces = new JsonPieces({ from: "start", messages: true });
  const keys = new Set<string>();
  try {
    for (const piece of pieces.feed(Buffer.from(text), 0)) {
      if (piece.kind === "member") keys.add(piece.key);
      else if (piece.kind === "messages") keys.add("messages");
      else if (piece.kind === "message") return isObject(parseObject(piece.text ?? "")?.["data"]);
      else if (piece.kind === "session end") return keys.has("id") && keys.has("createdAt") && keys.has("messages");
    }
  } catch {
    return false;
  }
  return pieces.isWhole || (keys.has("messages") && LONG_FIRST.test(text));
}

async function* sessionsIn(path: string, onProblem: OnProblem): AsyncGenerator<SourceSession> {
  for await (const { number, members, offset } of listsIn(path, onProblem)) {
    const messages = (): AsyncIterable<ExportedMessage> => (offset === undefined ? none() : messagesAt(path, offset));
    const session = sessionOf(path, { number, members, messages }, onProblem);
    if (session !== undefined) yield session;
  }
}

/** Undefined: it has no id. */
function sessionOf(
  path: string,
  { number, members, messages }: ExportedHead,
  onProblem: OnProblem,
): SourceSession | undefined {
  const id = members.get("id");
  if (typeof id !== "string" || id === "") {
    onProblem(path, `session ${number} has no id`);
    return undefined;
  }
  const createdMs = timeOf(members.get("createdAt")) ?? modifiedMs(path);
  const damaged = members.get("damaged");
  if (typeof damaged === "string") onProblem(path, `session ${id} was not whole when it was exported: ${damaged}`);
  const patch = Object.fromEntries(
    KEYS.filter((key) => (members.get(key) ?? null) !== null).map((key) => [key, members.get(key)]),
  ) as SessionPatch;
  const updatedMs = timeOf(members.get("updatedAt")) ?? createdMs;
  return {
    id,
    identity: `turnlog ${id}`,
    path,
    files: [path],
    createdMs,
    beside: null,
    lines: () => linesOf({ path, id, messages, createdMs, updatedMs, patch, onProblem }),
  };
}

/** A part with its place in the store that it was exported from. */
interface ExportedPart extends FoundPart {
  readonly message: { readonly id: string; readonly at: string };
  readonly at: string;
}

interface Reading {
  readonly path: string;
  readonly id: string;
  readonly messages: () => AsyncIterable<ExportedMessage>;
  readonly createdMs: number;
  readonly updatedMs: number;
  readonly patch: SessionPatch;
  readonly onProblem: OnProblem;
}

/** The messages and parts in the order of their times, and what the session is called, as it was last. */
async function* linesOf(reading: Reading): AsyncGenerator<FoundLine> {
  const { path, id: session, messages, createdMs, updatedMs, patch, onProblem } = reading;
  /** Parts that are younger than the messages so far, the oldest last. */
  let waiting: ExportedPart[] = [];
  let ms = createdMs;
  let number = 0;
  for await (const value of messages()) {
    number++;
    const data = value?.["data"];
    if (value === undefined || !isObject(data)) {
      onProblem(path, `message ${number} of session ${session} is no message`);
      continue;
    }
    const at = textIn(value, "at") ?? "";
    ms = parseStamp(at)?.ms ?? ms;
    while ((waiting.at(-1)?.at ?? "~") < at) yield waiting.pop() as ExportedPart;
    const id = textIn(value, "id") ?? (at === "" ? String(number) : at);
    yield { type: "message", id, ms, data, at };
    const parts = partsIn(value["parts"], { id, at }, ms);
    if (parts === undefined) onProblem(path, `message ${number} of session ${session} has parts that are none`);
    else if (parts.length > 0) waiting = [...waiting, ...parts].sort((a, b) => (a.at < b.at ? 1 : -1));
  }
  yield* waiting.reverse();
  if (Object.keys(patch).length > 0) yield { type: "info", ms: updatedMs, patch, isRest: true };
}

/** The messages of an array's session, whose list begins at this byte. */
async function* messagesAt(path: string, offset: number): AsyncGenerator<ExportedMessage> {
  for await (const text of itemsAt(path, offset)) yield text === undefined ? undefined : parseObject(text);
}

// oxlint-disable-next-line require-yield -- a session without a list has no messages
async function* none(): AsyncGenerator<never> {
  return;
}

/** Undefined: they are no parts. */
function partsIn(value: unknown, message: ExportedPart["message"], messageMs: number): ExportedPart[] | undefined {
  if (value === undefined) return [];
  if (!Array.isArray(value)) return undefined;
  const parts: ExportedPart[] = [];
  for (const [index, part] of value.entries()) {
    const data = isObject(part) ? part["data"] : undefined;
    if (!isObject(part) || !isObject(data)) return undefined;
    const at = textIn(part, "at") ?? message.at;
    const id = textIn(part, "id") ?? String(index);
    parts.push({ type: "part", message, id, ms: parseStamp(at)?.ms ?? messageMs, data, at });
  }
  return parts;
}
