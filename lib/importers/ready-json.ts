// JSON text that was parsed and is to be written again: it is copied as it stands, which costs less than to make it anew.
import type { ReadyJson } from "../store/write/prepare.ts";

type Fields = Readonly<Record<string, unknown>>;

const QUOTE = 34;
const COMMA = 44;
const COLON = 58;
const OPEN_ARRAY = 91;
const BACKSLASH = 92;
const CLOSE_ARRAY = 93;
const OPEN_OBJECT = 123;
const CLOSE_OBJECT = 125;
/** A surrogate, which can be a lone one, or a character of what looks like an attachment's reference. */
const UNREADY_ESCAPE = /\\u(?:[dD]|0024)/;
const BLOB_KEY = "$blob";
/** Levels that may be below a value that is ready: some more stand around it. */
const MOST_LEVELS = 190;

/** The text of a value, if it can be a part of a line's data as it stands. */
export function readyJson(text: string, value: object): ReadyJson | undefined {
  const hasEscape = text.includes(String.raw`\u`) && UNREADY_ESCAPE.test(text);
  if (hasEscape || text.includes(BLOB_KEY)) return undefined;
  longest = 0;
  return isShallow(value, 0) ? { text, longest } : undefined;
}

let longest = 0;

function isShallow(value: object, level: number): boolean {
  if (level === MOST_LEVELS) return false;
  if (Array.isArray(value)) {
    for (let at = 0; at < value.length; at++) if (!isShallowMember(value[at], level)) return false;
    return true;
  }
  for (const key in value) if (!isShallowMember((value as Fields)[key], level)) return false;
  return true;
}

function isShallowMember(member: unknown, level: number): boolean {
  if (typeof member === "string") {
    if (member.length > longest) longest = member.length;
    return true;
  }
  return typeof member !== "object" || member === null || isShallow(member, level + 1);
}

/** A text without one of its values, and that value. */
export interface Cut {
  readonly rest: string;
  readonly value: string;
}

/**
 * Cuts value.holder.key, with its key and its comma, out of the text that `value` was parsed from. What is left is JSON, and what
 * was cut, too. Undefined: there are blanks, or too much stands before it for it to be found.
 */
export function cutMember(text: string, value: Fields, holder: string, key: string): Cut | undefined {
  const inner = value[holder];
  if (typeof inner !== "object" || inner === null) return undefined;
  // No object comes before them, so nothing that has their names does: in a text its quotes would be escaped.
  if (!isFirstNested(value, holder) || !isFirstNested(inner, key)) return undefined;
  const from = text.indexOf(`"${holder}":{`);
  const start = from === -1 ? -1 : text.indexOf(`"${key}":`, from + holder.length + 3);
  if (start === -1) return undefined;
  const begin = start + key.length + 3;
  const end = endOf(text, begin);
  // Of two members with one name it is the last one that counts.
  const close = endOfMembers(text, end, key);
  if (close === undefined || text.includes(`"${holder}":`, close)) return undefined;
  const next = text.charCodeAt(end);
  const isLast = next === CLOSE_OBJECT;
  if (!isLast && next !== COMMA) return undefined;
  // With its comma: the one after it, or where there is none the one before.
  const isOnly = isLast && text.charCodeAt(start - 1) === OPEN_OBJECT;
  const rest = text.slice(0, isLast && !isOnly ? start - 1 : start) + text.slice(isLast ? end : end + 1);
  return isLast && !isOnly && text.charCodeAt(start - 1) !== COMMA
    ? undefined
    : { rest, value: text.slice(begin, end) };
}

/** True if all members before this one are plain. */
function isFirstNested(object: object, key: string): boolean {
  for (const each in object) {
    if (each === key) return true;
    const member = (object as Fields)[each];
    if (typeof member === "object" && member !== null) return false;
  }
  return false;
}

/** Where the object ends of which a value ends here; undefined: there is another member of this name, or a blank. */
function endOfMembers(text: string, start: number, key: string): number | undefined {
  let at = start;
  while (text.charCodeAt(at) === COMMA) {
    const end = endOfText(text, at + 1);
    if (text.charCodeAt(at + 1) !== QUOTE || text.charCodeAt(end) !== COLON || text.slice(at + 2, end - 1) === key)
      return undefined;
    at = endOf(text, end + 1);
  }
  return text.charCodeAt(at) === CLOSE_OBJECT ? at : undefined;
}

/** Where the value that begins here ends. */
function endOf(text: string, start: number): number {
  const first = text.charCodeAt(start);
  if (first === QUOTE) return endOfText(text, start);
  let nested = 0;
  for (let at = start; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) at = endOfText(text, at) - 1;
    else if (code === OPEN_OBJECT || code === OPEN_ARRAY) nested++;
    else if (code === CLOSE_OBJECT || code === CLOSE_ARRAY) {
      // Of a number, true, false or null.
      if (nested === 0) return at;
      if (--nested === 0) return at + 1;
    } else if (code === COMMA && nested === 0) return at;
  }
  return text.length;
}

function endOfText(text: string, start: number): number {
  for (let quote = text.indexOf('"', start + 1); quote !== -1; quote = text.indexOf('"', quote + 1)) {
    let before = quote - 1;
    while (text.charCodeAt(before) === BACKSLASH) before--;
    if ((quote - before) % 2 === 1) return quote + 1;
  }
  return text.length;
}
