// Messages as programs write them down: in which shape a file has them. A list, or one a line; or conversations, each with its list
// of messages and what else stands there: one alone, an array of them, or one a line.
import { ArgumentError } from "../base/errors.ts";
import { isObject } from "../base/object.ts";
import { parseObject, textIn } from "./importer.ts";
import { piecesOf } from "./json-lists.ts";
import { JsonPieces, JsonPiecesError } from "./json-pieces.ts";
import { chunksOf, linesOf, peek } from "./source.ts";

/** `alone`: one value, which is itself a message. */
export type Shape = "list" | "lines" | "alone" | "conversation" | "conversations" | "conversation lines";

const LINES = /\.(?:jsonl|ndjson)$/i;
const SAID = ["content", "parts", "text", "tool_calls", "function_call", "toolInvocations"];
const ROLES: ReadonlySet<string> = new Set(["system", "developer", "user", "assistant", "tool", "function", "model"]);
/** A message that is longer than what was looked at. */
const LONG_FIRST = /^\s*(?:\[\s*)?\{(?:[^[]*?"messages"\s*:\s*\[\s*\{)?[^{[]*?"role"\s*:\s*"(\w+)"/;
const FIRST_MESSAGES = 64;

/** A message of a model's conversation, whoever's shape it has. */
function isMessage(value: unknown): boolean {
  return isObject(value) && ROLES.has(textIn(value, "role") ?? "") && SAID.some((key) => key in value);
}

/** An object that has messages, and is none. */
export function isConversation(value: Record<string, unknown>): boolean {
  return Array.isArray(value["messages"]) && textIn(value, "role") === undefined;
}

/** True if it begins with messages of the known shapes. */
export function beginsWithMessages(text: string): boolean {
  const [line = ""] = text.trimStart().split("\n", 1);
  const first = parseObject(line);
  if (first !== undefined) return messagesOf(first).slice(0, FIRST_MESSAGES).some(isMessage);
  const found = text.trimStart().startsWith("[")
    ? [...wholeIn(text, "list"), ...wholeIn(text, "start")]
    : wholeIn(text, "start");
  if (found.some((value) => messagesOf(value).some(isMessage))) return true;
  return found.length === 0 && ROLES.has(LONG_FIRST.exec(text)?.[1] ?? "");
}

function messagesOf(value: Record<string, unknown>): unknown[] {
  return isConversation(value) ? (value["messages"] as unknown[]) : [value];
}

/** The first objects of a list, or the messages of conversations, as far as they are there whole. */
function wholeIn(text: string, from: "list" | "start"): Record<string, unknown>[] {
  const found: Record<string, unknown>[] = [];
  let members: Record<string, unknown> = {};
  try {
    for (const piece of new JsonPieces({ from, messages: true }).feed(Buffer.from(text), 0)) {
      if (piece.kind === "session") members = {};
      else if (piece.kind === "member") members[piece.key] = JSON.parse(piece.text);
      else if (piece.kind === "session end") found.push(members);
      const value = piece.kind === "message" ? parseObject(piece.text ?? "") : undefined;
      if (value !== undefined) found.push(value);
      if (found.length >= FIRST_MESSAGES || piece.kind === "messages end") break;
    }
  } catch (error) {
    if (!(error instanceof JsonPiecesError || error instanceof SyntaxError)) throw error;
  }
  return found;
}

/** Undefined: there is nothing in it. */
export async function shapeOf(path: string): Promise<Shape | undefined> {
  const text = peek(path).trimStart();
  if (text === "") return undefined;
  if (text.startsWith("[")) return await shapeOfArray(path);
  if (!text.startsWith("{") && !LINES.test(path))
    throw new ArgumentError("INVALID_ARGUMENT", `${path} is neither JSON nor lines of JSON`);
  return (LINES.test(path) ? undefined : await shapeOfObject(path, text)) ?? (await shapeOfLines(path));
}

/** Its first value says what all are. */
async function shapeOfArray(path: string): Promise<Shape> {
  const keys = new Set<string>();
  try {
    for await (const piece of piecesOf(path, new JsonPieces({ from: "start", messages: false }), 0)) {
      if (piece.kind === "member") keys.add(piece.key);
      else if (piece.kind === "messages" && !keys.has("role")) return "conversations";
      else if (piece.kind === "session end") return "list";
    }
  } catch (error) {
    if (!(error instanceof JsonPiecesError)) throw error;
  }
  return "list";
}

/** Undefined: what follows its first value says that it has lines. */
async function shapeOfObject(path: string, text: string): Promise<Shape | undefined> {
  const keys = new Set<string>();
  let hasMessages = false;
  try {
    for await (const piece of piecesOf(path, new JsonPieces({ from: "start", messages: false }), 0)) {
      if (piece.kind === "member") keys.add(piece.key);
      else if (piece.kind === "messages") hasMessages = true;
      else if (piece.kind === "session end") {
        if (await hasMore(path, piece.offset)) return undefined;
        return hasMessages && !keys.has("role") ? "conversation" : "alone";
      }
    }
  } catch (error) {
    if (!(error instanceof JsonPiecesError)) throw error;
  }
  // It is torn or damaged. Of lines the first one may be.
  const isWholeLine = parseObject(text.split("\n", 1)[0] ?? "") !== undefined;
  return hasMessages && !keys.has("role") && !isWholeLine ? "conversation" : undefined;
}

async function hasMore(path: string, offset: number): Promise<boolean> {
  for await (const { bytes } of chunksOf(path, offset)) if (/\S/.test(bytes.toString("latin1"))) return true;
  return false;
}

/** The first line that can be read says what all are. */
async function shapeOfLines(path: string): Promise<Shape> {
  for await (const { text } of linesOf(path)) {
    const value = text === undefined ? undefined : parseObject(text);
    if (value !== undefined) return isConversation(value) ? "conversation lines" : "lines";
  }
  return "lines";
}
