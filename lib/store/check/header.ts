// The header of a log that lost it, made anew: exactly as it was where its own checksum proves that, else from what is
// known.
import { decodeName, encodeName } from "../../disk/names.ts";
import type { Vfs } from "../../disk/vfs.ts";
import { FORMAT } from "../../line/codec.ts";
import { decodeHead, hasRightCrc } from "../../line/decode.ts";
import type { LineHead } from "../../line/decode.ts";
import { LineBuffer } from "../../line/encode.ts";
import { clampMs, compareStamps, parseStamp, STAMP_LENGTH } from "../../line/stamp.ts";
import type { Stamp } from "../../line/stamp.ts";
import { firstLine } from "../../log/last.ts";
import type { Inspected } from "./inspect.ts";
import { newWriter } from "../write/writer-id.ts";

/** A header is about 150 bytes; what is much longer is something else. */
const MOST_BYTES = 512;
const STAMP_PATTERN = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z-[0-9a-f]{4}-[a-z0-9]{8}/;

export interface RestoredHeader {
  /** The line, without its newline. */
  readonly bytes: Buffer;
  readonly stamp: Stamp;
  /** What stands in its place now, to be left out; undefined: nothing. */
  readonly place: { readonly offset: number; readonly length: number } | undefined;
}

/** The id of the session of these logs; undefined: neither their name nor a header tells. */
export function idOf(name: string, headers: Iterable<string | undefined>): string | undefined {
  const id = decodeName(name);
  if (id !== undefined) return id;
  for (const each of headers) if (each !== undefined && encodeName(each) === name) return each;
  return undefined;
}

/** What the first line of a log names; undefined: it names nothing, or cannot be read, which is told elsewhere. */
export function headerIdOf({ vfs }: { readonly vfs: Vfs }, path: string): string | undefined {
  try {
    const file = vfs.open(path, "read");
    try {
      return firstLine(file, file.stat().size)?.id;
    } finally {
      file.close();
    }
  } catch {
    return undefined;
  }
}

/** True when a header is what this version wrote for the session. */
function isHeaderOf({ type, id: named, data }: LineHead, id: string): boolean {
  return type === "session" && named === id && (data as { format?: unknown } | null | undefined)?.format === FORMAT;
}

/** The header as it was before one byte of it changed, where its checksum shows it. */
function provenHeader({ file, examination }: Inspected, id: string): RestoredHeader | undefined {
  const { findings, header } = examination;
  // It was the log's first line.
  const place = findings.find(({ code }) => code === "damaged" || code === "altered" || code === "fragment");
  if (place === undefined || place.length > MOST_BYTES || place.offset > (header?.offset ?? Infinity)) return undefined;
  const bytes = Buffer.alloc(place.length);
  if (file.read(bytes, 0, bytes.length, place.offset) !== bytes.length) return undefined;
  for (let at = 0; at < bytes.length; at++) {
    const was = bytes[at] as number;
    for (let byte = 0x20; byte < 0x7f; byte++) {
      bytes[at] = byte;
      if (!hasRightCrc(bytes, 0, bytes.length)) continue;
      const line = decodeHead(bytes, 0, bytes.length);
      if (line?.sound === true && isHeaderOf(line, id)) return { bytes, stamp: line.stamp, place };
    }
    bytes[at] = was;
  }
  return undefined;
}

/** A header for a log that has none. Its stamp is the one that stands in the damage, or one right before the first line. */
function newHeader(inspected: Inspected, id: string): RestoredHeader {
  const { examination, kept } = inspected;
  const { lines } = examination;
  const first = kept.length === 0 ? undefined : lines.stamp(kept[0] as number);
  const text = textBefore(inspected);
  const found = parseStamp(STAMP_PATTERN.exec(text)?.[0]);
  const isFound = found !== undefined && (first === undefined || compareStamps(found, first) < 0);
  const stamp = isFound ? found : first === undefined ? firstStamp() : stampBefore(first);
  const afterText = /"after":"([^"]*)"/.exec(text)?.[1];
  const after = parseStamp(afterText);
  const buffer = new LineBuffer();
  const length = buffer.add({
    stamp,
    type: "session",
    after: after !== undefined && compareStamps(after, stamp) < 0 ? after : undefined,
    id,
    json: JSON.stringify({ format: FORMAT }),
  });
  return { bytes: Buffer.from(buffer.bytes.subarray(0, length)), stamp, place: undefined };
}

/** What stands where the header should, if it looks like one. */
function textBefore({ file, examination }: Inspected): string {
  const { findings, lines } = examination;
  const place = findings.find(({ code }) => code === "damaged" || code === "fragment");
  if (place === undefined || (lines.length > 0 && place.offset > lines.offset(0))) return "";
  const bytes = Buffer.alloc(Math.min(place.length, MOST_BYTES));
  const text = bytes.toString("latin1", 0, file.read(bytes, 0, bytes.length, place.offset));
  return text.slice(0, STAMP_LENGTH * 2).includes("session") || text.includes('"format"') ? text : "";
}

function stampBefore({ ms, counter, writer }: Stamp): Stamp {
  return counter > 0 ? { ms, counter: counter - 1, writer } : { ms: clampMs(ms - 1), counter: 0xffff, writer };
}

function firstStamp(): Stamp {
  return { ms: Date.now(), counter: 0, writer: newWriter() };
}

/**
 * What is to become of a log's header: it stays; it is made anew; or it is another session's or a later version's, and
 * nothing of the log may be touched.
 */
export function headerFor(log: Inspected, id: string | undefined): RestoredHeader | "stays" | "foreign" {
  const { header, lines } = log.examination;
  if (id === undefined) return "foreign";
  // One whose stamp was changed to that of another line is not read beside it.
  if (header === undefined || !log.kept.some((row) => lines.isHeader(row)))
    return provenHeader(log, id) ?? newHeader(log, id);
  const isNewer = typeof header.format === "number" && header.format > FORMAT;
  // An altered header that names the right session is served, as any other altered line.
  if (header.id === id && !isNewer) return "stays";
  return (header.sound ? undefined : provenHeader(log, id)) ?? "foreign";
}
