// A caller's value as JSON text that every reader of the file takes: jq, grep, model providers, and this library.
import { ArgumentError } from "../base/errors.ts";
import type { WellFormed } from "../base/options.ts";
import { BLOB_KEY } from "./blob.ts";

/** Levels of objects and arrays in one value. jq stops at 256, and a line adds one of its own. */
export const MAX_DEPTH = 200;

/** The JSON of a value, whether a lone surrogate in it had to be replaced, and whether it has the key of a reference. */
export interface EncodedJson {
  readonly text: string;
  readonly replaced: boolean;
  readonly hasBlobKey: boolean;
}

/**
 * JSON.stringify, with lone surrogates as `wellFormed` says (U+2028 and U+2029 are escaped with the line). A value that JSON would lose
 * or not hold (BigInt, a cycle, a function, an object that is not plain, undefined itself, too deep) is a TypeError that names
 * the path. As in JSON, a property that is undefined is left out; an item that is, and a number that is not finite, become null.
 */
export function encodeJson(value: unknown, wellFormed: WellFormed): EncodedJson {
  return encodeShort(value, wellFormed, Infinity) as EncodedJson;
}

/** The same, if no text in the value is longer than `most` characters. Undefined: there is one. */
export function encodeShort(value: unknown, wellFormed: WellFormed, most: number): EncodedJson | undefined {
  hasLone = false;
  hasLong = false;
  hasBlobKey = false;
  mostLength = most;
  if (!isPlain(value, 0)) throw refusal(value);
  if (hasLong) return undefined;
  let text: string;
  try {
    text = JSON.stringify(value);
  } catch (cause) {
    // V8 holds no string above 512 MiB.
    throw new ArgumentError("LINE_TOO_LONG", `the value has no JSON text: ${(cause as Error).message}`, { cause });
  }
  if (wellFormed === "keep" || !hasLone) return { text, replaced: false, hasBlobKey };
  const wellFormedText = text.replace(ESCAPES, (escape: string, lone: string | undefined) =>
    lone === undefined ? escape : "\ufffd",
  );
  if (wellFormedText === text) return { text, replaced: false, hasBlobKey };
  if (wellFormed === "reject") {
    const path = findPath(value, (found) => typeof found === "string" && !found.isWellFormed());
    throw new ArgumentError("INVALID_MESSAGE", `lone surrogate at ${path ?? "a key"}`);
  }
  return { text: wellFormedText, replaced: true, hasBlobKey };
}

/** Every escape of a JSON text, taken whole, so that the backslash of `\\ud800` is not read as the start of one. */
const ESCAPES = /\\(?:u(d[89a-f][0-9a-f]{2})|.)/g;

/** isPlain() has met a lone surrogate. To look for its escape in the JSON would cost several times as much. */
let hasLone = false;
/** It has met a text of more than `mostLength` characters. */
let hasLong = false;
/** It has met the key of an attachment's reference: a look at each key costs less than a search of the text. */
let hasBlobKey = false;
let mostLength = Infinity;

/** True for what JSON holds without loss. Fast, and says no more than that: refusal() finds out why. */
function isPlain(value: unknown, depth: number): boolean {
  if (typeof value === "string") {
    if (!value.isWellFormed()) hasLone = true;
    if (value.length > mostLength) hasLong = true;
    return true;
  }
  if (typeof value === "number" || typeof value === "boolean" || value === null) return true;
  if (typeof value !== "object" || depth === MAX_DEPTH) return false;
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index++) {
      const item: unknown = value[index];
      if (item !== undefined && !isPlain(item, depth + 1)) return false;
    }
    return true;
  }
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && !isRootPrototype(prototype)) return false;
  // for-in allocates no list of keys. What an object would inherit, it inherits from Object.prototype: nothing.
  for (const key in value) {
    const property: unknown = (value as Record<string, unknown>)[key];
    if (!key.isWellFormed()) hasLone = true;
    if (key === BLOB_KEY) hasBlobKey = true;
    if (property !== undefined && !isPlain(property, depth + 1)) return false;
  }
  return true;
}

/** None, or another realm's Object.prototype: what a test runner or a vm context hands over is plain, too. */
function isRootPrototype(prototype: unknown): boolean {
  return (
    prototype === null || (Object.getPrototypeOf(prototype) === null && Object.hasOwn(prototype as object, "toString"))
  );
}

function refusal(value: unknown): ArgumentError {
  const ancestors = new Set<unknown>();
  let reason = "is not plain JSON";
  const path = findPath(value, (found, depth, isLeaving) => {
    if (isLeaving) return !ancestors.delete(found);
    const why = whyNot(found, depth, ancestors);
    if (why !== undefined) reason = why;
    else if (typeof found === "object" && found !== null) ancestors.add(found);
    return why !== undefined;
  });
  return new ArgumentError("INVALID_MESSAGE", `${path ?? "$"} ${reason}`);
}

function whyNot(value: unknown, depth: number, ancestors: ReadonlySet<unknown>): string | undefined {
  if (value === undefined) return depth === 0 ? "is undefined" : undefined;
  if (typeof value === "bigint") return "is a BigInt, which JSON cannot hold";
  if (typeof value === "function" || typeof value === "symbol") return `is a ${typeof value}, which JSON cannot hold`;
  if (typeof value !== "object" || value === null) return undefined;
  if (ancestors.has(value)) return "is a cycle";
  if (depth === MAX_DEPTH) return `is deeper than ${MAX_DEPTH} levels`;
  if (Array.isArray(value)) return undefined;
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype === Object.prototype || isRootPrototype(prototype)) return undefined;
  const name = (value as { constructor?: { name?: unknown } }).constructor?.name;
  return `is not a plain object (${typeof name === "string" ? name : "unknown class"})`;
}

type Match = (value: unknown, depth: number, isLeaving: boolean) => boolean;

/** Where in a value the first match is, as $.content[2].text; undefined: nowhere down to the deepest level. */
function findPath(value: unknown, matches: Match, path = "$", depth = 0): string | undefined {
  if (matches(value, depth, false)) return path;
  if (typeof value === "object" && value !== null && depth <= MAX_DEPTH) {
    for (const [key, item] of Object.entries(value)) {
      const step = Array.isArray(value)
        ? `[${key}]`
        : /^[A-Za-z_$][\w$]*$/.test(key)
          ? `.${key}`
          : `[${JSON.stringify(key)}]`;
      const found = findPath(item, matches, path + step, depth + 1);
      if (found !== undefined) return found;
    }
    matches(value, depth, true);
  }
  return undefined;
}
