// A naive full scan of a whole store, by the second reader: what every listing and every session must answer.
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import type { SessionFilter, SessionInfo } from "../../lib/index.ts";
import { foldWhole, readLog } from "./naive-reader.ts";
import type { NaiveLine, NaiveWhole } from "./naive-reader.ts";

export interface NaiveListed extends NaiveWhole {
  id: string;
  name: string;
  /** What a listing shows of it. */
  shown: SessionInfo;
  /** False: its newest line that counts is not the last one of any log, or its oldest not the first. */
  isInOrder: boolean;
}

/** A log, or what stands in its place. */
interface NaiveFile {
  machine: string;
  path: string;
}

export class NaiveStore {
  readonly living: NaiveListed[] = [];
  /** The ids of sessions that cannot be read. */
  readonly damaged: string[] = [];
  readonly deleted: string[] = [];
  /** Another one where a log was written to, or replaced, before it was read. */
  readonly print: string;

  constructor(root: string) {
    const logs = filesByName(root);
    this.print = [...logs.values()].flat().map(printOf).toSorted().join("\n");
    for (const [name, files] of logs) {
      const found = readSession(name, files);
      if (typeof found === "string") this.damaged.push(found);
      else if (found.deleted) this.deleted.push(found.id);
      else this.living.push(found);
    }
  }

  get(id: string): NaiveListed | undefined {
    return this.living.find((session) => session.id === id);
  }

  /** The living sessions that a filter takes, newest first. */
  list(filter: SessionFilter = {}): NaiveListed[] {
    const key = ({ first, last }: NaiveListed): string => (filter.order === "created" ? first : last) ?? "";
    return this.living
      .filter(({ shown }) => accepts(shown, filter))
      .sort((a, b) => compare(key(b), key(a)) || compare(a.name, b.name));
  }

  /** The damaged sessions that a filter takes: those of which nothing is asked. */
  listDamaged(filter: SessionFilter = {}): string[] {
    const { project, directory, parent, archived, pinned, tags } = filter;
    const isWide = [project, directory, parent, archived, pinned, tags].every((each) => each === undefined);
    return isWide ? this.damaged.toSorted() : [];
  }
}

function printOf({ path }: NaiveFile): string {
  const { ino, size, mtimeNs } = statSync(path, { bigint: true, throwIfNoEntry: false }) ?? {};
  return `${path} ${ino} ${size} ${mtimeNs}`;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function accepts(info: SessionInfo, asked: SessionFilter): boolean {
  if (asked.project !== undefined && info.project !== asked.project) return false;
  if (asked.directory !== undefined && info.directory !== asked.directory) return false;
  if (asked.parent !== undefined && info.parent !== asked.parent) return false;
  if (asked.parent === undefined && asked.all !== true && info.parent !== undefined) return false;
  if (asked.archived !== undefined && info.archived !== asked.archived) return false;
  if (asked.pinned !== undefined && (info.pinned ?? false) !== asked.pinned) return false;
  if (asked.since !== undefined && Date.parse(info.updatedAt) < new Date(asked.since).getTime()) return false;
  return (asked.tags ?? []).every((tag) => info.tags?.includes(tag));
}

function filesByName(root: string): Map<string, NaiveFile[]> {
  const byName = new Map<string, NaiveFile[]>();
  const sessions = join(root, "sessions");
  for (const machine of readdirSync(sessions)) {
    for (const month of readdirSync(join(sessions, machine))) {
      for (const file of readdirSync(join(sessions, machine, month))) {
        const name = /^(.*)\.jsonl(?:\.old)?$/.exec(file)?.[1];
        if (name === undefined) continue;
        const path = join(sessions, machine, month, file);
        byName.set(name, [...(byName.get(name) ?? []), { machine, path }]);
      }
    }
  }
  return byName;
}

/** -> the session, or the id of one that cannot be read. */
function readSession(name: string, files: readonly NaiveFile[]): NaiveListed | string {
  const id = decodeURIComponent(name);
  const logs: NaiveLine[][] = [];
  try {
    for (const { path } of files) logs.push(readLog(readFileSync(path)));
  } catch {
    return id;
  }
  const headers = logs.map((log) => log.find(({ type }) => type === "session")).filter((line) => line !== undefined);
  const isRight = ({ id: named, data }: NaiveLine): boolean => named === id && !(data?.format > 1);
  if (headers.length === 0 || !headers.every(isRight)) return id;
  const whole = foldWhole(logs);
  const { info, history, tips, tip, first, last } = whole;
  const shown = {
    ...info,
    id,
    archived: info["archived"] === true,
    createdAt: timeOf(first),
    updatedAt: timeOf(last),
    messages: history.length,
    bytes: files.reduce((sum, { path }) => sum + statSync(path).size, 0),
    branches: tips.length + 1,
    machines: [...new Set(files.map(({ machine }) => machine))].sort(),
    tip: tip!,
  };
  const ends = files.map(({ path }) => endsOf(readFileSync(path, "latin1"))).filter((each) => each.length > 0);
  const firsts = ends.map((each) => each[0] ?? "");
  const lasts = ends.map((each) => each.at(-1) ?? "");
  const isInOrder = firsts.toSorted(compare)[0] === first && lasts.toSorted(compare).at(-1) === last;
  return { ...whole, id, name, shown, isInOrder };
}

/** The stamps of the whole lines of a log, as they stand there. */
function endsOf(log: string): string[] {
  return log.split("\n").flatMap((piece) => /^\{"at":"([^"]{38})".*\}\s*$/.exec(piece)?.[1] ?? []);
}

function timeOf(stamp: string | undefined): string {
  return stamp!.slice(0, 24);
}
