// Attachments in a line's data. In the place of a text stands a reference:
//
//   {"$blob":"sha256-<64 hex>","bytes":N,"mime":"...","prefix":"...","encoding":"base64url","padding":false}
//
// the last four where they say something. A caller's own object with the key $blob stands in an envelope:
//
//   {"$blob":"escaped","value":{"$blob":...}}
//
// What has neither shape exactly is the caller's, as lines have it that were written before there were attachments.
import type { BlobReference } from "../base/blob.ts";

export const BLOB_KEY = "$blob";
/** What a JSON text has if an object in it has the key; in a text its quotes would be escaped. */
export const BLOB_MARK: string = `"${BLOB_KEY}":`;
const BLOB_MARK_BYTES = Buffer.from(`${BLOB_KEY}":`);
const BLOB_HASH = /^sha256-[0-9a-f]{64}$/;
const HASH_PREFIX = "sha256-";
const ESCAPED = "escaped";

type Holder = Record<string, unknown>;
type Test = (value: unknown) => boolean;

/** What a reference may have, in its order. */
const FIELDS: ReadonlyMap<string, Test> = new Map<string, Test>([
  [BLOB_KEY, (value) => typeof value === "string" && BLOB_HASH.test(value)],
  ["bytes", (value) => Number.isSafeInteger(value) && (value as number) > 0],
  ["mime", (value) => typeof value === "string"],
  ["prefix", (value) => typeof value === "string"],
  ["encoding", (value) => value === "base64url"],
  ["padding", (value) => value === false],
]);

/** References that a read gave to its caller: handed back, they are written as they were read. */
const given = new WeakSet<object>();

/** Where a value stands in another one. */
export interface Site<T> {
  readonly holder: Holder;
  readonly key: string;
  readonly value: T;
}

export function isReference(value: unknown): value is BlobReference {
  if (typeof value !== "object" || value === null || !Object.hasOwn(value, BLOB_KEY)) return false;
  const fields = Object.entries(value);
  return Object.hasOwn(value, "bytes") && fields.every(([key, field]) => FIELDS.get(key)?.(field) === true);
}

/** The SHA-256 that names its file. */
export function hashOf({ $blob }: BlobReference): string {
  return $blob.slice(HASH_PREFIX.length);
}

export function isEnvelope(value: object): value is { readonly value: object } {
  if (!Object.hasOwn(value, BLOB_KEY)) return false;
  const { [BLOB_KEY]: kind, value: inner, ...rest } = value as Holder;
  if (kind !== ESCAPED || typeof inner !== "object" || inner === null) return false;
  return Object.hasOwn(inner, BLOB_KEY) && Object.keys(rest).length === 0;
}

/** True if bytes[start, end) may have a reference or an envelope. */
export function mayHaveBlobs(bytes: Buffer): boolean {
  return bytes.includes(BLOB_MARK_BYTES);
}

/** True if some object in a value has the key. */
export function hasBlobKey(value: unknown): boolean {
  const left: unknown[] = [value];
  while (left.length > 0) {
    const next = left.pop();
    if (typeof next !== "object" || next === null) continue;
    if (Object.hasOwn(next, BLOB_KEY)) return true;
    for (const each of Object.values(next)) left.push(each);
  }
  return false;
}

/** A line's data with its envelopes opened, and where its references stand. What was given is changed. */
export function openBlobs(data: unknown): {
  readonly holder: { data: unknown };
  readonly sites: Site<BlobReference>[];
} {
  const holder = { data };
  const sites: Site<BlobReference>[] = [];
  // Not by recursion: a line that was written by hand may be deep.
  const left: [holder: Holder, key: string][] = [[holder, "data"]];
  for (let next = left.pop(); next !== undefined; next = left.pop()) {
    const [within, key] = next;
    let value = within[key];
    if (typeof value !== "object" || value === null) continue;
    if (isReference(value)) {
      given.add(value);
      sites.push({ holder: within, key, value });
      continue;
    }
    if (isEnvelope(value)) {
      ({ value } = value);
      put({ holder: within, key, value: undefined }, value);
    }
    for (const each of Object.keys(value as Holder)) left.push([value as Holder, each]);
  }
  return { holder, sites: sites.reverse() };
}

/** Puts a value in another one's place, `__proto__` being a key as any other. */
export function put({ holder, key }: Site<unknown>, value: unknown): void {
  Object.defineProperty(holder, key, { value, writable: true, enumerable: true, configurable: true });
}

/** A text that may become an attachment, and the type that stands beside it. */
export interface LongText {
  readonly text: string;
  readonly mime: string | undefined;
}

/** Where agents say of what type the base64 beside it is. */
const MIME_KEYS = ["media_type", "mediaType", "mimeType", "mime_type", "mime"] as const;
const MIME = /^[a-z0-9][a-z0-9!#$&^_.+-]*\/[a-z0-9][a-z0-9!#$&^_.+-]*$/i;

/**
 * A copy of a caller's value in which each text that `isLong` is missing, with the places where it stood, and the
 * caller's own objects with the key $blob are in envelopes. The value is plain and not deeper than a line may be.
 */
export function takeLong(
  value: unknown,
  isLong: (text: string) => boolean,
): { readonly value: unknown; readonly sites: Site<LongText>[] } {
  const sites: Site<LongText>[] = [];
  const copy = (from: unknown): unknown => {
    if (typeof from !== "object" || from === null || (given.has(from) && isReference(from))) return from;
    const to = (Array.isArray(from) ? Array.from({ length: from.length }) : {}) as Holder;
    for (const [key, each] of Object.entries(from)) {
      const site = { holder: to, key };
      if (typeof each === "string" && isLong(each)) {
        sites.push({ ...site, value: { text: each, mime: mimeBeside(from as Holder) } });
        put({ ...site, value: undefined }, "");
      } else {
        put({ ...site, value: undefined }, copy(each));
      }
    }
    return Object.hasOwn(from, BLOB_KEY) && !Array.isArray(from) ? { [BLOB_KEY]: ESCAPED, value: to } : to;
  };
  return { value: copy(value), sites };
}

function mimeBeside(holder: Holder): string | undefined {
  const found = MIME_KEYS.map((key) => holder[key]).find((each) => typeof each === "string" && MIME.test(each));
  return (found as string | undefined)?.toLowerCase();
}
