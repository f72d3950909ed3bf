// A session for people, as a Markdown document.
import type { Entry } from "../base/entry.ts";
import { blocksOf, mediaBytes, roleOf } from "./content.ts";
import type { Block, Media } from "./content.ts";
import type { Exporter, OutgoingSession, Sessions, Text } from "./exporter.ts";
import { fileName } from "./file-name.ts";
import { gathered, inputText, sizeText, speakerText, timeText } from "./lines.ts";
import { fenced, html, inline, markdownOf } from "./markdown-text.ts";

/** Longer than what a parser takes for a link. */
const MOST_LINK = 2000;

export const markdown: Exporter = {
  ending: ".md",
  async *all(sessions: Sessions): Text {
    let separator = "";
    for await (const session of sessions) {
      yield separator;
      separator = "\n";
      yield* textOf(session);
    }
  },
  async into(folder, sessions) {
    for await (const session of sessions) await folder.write(`${fileName(session.info.id)}.md`, textOf(session));
  },
};

async function* textOf(session: OutgoingSession): Text {
  const { info } = session;
  yield `# ${inline(info.title ?? "") || `Session ${inline(info.id)}`}\n\n`;
  const facts: [string, string | undefined][] = [
    ["Session", info.id],
    ["Project", info.project],
    ["Directory", info.directory],
    ["Tags", info.tags?.join(", ")],
    ["Begun", `${timeText(info.createdAt)} UTC`],
    ["Last written", `${timeText(info.updatedAt)} UTC`],
    ["Messages", info.messages.toLocaleString("en-US")],
    ["Part of", info.parent],
  ];
  for (const [name, value] of facts) if (value !== undefined && value !== "") yield `- ${name}: ${inline(value)}\n`;
  if (info.summary !== undefined && info.summary.trim() !== "") {
    yield "\n";
    const summary = [...markdownOf(info.summary)].join("").trimEnd();
    for (const line of summary.split("\n")) yield `> ${line}\n`;
  }
  for await (const entry of session.messages("reference")) yield* gathered(messageText(entry));
  if (session.damaged !== undefined)
    yield `\n**The session could not be read any further:** ${inline(session.damaged)}\n`;
}

function* messageText(entry: Entry): Generator<string> {
  const mark = entry.altered === true ? " · altered after it was written" : "";
  const blocks = blocksOf(entry);
  yield `\n## ${inline(speakerText(roleOf(entry.data), blocks))} · ${timeText(entry.at)}${mark}\n`;
  for (const block of blocks) {
    yield "\n";
    yield* blockText(block);
  }
}

function* blockText(block: Block): Generator<string> {
  switch (block.kind) {
    case "text":
      yield* markdownOf(block.text);
      break;
    case "reasoning":
      yield* folded("Reasoning", "", fenced(block.text === "" ? "(encrypted)" : block.text, "text"));
      break;
    case "call": {
      const { text, isJson } = inputText(block.input);
      yield* folded("Tool call", block.name, text === "" ? [] : fenced(text, isJson ? "json" : "text"));
      break;
    }
    case "result":
      yield* folded(block.isError ? "Tool error" : "Tool result", block.name ?? "", resultText(block.content));
      break;
    case "image":
    case "file":
      yield mediaText(block.kind === "image" ? "Image" : "File", block.media);
      if (block.kind === "file" && block.text !== undefined) yield* fenced(block.text, "text");
      break;
    case "other":
      yield* folded("Data", block.type, fenced(JSON.stringify(block.value, null, 2) ?? "", "json"));
  }
}

function* resultText(content: readonly Block[]): Generator<string> {
  let separator = "";
  for (const block of content) {
    yield separator;
    separator = "\n";
    // What a tool gives back is no Markdown.
    if (block.kind === "text") yield* fenced(block.text, "text");
    else yield* blockText(block);
  }
}

function* folded(what: string, name: string, content: Iterable<string>): Generator<string> {
  yield `<details>\n<summary>${what}${name === "" ? "" : ` <code>${html(name)}</code>`}</summary>\n\n`;
  yield* content;
  yield "\n</details>\n";
}

/** A link where it is one, and what is known of it. */
function mediaText(what: string, media: Media): string {
  const { mime, name, url, blob } = media;
  const bytes = mediaBytes(media);
  const facts = [mime, bytes === undefined ? undefined : sizeText(bytes), blob?.$blob].filter(
    (fact) => fact !== undefined,
  );
  const label = name === undefined || name === "" ? what : `${what} ${name}`;
  const note = facts.length === 0 ? "" : ` (${inline(facts.join(", "))})`;
  if (url === undefined) return `*${inline(label)}*${note}\n`;
  // A link is made of what is one for sure.
  const link = /^https?:\/\/[\w.~:/?#@!$&*+,;=%-]+$/.test(url) && url.length <= MOST_LINK ? url : undefined;
  const end = link === undefined ? `: ${inline(url)}` : `: <${link}>`;
  return `*${inline(label)}*${note}${end}\n`;
}
