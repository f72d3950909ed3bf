// Text of messages in a Markdown document: its lists, tables and code stay what they are, but nothing of it can pass for the
// document's own headings, run as HTML, fetch a picture, or leave a code block open.
//
// What is written is such that every parser agrees on what is code: each fence stands at the beginning of its line and is
// longer than any run of its character within, and no run of backticks is left without its other half on the line. So `<`
// is escaped everywhere but there.
import { codeSpans, fenceAt, isClosing, outdented } from "./code.ts";
import type { Fence } from "./code.ts";
import { linesIn, piecesOf, visible } from "./lines.ts";

/** Headings of a text are at least so deep: those above are the document's. */
const HEADING = 3;
const MOST_HEADING = 6;
/** A longer line was not written by hand: nothing in it is taken for Markdown. */
const MOST_LINE = 16 * 1024;

/** A code block. The newline that ends a text makes no line of its own. */
export function fenced(text: string, language = ""): Generator<string> {
  return block([...linesIn(text.replace(/\r?\n$/, ""))], language);
}

function* block(lines: readonly string[], language: string): Generator<string> {
  let longest = 2;
  for (const line of lines) for (const [run] of line.matchAll(/`{3,}/g)) longest = Math.max(longest, run.length);
  const fence = "`".repeat(longest + 1);
  yield `${fence}${language}\n`;
  for (const line of lines) yield `${visible(line)}\n`;
  yield `${fence}\n`;
}

/** A text that is Markdown, as most messages are, or plain. */
export function* markdownOf(text: string): Generator<string> {
  let fence: Fence | undefined;
  let code: string[] = [];
  for (const line of linesIn(text)) {
    if (fence !== undefined) {
      if (!isClosing(line, fence.mark)) code.push(outdented(line, fence.indent));
      else {
        yield* block(code, fence.language);
        fence = undefined;
      }
      continue;
    }
    fence = fenceAt(line);
    code = [];
    if (fence !== undefined) continue;
    // Under a line of text it would make that a heading.
    if (/^ {0,3}-+[ \t]*$/.test(line)) yield "\n";
    if (line.length > MOST_LINE) for (const piece of piecesOf(line)) yield plain(piece);
    else yield lineOf(line);
    yield "\n";
  }
  // It was never closed: what comes after it is not code.
  if (fence !== undefined) yield* block(code, fence.language);
}

/** A text as part of one line of the document's own. */
export function inline(text: string): string {
  const line = visible(text.replace(/\s+/g, " ").trim());
  return line
    .replace(/[\\`*_~[\]#|!]/g, "\\$&")
    .replace(/&/g, "&amp;")
    .replace(/</g, "&lt;")
    .replace(/>/g, "&gt;");
}

/** A text within an HTML tag of the document's own. */
export function html(text: string): string {
  const line = visible(text.replace(/\s+/g, " ").trim());
  return line.replace(/[&<>"'`*_~[\]\\|!]/g, (each) => `&#${each.charCodeAt(0)};`);
}

function plain(piece: string): string {
  return visible(piece)
    .replace(/[\\`[]/g, "\\$&")
    .replaceAll("<", "&lt;");
}

function lineOf(line: string): string {
  const shown = visible(line);
  const [, indent = "", marks, rest = ""] = /^( {0,3})(#{1,6})([ \t].*|)$/.exec(shown) ?? [];
  if (marks !== undefined) {
    return indent + "#".repeat(Math.min(MOST_HEADING, marks.length + HEADING - 1)) + spans(rest);
  }
  // Under a line of text it would make that a heading.
  if (/^ {0,3}=+[ \t]*$/.test(shown)) return shown.replace("=", "\\=");
  return spans(shown);
}

/** What is on one line: code stays, HTML and pictures do not. */
function spans(line: string): string {
  if (!/[`<]|!\[/.test(line)) return line;
  // Cells of a table end within code, too.
  const isCodeSafe = !line.includes("|");
  let out = "";
  for (const { text, isCode } of codeSpans(line)) {
    if (isCode) out += isCodeSafe ? text : text.replaceAll("<", "&lt;").replaceAll("![", "&#33;[");
    // An escaped `<` is text for some parsers only.
    else
      out += text.replace(/\\([!-/:-@[-`{-~])|`|<|!(?=\[)/g, (found, escaped) => {
        if (found === "<" || escaped === "<") return "&lt;";
        return escaped === undefined ? `\\${found}` : found;
      });
  }
  return out;
}
