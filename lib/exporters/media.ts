// Pictures and files in a message, whichever tool shaped them: where their bytes are, and what is said of them.
import type { BlobReference } from "../base/blob.ts";
import { isObject } from "../base/object.ts";

export interface Media {
  /** The type that the message names: a claim, not a fact. */
  readonly mime?: string | undefined;
  /** A name that somebody gave it. */
  readonly name?: string | undefined;
  /** The content, as it stands in the message, without what a data: URL has before it. */
  readonly base64?: string | undefined;
  /** The content, where reads give attachments as references. */
  readonly blob?: BlobReference | undefined;
  /** Where it lies else: a URL, a path, or a name that only the tool knows. */
  readonly url?: string | undefined;
}

type Fields = Readonly<Record<string, unknown>>;

const DATA_URL = /^data:([^;,]*)[^,]*;base64,/i;
const MOST_PREFIX = 1024;

/**
 * `value`: a data: URL, another one, bare base64 (`isBase64`), or what stands for one of them where attachments are read as
 * references.
 */
export function mediaOf(value: unknown, isBase64: boolean, mime?: string, name?: string): Media {
  const media: { -readonly [K in keyof Media]: Media[K] } = { mime, name };
  if (isReference(value)) {
    media.blob = value;
    media.mime ??= value.mime;
  } else if (typeof value === "string") {
    const [prefix, named] = DATA_URL.exec(value.slice(0, MOST_PREFIX)) ?? [];
    if (prefix !== undefined) {
      media.base64 = value.slice(prefix.length);
      media.mime ??= named === "" ? undefined : named?.toLowerCase();
    } else if (isBase64) media.base64 = value;
    else media.url = value;
  }
  return media;
}

/** The size of the content, where it is at hand. */
export function mediaBytes({ base64, blob }: Media): number | undefined {
  if (blob !== undefined) return blob.bytes;
  return base64 === undefined ? undefined : Math.floor((base64.replace(/={1,2}$/, "").length * 3) / 4);
}

export function isPicture({ mime }: Media): boolean {
  return mime?.startsWith("image/") === true;
}

export function textIn(fields: Fields, ...keys: readonly string[]): string | undefined {
  for (const key of keys) {
    const value = fields[key];
    if (typeof value === "string") return value;
  }
  return undefined;
}

function isReference(value: unknown): value is BlobReference {
  return isObject(value) && typeof value["$blob"] === "string" && typeof value["bytes"] === "number";
}
