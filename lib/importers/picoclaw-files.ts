// Which files of a directory make which session: by the key in them, since several keys can share a file name.
import { basename, dirname, join } from "node:path";
import { giveWay } from "../base/turn.ts";
import { isObject } from "../base/object.ts";
import type { OnProblem } from "./importer.ts";
import { parseObject, textIn, timeOf, tolerating } from "./importer.ts";
import { namesIn, textOf } from "./source.ts";

/** `<name>.json`, all of a session in one value. */
export interface LegacyFile {
  readonly path: string;
  readonly key: string;
  readonly messages: readonly Record<string, unknown>[];
  readonly summary: string | undefined;
  readonly createdMs: number | undefined;
  readonly updatedMs: number | undefined;
}

/** `<name>.jsonl`, and what its `<name>.meta.json` says, if there is one. */
export interface LogFile {
  readonly path: string;
  readonly metaPath: string | undefined;
  readonly meta: Readonly<Record<string, unknown>>;
}

/** Older before newer. */
export interface SessionFiles {
  readonly key: string;
  readonly legacy: LegacyFile[];
  readonly logs: LogFile[];
}

const KINDS = /^(.*?)(\.meta\.json|\.jsonl|\.json)(\.migrated)?$/s;

/** The sessions of a directory. */
export async function findFiles(directory: string, onProblem: OnProblem): Promise<SessionFiles[]> {
  return await group(directory, namesIn(directory).files, onProblem);
}

/** The session that a file belongs to: what shares its name. */
export async function filesBeside(path: string, onProblem: OnProblem): Promise<SessionFiles[]> {
  const directory = dirname(path);
  const stem = KINDS.exec(basename(path))?.[1];
  const names = namesIn(directory).files.filter((name) => KINDS.exec(name)?.[1] === stem);
  return stem === undefined ? [] : await group(directory, names, onProblem);
}

async function group(directory: string, names: readonly string[], onProblem: OnProblem): Promise<SessionFiles[]> {
  const byStem = new Map<string, Map<string, string>>();
  for (const name of names) {
    const [, stem, kind, migrated] = KINDS.exec(name) ?? [];
    if (stem === undefined || kind === undefined) continue;
    const files = byStem.get(stem) ?? new Map<string, string>();
    byStem.set(stem, files);
    files.set(kind + (migrated ?? ""), join(directory, name));
  }
  const byKey = new Map<string, SessionFiles>();
  const filesOf = (key: string): SessionFiles => {
    const files = byKey.get(key) ?? { key, legacy: [], logs: [] };
    byKey.set(key, files);
    return files;
  };
  for (const [stem, files] of byStem) {
    await giveWay();
    const legacy = [".json.migrated", ".json"].flatMap((kind) => readLegacy(files.get(kind), stem, onProblem) ?? []);
    for (const file of legacy) filesOf(file.key).legacy.push(file);
    for (const ending of [".migrated", ""]) {
      const path = files.get(`.jsonl${ending}`);
      if (path === undefined) continue;
      const metaPath = files.get(`.meta.json${ending}`);
      const meta = readMeta(metaPath, onProblem);
      // Without its meta a log is not shown by picoclaw; what was migrated under that name has its key.
      const key = textIn(meta, "key") ?? (legacy.length === 1 ? legacy[0]?.key : undefined) ?? stem;
      filesOf(key).logs.push({ path, metaPath, meta });
    }
  }
  for (const { legacy } of byKey.values()) legacy.sort((a, b) => (a.updatedMs ?? 0) - (b.updatedMs ?? 0));
  return [...byKey.values()];
}

function readLegacy(path: string | undefined, stem: string, onProblem: OnProblem): LegacyFile | undefined {
  if (path === undefined) return undefined;
  const text = tolerating(path, onProblem, () => textOf(path), undefined);
  if (text === undefined) return undefined;
  const value = parseObject(text);
  if (!Array.isArray(value?.["messages"]) && value?.["messages"] !== null) {
    // Not every JSON file is a session; one that was to be one is told of.
    if (value === undefined || "key" in value) onProblem(path, "no session: it does not parse, or has no messages");
    return undefined;
  }
  const messages: unknown[] = value["messages"] ?? [];
  const bad = messages.findIndex((message) => !isObject(message));
  if (bad !== -1) onProblem(path, `message ${bad + 1} is no object`);
  return {
    path,
    key: textIn(value, "key") ?? stem,
    messages: messages.filter(isObject),
    summary: textIn(value, "summary"),
    createdMs: timeOf(value["created"]),
    updatedMs: timeOf(value["updated"]),
  };
}

function readMeta(path: string | undefined, onProblem: OnProblem): Record<string, unknown> {
  if (path === undefined) return {};
  const text = tolerating(path, onProblem, () => textOf(path), undefined);
  const meta = text === undefined ? {} : parseObject(text);
  if (meta === undefined) onProblem(path, "does not parse: the log beside it is taken over whole");
  return meta ?? {};
}
