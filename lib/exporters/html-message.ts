// One message of a page: who speaks and when, then its pieces. What tools were given and gave back is folded.
import type { Entry } from "../base/entry.ts";
import { blocksOf, mediaBytes, roleOf } from "./content.ts";
import type { Block, Media } from "./content.ts";
import { escape, preHtml, textHtml } from "./html-text.ts";
import { inputText, sizeText, speakerText, timeText } from "./lines.ts";
import { pictureOf } from "./picture.ts";

const HINT_CHARACTERS = 110;
/** Styles know these; whatever else speaks looks like a system's message. */
const VOICES: ReadonlySet<string> = new Set(["user", "assistant", "tool"]);

let segmenter: Intl.Segmenter | undefined;

export interface PageMessage {
  readonly html: Iterable<string>;
  /** The beginning of what a person asked. */
  readonly prompt: string | undefined;
}

export function messageHtml(entry: Entry, number: number): PageMessage {
  const blocks = blocksOf(entry);
  const speaker = speakerText(roleOf(entry.data), blocks);
  const said =
    speaker === "User" ? blocks.find((block) => block.kind === "text" && block.text.trim() !== "") : undefined;
  return {
    html: articleHtml(entry, number, speaker, blocks),
    prompt: said?.kind === "text" ? firstLine(said.text) : undefined,
  };
}

function* articleHtml(
  { at, altered }: Entry,
  number: number,
  speaker: string,
  blocks: readonly Block[],
): Generator<string> {
  const name = speaker.toLowerCase();
  const time = timeText(at);
  yield `<article class="${VOICES.has(name) ? name : "system"}" id="m${number}">\n<header><bdi class="role">${escape(speaker)}</bdi>`;
  if (altered === true) yield '<span class="altered">altered after it was written</span>';
  yield `<a class="at" href="#m${number}"><time datetime="${escape(at.slice(0, 24))}" title="${escape(time)} UTC">`;
  yield `${escape(time.slice(11, 16))}</time></a></header>\n`;
  for (const block of blocks) yield* blockHtml(block);
  yield "</article>\n";
}

function* blockHtml(block: Block): Generator<string> {
  switch (block.kind) {
    case "text":
      yield* textHtml(block.text);
      break;
    case "reasoning":
      if (block.text === "") yield '<p class="note">Reasoning, encrypted</p>\n';
      else yield* folded("reasoning", "Reasoning", "", firstLine(block.text), textHtml(block.text));
      break;
    case "call": {
      const { text, isJson } = inputText(block.input);
      yield* folded("call", "Tool", block.name, hintOf(block.input), preHtml(text, isJson ? "json" : ""));
      break;
    }
    case "result": {
      const text = block.content.find(({ kind }) => kind === "text");
      const hint = text?.kind === "text" ? firstLine(text.text) : "";
      const what = block.isError ? "Error" : "Result";
      yield* folded(block.isError ? "result error" : "result", what, block.name ?? "", hint, resultHtml(block.content));
      // A picture that a tool took is what one looks for.
      for (const each of block.content) if (each.kind === "image") yield* mediaHtml("Image", each.media);
      break;
    }
    case "image":
      yield* mediaHtml("Image", block.media);
      break;
    case "file":
      yield* mediaHtml("File", block.media);
      if (block.text !== undefined) yield* folded("result", "Text", "", firstLine(block.text), preHtml(block.text));
      break;
    case "other": {
      const text = JSON.stringify(block.value, null, 2) ?? "";
      yield* folded("other", "Data", block.type, firstLine(text.replace(/\s+/g, " ")), preHtml(text, "json"));
    }
  }
}

function* resultHtml(content: readonly Block[]): Generator<string> {
  for (const block of content) {
    // What a tool gives back is no Markdown.
    if (block.kind === "text") yield* preHtml(block.text);
    else if (block.kind !== "image") yield* blockHtml(block);
  }
}

function* folded(kind: string, what: string, name: string, hint: string, content: Iterable<string>): Generator<string> {
  yield `<details class="${kind}"><summary><span class="what">${what}</span>`;
  if (name !== "") yield `<code>${escape(shorten(name))}</code>`;
  yield `${hint === "" ? "" : `<span class="hint" dir="auto">${escape(hint)}</span>`}</summary>\n<div class="in">\n`;
  yield* content;
  yield "</div></details>\n";
}

function* mediaHtml(what: string, media: Media): Generator<string> {
  const { mime, name, url, blob } = media;
  const bytes = mediaBytes(media);
  const picture = pictureOf(media);
  const facts = [
    name === "" ? undefined : name,
    picture?.mime ?? mime,
    bytes === undefined ? undefined : sizeText(bytes),
    url,
    blob?.$blob,
  ]
    .filter((fact) => fact !== undefined)
    .map((fact) => `<bdi>${escape(fact.slice(0, 500))}</bdi>`);
  const caption = [`<span class="what">${what}</span>`, ...facts].join(" ");
  if (picture === undefined) {
    yield `<p class="media">${caption}</p>\n`;
    return;
  }
  yield `<figure><img alt="${escape(name ?? what)}" loading="lazy" decoding="async" src="data:${picture.mime};base64,`;
  yield* picture.pieces();
  yield `"><figcaption>${caption}</figcaption></figure>\n`;
}

/** What a call is about: most often the first text that the tool was given. */
function hintOf(input: unknown): string {
  if (typeof input === "string") {
    const { text, isJson } = inputText(input);
    return isJson ? hintOf(JSON.parse(text)) : firstLine(text);
  }
  if (typeof input !== "object" || input === null) return input === undefined ? "" : JSON.stringify(input);
  const text = Object.values(input).find((value) => typeof value === "string" && value.trim() !== "");
  return text === undefined ? "" : firstLine(text as string);
}

function firstLine(text: string): string {
  const start = text.slice(0, HINT_CHARACTERS * 8).trimStart();
  return shorten(start.split(/[\r\n]/, 1)[0] as string);
}

function shorten(text: string): string {
  if (text.length <= HINT_CHARACTERS) return text.trim();
  const start = text.slice(0, HINT_CHARACTERS - 1);
  if (/^[ -~]*$/.test(text.slice(0, HINT_CHARACTERS))) return `${start.trim()}…`;
  // No character is cut in two, whatever it is made of.
  segmenter ??= new Intl.Segmenter();
  let end = 0;
  let count = 0;
  for (const { segment, index } of segmenter.segment(text.slice(0, HINT_CHARACTERS * 4))) {
    if (++count === HINT_CHARACTERS) return `${text.slice(0, end).trim()}…`;
    end = index + segment.length;
  }
  return text.slice(0, end).trim();
}
