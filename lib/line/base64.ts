// Texts that are base64, piece by piece: a hundred megabytes hold up nobody.

/** What makes the bytes the very same text again. */
export interface Base64Form {
  readonly prefix: string;
  readonly encoding: "base64" | "base64url";
  /** False: the `=` that the length asks for are not there. */
  readonly padding: boolean;
  readonly bytes: number;
}

/** Characters of a piece: a multiple of 4, so that each is base64 by itself. */
const PIECE = 256 * 1024;
const MOST_PREFIX = 1024;
const PREFIX = /^data:[^,]*;base64,/i;
const SAMPLE = 512;
const ALPHABET = /^[A-Za-z0-9+/_-]*$/;
/** Hex digits and words are base64 by chance: somebody wants to read them. */
const READABLE: readonly RegExp[] = [/^[0-9a-f]*$/i, /^[a-z]*$/];

/** What stands before the base64 of a data: URL; nothing in any other text. */
function prefixOf(text: string): string {
  return text.startsWith("data:") || text.startsWith("DATA:")
    ? (PREFIX.exec(text.slice(0, MOST_PREFIX))?.[0] ?? "")
    : "";
}

/** The type that a data: URL names. */
export function mimeIn(prefix: string): string | undefined {
  return /^data:([a-z0-9][a-z0-9!#$&^_.+-]*\/[a-z0-9][a-z0-9!#$&^_.+-]*)[;,]/i.exec(prefix)?.[1]?.toLowerCase();
}

/** False where a look at a few places shows that a text is no base64. */
export function mayBeBase64(text: string): boolean {
  const start = prefixOf(text).length;
  const end = text.slice(Math.max(start, text.length - SAMPLE)).replace(/={1,2}$/, "");
  const middle = Math.floor((start + text.length) / 2);
  return (
    ALPHABET.test(text.slice(start, Math.min(start + SAMPLE, text.length - 2))) &&
    ALPHABET.test(text.slice(middle, Math.min(middle + SAMPLE, text.length - 2))) &&
    ALPHABET.test(end)
  );
}

/**
 * The bytes of a text, in order; at the end how they become that very text again. Undefined: they do not, so it is no
 * base64, or a bare text that was written to be read, and what was given until then is worth nothing.
 */
export function* bytesOf(text: string): Generator<Buffer, Base64Form | undefined> {
  const prefix = prefixOf(text);
  let readable = prefix === "" ? [...READABLE, new RegExp(`^[${text.slice(0, 1).replace(/\W/, "\\$&")}]*$`)] : [];
  let encoding: Base64Form["encoding"] | undefined;
  let padding = true;
  let bytes = 0;
  for (let at = prefix.length; at < text.length; at += PIECE) {
    let piece = text.slice(at, at + PIECE);
    const isLast = at + PIECE >= text.length;
    if (isLast) {
      const filled = piece.length;
      piece = piece.replace(/={1,2}$/, "");
      const missing = (4 - (piece.length % 4)) % 4;
      if (missing === 3 || (filled !== piece.length && filled - piece.length !== missing)) return undefined;
      padding = missing === 0 || filled !== piece.length;
    }
    const content = Buffer.from(piece, "base64");
    if (!isLast && content.length * 4 !== piece.length * 3) return undefined;
    // What differs when it is written again was no base64, or not in the form that has one text for it.
    if (content.toString("base64").slice(0, piece.length) === piece) {
      if (encoding !== "base64" && /[+/]/.test(piece)) {
        if (encoding === "base64url") return undefined;
        encoding = "base64";
      }
    } else {
      if (encoding === "base64" || content.toString("base64url") !== piece) return undefined;
      encoding = "base64url";
    }
    readable = readable.filter((each) => each.test(piece));
    bytes += content.length;
    yield content;
  }
  if (bytes === 0 || readable.length > 0) return undefined;
  return { prefix, encoding: encoding ?? "base64", padding, bytes };
}
