// What is searched for, and how a line can hold it. A line holds a text as JSON, which has several ways to write it:
//
//   as our writer does     "  \  and controls escaped as JSON.stringify does, U+2028 and U+2029 as \u2028, all else in UTF-8
//   as a hand or another   any character as \uXXXX, a slash as \/, the two separators in UTF-8
//   tool may have done
//
// The bytes of the first kind are searched for as they are. Of the second kind a line is found by the escape itself:
// one that stands for a character of the needle, and that our writer would not have written.
import type { Probe, Row } from "./finder.ts";
import { isEnvelope, isReference } from "./blob.ts";
import { unitsLike } from "./same-case.ts";

/** Where a needle was found: in this text, from `index` on. */
export interface Found {
  readonly text: string;
  readonly index: number;
}

const BACKSLASH = 92;
const SHORT_ESCAPES: ReadonlyMap<number, string> = new Map([
  [8, "\\b"],
  [9, "\\t"],
  [10, "\\n"],
  [12, "\\f"],
  [13, "\\r"],
  [34, '\\"'],
  [92, "\\\\"],
]);
/** Bytes that are no UTF-8 are read as this character, so where it stands they may be any. */
const REPLACEMENT = "\ufffd";
/** Where nothing is known of a needle's bytes, every line may have it. */
const LINE_END: Row = [[10]];

/**
 * A text to search for, not empty and without lone surrogates. With `ignoreCase` two characters are one if their
 * upper-case forms are one single character: a A, é É, σ ς Σ. An ASCII letter equals ASCII letters only, what has
 * several letters in upper case (ß) only itself. Nothing is normalised.
 */
export class Needle {
  readonly text: string;
  /** A line that has the needle in a text of its data has what one of these looks for. Others may have it, too. */
  readonly probes: readonly Probe[];
  readonly #pattern: RegExp | undefined;

  constructor(text: string, ignoreCase: boolean) {
    this.text = text;
    this.#pattern = ignoreCase ? new RegExp(text.replaceAll(/[\\^$.*+?()[\]{}|]/g, "\\$&"), "gi") : undefined;
    // What takes two units equals itself alone.
    const characters = Array.from(text, (character) =>
      ignoreCase && character.length === 1
        ? unitsLike(character.charCodeAt(0)).map((unit) => String.fromCharCode(unit))
        : [character],
    );
    this.probes = [
      { rows: rowsOf(characters) },
      escapeProbe(characters.flat().join("")),
      ...(text.includes("/") ? [{ rows: [rowOf(["\\/"])], accepts: isEscape }] : []),
    ];
  }

  /** Where the text has the needle first; -1: nowhere. What is found there is as long as the needle. */
  indexIn(text: string): number {
    if (this.#pattern === undefined) return text.indexOf(this.text);
    this.#pattern.lastIndex = 0;
    return this.#pattern.exec(text)?.index ?? -1;
  }

  /** The first text in a JSON value that has the needle. A key is no text of the value, nor is a number, nor an attachment. */
  findIn(value: unknown): Found | undefined {
    // Not by recursion: a line that was written by hand may be deep.
    const left: unknown[] = [value];
    while (left.length > 0) {
      const next = left.pop();
      if (typeof next === "string") {
        const index = this.indexIn(next);
        if (index !== -1) return { text: next, index };
      } else if (typeof next === "object" && next !== null && !isReference(next)) {
        const values: unknown[] = Object.values(isEnvelope(next) ? next.value : next);
        for (let at = values.length - 1; at >= 0; at--) left.push(values[at]);
      }
    }
    return undefined;
  }
}

/** What stands in a line that our writer wrote with these characters one after the other, each in one of its cases. */
function rowsOf(characters: readonly (readonly string[])[]): Row[] {
  const rows: number[][][] = [[]];
  for (const cases of characters) {
    const ways = cases.flatMap(writtenAs);
    const lengths = new Set(ways.map((way) => Buffer.byteLength(way)));
    // Where the length is not known, another row begins.
    if (lengths.size > 1 || cases.includes(REPLACEMENT)) rows.push([]);
    else rows.at(-1)?.push(...rowOf(ways));
  }
  const known = rows.filter((row) => row.length > 0);
  return known.length > 0 ? known : [LINE_END];
}

/** For each place the bytes that these texts, all of one length, have there. */
function rowOf(texts: readonly string[]): number[][] {
  const all = texts.map((each) => Buffer.from(each));
  return Array.from({ length: all[0]?.length ?? 0 }, (_, index) => all.map((bytes) => bytes[index] as number));
}

/** How our writer puts a character into a text; the two separators may also stand there as they are. */
function writtenAs(character: string): string[] {
  const unit = character.charCodeAt(0);
  const short = SHORT_ESCAPES.get(unit);
  if (short !== undefined) return [short];
  if (!isWrittenAsHex(unit)) return [character];
  const escape = `\\u${hexOf(unit)}`;
  return unit < 32 ? [escape] : [escape, character];
}

function isWrittenAsHex(unit: number): boolean {
  return (unit < 32 && !SHORT_ESCAPES.has(unit)) || unit === 0x2028 || unit === 0x2029;
}

function hexOf(unit: number): string {
  return unit.toString(16).padStart(4, "0");
}

/** Finds \uXXXX where it is a UTF-16 unit of these characters, unless our writer writes it so. */
function escapeProbe(characters: string): Probe {
  const units = new Set(Array.from(characters.split(""), (unit) => unit.charCodeAt(0)));
  const escapes = Array.from(units, (unit) => `\\u${hexOf(unit)}`);
  return {
    rows: [rowOf([...escapes, ...escapes.map((escape) => `\\u${escape.slice(2).toUpperCase()}`)])],
    accepts: (bytes, at) => {
      const digits = bytes.toString("latin1", at + 2, at + 6);
      const unit = Number(`0x${digits}`);
      return units.has(unit) && !(isWrittenAsHex(unit) && digits === hexOf(unit)) && isEscape(bytes, at);
    },
  };
}

/** True when the backslash here begins an escape, and is not the end of one. */
function isEscape(bytes: Buffer, at: number): boolean {
  let before = at;
  while (before > 0 && bytes[before - 1] === BACKSLASH) before--;
  return (at - before) % 2 === 0;
}
