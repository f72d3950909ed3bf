// The lines of a message that came from Claude Code: the import kept each but for its words, which are the message's.
import { isObject } from "../base/object.ts";
import type { Line } from "./claude-code-native.ts";

/** Undefined: it is no such message, or was changed here in a way that its lines do not fit any more. */
export function keptLines({ content, blocks, records }: Readonly<Record<string, unknown>>): Line[] | undefined {
  if (!Array.isArray(records) || records.length === 0 || !records.every(isLine)) return undefined;
  if (records.length === 1) return [withContent(records[0] as Line, content)];
  if (!Array.isArray(content) || !Array.isArray(blocks) || blocks.length !== records.length) return undefined;
  const ends: number[] = [];
  for (const count of blocks as unknown[]) {
    if (typeof count !== "number") return undefined;
    ends.push((ends.at(-1) ?? 0) + count);
  }
  if (ends.at(-1) !== content.length) return undefined;
  return (records as Line[]).map((record, index) =>
    withContent(record, content.slice(index === 0 ? 0 : ends[index - 1], ends[index])),
  );
}

function isLine(value: unknown): boolean {
  return isObject(value) && ("message" in value || "attachment" in value || "type" in value);
}

function withContent(line: Line, content: unknown): Line {
  const { message, type } = line;
  // A prompt that waited in the queue is whole, and so is what is no message.
  return type === "attachment" || !isObject(message) ? line : { ...line, message: { ...message, content } };
}
