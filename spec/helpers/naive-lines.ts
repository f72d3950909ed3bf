// The second reader of the format, from bytes to lines: spec/format.md, sections 2 to 4, alone, and nothing of lib/.
import { crc32 } from "node:zlib";

export interface NaiveLine {
  at: string;
  type: string;
  after?: string;
  batch?: number;
  id?: string;
  of?: string;
  message?: string;
  data?: any;
  crc?: string;
}

const STAMP = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z-[0-9a-f]{4}-[a-z0-9]{8}$/;
const FIELDS = new Set(["at", "type", "after", "batch", "id", "of", "message", "data"]);
const TOMBSTONES = new Set(["truncate", "remove", "purge", "delete"]);

interface Parsed {
  line: NaiveLine;
  sound: boolean;
  text: string;
}

export function writerOf(at: string): string {
  return at.slice(-8);
}

/** A stamp names a time that exists. */
function isStamp(text: unknown): boolean {
  if (typeof text !== "string" || !STAMP.test(text)) return false;
  const time = new Date(text.slice(0, 24));
  return !Number.isNaN(time.getTime()) && time.toISOString() === text.slice(0, 24);
}

/** A stamp's time and counter as one number. */
function tickOf(at: string): bigint {
  return BigInt(Date.parse(at.slice(0, 24))) * 65536n + BigInt(parseInt(at.slice(25, 29), 16));
}

function parsePiece(bytes: Buffer): Parsed | undefined {
  const text = bytes.toString("utf8");
  try {
    const line = JSON.parse(text);
    if (!isStamp(line.at) || typeof line.type !== "string") return undefined;
    const end = bytes.lastIndexOf(',"crc":"');
    const sound =
      line.crc === undefined
        ? Object.keys(line).every((key) => FIELDS.has(key))
        : line.crc === crc32(bytes.subarray(0, end)).toString(16).padStart(8, "0");
    // What is of another kind than it should be says nothing.
    for (const key of ["after", "of", "message"]) if (!isStamp(line[key])) delete line[key];
    if (typeof line.id !== "string") delete line.id;
    if (!(line.batch > 1 && Number.isInteger(line.batch))) delete line.batch;
    return { line, sound, text };
  } catch {
    return undefined;
  }
}

/** A piece that is no line, taken apart where a line begins: every part that ends in its own checksum is one. */
function takeApart(bytes: Buffer): Parsed[] {
  const found: Parsed[] = [];
  let from = bytes.indexOf('{"at":"');
  while (from !== -1) {
    let next = from + 1;
    for (let end = bytes.indexOf('"}', from); end !== -1; end = bytes.indexOf('"}', end + 1)) {
      const parsed = parsePiece(bytes.subarray(from, end + 2));
      if (parsed?.line.crc === undefined || !parsed.sound) continue;
      found.push(parsed);
      next = end + 2;
      break;
    }
    from = bytes.indexOf('{"at":"', next);
  }
  return found;
}

/** The first `session` line of a log, even one that is left out because another line with its stamp counts. */
export function headerOf(content: Buffer): NaiveLine | undefined {
  return parseLog(content).find(({ line }) => line.type === "session")?.line;
}

/** The lines of one log that count, in order. */
export function readLog(content: Buffer): NaiveLine[] {
  const lines = unique(parseLog(content));
  const dropped = new Set<NaiveLine>();
  for (const writer of new Set(lines.map(({ at }) => writerOf(at)))) {
    const own = lines.filter(({ at }) => writerOf(at) === writer);
    const begun = own.findLastIndex((line) => (line.batch ?? 0) > 1 && isSound(line));
    const first = own[begun];
    if (first !== undefined && tickOf(own.at(-1)!.at) < tickOf(first.at) + BigInt(first.batch!) - 1n) {
      for (const line of own.slice(begun)) if (line.type !== "session") dropped.add(line);
    }
  }
  return lines.filter((line) => !dropped.has(line));
}

function parseLog(content: Buffer): Parsed[] {
  const parsed: Parsed[] = [];
  let start = 0;
  for (;;) {
    const newline = content.indexOf(10, start);
    const isTail = newline === -1;
    let piece = content.subarray(start, isTail ? content.length : newline);
    const isBlank = (byte: number | undefined): boolean => byte !== undefined && [0, 9, 13, 32].includes(byte);
    while (isBlank(piece[0])) piece = piece.subarray(1);
    if (piece.toString("latin1", 0, 3) === "\xef\xbb\xbf") piece = piece.subarray(3);
    while (isBlank(piece.at(-1))) piece = piece.subarray(0, -1);
    const line = parsePiece(piece);
    if (isTail) {
      if (line?.sound && line.line.crc !== undefined) parsed.push(line);
      break;
    }
    if (line !== undefined) parsed.push(line);
    else parsed.push(...takeApart(piece));
    start = newline + 1;
  }
  return parsed;
}

/** How the lines that count stood in their logs. */
const asRead = new WeakMap<NaiveLine, Parsed>();

/** Of two lines with one stamp a purged one counts, then a sound one, then the greater bytes. */
function better(a: Parsed, b: Parsed): number {
  return (
    Number(a.line.type === "purged") - Number(b.line.type === "purged") ||
    Number(a.sound) - Number(b.sound) ||
    Buffer.compare(Buffer.from(a.text), Buffer.from(b.text))
  );
}

/** Sorted, one line for each stamp. Altered tombstones are not obeyed. */
function unique(parsed: Parsed[]): NaiveLine[] {
  const best = new Map<string, Parsed>();
  for (const each of parsed) {
    const other = best.get(each.line.at);
    if (other === undefined || better(each, other) > 0) best.set(each.line.at, each);
  }
  return [...best.values()]
    .sort((a, b) => (a.line.at < b.line.at ? -1 : 1))
    .map((each) => {
      const line = each.sound || !TOMBSTONES.has(each.line.type) ? each.line : { at: each.line.at, type: "altered" };
      asRead.set(line, each);
      return line;
    });
}

/** The lines of all logs, one for each stamp. A line that was in no log is sound. */
export function unite(logs: NaiveLine[][]): NaiveLine[] {
  const read = (line: NaiveLine): Parsed => asRead.get(line) ?? { line, sound: true, text: JSON.stringify(line) };
  const best = new Map<string, NaiveLine>();
  for (const line of logs.flat()) {
    const other = best.get(line.at);
    if (other === undefined || better(read(line), read(other)) > 0) best.set(line.at, line);
  }
  return [...best.values()];
}

/** False: the line ends in a checksum that is not its own. */
export function isSound(line: NaiveLine): boolean {
  return asRead.get(line)?.sound ?? true;
}
