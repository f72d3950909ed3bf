// A JSON array of sessions, or one alone, piece by piece as its bytes come, however it is laid out: what a session says of itself,
// and each of its messages. Each piece is parsed by JSON.parse; here is only found where it begins and ends.
const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_ARRAY = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_ARRAY = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
const SPACES: ReadonlySet<number> = new Set([0x20, 0x09, 0x0a, 0x0d]);
const MARK = Buffer.from("\uFEFF");
/** A longer piece is no message of anybody's. */
const MOST_BYTES = 256 * 1024 * 1024;

export type JsonPiece =
  | { readonly kind: "session" }
  | { readonly kind: "member"; readonly key: string; readonly text: string }
  /** The list of messages begins at this byte. */
  | { readonly kind: "messages"; readonly offset: number }
  /** Undefined: longer than any may be. It begins at this byte. */
  | { readonly kind: "message"; readonly text: string | undefined; readonly offset: number; readonly length: number }
  | { readonly kind: "messages end" }
  /** The byte after it. */
  | { readonly kind: "session end"; readonly offset: number };

/** `from`: what the first byte belongs to: all of it, or a list of messages. `messages`: they are wanted, or passed over. */
export interface JsonPiecesOptions {
  readonly from: "start" | "list";
  readonly messages: boolean;
}

/** It is no such array, from this byte on. */
export class JsonPiecesError extends Error {}

type Place = "start" | "sessions" | "keys" | "key" | "colon" | "value" | "messages" | "end";

export class JsonPieces {
  readonly #isWithMessages: boolean;
  #place: Place;
  /** A session that is no array's. */
  #isAlone = false;
  #key = "";
  /** The piece that is under way. */
  #isInPiece = false;
  #isText = false;
  #isNested = false;
  #nested = 0;
  #isInText = false;
  #isEscaped = false;
  #taken: Buffer[] = [];
  #length = 0;
  #offset = 0;

  constructor({ from, messages }: JsonPiecesOptions) {
    this.#isWithMessages = messages;
    this.#place = from === "list" ? "value" : "start";
    this.#key = from === "list" ? "messages" : "";
  }

  /** True when the array, or the session that stands alone, has come to its end. */
  get isWhole(): boolean {
    return this.#place === "end";
  }

  /** The next bytes, of which the first is the file's at `offset`. */
  *feed(bytes: Buffer, offset: number): Generator<JsonPiece> {
    let from = 0;
    for (let at = 0; at < bytes.length; at++) {
      const byte = bytes[at] as number;
      if (this.#isInPiece) {
        if (this.#isInText && !this.#isEscaped && byte !== QUOTE) {
          at = this.#passText(bytes, at) - 1;
          continue;
        }
        if (!this.#endsAt(byte)) continue;
        // What ends a text, an array or an object is its own; what ends a number or a word is not.
        const end = this.#isText || this.#isNested ? at + 1 : at;
        this.#take(bytes.subarray(from, end));
        this.#isInPiece = false;
        const piece = this.#ended();
        if (piece !== undefined) yield piece;
        if (end === at + 1) continue;
      }
      if (SPACES.has(byte)) continue;
      const piece = this.#step(byte, offset + at);
      if (piece !== undefined) yield piece;
      if (this.#isInPiece) {
        from = at;
        this.#offset = offset + at;
      }
    }
    if (this.#isInPiece) this.#take(bytes.subarray(from));
  }

  /** -> where the next byte of a text lies that says something: its end, or what comes after a backslash. */
  #passText(bytes: Buffer, from: number): number {
    const quote = bytes.indexOf(QUOTE, from);
    const end = quote === -1 ? bytes.length : quote;
    let before = end;
    while (before > from && bytes[before - 1] === BACKSLASH) before--;
    this.#isEscaped = (end - before) % 2 === 1;
    return end;
  }

  /** What a byte between two pieces says; where it begins one, that is under way from then on. */
  #step(byte: number, offset: number): JsonPiece | undefined {
    const place = this.#place;
    if (byte === COMMA && (place === "sessions" || place === "keys" || place === "messages")) return undefined;
    if (place === "start" && byte === OPEN_ARRAY) this.#place = "sessions";
    else if (offset < MARK.length && byte === MARK[offset]) return undefined;
    else if (place === "sessions" && byte === CLOSE_ARRAY) this.#place = "end";
    else if ((place === "sessions" || place === "start") && byte === OPEN_OBJECT) {
      this.#isAlone = place === "start";
      this.#place = "keys";
      return { kind: "session" };
    } else if (place === "keys" && byte === CLOSE_OBJECT) {
      this.#place = this.#isAlone ? "end" : "sessions";
      return { kind: "session end", offset: offset + 1 };
    } else if (place === "keys" && byte === QUOTE) {
      this.#place = "key";
      this.#begin(byte);
    } else if (place === "colon" && byte === COLON) this.#place = "value";
    else if (place === "value" && byte === OPEN_ARRAY && this.#key === "messages") {
      this.#place = "messages";
      return { kind: "messages", offset };
    } else if (place === "messages" && byte === CLOSE_ARRAY) {
      this.#place = "keys";
      return { kind: "messages end" };
    } else if ((place === "value" || place === "messages") && byte !== CLOSE_ARRAY && byte !== CLOSE_OBJECT)
      this.#begin(byte);
    else throw new JsonPiecesError(`it is no JSON array of sessions or messages, from byte ${offset} on`);
    return undefined;
  }

  #begin(byte: number): void {
    this.#isInPiece = true;
    this.#isInText = byte === QUOTE;
    this.#isEscaped = false;
    this.#nested = byte === OPEN_ARRAY || byte === OPEN_OBJECT ? 1 : 0;
    this.#isText = this.#isInText;
    this.#isNested = this.#nested > 0;
  }

  /** True if the piece that is under way ends with this byte, or before it. */
  #endsAt(byte: number): boolean {
    if (this.#isInText) {
      if (this.#isEscaped) this.#isEscaped = false;
      else if (byte === BACKSLASH) this.#isEscaped = true;
      else if (byte === QUOTE) {
        this.#isInText = false;
        return this.#isText;
      }
      return false;
    }
    if (byte === QUOTE) this.#isInText = true;
    else if (byte === OPEN_ARRAY || byte === OPEN_OBJECT) this.#nested++;
    else if (byte === CLOSE_ARRAY || byte === CLOSE_OBJECT) {
      if (!this.#isNested) return true;
      return --this.#nested === 0;
    } else if (byte === COMMA || SPACES.has(byte)) return !this.#isNested;
    return false;
  }

  #take(bytes: Buffer): void {
    if (this.#place === "messages" && !this.#isWithMessages) return;
    this.#length += bytes.length;
    // What is too long is counted, not kept. The chunk is another's by the next one.
    if (this.#length > MOST_BYTES) this.#taken = [];
    else this.#taken.push(Buffer.from(bytes));
  }

  #ended(): JsonPiece | undefined {
    const text = this.#length > MOST_BYTES ? undefined : Buffer.concat(this.#taken).toString("utf8");
    const [offset, length] = [this.#offset, this.#length];
    this.#taken = [];
    this.#length = 0;
    if (this.#place === "messages") return this.#isWithMessages ? { kind: "message", text, offset, length } : undefined;
    if (this.#place === "key") {
      this.#key = keyOf(text);
      this.#place = "colon";
      return undefined;
    }
    this.#place = "keys";
    return text === undefined ? undefined : { kind: "member", key: this.#key, text };
  }
}

function keyOf(text: string | undefined): string {
  try {
    return JSON.parse(text ?? '""') as string;
  } catch {
    return "";
  }
}
