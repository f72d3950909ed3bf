// From bytes to a line: its head for the fold, all of it for a reader.
import { crc32 } from "node:zlib";
import { CRC_LENGTH, CRC_START, hashBytes, hashId, LINE_START } from "./codec.ts";
import { parseStamp, readStamp, STAMP_LENGTH } from "./stamp.ts";
import type { Stamp } from "./stamp.ts";

/** All fields but the checksum. A line without one was written by hand, if it has no other: `brc` was `crc` once. */
const FIELDS: ReadonlySet<string> = new Set(["at", "type", "after", "batch", "id", "of", "message", "data"]);
const AT_START = LINE_START.length;
const TYPE_START = AT_START + STAMP_LENGTH + '","type":"'.length;
/** Types whose data the fold reads; that of all others stays on disk until somebody asks for it. */
const SMALL_TYPES: ReadonlySet<string> = new Set(["session", "info", "truncate", "purge"]);

/** What the fold needs of a line: all but the data of messages and parts. */
export interface LineHead {
  readonly stamp: Stamp;
  readonly type: string;
  /** The checksum is right or absent. A line that is not sound was altered: it is served and flagged. */
  readonly sound: boolean;
  /** The checksum that stands in it, if it is right; 0: none. */
  readonly crc: number;
  readonly after: Stamp | undefined;
  /** Lines in the commit that this one begins; 0: it begins none of more than one. */
  readonly batch: number;
  readonly of: Stamp | undefined;
  readonly message: Stamp | undefined;
  /** hashId() of the id; 0 where there is none. */
  readonly idHash: number;
  /** The id itself, of a `session` line alone. */
  readonly id?: string;
  readonly data: unknown;
  /** Where the line's bytes lie in its log, without the newline. */
  offset: number;
  length: number;
}

/** A whole line, for those who want what was said. */
export interface Line {
  readonly at: string;
  readonly type: string;
  readonly id?: string;
  readonly of?: string;
  readonly message?: string;
  readonly data?: unknown;
}

/** The head of the line in bytes[start, end), which is one whole piece between newlines; undefined: it is no line. */
export function decodeHead(bytes: Buffer, start: number, end: number): LineHead | undefined {
  const crc = rightCrc(bytes, start, end);
  return (crc === undefined ? undefined : decodeSound(bytes, start, end, crc)) ?? decodeAny(bytes, start, end, crc);
}

/** True when the bytes end in their own checksum, in the place and the width that a writer gives it. */
export function hasRightCrc(bytes: Buffer, start: number, end: number): boolean {
  return rightCrc(bytes, start, end) !== undefined;
}

/** The checksum that stands in the bytes; undefined: none does, or it is not theirs. */
function rightCrc(bytes: Buffer, start: number, end: number): number | undefined {
  const body = end - CRC_LENGTH;
  const written = body <= start ? undefined : writtenCrc(bytes, body, end);
  return written !== undefined && crc32(bytes.subarray(start, body)) === written ? written : undefined;
}

/** The checksum in bytes[body, end), which end a line; undefined: that is no checksum as a writer writes it. */
function writtenCrc(bytes: Buffer, body: number, end: number): number | undefined {
  if (bytes[end - 1] !== 125 || bytes[end - 2] !== 34 || !hasAt(bytes, body, CRC_START)) return undefined;
  let written = 0;
  for (let at = body + CRC_START.length; at < end - 2; at++) {
    const code = bytes[at] as number;
    const digit = code >= 48 && code <= 57 ? code - 48 : code >= 97 && code <= 102 ? code - 87 : -1;
    // Compared as text: upper-case digits are another text, and a flipped bit.
    if (digit < 0) return undefined;
    written = (written << 4) | digit;
  }
  return written >>> 0;
}

