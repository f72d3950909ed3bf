// What editors, scripts and people make of a log's bytes.
import { crc32 } from "node:zlib";
import { pick } from "./random.ts";
import type { Random } from "./random.ts";

const LF = "\n";
const CAPITALS = ["U", "V", "W", "X", "Y", "Z"];
const LETTERS = "abcdefghijklmnopqrstuvwxyz";

/** A line with its right checksum. */
export function seal({ crc: _, ...line }: Record<string, unknown>): string {
  const open = JSON.stringify(line).slice(0, -1);
  return `${open},"crc":"${crc32(open).toString(16).padStart(8, "0")}"}`;
}

function linesOf(content: Buffer): string[] {
  return content.toString("latin1").split(LF);
}

function parse(line: string | undefined): any {
  try {
    return JSON.parse(Buffer.from(line ?? "", "latin1").toString());
  } catch {
    return undefined;
  }
}

/** The same letters moved on: as many bytes, another text. */
function otherText(text: string, by: number): string {
  return text.replace(/[a-z]/g, (letter) => LETTERS[(LETTERS.indexOf(letter) + by) % LETTERS.length] as string);
}

/** What may become of one line that keeps its length. Undefined: nothing, of this one. */
type LineEdit = (line: any, text: string, random: Random) => string | undefined;

const LINE_EDITS: readonly LineEdit[] = [
  // Another text in a message, a part or an info, with its right checksum.
  ({ data, ...line }, _, random) => {
    const key = ["text", "title", "project"].find((key) => typeof data?.[key] === "string");
    if (key === undefined) return undefined;
    const edited = { ...data, [key]: otherText(data[key], 1 + random(25)) };
    return seal({ ...line, data: edited });
  },
  // Another id.
  ({ id, data, ...line }, _, random) => {
    if ((line.type !== "message" && line.type !== "part") || typeof id !== "string") return undefined;
    const { at, type, batch, ...rest } = line;
    return seal({ at, type, ...(batch && { batch }), id: otherText(id, 1 + random(25)), ...rest, data });
  },
  // The message is gone: a type that nobody knows.
  (line) => (line.type === "message" ? seal({ ...line, type: "massage" }) : undefined),
  // A letter of it is another, and the checksum the old one.
  (_, text, random) => {
    const at = text.indexOf('"text":"') + 8;
    return at < 8 ? undefined : `${text.slice(0, at)}${pick(random, CAPITALS)}${text.slice(at + 1)}`;
  },
  // No line any more.
  (line, text) => (line.type === "session" ? undefined : `#${text.slice(1)}`),
];

/** Other lines in as many bytes. */
export function editKeepingSize(content: Buffer, random: Random): Buffer {
  const lines = linesOf(content);
  for (let tries = 0; tries < 100; tries++) {
    const at = random(lines.length);
    const text = lines[at] as string;
    const line = parse(text);
    if (typeof line !== "object" || line === null) continue;
    const edited = pick(random, LINE_EDITS)(line, text, random);
    if (edited === undefined || edited === text || edited.length !== text.length) continue;
    lines[at] = edited;
    break;
  }
  return Buffer.from(lines.join(LF), "latin1");
}

/** Two lines of one length change places: the same session, but every offset between them names another line. */
export function exchangeLines(content: Buffer, random: Random): Buffer {
  const lines = linesOf(content);
  const at = 1 + random(Math.floor(lines.length / 2));
  const other = lines.findLastIndex((line) => line.length === lines[at]?.length);
  [lines[at], lines[other]] = [lines[other] as string, lines[at] as string];
  return Buffer.from(lines.join(LF), "latin1");
}

/** Another title, in as many bytes, if the log has one. */
export function editTitle(content: Buffer): Buffer {
  const lines = linesOf(content);
  const at = lines.findLastIndex((line) => typeof parse(line)?.data?.title === "string");
  const line = parse(lines[at]);
  if (line === undefined) return content;
  const title = otherText(line.data.title, 1);
  lines[at] = seal({ ...line, data: { ...line.data, title } });
  return Buffer.from(lines.join(LF), "latin1");
}

/** The header names a session with an id as long as the right one. */
export function editHeader(content: Buffer): Buffer {
  const lines = linesOf(content);
  const header = parse(lines[0]);
  if (typeof header?.id !== "string") return content;
  const { at, type, after, batch, id, data } = header;
  lines[0] = seal({ at, type, ...(after && { after }), ...(batch && { batch }), id: otherText(id, 1), data });
  return Buffer.from(lines.join(LF), "latin1");
}

/** The stamps after the greatest one of a log, of a writer that nobody knows. */
function* stampsAfter(content: Buffer, random: Random): Generator<string, never> {
  const stamps = [...content.toString("latin1").matchAll(/\{"at":"([^"]{38})"/g)].map((match) => match[1] as string);
  const last = stamps.sort().at(-1);
  const time = last?.slice(0, 24) ?? "2026-01-01T00:00:00.000Z";
  const writer = Array.from({ length: 8 }, () => LETTERS[random(LETTERS.length)]).join("");
  for (let count = parseInt(last?.slice(25, 29) ?? "0", 16) + 1; ; count++)
    yield `${time}-${count.toString(16).padStart(4, "0")}-${writer}`;
}

/** Lines that somebody adds by hand, or a tool that keeps to the format: what goes on from the log's last line. */
export function linesAfter(content: Buffer, count: number, random: Random): string {
  const stamps = stampsAfter(content, random);
  const places = linesOf(content)
    .map(parse)
    .filter((line) => line?.type === "message" && line.of === undefined)
    .map((line) => line.at as string);
  const lines: string[] = [];
  while (lines.length < count) {
    const at = stamps.next().value;
    const place = places.length === 0 ? undefined : pick(random, places.slice(-20));
    const text = LETTERS.repeat(1 + random(60));
    const id = `by-hand-${lines.length}-${random(1e9)}`;
    const message = { at, type: "message", id, data: { id, text } };
    const kinds: object[] = [message, message, message, { at, type: "info", data: { title: `by hand ${id}` } }];
    if (place !== undefined) {
      const part = { id: "p", text };
      kinds.push({ at, type: "part", id: "p", message: place, data: part }, { at, type: "remove", of: place });
      kinds.push({ at, type: "message", id, of: place, data: { id, text } });
    }
    const line = pick(random, kinds) as Record<string, unknown>;
    // A line that is written by hand has no checksum.
    lines.push(random(4) === 0 ? JSON.stringify(line) : seal(line));
  }
  return lines.map((line) => line + LF).join("");
}
