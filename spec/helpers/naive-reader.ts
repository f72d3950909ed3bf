// A second reader of the format, by spec/format.md alone: slow, simple, no index, nothing of lib/. What it reads must
// equal what the library answers.
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
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

interface NaiveEntry {
  id: string;
  at: string;
  data: unknown;
  parts: { id: string; at: string; data: unknown }[];
}

export interface NaiveSession {
  info: Record<string, unknown>;
  history: NaiveEntry[];
  /** The newest messages of the other branches. */
  tips: string[];
  deleted: boolean;
}

const STAMP = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z-[0-9a-f]{4}-[a-z0-9]{8}$/;
const FIELDS = new Set(["at", "type", "after", "batch", "id", "of", "message", "data"]);
const TREE = new Set(["session", "open", "head"]);
const TOMBSTONES = new Set(["truncate", "remove", "purge", "delete"]);

interface Parsed {
  line: NaiveLine;
  sound: boolean;
  text: string;
}

function writerOf(at: string): string {
  return at.slice(-8);
}

/** A stamp's time and counter as one number. */
function tickOf(at: string): bigint {
  return BigInt(Date.parse(at.slice(0, 24))) * 65536n + BigInt(parseInt(at.slice(25, 29), 16));
}

function parsePiece(bytes: Buffer): Parsed | undefined {
  const text = bytes.toString("utf8");
  try {
    const line = JSON.parse(text);
    if (!STAMP.test(line.at) || typeof line.type !== "string") return undefined;
    const end = bytes.lastIndexOf(',"crc":"');
    const sound =
      line.crc === undefined
        ? Object.keys(line).every((key) => FIELDS.has(key))
        : line.crc === crc32(bytes.subarray(0, end)).toString(16).padStart(8, "0");
    // What is of another kind than it should be says nothing.
    for (const key of ["after", "of", "message"]) if (!STAMP.test(line[key])) delete line[key];
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

/** The lines of one log that count, in order. */
export function readLog(content: Buffer): NaiveLine[] {
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
  const lines = unique(parsed);
  const dropped = new Set<NaiveLine>();
  for (const writer of new Set(lines.map(({ at }) => writerOf(at)))) {
    const own = lines.filter(({ at }) => writerOf(at) === writer);
    const begun = own.findLastIndex((line) => (line.batch ?? 0) > 1);
    const first = own[begun];
    if (first !== undefined && tickOf(own.at(-1)!.at) < tickOf(first.at) + BigInt(first.batch!) - 1n) {
      for (const line of own.slice(begun)) dropped.add(line);
    }
  }
  return lines.filter((line) => !dropped.has(line));
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
function unite(logs: NaiveLine[][]): NaiveLine[] {
  const read = (line: NaiveLine): Parsed => asRead.get(line) ?? { line, sound: true, text: JSON.stringify(line) };
  const best = new Map<string, NaiveLine>();
  for (const line of logs.flat()) {
    const other = best.get(line.at);
    if (other === undefined || better(read(line), read(other)) > 0) best.set(line.at, line);
  }
  return [...best.values()];
}

interface Run {
  writer: string;
  first: string;
  after: string | undefined;
}

type Piece = [writer: string, from: string, to: string];

/** From the lines of all logs of a session to what it is. */
export function foldNaively(logs: NaiveLine[][]): NaiveSession {
  const before = new Map<string, string | undefined>();
  for (const log of logs) {
    let previous: string | undefined;
    for (const { at, type } of log) {
      if (!before.has(at)) before.set(at, previous);
      if (type !== "altered") previous = at;
    }
  }
  const lines = unite(logs)
    .filter(({ type }) => type !== "altered")
    .sort((a, b) => (a.at < b.at ? -1 : 1));
  const runs: Run[] = [];
  for (const line of lines) {
    const writer = writerOf(line.at);
    if (TREE.has(line.type)) runs.push({ writer, first: line.at, after: line.after });
    else if (!runs.some((run) => run.writer === writer))
      runs.push({ writer, first: line.at, after: before.get(line.at) });
  }
  const runOf = (at: string): Run | undefined => runs.findLast((run) => run.writer === writerOf(at) && run.first <= at);
  const way = (to: string | undefined): Piece[] => {
    const pieces: Piece[] = [];
    for (let at = to; at !== undefined;) {
      const run = runOf(at);
      if (run === undefined) break;
      pieces.push([run.writer, run.first, at]);
      at = run.after !== undefined && run.after < run.first ? run.after : undefined;
    }
    return pieces;
  };
  const isOn = (pieces: Piece[], at: string): boolean =>
    pieces.some(([writer, from, to]) => writer === writerOf(at) && from <= at && at <= to);

  const restored = new Set(lines.filter(({ type }) => type === "restore").map(({ of }) => of));
  const purged = new Set(lines.filter(({ type }) => type === "purge").flatMap(({ data }) => data.of as string[]));
  const messages = new Map<string, NaiveLine>();
  const parts = new Map<string, { message: string; line: NaiveLine }>();
  const removed = new Map<string, string>();
  const cuts: { from: string; to: string; seen: Piece[] }[] = [];
  const info: Record<string, unknown> = {};
  let deletedAt: string | undefined;
  for (const line of lines) {
    const place = line.of ?? line.at;
    if (line.type === "message" && !purged.has(place)) messages.set(place, line);
    if (line.type === "part" && !purged.has(place) && !purged.has(line.message!))
      parts.set(place, { message: line.message!, line });
    if (line.type === "remove") removed.set(line.of!, line.at);
    if (line.type === "truncate")
      cuts.push({ from: line.data.from ?? "", to: line.data.to ?? line.at, seen: way(line.at) });
    if (line.type === "delete" && !restored.has(line.at)) {
      cuts.push({ from: "", to: line.at, seen: way(line.at) });
      deletedAt = line.at;
    }
    if (line.type === "info") {
      const patch = { ...line.data };
      if (patch.titleSource === "auto" && info["titleSource"] === "user" && (info["title"] ?? null) !== null) {
        delete patch.title;
        delete patch.titleSource;
      }
      Object.assign(info, patch);
    }
  }
  const isAlive = (place: string): boolean =>
    (removed.get(place) ?? "") <= messages.get(place)!.at &&
    !cuts.some(({ from, to, seen }) => from <= place && place < to && isOn(seen, place));
  const alive = [...messages.keys()].filter(isAlive).sort();
  const marks = lines.filter(({ type }) => ["head", "truncate", "remove"].includes(type)).map(({ at }) => at);
  const pieces = way([...alive, ...marks].sort().at(-1));
  const partsOf = (place: string): NaiveEntry["parts"] =>
    [...parts]
      .filter(
        ([at, part]) =>
          part.message === place && (removed.get(at) ?? "") < part.line.at && (removed.get(place) ?? "") < part.line.at,
      )
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([at, { line }]) => ({ id: line.id ?? at, at, data: line.data }));
  const ways = [pieces];
  const tips: string[] = [];
  for (const place of alive.toReversed()) {
    if (ways.some((each) => isOn(each, place))) continue;
    tips.push(place);
    ways.push(way(place));
  }
  return {
    info: Object.fromEntries(Object.entries(info).filter(([, value]) => value !== null)),
    history: alive
      .filter((place) => isOn(pieces, place))
      .map((place) => ({
        id: messages.get(place)!.id ?? place,
        at: place,
        data: messages.get(place)!.data,
        parts: partsOf(place),
      })),
    tips,
    deleted: deletedAt !== undefined && !alive.some((place) => place > deletedAt),
  };
}

/** Every session under a store's root, by its id. */
export function readNaively(root: string): Map<string, NaiveSession> {
  const logs = new Map<string, NaiveLine[][]>();
  const sessions = join(root, "sessions");
  for (const machine of readdirSync(sessions)) {
    for (const month of readdirSync(join(sessions, machine))) {
      for (const name of readdirSync(join(sessions, machine, month))) {
        const path = join(sessions, machine, month, name);
        if (!statSync(path).isFile() || !/\.jsonl(\.old)?$/.test(name)) continue;
        const lines = readLog(readFileSync(path));
        const id = lines.find(({ type }) => type === "session")?.id;
        if (id !== undefined) logs.set(id, [...(logs.get(id) ?? []), lines]);
      }
    }
  }
  return new Map([...logs].map(([id, each]) => [id, foldNaively(each)]));
}
