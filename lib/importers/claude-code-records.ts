// The lines of a Claude Code transcript, and what they are.
import { isObject } from "../base/object.ts";
import type { ReadyJson } from "../store/write/prepare.ts";
import type { OnProblem } from "./importer.ts";
import { isShallow, parseAnyObject, parseObject, textIn } from "./importer.ts";
import { readyJson } from "./ready-json.ts";
import { lineAt, linesByChunk, textOf } from "./source.ts";
import type { SourceLine } from "./source-lines.ts";

/** Where a line stands in the file; a text: the line itself, of a file that is one JSON value. */
type Where = { readonly offset: number; readonly length: number } | string;

export class RawRecord {
  readonly line: number;
  readonly value: Record<string, unknown>;
  readonly text: string;
  readonly where: Where;

  constructor(line: number, value: Record<string, unknown>, text: string, where: Where) {
    this.line = line;
    this.value = value;
    this.text = text;
    this.where = where;
  }

  /** As JSON that is taken as it stands; undefined: it is not to be. */
  ready(): ReadyJson | undefined {
    return readyJson(this.text, this.value);
  }
}

/** What was said: by whom, and in which words. */
export interface Saying {
  readonly role: "user" | "assistant";
  readonly message: Record<string, unknown>;
}

/** What a line of a conversation says; undefined: it is of the harness or the terminal. */
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
export function isPrompt(value: Record<string, unknown>, saying: Saying): boolean {
  if (saying.role !== "user" || value["isMeta"] === true || value["toolUseResult"] !== undefined) return false;
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

/** All lines that are objects, in order, piece by piece. What is not is told of, and the others go on. */
export async function* recordsOf(path: string, onProblem: OnProblem): AsyncGenerator<Iterable<RawRecord>> {
  if (path.endsWith(".json")) yield recordsIn(logLines(textOf(path)));
  else for await (const lines of linesByChunk(path)) yield recordsAt(path, lines, onProblem);
}

function* recordsIn(values: readonly Record<string, unknown>[]): Generator<RawRecord> {
  for (const [index, value] of values.entries()) {
    const text = JSON.stringify(value);
    yield new RawRecord(index + 1, value, text, text);
  }
}

function* recordsAt(path: string, lines: Iterable<SourceLine>, onProblem: OnProblem): Generator<RawRecord> {
  for (const line of lines) {
    const { number, text, isOpen, offset, length } = line;
    const value = text === undefined ? undefined : parseAnyObject(text);
    // Nobody looks into one that has a name.
    if (value !== undefined && (typeof value["uuid"] === "string" || isShallow(value)))
      // Where it lies is remembered for long, and not what it says.
      yield new RawRecord(number, value, text as string, { offset, length });
    // The last line may be one that Claude Code is writing just now: the next import takes it.
    else onProblem(path, isOpen ? "a torn line at the end" : "no record: it is no JSON object", number);
  }
}

/** The line that was read there. */
export function textAt(path: string, where: Where): string {
  return typeof where === "string" ? where : lineAt(path, where.offset, where.length);
}

/** The records of a session that was downloaded as one JSON value: {"loglines":[...]}. */
export function logLines(text: string): Record<string, unknown>[] {
  const lines = parseObject(text)?.["loglines"];
  return Array.isArray(lines) ? lines.filter(isObject) : [];
}
