// A session for people, as a page of its own: it loads nothing and runs nothing, whatever the messages say. Its policy allows
// no source but the one style and pictures that are within the page; the rest is that every text is escaped.
import { createHash } from "node:crypto";
import type { SessionInfo } from "../base/session-info.ts";
import type { Exporter, Folder, OutgoingSession, Sessions, Text } from "./exporter.ts";
import { fileName } from "./file-name.ts";
import { messageHtml } from "./html-message.ts";
import { STYLE } from "./html-style.ts";
import { escape, textHtml } from "./html-text.ts";
import { gathered, timeText } from "./lines.ts";

/** So many prompts are listed, from the first on: a list that nobody reads to its end is not kept in memory. */
const MOST_PROMPTS = 1000;
const STYLE_HASH = createHash("sha256").update(STYLE).digest("base64");
const POLICY = `default-src 'none'; style-src 'sha256-${STYLE_HASH}'; img-src data:; base-uri 'none'; form-action 'none'`;

export const html: Exporter = {
  ending: ".html",
  one: pageOf,
  async into(folder, sessions) {
    await folder.write("index.html", indexOf(folder, sessions));
  },
};

function headOf(title: string): string {
  return `<!doctype html>
<html>
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<meta name="referrer" content="no-referrer">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escape(title)}</title>
<style>${STYLE}</style>
</head>
`;
}

/** The pages are written while the index is, which gets its name when all of them are there. */
async function* indexOf(folder: Folder, sessions: Sessions): Text {
  yield `${headOf("Sessions")}<body class="index">\n<header class="top"><h1>Sessions</h1></header>\n<main>\n<ol class="sessions">\n`;
  for await (const session of sessions) {
    const { info } = session;
    const name = fileName(info.id);
    await folder.write(`${name}.html`, pageOf(session));
    const facts = [timeText(info.updatedAt).slice(0, 16), info.project, count(info.messages)];
    yield `<li><a href="${name}.html" dir="auto">${escape(titleOf(info))}</a><p class="facts">${factsHtml(facts)}</p></li>\n`;
  }
  yield "</ol>\n</main>\n</body>\n</html>\n";
}

async function* pageOf(session: OutgoingSession): Text {
  const { info } = session;
  const title = titleOf(info);
  yield `${headOf(title)}<body>\n<div class="bar" aria-hidden="true"><a href="#top" dir="auto" tabindex="-1">${escape(title)}</a></div>\n`;
  yield `<header class="top" id="top">\n<h1 dir="auto">${escape(title)}</h1>\n`;
  yield `<p class="facts">${factsHtml([`${timeText(info.createdAt).slice(0, 16)} UTC`, info.project, count(info.messages)])}</p>\n`;
  const more: (string | undefined)[] = [info.id, info.directory, ...(info.tags ?? []).map((tag) => `#${tag}`)];
  yield `<p class="facts more">${factsHtml(more)}</p>\n`;
  if (info.summary !== undefined && info.summary.trim() !== "") {
    yield '<div class="summary">';
    yield* textHtml(info.summary);
    yield "</div>\n";
  }
  yield "</header>\n<main>\n";
  const prompts: [number, string][] = [];
  let number = 0;
  let day = "";
  for await (const entry of session.messages()) {
    number++;
    const today = entry.at.slice(0, 10);
    if (today !== day) yield `<p class="day"><time datetime="${escape(today)}">${escape(today)}</time></p>\n`;
    day = today;
    const message = messageHtml(entry, number);
    if (message.prompt !== undefined && prompts.length < MOST_PROMPTS) prompts.push([number, message.prompt]);
    yield* gathered(message.html);
  }
  if (session.damaged !== undefined)
    yield `<p class="broken">The session could not be read any further: ${escape(session.damaged)}</p>\n`;
  yield "</main>\n";
  if (prompts.length > 1) {
    yield '<nav aria-labelledby="prompts">\n<h2 id="prompts">Prompts</h2>\n<ol>\n';
    for (const [at, prompt] of prompts) yield `<li><a href="#m${at}" dir="auto">${escape(prompt)}</a></li>\n`;
    yield "</ol>\n</nav>\n";
  }
  yield "</body>\n</html>\n";
}

function titleOf({ title, id }: SessionInfo): string {
  return title === undefined || title.trim() === "" ? id : title;
}

function count(messages: number): string {
  return `${messages.toLocaleString("en-US")} message${messages === 1 ? "" : "s"}`;
}

function factsHtml(facts: readonly (string | undefined)[]): string {
  return facts
    .filter((fact) => fact !== undefined && fact.trim() !== "")
    .map((fact) => `<bdi>${escape(fact as string)}</bdi>`)
    .join(" ");
}
