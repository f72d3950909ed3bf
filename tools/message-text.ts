// A message as people read it: who speaks, the words, and a line for each thing that is no words. Tools shape their
// messages differently; what has none of the known shapes is shown as JSON.
import type { Entry } from "../lib/index.ts";
import { oneLine, printable, shorten } from "./text.ts";

const SUMMARY_CHARACTERS = 120;
type Fields = Readonly<Record<string, unknown>>;

/** The role, or what comes closest. */
export function speakerOf(data: Fields): string {
  return oneLine(textIn(data, "role") ?? textIn(data, "type") ?? "message");
}

/** The lines of a message and its parts. */
export function wordsOf({ data, parts }: Entry): string {
  const { content, tool_calls: calls } = data;
  const blocks = content ?? data["parts"] ?? textIn(data, "text");
  const texts = [
    ...(Array.isArray(blocks) ? blocks : [blocks]).map(blockText),
    ...(Array.isArray(calls) ? calls : []).map(blockText),
    ...parts.map((part) => blockText(part.data)),
  ].filter((text) => text !== "");
  const hasShape = blocks !== undefined || Array.isArray(calls) || parts.length > 0;
  return hasShape ? texts.join("\n") : summary("", data);
}

function blockText(block: unknown): string {
  if (typeof block === "string") return printable(block).trimEnd();
  if (!isFields(block)) return block === undefined || block === null ? "" : summary("", block);
  const type = textIn(block, "type") ?? "";
  const text = textIn(block, "text");
  const called = isFields(block["function"]) ? block["function"] : block;
  const name = textIn(called, "name") ?? textIn(block, "tool") ?? textIn(block, "toolName");
  if (type === "thinking" || type === "reasoning") return summary(type, textIn(block, "thinking") ?? text ?? "");
  if (type === "tool_result" || type === "function_call_output") {
    return summary(block["is_error"] === true ? `${type}, error` : type, flat(block["content"] ?? block["output"]));
  }
  if (text !== undefined) return printable(text).trimEnd();
  if (name !== undefined) {
    const state = isFields(block["state"]) ? block["state"] : block;
    const input = called["arguments"] ?? called["input"] ?? called["args"] ?? state["input"];
    return summary(`${type || "tool_call"} ${name}`, input ?? "");
  }
  if (type === "image" || type === "document" || type === "image_url") return `[${type}${mediaOf(block)}]`;
  const { type: _type, ...rest } = block;
  return summary(oneLine(type) || "block", rest);
}

/** What a tool gave back, its texts only. */
function flat(content: unknown): unknown {
  if (!Array.isArray(content)) return content ?? "";
  return content
    .map((block) => (isFields(block) ? (textIn(block, "text") ?? `[${String(block["type"])}]`) : block))
    .join(" ");
}

function mediaOf(block: Fields): string {
  const source = isFields(block["source"]) ? block["source"] : block;
  const data = textIn(source, "data");
  const facts = [
    textIn(source, "media_type") ?? textIn(source, "mimeType"),
    data === undefined ? undefined : `${Math.floor((data.length * 3) / 4).toLocaleString("en-US")} bytes`,
  ].filter((fact) => fact !== undefined);
  return facts.length === 0 ? "" : ` ${oneLine(facts.join(", "))}`;
}

/** One line: what it is, and the beginning of what it holds. */
function summary(what: string, value: unknown): string {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  const start = shorten(oneLine(text.slice(0, SUMMARY_CHARACTERS * 4)), SUMMARY_CHARACTERS);
  return what === "" ? start : `[${oneLine(what)}]${start === "" ? "" : ` ${start}`}`;
}

function textIn(fields: Fields, key: string): string | undefined {
  const value = fields[key];
  return typeof value === "string" ? value : undefined;
}

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
