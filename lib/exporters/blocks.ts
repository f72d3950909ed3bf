// The pieces of a message, whichever tool shaped them: OpenAI, Anthropic, the AI SDK, and the tools that have a shape of their
// own. What has none of the known shapes is kept as it is.
import { isObject } from "../base/object.ts";
import { isPicture, mediaOf, textIn } from "./media.ts";
import type { Media } from "./media.ts";

/** `type` is what the tool calls it. */
export type Block =
  | { readonly kind: "text"; readonly type: string; readonly text: string }
  /** Empty: it is there, but encrypted. `signature`: what proves it to the model that thought it. */
  | { readonly kind: "reasoning"; readonly type: string; readonly text: string; readonly signature?: string }
  /** `input`: as it was given: a value, or a text, which most often is JSON. */
  | {
      readonly kind: "call";
      readonly type: string;
      readonly id?: string | undefined;
      readonly name: string;
      readonly input: unknown;
    }
  | {
      readonly kind: "result";
      readonly type: string;
      readonly id?: string | undefined;
      readonly name?: string | undefined;
      readonly isError: boolean;
      readonly content: readonly Block[];
    }
  | { readonly kind: "image"; readonly type: string; readonly media: Media }
  /** `text`: a document that is text. */
  | { readonly kind: "file"; readonly type: string; readonly media: Media; readonly text?: string | undefined }
  | { readonly kind: "other"; readonly type: string; readonly value: unknown };

type Fields = Readonly<Record<string, unknown>>;
type Reader = (block: Fields, type: string) => Block[];

/** They only say that something begins or ends, and at which state of the files, or are what an import kept of a tool's own notes. */
const SILENT: ReadonlySet<string> = new Set(["step-start", "step-finish", "snapshot", "record"]);
const IDS = ["id", "call_id", "callId", "toolCallId", "callID", "tool_use_id", "tool_call_id"];

const READERS: ReadonlyMap<string, Reader> = new Map<string, Reader>([
  ...named(["thinking", "reasoning", "redacted_thinking"], reasoning),
  ...named(["tool_use", "server_tool_use", "mcp_tool_use", "toolCall", "tool-call", "function_call"], call),
  ...named(["custom_tool_call", "function"], call),
  ...named(["tool_result", "mcp_tool_result", "tool-result", "web_search_tool_result"], result),
  ...named(["function_call_output", "function_call_result", "custom_tool_call_output"], result),
  ...named(["image", "image_url", "input_image"], image),
  ...named(["file", "document", "input_file", "input_audio", "audio", "reasoning-file"], file),
  ...named(["source-url", "source-document"], source),
]);

function named(types: readonly string[], reader: Reader): [string, Reader][] {
  return types.map((type) => [type, reader]);
}

/** The pieces of a message's content, or of a tool's result. */
export function blocksIn(content: unknown): Block[] {
  return (Array.isArray(content) ? content : [content]).flatMap(blockOf);
}

function blockOf(block: unknown): Block[] {
  if (typeof block === "string") return block === "" ? [] : [{ kind: "text", type: "text", text: block }];
  if (block === undefined || block === null) return [];
  if (!isObject(block)) return [{ kind: "other", type: "", value: block }];
  const type = textIn(block, "type") ?? "";
  if (SILENT.has(type)) return [];
  const { toolInvocation } = block;
  if (type === "tool-invocation" && isObject(toolInvocation)) return callAndResult(toolInvocation, "dynamic-tool");
  const reader = READERS.get(type) ?? (type.endsWith("_tool_result") ? result : undefined);
  if (reader !== undefined) return reader(block, type);
  if (isObject(block["state"]) || /^(?:tool-|dynamic-tool$)/.test(type)) return callAndResult(block, type);
  if (type === "") {
    const found = geminiPart(block);
    if (found !== undefined) return found;
  }
  // opencode's, of a user who has called an agent, or set one to work.
  if (type === "agent" && textIn(block, "name") !== undefined)
    return [{ kind: "text", type, text: `@${textIn(block, "name")}` }];
  const text = textIn(block, "text", "refusal") ?? (type === "subtask" ? textIn(block, "prompt") : undefined);
  if (text !== undefined) return [{ kind: "text", type, text }];
  if (calledIn(block) !== undefined || textIn(block, "name", "toolName", "tool") !== undefined)
    return call(block, type);
  const { type: _type, ...value } = block;
  return [{ kind: "other", type, value }];
}

function reasoning(block: Fields, type: string): Block[] {
  const { summary, content } = block;
  const pieces = [...(Array.isArray(summary) ? summary : []), ...(Array.isArray(content) ? content : [])];
  const texts = pieces.flatMap((piece) => (isObject(piece) ? (textIn(piece, "text") ?? []) : []));
  const text = textIn(block, "thinking", "text") ?? texts.join("\n\n");
  const signature = textIn(block, "signature");
  return [{ kind: "reasoning", type, text, ...(signature !== undefined && { signature }) }];
}

