// A second reader of the format, by spec/format.md alone: slow, simple, no index, nothing of lib/. What it reads must
// equal what the library answers.
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { blobsIn, restoreNaively } from "./naive-blobs.ts";
import { isSound, readLog, unite, writerOf } from "./naive-lines.ts";
import type { NaiveLine } from "./naive-lines.ts";

export { readLog } from "./naive-lines.ts";
export type { NaiveLine } from "./naive-lines.ts";

interface NaiveEntry {
  id: string;
  at: string;
  data: unknown;
  parts: { id: string; at: string; data: unknown; altered?: true }[];
  altered?: true;
}

export interface NaiveSession {
  info: Record<string, unknown>;
  history: NaiveEntry[];
  /** The newest messages of the other branches. */
  tips: string[];
  deleted: boolean;
}

/** The same, with the stamps that a listing tells. */
export interface NaiveWhole extends NaiveSession {
  /** The places of all living messages, on every branch. */
  alive: string[];
  tip: string | undefined;
  /** The least and the greatest stamp of all lines. */
  first: string | undefined;
  last: string | undefined;
}

/** A `truncate` whose data is none hides nothing. */
function isCut({ type, data }: NaiveLine): boolean {
  const isEnd = (end: unknown): boolean => end === null || typeof end === "string";
  return type === "truncate" && isEnd(data?.from) && isEnd(data?.to);
}

const TREE = new Set(["session", "open", "head"]);

interface Run {
  writer: string;
  first: string;
  after: string | undefined;
}

type Piece = [writer: string, from: string, to: string];

/** From the lines of all logs of a session to what it is. */
export function foldNaively(logs: NaiveLine[][]): NaiveSession {
  const { info, history, tips, deleted } = foldWhole(logs);
  return { info, history, tips, deleted };
}

export function foldWhole(logs: NaiveLine[][]): NaiveWhole {
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
  const purged = new Set(
    lines.filter(({ type }) => type === "purge").flatMap(({ data }) => (data?.of ?? []) as string[]),
  );
  const messages = new Map<string, NaiveLine>();
  const parts = new Map<string, { message: string; line: NaiveLine }>();
  const removed = new Map<string, string>();
  const cuts: { from: string; to: string; seen: Piece[] }[] = [];
  const info: Record<string, unknown> = {};
  let deletedAt: string | undefined;
  for (const line of lines) {
    const place = line.of ?? line.at;
    if (line.type === "message" && !purged.has(place)) messages.set(place, line);
    if (line.type === "part" && line.message !== undefined && !purged.has(place) && !purged.has(line.message))
      parts.set(place, { message: line.message, line });
    if (line.type === "remove") removed.set(line.of!, line.at);
    if (isCut(line)) cuts.push({ from: line.data.from ?? "", to: line.data.to ?? line.at, seen: way(line.at) });
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
  const marks = lines.filter((line) => ["head", "remove"].includes(line.type) || isCut(line)).map(({ at }) => at);
  const tip = [...alive, ...marks].sort().at(-1);
  const pieces = way(tip);
  const flag = (line: NaiveLine): { altered?: true } => (isSound(line) ? {} : { altered: true });
  const partsOf = (place: string): NaiveEntry["parts"] =>
    [...parts]
      .filter(
        ([at, part]) =>
          part.message === place && (removed.get(at) ?? "") < part.line.at && (removed.get(place) ?? "") < part.line.at,
      )
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([at, { line }]) => ({ id: line.id ?? at, at, data: line.data, ...flag(line) }));
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
        ...flag(messages.get(place)!),
      })),
    tips,
    alive,
    tip: tip ?? lines.at(-1)?.at,
    first: lines[0]?.at,
    last: lines.at(-1)?.at,
    deleted: deletedAt !== undefined && !alive.some((place) => place > deletedAt),
  };
}

/** Every session under a store's root, by its id. */
export function readNaively(root: string): Map<string, NaiveSession> {
  const files = new Map<string, Buffer>();
  for (const room of ["sessions", "archive"].map((name) => join(root, name)).filter((path) => existsSync(path))) {
    for (const machine of readdirSync(room)) {
      for (const month of readdirSync(join(room, machine))) {
        for (const name of readdirSync(join(room, machine, month))) {
          const path = join(room, machine, month, name);
          if (statSync(path).isFile() && isLog(path)) files.set(path, readFileSync(path));
          else if (path.endsWith(".jsonl.gz")) files.set(path.slice(0, -3), gunzipSync(readFileSync(path)));
        }
      }
    }
  }
  if (statSync(join(root, "blobs"), { throwIfNoEntry: false }) !== undefined) {
    for (const entry of readdirSync(join(root, "blobs"), { recursive: true, withFileTypes: true })) {
      const path = join(entry.parentPath, entry.name);
      if (entry.isFile()) files.set(path, readFileSync(path));
    }
  }
  return readFilesNaively(files);
}

/** The same from the content of all files below sessions/ and blobs/. */
export function readFilesNaively(files: ReadonlyMap<string, Buffer>): Map<string, NaiveSession> {
  const logs = new Map<string, NaiveLine[][]>();
  for (const [path, content] of files) {
    if (!isLog(path)) continue;
    const lines = readLog(content);
    const id = lines.find(({ type }) => type === "session")?.id;
    if (id !== undefined) logs.set(id, [...(logs.get(id) ?? []), lines]);
  }
  const blobs = blobsIn(files);
  const restored = (session: NaiveSession): NaiveSession => ({
    ...session,
    history: session.history.map((entry) => ({
      ...entry,
      data: restoreNaively(entry.data, blobs),
      parts: entry.parts.map((part) => ({ ...part, data: restoreNaively(part.data, blobs) })),
    })),
  });
  return new Map([...logs].map(([id, each]) => [id, restored(foldNaively(each))]));
}

function isLog(path: string): boolean {
  return /\.jsonl(\.old)?$/.test(path);
}
