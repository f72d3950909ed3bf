// The messages of one picoclaw file, whichever kind it is of.
import type { OnProblem } from "./importer.ts";
import { parseObject, textIn } from "./importer.ts";
import type { LegacyFile, LogFile } from "./picoclaw-files.ts";
import { linesOf } from "./source.ts";

export interface Message {
  /** Its position in the file, as `skip` counts: lines that are not blank, whole or not. */
  readonly index: number;
  /** The number of its line in the file, from 1; of a legacy file, of the message. */
  readonly line: number;
  readonly data: Record<string, unknown>;
}

/** Every message begins so: picoclaw writes its fields in one order. */
const MESSAGE_START = '{"role":';

export async function* readMessages(file: LegacyFile | LogFile, onProblem: OnProblem): AsyncGenerator<Message> {
  if ("messages" in file) {
    for (const [index, data] of file.messages.entries()) if (!isTransient(data)) yield { index, line: index + 1, data };
    return;
  }
  let index = 0;
  for await (const { number, text } of linesOf(file.path)) {
    const data = text === undefined ? undefined : parse(text, (reason) => onProblem(file.path, reason, number));
    if (text === undefined) onProblem(file.path, "longer than any message", number);
    if (data !== undefined && !isTransient(data)) yield { index, line: number, data };
    index++;
  }
}

/** A torn write is glued to the message that was appended next, which is whole. */
function parse(text: string, onProblem: (reason: string) => void): Record<string, unknown> | undefined {
  const whole = parseObject(text);
  if (whole !== undefined) return whole;
  const start = text.lastIndexOf(MESSAGE_START);
  const glued = start > 0 ? parseObject(text.slice(start)) : undefined;
  onProblem(
    glued === undefined
      ? "no message: a torn or damaged line"
      : "a torn write; the message that was glued to it is whole and was taken over",
  );
  return glued;
}

/** picoclaw neither shows nor keeps an answer that has nothing but its reasoning. */
function isTransient(message: Record<string, unknown>): boolean {
  const has = (key: string): boolean => Array.isArray(message[key]) && message[key].length > 0;
  return (
    message["role"] === "assistant" &&
    textIn(message, "reasoning_content") !== undefined &&
    (textIn(message, "content")?.trim() ?? "") === "" &&
    !has("tool_calls") &&
    !has("media") &&
    !has("attachments")
  );
}
