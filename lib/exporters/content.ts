// What a message says, in pieces that need no knowledge of the tool that shaped it.
import { isObject } from "../base/object.ts";
import { blocksIn } from "./blocks.ts";
import type { Block } from "./blocks.ts";
import { textIn } from "./media.ts";

export type { Block } from "./blocks.ts";
export type { Media } from "./media.ts";
export { mediaBytes } from "./media.ts";

type Fields = Readonly<Record<string, unknown>>;

/** A message of a history, or what stands for one. */
export interface Said {
  readonly data: object;
  readonly parts?: readonly { readonly data: object }[];
}

/** Who answers for a tool. */
const TOOLS: ReadonlySet<string> = new Set(["tool", "function", "toolResult"]);

/** Who speaks: the role, or what comes closest. */
export function roleOf(data: object): string {
  return textIn(data as Fields, "role", "type") ?? "message";
}

/** The pieces of a message and its parts, in order. What has none of the known shapes is one piece of the kind `other`. */
export function blocksOf({ data, parts = [] }: Said): Block[] {
  const fields = data as Fields;
  const said = [...thoughtsIn(fields), ...wordsIn(fields), ...callsIn(fields), ...filesIn(fields)];
  const rest = parts.flatMap((part) => blocksIn(part.data));
  if (said.length > 0 || rest.length > 0 || hasShape(fields) || parts.length > 0) return [...said, ...rest];
  if (textIn(fields, "type") !== undefined && textIn(fields, "role") === undefined) return blocksIn(fields);
  return [{ kind: "other", type: "", value: fields }];
}

function hasShape({ content, parts, text, tool_calls: calls }: Fields): boolean {
  return (content ?? parts ?? text ?? calls) !== undefined;
}

function thoughtsIn(data: Fields): Block[] {
  const text = textIn(data, "reasoning_content", "reasoning");
  const thoughts = Array.isArray(data["thoughts"]) ? data["thoughts"].filter(isObject) : [];
  return [
    ...(text === undefined || text === "" ? [] : [{ kind: "reasoning", type: "reasoning", text } as const]),
    ...thoughts.map((thought) => {
      const words = [textIn(thought, "subject"), textIn(thought, "description")];
      return { kind: "reasoning", type: "thought", text: words.filter(Boolean).join("\n\n") } as const;
    }),
  ];
}

function wordsIn(data: Fields): Block[] {
  const { role, command, output } = data;
  // pi has a message for what its user ran.
  if (role === "bashExecution" && typeof command === "string") {
    const isError = typeof data["exitCode"] === "number" && data["exitCode"] !== 0;
    const given: Block = { kind: "result", type: "bashExecution", isError, content: blocksIn(output) };
    return [{ kind: "call", type: "bashExecution", name: "bash", input: { command } }, given];
  }
  const content = data["content"] ?? data["parts"] ?? textIn(data, "text");
  if (typeof role !== "string" || !TOOLS.has(role))
    return [...blocksIn(content), ...blocksIn(data["refusal"]), ...spokenIn(data)];
  const pieces = blocksIn(content);
  // The AI SDK's are results already.
  if (pieces.some(({ kind }) => kind === "result")) return pieces;
  const isError = data["isError"] === true || data["is_error"] === true;
  const id = textIn(data, "tool_call_id", "toolCallId", "call_id");
  return [{ kind: "result", type: role, id, name: textIn(data, "name", "toolName"), isError, content: pieces }];
}

/** What was said aloud: OpenAI has the sound and the words beside the content. */
function spokenIn({ audio }: Fields): Block[] {
  if (!isObject(audio)) return [];
  return [...blocksIn(audio["transcript"]), ...blocksIn({ type: "audio", audio })];
}

/** Calls that stand beside the content. */
function callsIn(data: Fields): Block[] {
  const { tool_calls: calls, function_call: oldCall, toolInvocations, toolCalls } = data;
  const listed = Array.isArray(calls) ? calls : [];
  const invoked = Array.isArray(toolInvocations) ? toolInvocations.filter(isObject) : [];
  const gemini = Array.isArray(toolCalls) ? toolCalls.filter(isObject) : [];
  return [
    ...blocksIn(listed.map((call) => (isObject(call) ? { type: "tool_call", ...call } : call))),
    ...(isObject(oldCall) ? blocksIn({ ...oldCall, type: "function_call" }) : []),
    ...blocksIn(invoked.map((each) => ({ ...each, type: "dynamic-tool" }))),
    ...gemini.flatMap(geminiCall),
  ];
}

function geminiCall(call: Fields): Block[] {
  const { args, result, resultDisplay } = call;
  const id = textIn(call, "id");
  const name = textIn(call, "name") ?? "";
  const called: Block = { kind: "call", type: "toolCall", id, name, input: args };
  const given = result ?? resultDisplay;
  if (given === undefined || given === null) return [called];
  const content = blocksIn(given).flatMap((block) => (block.kind === "result" ? block.content : [block]));
  return [called, { kind: "result", type: "toolCall", id, name, isError: call["status"] === "error", content }];
}

/** Files that stand beside the content. What is listed twice is there once. */
function filesIn(data: Fields): Block[] {
  const { media, attachments, experimental_attachments: older } = data;
  const listed = [attachments, older].flatMap((list) => (Array.isArray(list) ? list.filter(isObject) : []));
  const known = new Set(listed.flatMap(({ ref, url }) => [ref, url]));
  const bare = Array.isArray(media) ? media.filter((each) => !known.has(each)) : [];
  return [
    ...blocksIn(bare.map((url: unknown) => ({ type: "file", url }))),
    ...blocksIn(listed.map((each) => ({ ...each, type: each["type"] === "image" ? "image" : "file" }))),
  ];
}
