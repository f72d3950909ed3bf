// A caller's message, part or info on its way into a line: checked, named, as JSON. All that can be wrong with a call
// is found here, before a line is made.
import { ArgumentError } from "../base/errors.ts";
import { checkedPatch } from "../base/session-info.ts";
import type { SessionPatch } from "../base/session-info.ts";
import { encodeJson } from "../line/json.ts";
import type { SessionState } from "./session-state.ts";
import { uuidv7 } from "./uuid.ts";

/** What a line has around the caller's JSON, at most. */
const LINE_BYTES = 320;

export interface Prepared {
  readonly id: string;
  /** The caller gave the id. Only such a one can be there already. */
  readonly isNamed: boolean;
  readonly json: string;
}

/** A message or part. A text `id` in it is its id, else it gets one. */
export function prepare(session: SessionState, given: object, what: "message" | "part"): Prepared {
  checkObject(given, `a ${what}`);
  const value = redacted(session, given, what);
  const json = encode(session, value);
  const id: unknown = (value as { id?: unknown }).id;
  if (typeof id !== "string" || !Object.hasOwn(value, "id"))
    return { id: uuidv7(session.store.now), isNamed: false, json };
  if (id === "" || id.includes("\0") || !id.isWellFormed()) {
    throw new ArgumentError(
      "INVALID_ID",
      `the id of a ${what} must be a text that is not empty, well-formed, without NUL`,
    );
  }
  return { id, isNamed: true, json };
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

/** The JSON of a message that comes from elsewhere. */
export function encodeMessage(session: SessionState, value: object): string {
  return encode(session, redacted(session, value, "message"));
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
  const { maxLineBytes, wellFormed } = session.store.settings;
  const { text, replaced } = encodeJson(value, wellFormed);
  if (text.length * 3 + LINE_BYTES > maxLineBytes) {
    const bytes = Buffer.byteLength(text) + LINE_BYTES;
    if (bytes > maxLineBytes) {
      throw new ArgumentError("LINE_TOO_LONG", `$ makes a line of about ${bytes} bytes; the limit is ${maxLineBytes}`);
    }
  }
  if (replaced) {
    session.store.warn({ code: "surrogate", message: "a lone surrogate was replaced by U+FFFD", session: session.id });
  }
  return text;
}