const TYPE_KEY = Buffer.from('","type":"');
const AFTER_KEY = Buffer.from(',"after":"');
const BATCH_KEY = Buffer.from(',"batch":');
const ID_KEY = Buffer.from(',"id":"');
const OF_KEY = Buffer.from(',"of":"');
const MESSAGE_KEY = Buffer.from(',"message":"');
const DATA_KEY = Buffer.from(',"data":');
/** The types that a scan meets, by their first byte, so that their texts are not made anew for each line. */
const COMMON_TYPES: ReadonlyMap<number, { readonly text: string; readonly bytes: Buffer }> = new Map(
  ["message", "part", "open", "head", "remove", "delete"].map((text) => [
    text.charCodeAt(0),
    { text, bytes: Buffer.from(`${text}"`) },
  ]),
);

/** The fast way: the checksum is right, so a writer wrote it, so the fields stand where a writer puts them. */
function decodeSound(bytes: Buffer, start: number, end: number, crc: number): LineHead | undefined {
  const body = end - CRC_LENGTH;
  if (body < start + TYPE_START || !hasAt(bytes, start, LINE_START)) return undefined;
  const stamp = readStamp(bytes, start + AT_START);
  if (stamp === undefined || !hasAt(bytes, start + AT_START + STAMP_LENGTH, TYPE_KEY)) return undefined;
  let at = start + TYPE_START;
  const common = COMMON_TYPES.get(bytes[at] as number);
  let type: string;
  if (common !== undefined && hasAt(bytes, at, common.bytes)) {
    type = common.text;
    at += common.bytes.length;
  } else {
    const typeEnd = endOfText(bytes, at, body);
    type = typeEnd < 0 ? "" : bytes.toString("latin1", at, typeEnd);
    if (typeEnd < 0 || SMALL_TYPES.has(type)) return undefined;
    at = typeEnd + 1;
  }
  let after: Stamp | undefined;
  let of: Stamp | undefined;
  let message: Stamp | undefined;
  let batch = 0;
  let idHash = 0;
  if (hasAt(bytes, at, AFTER_KEY)) {
    after = readStampText(bytes, at + AFTER_KEY.length, body);
    if (after === undefined) return undefined;
    at += AFTER_KEY.length + STAMP_LENGTH + 1;
  }
  if (hasAt(bytes, at, BATCH_KEY)) {
    at += BATCH_KEY.length;
    for (; (bytes[at] as number) >= 48 && (bytes[at] as number) <= 57; at++)
      batch = batch * 10 + (bytes[at] as number) - 48;
  }
  if (hasAt(bytes, at, ID_KEY)) {
    const idEnd = endOfText(bytes, at + ID_KEY.length, body);
    if (idEnd < 0) return undefined;
    idHash = hashBytes(bytes, at + ID_KEY.length, idEnd);
    at = idEnd + 1;
  }
  if (hasAt(bytes, at, OF_KEY)) {
    of = readStampText(bytes, at + OF_KEY.length, body);
    if (of === undefined) return undefined;
    at += OF_KEY.length + STAMP_LENGTH + 1;
  }
  if (hasAt(bytes, at, MESSAGE_KEY)) {
    message = readStampText(bytes, at + MESSAGE_KEY.length, body);
    if (message === undefined) return undefined;
    at += MESSAGE_KEY.length + STAMP_LENGTH + 1;
  }
  if (at !== body && !hasAt(bytes, at, DATA_KEY)) return undefined;
  return {
    stamp,
    type,
    sound: true,
    crc,
    after,
    batch,
    of,
    message,
    idHash,
    data: undefined,
    offset: 0,
    length: end - start,
  };
}

/** A stamp with its closing quote. */
function readStampText(bytes: Buffer, start: number, limit: number): Stamp | undefined {
  return start + STAMP_LENGTH < limit && bytes[start + STAMP_LENGTH] === 34 ? readStamp(bytes, start) : undefined;
}

