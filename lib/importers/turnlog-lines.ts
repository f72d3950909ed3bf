// What exportTo() wrote as a record a line: a session, then its messages. The first reading looks for the lines of sessions, and
// parses no others.
import { giveWay } from "../base/turn.ts";
import type { OnProblem } from "./importer.ts";
import { parseObject, textIn } from "./importer.ts";
import { linesOf } from "./source.ts";

/** Undefined: it is no message. */
export type ExportedMessage = Record<string, unknown> | undefined;

/** What a session says of itself, and how its messages are read. */
export interface ExportedHead {
  /** Which one of the file, from 1. */
  readonly number: number;
  readonly members: ReadonlyMap<string, unknown>;
  readonly messages: () => AsyncIterable<ExportedMessage>;
}

/** A message that speaks of such a thing is looked at, too. */
const MAY_BE_HEAD = /"type"\s*:\s*"(?:session|damaged)"/;

/** True if the first line is a session's. pi has such lines, too, which say when it began in another way. */
export function isLines(text: string): boolean {
  const [first = ""] = text.trimStart().split("\n", 1);
  return headOf(first) !== undefined;
}

function headOf(text: string): Record<string, unknown> | undefined {
  const value = MAY_BE_HEAD.test(text) ? parseObject(text) : undefined;
  return value?.["type"] === "session" && textIn(value, "createdAt") !== undefined && !("data" in value)
    ? value
    : undefined;
}

export async function* headsInLines(path: string, onProblem: OnProblem): AsyncGenerator<ExportedHead> {
  let number = 0;
  let head: { members: Map<string, unknown>; offset: number } | undefined;
  const ended = function* (): Generator<ExportedHead> {
    if (head === undefined) return;
    const { members, offset } = head;
    yield { number: ++number, members, messages: () => messagesAfter(path, offset) };
  };
  for await (const { text, offset, isOpen, number: line } of linesOf(path)) {
    await giveWay();
    const value = text === undefined || !MAY_BE_HEAD.test(text) ? undefined : parseObject(text);
    if (value?.["type"] === "session" && !("data" in value)) {
      yield* ended();
      head = { members: new Map(Object.entries(value)), offset };
    } else if (value?.["type"] === "damaged" && !("data" in value))
      head?.members.set("damaged", textIn(value, "reason"));
    // A line without its newline may be whole.
    else if (isOpen && text !== undefined && parseObject(text) === undefined)
      onProblem(path, "it ends in the middle: what comes before that is taken over", line);
  }
  yield* ended();
}

/** Those of the session whose line begins at this byte. */
async function* messagesAfter(path: string, offset: number): AsyncGenerator<ExportedMessage> {
  for await (const line of linesOf(path, offset)) {
    if (line.offset === offset) continue;
    const value = line.text === undefined ? undefined : parseObject(line.text);
    const type = value?.["type"];
    if (type === "session") return;
    // The end that is torn was told of.
    if (type === "damaged" || (value === undefined && line.isOpen)) continue;
    yield value;
  }
}
