// A message as people read it on a terminal: who speaks, the words, and a line for each thing that is no words.
import { blocksOf, mediaBytes, roleOf } from "../lib/content.ts";
import type { Block } from "../lib/content.ts";
import type { Entry } from "../lib/index.ts";
import { oneLine, printable, shorten } from "./text.ts";

const SUMMARY_CHARACTERS = 120;

/** The role, or what comes closest. */
export function speakerOf(data: Entry["data"]): string {
  return oneLine(roleOf(data));
}

/** The lines of a message and its parts. */
export function wordsOf(entry: Entry): string {
  return blocksOf(entry)
    .map(blockText)
    .filter((text) => text !== "")
    .join("\n");
}

function blockText(block: Block): string {
  const { type } = block;
  switch (block.kind) {
    case "text":
      return printable(block.text).trimEnd();
    case "reasoning":
      return summary(type, block.text);
    case "call":
      return summary(`${type || "tool_call"} ${block.name}`, block.input ?? "");
    case "result":
      return summary(
        block.isError ? `${resultType(type)}, error` : resultType(type),
        block.content.map(flat).join(" "),
      );
    case "image":
    case "file":
      return `[${type}${factsOf(block)}]`;
    default:
      return summary(oneLine(type), block.value);
  }
}

/** Some tools have one type for what a tool is given and what it gives back. */
function resultType(type: string): string {
  return /result|output|response/i.test(type) ? type : `${type || "tool"} result`;
}

/** What a tool gave back, its texts only. */
function flat(block: Block): string {
  if (block.kind === "text") return block.text;
  return block.kind === "other" ? JSON.stringify(block.value) : `[${block.type}]`;
}

function factsOf({ media }: Block & { kind: "image" | "file" }): string {
  const bytes = mediaBytes(media);
  const size = bytes === undefined ? undefined : `${bytes.toLocaleString("en-US")} bytes`;
  const facts = [media.name, media.mime, size].filter((fact) => fact !== undefined && fact !== "");
  return facts.length === 0 ? "" : ` ${shorten(oneLine(facts.join(", ")), SUMMARY_CHARACTERS)}`;
}

/** One line: what it is, and the beginning of what it holds. */
function summary(what: string, value: unknown): string {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  const start = shorten(oneLine(text.slice(0, SUMMARY_CHARACTERS * 4)), SUMMARY_CHARACTERS);
  return what === "" ? start : `[${oneLine(what)}]${start === "" ? "" : ` ${start}`}`;
}
