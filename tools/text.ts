// Text of others on its way to a terminal, which must not take orders from it: no escape sequence, nothing that turns
// the direction of what follows.

/** C0 but newline and tab, DEL, C1; line and paragraph separators; what overrides the direction of text. */
// oxlint-disable-next-line no-control-regex -- control characters are what it is for
const CONTROLS = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g;
/** What JSON.stringify leaves as it is. */
const CONTROLS_IN_JSON = /[\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g;

/** The text, which may have several lines, with every control character as an escape that can be read. */
export function printable(text: string): string {
  return text.replaceAll("\r\n", "\n").replace(CONTROLS, escape).toWellFormed();
}

/** The same on one line, its ends as they are: a piece of a text. */
export function inOneLine(text: string): string {
  return printable(text.replace(/[\n\r\t]+/g, " "));
}

/** A whole text on one line. */
export function oneLine(text: string): string {
  return inOneLine(text.trim());
}

/** At most so many characters, the last of them a mark if some were cut. */
export function shorten(text: string, most: number): string {
  if (text.length <= most) return text;
  const characters = Array.from(new Intl.Segmenter().segment(text), ({ segment }) => segment);
  return characters.length <= most ? text : `${characters.slice(0, Math.max(0, most - 1)).join("")}…`;
}

/** JSON on one line that a terminal can be given. */
export function jsonLine(value: unknown): string {
  return JSON.stringify(value).replace(CONTROLS_IN_JSON, escape);
}

/** The same for a text that is laid out already, and is still what it was if it is JSON. */
export function withoutOrders(text: string): string {
  return text.replace(CONTROLS, escape);
}

/** `1 message`, `2 messages`. */
export function counted(count: number, noun: string, several: string = `${noun}s`): string {
  return `${count.toLocaleString("en-US")} ${count === 1 ? noun : several}`;
}

/** `512 bytes`, `12.3 kB`, `1.25 GB`: three figures at most. */
export function bytesText(bytes: number): string {
  if (bytes < 1000) return counted(bytes, "byte");
  const power = Math.min(4, Math.floor(Math.log10(bytes) / 3));
  return `${Number((bytes / 1000 ** power).toPrecision(3))} ${["", "kB", "MB", "GB", "TB"][power]}`;
}

function escape(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}