/** The slow way: small types, lines written or changed by hand, and everything else that is JSON. */
function decodeAny(bytes: Buffer, start: number, end: number, crc: number | undefined): LineHead | undefined {
  const line = parseLine(bytes, start, end);
  const stamp = parseStamp(line?.["at"]);
  const type = line?.["type"];
  if (line === undefined || stamp === undefined || typeof type !== "string") return undefined;
  const id = line["id"];
  const batch = line["batch"];
  return {
    stamp,
    type,
    sound: Object.hasOwn(line, "crc") ? crc !== undefined : Object.keys(line).every((key) => FIELDS.has(key)),
    crc: crc ?? 0,
    after: parseStamp(line["after"]),
    batch: Number.isSafeInteger(batch) && (batch as number) > 1 ? (batch as number) : 0,
    of: parseStamp(line["of"]),
    message: parseStamp(line["message"]),
    idHash: typeof id === "string" ? hashId(id) : 0,
    ...(type === "session" && typeof id === "string" ? { id } : undefined),
    data: SMALL_TYPES.has(type) ? line["data"] : undefined,
    offset: 0,
    length: end - start,
  };
}

/** The whole line in bytes[start, end), or undefined if it is none. */
export function decodeLine(bytes: Buffer, start: number, end: number): Line | undefined {
  const line = parseBody(bytes, start, end) ?? parseLine(bytes, start, end);
  if (line === undefined || typeof line["at"] !== "string" || typeof line["type"] !== "string") return undefined;
  // What is of another kind than it should be says nothing, here as for the fold.
  const { id, of, message } = line;
  if (id !== undefined && typeof id !== "string") delete line["id"];
  if (of !== undefined && parseStamp(of) === undefined) delete line["of"];
  if (message !== undefined && parseStamp(message) === undefined) delete line["message"];
  return line as unknown as Line;
}

/** The stamp of the line in bytes[start, end). */
export function readAt(bytes: Buffer, start: number, end: number): Stamp | undefined {
  if (hasAt(bytes, start, LINE_START)) return readStamp(bytes, start + AT_START);
  // Written by hand, with blanks or its fields in another order.
  return parseStamp(parseLine(bytes, start, end)?.["at"]);
}

/** The id of the line in bytes[start, end) and the place that it is of, without a look at its data, which may be long. */
export function decodeLabel(
  bytes: Buffer,
  start: number,
  end: number,
): { readonly id: string | undefined; readonly place: string | undefined } {
  const data = bytes.indexOf(DATA_KEY, start);
  if (data !== -1 && data < end) {
    try {
      const { id, of, at } = JSON.parse(`${bytes.toString("utf8", start, data)}}`) as Line;
      if (typeof id === "string") return { id, place: parseStamp(of) === undefined ? at : of };
    } catch {
      // Its fields stand in another order: somebody wrote it by hand.
    }
  }
  const line = decodeLine(bytes, start, end);
  return { id: line?.id, place: line?.of ?? line?.at };
}

/** The JSON text of a sound line's data, byte for byte: what is copied is never parsed and written anew. */
export function dataText(bytes: Buffer, start: number, end: number): string | undefined {
  const data = bytes.indexOf(DATA_KEY, start);
  if (data === -1 || data > end || !hasRightCrc(bytes, start, end)) return undefined;
  return bytes.toString("utf8", data + DATA_KEY.length, end - CRC_LENGTH);
}

function parseLine(bytes: Buffer, start: number, end: number): Record<string, unknown> | undefined {
  return bytes[start] === 123 ? parse(bytes.toString("utf8", start, end)) : undefined;
}

/**
 * The same without the checksum at its end; undefined: there is none. JSON.parse makes lasting texts of short values, and these are
 * different in every line.
 */
function parseBody(bytes: Buffer, start: number, end: number): Record<string, unknown> | undefined {
  const body = end - CRC_LENGTH;
  if (body <= start || bytes[start] !== 123 || writtenCrc(bytes, body, end) === undefined) return undefined;
  return parse(`${bytes.toString("utf8", start, body)}}`);
}

function parse(text: string): Record<string, unknown> | undefined {
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    return undefined;
  }
}

function hasAt(bytes: Buffer, at: number, text: Buffer): boolean {
  for (let index = 0; index < text.length; index++) if (bytes[at + index] !== text[index]) return false;
  return true;
}

/** Where the text that begins at `start` has its closing quote; -1: nowhere, or it has an escape. */
function endOfText(bytes: Buffer, start: number, limit: number): number {
  for (let index = start; index < limit; index++) {
    if (bytes[index] === 34) return index;
    if (bytes[index] === 92) return -1;
  }
  return -1;
}