function call(block: Fields, type: string): Block[] {
  const called = calledIn(block) ?? block;
  const name = textIn(called, "name") ?? textIn(block, "toolName", "tool") ?? "";
  const input = called["arguments"] ?? called["input"] ?? called["args"] ?? called["action"];
  return [{ kind: "call", type, id: textIn(block, ...callIds(type)), name, input }];
}

/** OpenAI's calls say a level below what is called. */
function calledIn(block: Fields): Fields | undefined {
  return [block["function"], block["custom"]].find(isObject);
}

/** OpenAI's items have an id of their own beside the call's. */
function callIds(type: string): readonly string[] {
  return type === "function_call" || type === "custom_tool_call" ? IDS.slice(1) : IDS;
}

function result(block: Fields, type: string): Block[] {
  const output = block["content"] ?? block["output"] ?? block["result"];
  // The AI SDK says of what kind an output is.
  const kind = isObject(output) && "value" in output ? textIn(output, "type") : undefined;
  const isError = block["is_error"] === true || block["isError"] === true || kind?.startsWith("error") === true;
  return [
    {
      kind: "result",
      type,
      id: textIn(block, ...IDS.slice(1)),
      name: textIn(block, "name", "toolName"),
      isError,
      content: blocksIn(kind === undefined ? output : (output as Fields)["value"]),
    },
  ];
}

/** One piece for both, as the AI SDK's UIMessages and opencode have it: its state says how far it has come. */
function callAndResult(block: Fields, type: string): Block[] {
  const state = isObject(block["state"]) ? block["state"] : block;
  const status = textIn(block, "state") ?? textIn(state, "status") ?? "";
  const id = textIn(block, ...IDS.slice(1)) ?? textIn(block, "id");
  const name = textIn(block, "toolName", "tool", "name") ?? type.replace(/^tool-/, "");
  const called: Block = { kind: "call", type, id, name, input: state["input"] ?? state["rawInput"] ?? block["args"] };
  const approval = isObject(block["approval"]) ? block["approval"] : {};
  const denied = status === "output-denied" ? (textIn(approval, "reason") ?? "denied") : undefined;
  const error = textIn(state, "errorText", "error") ?? denied;
  const output = error ?? state["output"] ?? block["result"];
  if (output === undefined) return [called];
  const files = blocksIn(state["attachments"]);
  const isError = error !== undefined || status === "error" || status === "output-error";
  return [called, { kind: "result", type, id, name, isError, content: [...blocksIn(output), ...files] }];
}

function image(block: Fields, type: string): Block[] {
  const media = mediaIn(block);
  return [{ kind: "image", type, media }];
}

function file(block: Fields, type: string): Block[] {
  const { source } = block;
  const text = isObject(source) && source["type"] === "text" ? textIn(source, "data") : undefined;
  const media = text === undefined ? mediaIn(block) : mediaOf(undefined, false, undefined, nameIn(block));
  return [isPicture(media) ? { kind: "image", type, media } : { kind: "file", type, media, text }];
}

function source(block: Fields, type: string): Block[] {
  const media = mediaOf(block["url"], false, textIn(block, "mediaType"), nameIn(block));
  return [{ kind: "file", type, media }];
}

function nameIn(fields: Fields): string | undefined {
  return textIn(fields, "filename", "name", "title");
}

/** What is said of a file can stand beside its content, or a level below. */
function mediaIn(block: Fields): Media {
  const inner = ["source", "file", "image_url", "input_audio", "image", "audio"]
    .map((key) => block[key])
    .find((value) => isObject(value) && typeof value["$blob"] !== "string") as Fields | undefined;
  const at = inner ?? {};
  const mimeKeys = ["media_type", "mediaType", "mimeType", "mime", "content_type", "contentType"];
  const format = textIn(at, "format");
  const mime = textIn(at, ...mimeKeys) ?? textIn(block, ...mimeKeys) ?? (format && `audio/${format}`);
  const name = nameIn(block) ?? nameIn(at);
  const bare = at["data"] ?? block["data"];
  if (bare !== undefined) return mediaOf(bare, true, mime, name);
  const keys = ["url", "image_url", "file_data", "file_url", "image", "file", "ref", "id", "file_id"];
  const value = [...keys.map((key) => at[key]), ...keys.map((key) => block[key])].find(
    (each) => typeof each === "string" || (isObject(each) && typeof each["$blob"] === "string"),
  );
  return mediaOf(value, false, mime, name);
}

/** Gemini's parts have no type: a key says what they are. */
function geminiPart(part: Fields): Block[] | undefined {
  const { text, thought, functionCall, functionResponse, inlineData, fileData } = part;
  if (thought === true && typeof text === "string") return [{ kind: "reasoning", type: "thought", text }];
  if (isObject(functionCall)) return call(functionCall, "functionCall");
  if (isObject(functionResponse)) {
    const { id, name, response } = functionResponse;
    return result({ call_id: id, name, content: response }, "functionResponse");
  }
  if (isObject(inlineData)) return file(inlineData, "inlineData");
  if (isObject(fileData)) return file({ ...fileData, url: fileData["fileUri"] }, "fileData");
  return undefined;
}
