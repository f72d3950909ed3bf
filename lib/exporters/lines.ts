// Texts on their way to people, line by line and in pieces: a text of many megabytes holds up nobody.

import type { Block } from "./blocks.ts";

/** So much of a line is taken at a time. */
const PIECE = 64 * 1024;

/** The lines of a text, whatever ends them: of the two separators of Unicode some parsers think so, and some do not. */
export function* linesIn(text: string): Generator<string> {
  const ends = /\r\n|[\n\r\u2028\u2029]/g;
  let from = 0;
  for (let end = ends.exec(text); end !== null; end = ends.exec(text)) {
    yield text.slice(from, end.index);
    from = ends.lastIndex;
  }
  yield text.slice(from);
}

/** A text in pieces, none of which ends within a character. */
export function* piecesOf(text: string): Generator<string> {
  for (let from = 0; from < text.length;) {
    let end = Math.min(text.length, from + PIECE);
    const last = text.charCodeAt(end - 1);
    if (end < text.length && last >= 0xd800 && last <= 0xdbff) end++;
    yield text.slice(from, end);
    from = end;
  }
}

/** Small pieces, put together: each that is handed on costs more than its text. */
export function* gathered(pieces: Iterable<string>): Generator<string> {
  let text = "";
  for (const piece of pieces) {
    text += piece;
    if (text.length < PIECE) continue;
    yield text;
    text = "";
  }
  yield text;
}

/** What must reach no terminal and no parser as it is: control characters but newline and tab; they are shown. */
// oxlint-disable-next-line no-control-regex -- control characters are what it is for
const CONTROLS = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]/g;

export function visible(text: string): string {
  return text.replace(CONTROLS, (each) => {
    const code = each.charCodeAt(0);
    return code < 0x20 ? String.fromCharCode(0x2400 + code) : code === 0x7f ? "\u2421" : "\ufffd";
  });
}

/** What a tool was given, laid out for people. */
export function inputText(input: unknown): { text: string; isJson: boolean } {
  if (input === undefined || input === null || input === "") return { text: "", isJson: false };
  if (typeof input !== "string") return { text: JSON.stringify(input, null, 2), isJson: true };
  try {
    const value: unknown = JSON.parse(input);
    if (typeof value === "object" && value !== null) return { text: JSON.stringify(value, null, 2), isJson: true };
  } catch {
    // A patch, a command: it is shown as it is.
  }
  return { text: input, isJson: false };
}

/** `512 bytes`, `12.3 kB`: three figures at most. */
export function sizeText(bytes: number): string {
  if (bytes < 1000) return `${bytes} bytes`;
  const power = Math.min(4, Math.floor(Math.log10(bytes) / 3));
  return `${Number((bytes / 1000 ** power).toPrecision(3))} ${["", "kB", "MB", "GB", "TB"][power]}`;
}

/** `2026-11-21 09:08:13`, of a stamp or an ISO time. */
export function timeText(at: string): string {
  return `${at.slice(0, 10)} ${at.slice(11, 19)}`;
}

const ROLES: Readonly<Record<string, string>> = {
  user: "User",
  assistant: "Assistant",
  model: "Assistant",
  gemini: "Assistant",
  system: "System",
  developer: "Developer",
  tool: "Tool",
  toolResult: "Tool",
};

/** Who speaks, for people; a role of nobody's is shown as it is. A message with nothing but what tools gave back is theirs. */
export function speakerText(role: string, blocks: readonly Block[]): string {
  if (blocks.length > 0 && blocks.every(({ kind }) => kind === "result")) return "Tool";
  return Object.hasOwn(ROLES, role) ? (ROLES[role] as string) : role;
}
