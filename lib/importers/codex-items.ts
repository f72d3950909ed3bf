// What a line of a Codex rollout is. Since mid-2025 each has an envelope, {timestamp, type, payload}; older lines are the
// items themselves, after a first one that says which thread it is.
import { isObject } from "../base/object.ts";
import { textIn } from "./importer.ts";

/** A message of the thread. */
export interface Item {
  readonly id: string | undefined;
  readonly role: string;
  readonly content: unknown;
  /** The line without what `content` says. */
  readonly record: object;
  /** A compaction: from here on the model sees this instead of what came before. */
  readonly isCompaction?: true;
  readonly kind: "prompt" | "context" | "other";
}

/** What the model says, what it calls, and what it gets back; the rest (snapshots, lists of tools) is no message. */
const SAID = /^reasoning$|_call$/;
const RESULT = /_(?:output|result)$/;
/** Codex tells the model so, in the user's name. */
const CONTEXT =
  /^\s*(?:<(?:environment_context|user_instructions|skills_instructions|skill|user_shell_command|turn_aborted|subagents?|subagent_notification|permissions instructions|collaboration_mode)>|# AGENTS\.md instructions for )/i;

/** Undefined: it is no message. */
export function itemOf(value: Record<string, unknown>): Item | undefined {
  const { type, payload } = value;
  if (!isObject(payload)) return bareItemOf(value);
  const { payload: _payload, ...envelope } = value;
  if (type === "response_item") return responseOf(payload, (rest) => ({ ...envelope, payload: rest }));
  if (type === "compacted") {
    const { message, ...rest } = payload;
    const record = { ...envelope, payload: rest };
    return { id: undefined, role: "system", content: message ?? "", record, isCompaction: true, kind: "other" };
  }
  if (type === "inter_agent_communication") {
    const { content, ...rest } = payload;
    return { id: undefined, role: "user", content, record: { ...envelope, payload: rest }, kind: "prompt" };
  }
  return undefined;
}

/** An item as it stood before there were envelopes. */
function bareItemOf(value: Record<string, unknown>): Item | undefined {
  return textIn(value, "record_type") === undefined ? responseOf(value, (rest) => rest) : undefined;
}

function responseOf(
  item: Record<string, unknown>,
  recordOf: (rest: Record<string, unknown>) => object,
): Item | undefined {
  const id = textIn(item, "id");
  const type = textIn(item, "type") ?? "message";
  if (type === "message") {
    const { role, content, ...rest } = item;
    if (typeof role !== "string" || (content === undefined && rest["message"] === undefined)) return undefined;
    const { message, ...others } = rest;
    const record = content === undefined ? recordOf(others) : recordOf(rest);
    return { id, role, content: content ?? message, record, kind: kindOfMessage(item) };
  }
  if (type === "agent_message") {
    const { content, ...rest } = item;
    return { id, role: "user", content, record: recordOf(rest), kind: "prompt" };
  }
  const isResult = RESULT.test(type);
  if (!isResult && !SAID.test(type)) return undefined;
  return { id, role: isResult ? "tool" : "assistant", content: [item], record: recordOf({}), kind: "other" };
}

function kindOfMessage(item: Record<string, unknown>): Item["kind"] {
  const { role, content } = item;
  if (role === "developer" || role === "system") return "context";
  if (role !== "user") return "other";
  const passed = item["internal_chat_message_metadata_passthrough"];
  const kinds = isObject(passed) ? passed["content_item_kinds"] : undefined;
  if (Array.isArray(kinds) && kinds.length > 0) {
    const isTheirs = (kind: unknown): boolean => typeof kind === "string" && /^(?:user\.|unknown$|$)/.test(kind);
    return kinds.some(isTheirs) ? "prompt" : "context";
  }
  return textsIn(content ?? item["message"]).some((text) => CONTEXT.test(text)) ? "context" : "prompt";
}

function textsIn(content: unknown): string[] {
  if (typeof content === "string") return [content];
  const blocks = Array.isArray(content) ? content.filter(isObject) : [];
  return blocks.map((block) => textIn(block, "text")).filter((text) => text !== undefined);
}

/** What the user typed, without what an editor puts around it and without the names of images. */
export function promptIn(content: unknown): string | undefined {
  const text = textsIn(content).find((each) => !/^<\/?image\b/.test(each));
  const asked = text?.split(/^## My request for Codex:\s*$/m);
  return asked?.at(-1)?.trim();
}

/** The directory that the model was told of: old rollouts have it nowhere else. */
export function directoryIn(content: unknown): string | undefined {
  const told = textsIn(content).map((text) => /<cwd>([^<]+)<\/cwd>|^Current working directory: (.+)$/m.exec(text));
  const found = told.find((match) => match !== null);
  return (found?.[1] ?? found?.[2])?.trim();
}

/** True for a line of a rollout. */
export function isRolloutLine(value: Record<string, unknown>): boolean {
  const { payload } = value;
  if (isObject(payload)) return LINE_TYPES.has(textIn(value, "type") ?? "") && textIn(value, "timestamp") !== undefined;
  return isBareHeader(value) || textIn(value, "record_type") === "state";
}

/** The first line of a rollout without envelopes. */
export function isBareHeader(value: Record<string, unknown>): boolean {
  return (
    textIn(value, "id") !== undefined &&
    textIn(value, "timestamp") !== undefined &&
    !("type" in value) &&
    ("instructions" in value || "git" in value)
  );
}

const LINE_TYPES: ReadonlySet<string> = new Set([
  "session_meta",
  "turn_context",
  "response_item",
  "event_msg",
  "compacted",
  "world_state",
  "token_usage_record",
]);
