// Titles and ids as they are searched.
import { fold } from "../../line/searched.ts";
import type { DialectName } from "./target.ts";

/** More of a title, a prompt or an id is not searched. */
const MOST_CHARACTERS = 500;
/** A folded text has no capital letter of these: what begins with one is no part of another character's. */
const BEGINS_SHORT = "Z";
const BEGINS_LONG = "Y";
const SHORT = 4;
const LONG = 6;
const A = "A".charCodeAt(0);

/** A text, folded, and without what no text column can hold. */
export function searchedText(text: string): string {
  return searchedPart(fold(text.slice(0, MOST_CHARACTERS).toWellFormed()));
}

/** The same for a folded word. */
export function searchedPart(folded: string): string {
  return folded.toWellFormed().replaceAll("\0", "\ufffd");
}

/**
 * PostgreSQL's index knows groups of three letters and digits, of those that the database's locale calls so: in many
 * locales no Chinese character is one, and a word of two is no group. So what is not ASCII stands as five or more capital letters,
 * each character by itself, and is found as well as any other text.
 */
export function titleText(dialect: DialectName, searched: string): string {
  return dialect === "postgres" ? searched.replace(/[^\0-\x7f]/gu, spelt) : searched;
}

function spelt(character: string): string {
  const code = character.codePointAt(0) as number;
  const isShort = code <= 0xffff;
  let letters = isShort ? BEGINS_SHORT : BEGINS_LONG;
  for (let digit = (isShort ? SHORT : LONG) - 1; digit >= 0; digit--)
    letters += String.fromCharCode(A + ((code >>> (4 * digit)) & 15));
  return letters;
}
