// Text of messages as HTML: paragraphs, headings, lists, code, bold, and links that show where they lead. All else is shown as
// it was written. Whatever the text is, each `<` and `&` of it is escaped.
import { codeSpans, fenceAt, isClosing, outdented } from "./code.ts";
import type { Fence } from "./code.ts";
import { linesIn, piecesOf, visible } from "./lines.ts";

const ESCAPES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};
/** A longer line was not written by hand: nothing in it is taken for Markdown. */
const MOST_LINE = 16 * 1024;
const MOST_LEVEL = 4;
const MOST_LINK = 2000;

export function escape(text: string): string {
  return visible(text)
    .toWellFormed()
    .replace(/[&<>"']/g, (each) => ESCAPES[each] as string);
}

/** A code block; the bytes of a text of megabytes come piece by piece. */
export function* preHtml(text: string, language = ""): Generator<string> {
  yield `<pre${language === "" ? "" : ` data-language="${escape(language)}"`} dir="ltr"><code>`;
  for (const piece of piecesOf(text.replaceAll("\r\n", "\n").replace(/\n$/, ""))) yield escape(piece);
  yield "</code></pre>\n";
}

type Kind = "text" | "table";

/** A text that is Markdown, as most messages are, or plain. */
export function* textHtml(text: string): Generator<string> {
  let fence: Fence | undefined;
  let lines: string[] = [];
  let kind: Kind = "text";
  const flush = function* (): Generator<string> {
    if (lines.length > 0 && kind === "table") yield* tableHtml(lines);
    else if (lines.length > 0) {
      yield '<p dir="auto">';
      for (const [index, line] of lines.entries()) yield* lineHtml(index === 0 ? line : `\n${line}`);
      yield "</p>\n";
    }
    lines = [];
  };
  for (const line of linesIn(text)) {
    if (fence !== undefined) {
      if (!isClosing(line, fence.mark)) lines.push(outdented(line, fence.indent));
      else {
        yield* preHtml(lines.join("\n"), fence.language);
        lines = [];
        fence = undefined;
      }
      continue;
    }
    const begun = fenceAt(line);
    const special = begun === undefined ? specialHtml(line) : undefined;
    const next: Kind = line.trimStart().startsWith("|") ? "table" : "text";
    if (begun !== undefined || special !== undefined || line.trim() === "" || next !== kind) yield* flush();
    kind = next;
    fence = begun;
    if (special !== undefined) yield* special;
    else if (begun === undefined && line.trim() !== "") lines.push(line);
  }
  if (fence !== undefined) yield* preHtml(lines.join("\n"), fence.language);
  else yield* flush();
}

/** Lines of cells. Without the line that ends a head they were drawn in some other way, and are shown as they are. */
function* tableHtml(lines: readonly string[]): Generator<string> {
  const isHeaded = lines.length > 1 && cellsIn(lines[1] as string).every((cell) => /^:?-+:?$/.test(cell));
  if (!isHeaded) {
    yield* preHtml(lines.join("\n"));
    return;
  }
  yield '<div class="table"><table>\n';
  for (const [index, line] of lines.entries()) {
    if (index === 1) continue;
    yield "<tr>";
    for (const cell of cellsIn(line)) {
      yield index === 0 ? '<th dir="auto">' : '<td dir="auto">';
      yield* lineHtml(cell);
      yield index === 0 ? "</th>" : "</td>";
    }
    yield "</tr>\n";
  }
  yield "</table></div>\n";
}

function cellsIn(line: string): string[] {
  const inner = line
    .trim()
    .replace(/^\|/, "")
    .replace(/(?<!\\)\|$/, "");
  return inner.split(/(?<!\\)\|/).map((cell) => cell.replaceAll("\\|", "|").trim());
}

/** A line that is a block by itself. */
function specialHtml(line: string): Generator<string> | undefined {
  const [, marks, title] = /^ {0,3}(#{1,6})[ \t]+(.*)$/.exec(line) ?? [];
  if (marks !== undefined)
    return block(`h${Math.min(3, marks.length)}`, title?.trimEnd().replace(/(?<=^|[ \t])#+$/, "") ?? "");
  const [, indent = "", item] = /^([ \t]*)((?:[-*+•]|\d{1,9}[.)])[ \t]+\S.*)$/.exec(line) ?? [];
  if (item !== undefined) {
    const level = Math.min(MOST_LEVEL, Math.floor(indent.replaceAll("\t", "    ").length / 2));
    return block(`li l${level}`, item.replace(/^[-*+](?=[ \t])/, "•"));
  }
  const [, quoted] = /^ {0,3}>[ \t]?(.*)$/.exec(line) ?? [];
  if (quoted !== undefined) return block("q", quoted);
  return /^ {0,3}(?:-{3,}|\*{3,}|_{3,})[ \t]*$/.test(line) ? rule() : undefined;
}

function* block(name: string, text: string): Generator<string> {
  yield `<p class="${name}" dir="auto">`;
  yield* lineHtml(text);
  yield "</p>\n";
}

function* rule(): Generator<string> {
  yield "<hr>\n";
}

/** What is within a line. */
function* lineHtml(line: string): Generator<string> {
  if (line.length > MOST_LINE) {
    for (const piece of piecesOf(line)) yield escape(piece);
    return;
  }
  const spans = [...codeSpans(line)];
  const marks = spans.reduce((sum, { text, isCode }) => sum + (isCode ? 0 : text.split("**").length - 1), 0);
  // A mark without its other half is text.
  let left = marks - (marks % 2);
  let isBold = false;
  for (const { text, isCode } of spans) {
    if (isCode) {
      yield codeHtml(text);
      continue;
    }
    const pieces = text.split("**");
    for (const [index, piece] of pieces.entries()) {
      yield linksHtml(piece);
      if (index === pieces.length - 1) continue;
      if (left === 0) yield "**";
      else {
        left--;
        isBold = !isBold;
        yield isBold ? "<strong>" : "</strong>";
      }
    }
  }
}

function codeHtml(span: string): string {
  const marks = (/^`+/.exec(span) as RegExpExecArray)[0].length;
  const inner = span.slice(marks, -marks);
  const isPadded = inner.startsWith(" ") && inner.endsWith(" ") && inner.trim() !== "";
  return `<code>${escape(isPadded ? inner.slice(1, -1) : inner)}</code>`;
}

/** An address of the web is a link that shows all of itself. */
function linksHtml(text: string): string {
  let out = "";
  let from = 0;
  for (const { 0: found, index } of text.matchAll(/https?:\/\/[\w.~:/?#@!$&*+,;=%()-]+/g)) {
    if (found.length > MOST_LINK) continue;
    const url = found.slice(0, endOfLink(found));
    if (!/^https?:\/\/\w/.test(url)) continue;
    const link = escape(url);
    out += `${escape(text.slice(from, index))}<a href="${link}" rel="noopener noreferrer nofollow">${link}</a>`;
    from = index + url.length;
  }
  return out + escape(text.slice(from));
}

/** What ends a sentence, and the bracket that an address stands in, are not its own. */
function endOfLink(found: string): number {
  let open = found.split("(").length - found.split(")").length;
  let end = found.length;
  for (; end > 0; end--) {
    const last = found[end - 1] as string;
    if (last === ")" && open < 0) open++;
    else if (!".,;:!?*".includes(last)) break;
  }
  return end;
}
