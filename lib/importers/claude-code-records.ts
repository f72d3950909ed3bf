// The lines of a Claude Code transcript, and what they are.
import { basename } from "node:path";
import type { OnProblem } from "./importer.ts";
import { isObject, parseObject, textIn } from "./importer.ts";
import { linesOf, peek, textOf } from "./source.ts";

export interface RawRecord {
  readonly line: number;
  readonly value: Record<string, unknown>;
}

/** What was said: by whom, and in which words. */
export interface Saying {
  readonly role: "user" | "assistant";
  readonly message: Record<string, unknown>;
}

/** What a line of the main conversation says; undefined: it is of the harness, the terminal or a subagent. */
export function sayingOf(value: Record<string, unknown>): Saying | undefined {
  const { message, attachment, type } = value;
  if (type === "attachment" && isObject(attachment) && attachment["type"] === "queued_command") {
    // A prompt that the user typed while the assistant was at work.
    const prompt = attachment["prompt"];
    return prompt === undefined ? undefined : { role: "user", message: { role: "user", content: prompt } };
  }
  // Some tools that write such files leave the type out.
  const role = type ?? (isObject(message) ? message["role"] : undefined);
  if (role !== "user" && role !== "assistant") return undefined;
  // What is no message is kept as it is: somebody may know what it was.
  return { role, message: isObject(message) ? message : { role, ...(message !== undefined && { content: message }) } };
}

/** True for a prompt: what a user says that is no tool's result, nor the harness's. */
export function isPrompt(value: Record<string, unknown>): boolean {
  const saying = sayingOf(value);
  if (saying?.role !== "user" || value["isMeta"] === true || value["toolUseResult"] !== undefined) return false;
  const { content } = saying.message;
  const isResult = (block: unknown): boolean => isObject(block) && block["type"] === "tool_result";
  return !Array.isArray(content) || !content.some(isResult);
}

/** The words of a prompt. */
export function textOfPrompt({ message }: Saying): string | undefined {
  const { content } = message;
  if (typeof content === "string") return content;
  const blocks = Array.isArray(content) ? content.filter(isObject) : [];
  return blocks.map((block) => textIn(block, "text")).find((text) => text !== undefined);
}

export function isTranscriptLine(value: Record<string, unknown>): boolean {
  return textIn(value, "sessionId") !== undefined && ("message" in value || textIn(value, "type") !== undefined);
}

/** The name of the subagent whose transcript this file is. */
export function agentOf(path: string): string | undefined {
  return /^(agent-.*)\.jsonl$/.exec(basename(path))?.[1];
}

/** All lines that are objects, in order. What is not is told of, and the others go on. */
export async function* recordsOf(path: string, onProblem: OnProblem): AsyncGenerator<RawRecord> {
  if (path.endsWith(".json")) {
    for (const [index, value] of logLines(path).entries()) yield { line: index + 1, value };
    return;
  }
  for await (const { number, text, isOpen } of linesOf(path)) {
    const value = text === undefined ? undefined : parseObject(text);
    if (value !== undefined) yield { line: number, value };
    // The last line may be one that Claude Code is writing just now: the next import takes it.
    else onProblem(path, isOpen ? "a torn line at the end" : "no record: it is no JSON object", number);
  }
}

/** The records of a session that was downloaded as one JSON value: {"loglines":[...]}. */
function logLines(path: string): Record<string, unknown>[] {
  const lines = parseObject(textOf(path))?.["loglines"];
  return Array.isArray(lines) ? lines.filter(isObject) : [];
}

/** The first lines, as far as they can be had without reading all of a long file. */
export function* firstRecords(path: string): Generator<Record<string, unknown>> {
  if (path.endsWith(".json")) yield* logLines(path);
  else {
    for (const line of peek(path).split("\n")) {
      const value = parseObject(line);
      if (value !== undefined) yield value;
    }
  }
}
