// A caller's message, part or info on its way into a line: checked, named, as JSON. All that can be wrong with a call
// is found here, before a line is made.
import { ArgumentError } from "../../base/errors.ts";
import { checkedPatch } from "../../base/session-info.ts";
import type { SessionPatch } from "../../base/session-info.ts";
import { mayBeBase64 } from "../../line/base64.ts";
import { takeLong } from "../../line/blob.ts";
import type { LongText, Site } from "../../line/blob.ts";
import { encodeJson, encodeShort } from "../../line/json.ts";
import type { EncodedJson } from "../../line/json.ts";
import type { SessionState } from "../session-state.ts";
import { uuidv7 } from "./uuid.ts";

/** What a line has around the caller's JSON, at most. */
const LINE_BYTES = 320;

/** A value on its way into a line. */
export interface Encoded {
  /** The JSON of its data. Empty while it is not known which of the long texts are attachments: attach() finds out. */
  json: string;
  taken: Taken | undefined;
}

/** A copy of the caller's value, and where its long texts stood. */
interface Taken {
  readonly value: unknown;
  readonly sites: readonly Site<LongText>[];
}

export interface Prepared extends Encoded {
  readonly id: string;
  /** The caller gave the id. Only such a one can be there already. */
  readonly isNamed: boolean;
}

/** A message or part. A text `id` in it is its id, else it gets one. */
export function prepare(session: SessionState, given: object, what: "message" | "part"): Prepared {
  checkObject(given, `a ${what}`);
  const value = redacted(session, given, what);
  const { json, taken } = encodeData(session, value);
  const id: unknown = (value as { id?: unknown }).id;
  if (typeof id !== "string" || !Object.hasOwn(value, "id"))
    return { id: uuidv7(session.store.now), isNamed: false, json, taken };
  if (id === "" || id.includes("\0") || !id.isWellFormed()) {
    throw new ArgumentError(
      "INVALID_ID",
      `the id of a ${what} must be a text that is not empty, well-formed, without NUL`,
    );
  }
  return { id, isNamed: true, json, taken };
}

function checkObject(value: unknown, what: string): void {
  if (value === null || typeof value !== "object" || Array.isArray(value)) {
    throw new ArgumentError("INVALID_MESSAGE", `${what} must be an object`);
  }
}

/** What is written in the place of this message or part. */
export function redacted(session: SessionState, value: object, kind: "message" | "part"): object {
  const { redact } = session.store.settings;
  if (redact === undefined) return value;
  const result = redact(value, { session: session.id, kind });
  if (result instanceof Promise) {
    result.catch(() => undefined);
    throw new ArgumentError("INVALID_ARGUMENT", "redact() must not be async");
  }
  checkObject(result, `what redact() gives for a ${kind}`);
  return result;
}

/** A message that comes from elsewhere. */
export function encodeMessage(session: SessionState, value: object): Encoded {
  return encodeData(session, redacted(session, value, "message"));
}

/** A part that comes from elsewhere. */
export function encodePart(session: SessionState, value: object): Encoded {
  return encodeData(session, redacted(session, value, "part"));
}

/** JSON text that its source made: well-formed, no deeper than a message may be, no object in it with the key of an attachment. */
export interface ReadyJson {
  readonly text: string;
  /** The characters of its longest text. */
  readonly longest: number;
}

/** True if it can stand in a line as it is: nothing is to be redacted in it, and no text is long enough for an attachment. */
export function isReady(session: SessionState, { text, longest }: ReadyJson): boolean {
  const { blobThreshold, maxLineBytes, redact } = session.store.settings;
  const isShort = blobThreshold === false || longest <= blobThreshold;
  return redact === undefined && isShort && text.length * 3 + LINE_BYTES <= maxLineBytes;
}

/** The data of a message or part. Only where a text is longer than the threshold is anything looked at twice. */
export function encodeData(session: SessionState, value: object): Encoded {
  const { blobThreshold, wellFormed } = session.store.settings;
  const most = blobThreshold === false ? Infinity : blobThreshold;
  const encoded = encodeShort(value, wellFormed, most);
  if (encoded?.hasBlobKey === false) return { json: checked(session, encoded), taken: undefined };
  const taken = takeLong(value, (text) => text.length > most && mayBeBase64(text));
  if (taken.sites.length === 0) return { json: encode(session, taken.value), taken: undefined };
  // What is wrong with the rest is found before anything is written.
  checkLength(session, encodeJson(taken.value, wellFormed));
  return { json: "", taken };
}

/** The keys that a patch sets. */
export function preparePatch(session: SessionState, patch: SessionPatch): Map<string, unknown> {
  const set = checkedPatch(patch);
  if (set.get("parent") === session.id)
    throw new ArgumentError("INVALID_ARGUMENT", "a session cannot be its own parent");
  encode(session, Object.fromEntries(set));
  return set;
}

/** The JSON of a caller's value, which is not longer than a line may be. A warning tells of a replaced surrogate. */
export function encode(session: SessionState, value: unknown): string {
  return checked(session, encodeJson(value, session.store.settings.wellFormed));
}

function checked(session: SessionState, encoded: EncodedJson): string {
  checkLength(session, encoded);
  if (encoded.replaced) {
    session.store.warn({ code: "surrogate", message: "a lone surrogate was replaced by U+FFFD", session: session.id });
  }
  return encoded.text;
}

function checkLength(session: SessionState, { text }: EncodedJson): void {
  const { maxLineBytes } = session.store.settings;
  if (text.length * 3 + LINE_BYTES <= maxLineBytes) return;
  const bytes = Buffer.byteLength(text) + LINE_BYTES;
  if (bytes > maxLineBytes) {
    throw new ArgumentError("LINE_TOO_LONG", `$ makes a line of about ${bytes} bytes; the limit is ${maxLineBytes}`);
  }
}
