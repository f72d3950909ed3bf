// What an untitled session is found by: the beginning of the first thing that a user said in it.
import type { OpenFile } from "../../disk/descriptors.ts";
import { decodeLine } from "../../line/decode.ts";
import type { Reading } from "../../line/reading.ts";

/** A prompt comes early: in one of so many messages, or in a part of it. */
export const PROMPT_MESSAGES = 8;
const MOST_ITEMS = 8;
const MOST_LINE_BYTES = 1024 * 1024;
const MOST_CHARACTERS = 200;
/** Roles of those who do not ask. */
const NO_PROMPT: ReadonlySet<unknown> = new Set(["system", "developer", "assistant", "tool"]);

/** `files` by the logs' numbers. Undefined: nobody has said anything. */
export function promptOf(fold: Reading, files: readonly OpenFile[]): string | undefined {
  const { rows } = fold;
  const read = (row: number): unknown => {
    const length = rows.sizeOf(row);
    if (length > MOST_LINE_BYTES) return undefined;
    const bytes = Buffer.allocUnsafe(length);
    const { file } = files[rows.logOf(row)] as OpenFile;
    const count = file.read(bytes, 0, length, rows.offsetOf(row));
    return decodeLine(bytes, 0, count)?.data;
  };
  for (const message of fold.history.slice(0, Math.min(PROMPT_MESSAGES, fold.history.length))) {
    const data = read(message);
    if (NO_PROMPT.has((data as { role?: unknown } | undefined)?.role)) continue;
    const parts = rows.hasParts(message) ? rows.partsOf(message).filter((row) => rows.isAlive(row)) : [];
    const text = wordsIn(data) ?? parts.map((row) => wordsIn(read(row))).find((each) => each !== undefined);
    if (text !== undefined)
      return Array.from(text.slice(0, MOST_CHARACTERS * 2))
        .slice(0, MOST_CHARACTERS)
        .join("");
  }
  return undefined;
}

/** The first text of a message or part, in the shapes that agents use: a text, {text}, {content}, {parts}, lists of these. */
function wordsIn(value: unknown): string | undefined {
  if (typeof value === "string") return value.trim() === "" ? undefined : value.trim();
  if (Array.isArray(value)) {
    for (const each of value.slice(0, MOST_ITEMS)) {
      const words = wordsIn(each);
      if (words !== undefined) return words;
    }
    return undefined;
  }
  if (typeof value !== "object" || value === null) return undefined;
  const { text, content, parts } = value as { text?: unknown; content?: unknown; parts?: unknown };
  return [text, content, parts].map((each) => wordsIn(each)).find((each) => each !== undefined);
}
