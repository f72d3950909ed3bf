// picoclaw (sipeed/picoclaw, as of June 2026): a directory of sessions, legacy `<name>.json` files, JSONL logs with a
// `<name>.meta.json` beside each, and `<name>.json.migrated`, which is what its own migration leaves of the first kind.
// File names are lossy, so a session's key comes from the content. Messages have no ids: a message is known by its
// content, and by its place among those that the store has.
import { giveWay } from "../base/turn.ts";
import type { FoundInfo, FoundLine, FoundMessage } from "../store/import/import.ts";
import type { Importer, OnProblem, SourceSession } from "./importer.ts";
import { parseObject, timeOf, tolerating } from "./importer.ts";
import { findFiles, filesBeside } from "./picoclaw-files.ts";
import type { LegacyFile, LogFile, SessionFiles } from "./picoclaw-files.ts";
import { readMessages } from "./picoclaw-log.ts";
import { align, namer, startsWith, traitOf, traitOfName } from "./picoclaw-order.ts";
import type { Trait } from "./picoclaw-order.ts";
import { home, kindOf, modifiedMs, peek, namesIn } from "./source.ts";
import { dirname, join } from "node:path";
import { isObject } from "../base/object.ts";

const MOST_LEVELS = 4;
/** The main key of an agent is a shared fallback: no chat's messages were moved from it. */
const MAIN_KEY = /^agent:[^:]+:main$/;

export const picoclaw: Importer = {
  defaultPath: () => home(".picoclaw", "workspace", "sessions"),
  recognizes,
  async find(path, onProblem, { signal }) {
    const isDirectory = kindOf(path) === "directory";
    // A directory that is named itself is looked through, even if nothing in it can be read.
    const directories = isDirectory ? new Set([path, ...(await directoriesIn(path, 0, onProblem))]) : [];
    const files: SessionFiles[] = isDirectory ? [] : await filesBeside(path, onProblem);
    for (const directory of directories) {
      signal?.throwIfAborted();
      files.push(...(await findFiles(directory, onProblem)));
    }
    const sessions = (isDirectory ? joined(files) : files).map((each) => new PicoclawSession(each, onProblem));
    const owners = new Map<string, PicoclawSession>();
    for (const session of sessions) for (const alias of session.aliases) owners.set(alias, session);
    for (const session of sessions) session.owner = owners.get(session.id);
    // Who took over an alias comes before it.
    return sessions.sort((a, b) => Number(a.owner !== undefined) - Number(b.owner !== undefined));
  },
};

/** One message of the session, from whichever file. */
interface Element extends Trait {
  readonly ms: number;
  /** The source shows it: it was not truncated. */
  readonly isShown: boolean;
  readonly read: { readonly file: LegacyFile | LogFile; readonly index: number };
}

/** One session for each key, wherever its files lie: several workspaces, a backup beside. */
function joined(found: readonly SessionFiles[]): SessionFiles[] {
  const byKey = new Map<string, SessionFiles>();
  for (const { key, legacy, logs } of found) {
    const files = byKey.get(key);
    if (files === undefined) byKey.set(key, { key, legacy: [...legacy], logs: [...logs] });
    else {
      files.legacy.push(...legacy);
      files.logs.push(...logs);
    }
  }
  return [...byKey.values()];
}

class PicoclawSession implements SourceSession {
  readonly id: string;
  readonly identity: string;
  readonly path: string;
  readonly files: readonly string[];
  readonly aliases: readonly string[];
  owner: PicoclawSession | undefined;
  readonly #files: SessionFiles;
  readonly #onProblem: OnProblem;

  constructor(files: SessionFiles, onProblem: OnProblem) {
    this.id = files.key;
    this.identity = `picoclaw ${files.key}`;
    this.#files = files;
    this.#onProblem = onProblem;
    const sources = [...files.logs, ...files.legacy];
    this.path = (sources[0] as LegacyFile | LogFile).path;
    this.files = sources.flatMap((each) =>
      "metaPath" in each && each.metaPath !== undefined ? [each.path, each.metaPath] : [each.path],
    );
    const aliases = files.logs.flatMap(({ meta }) => (Array.isArray(meta["aliases"]) ? meta["aliases"] : []));
    this.aliases = aliases.filter((alias) => typeof alias === "string" && alias !== this.id && !MAIN_KEY.test(alias));
  }

  /** The earliest time that any file names; a migration's own time comes later than that of what it migrated. */
  get createdMs(): number {
    const { legacy, logs } = this.#files;
    const times = [
      ...legacy.flatMap(({ createdMs, messages }) => [createdMs, timeOf(messages[0]?.["created_at"])]),
      ...logs.map(({ meta }) => timeOf(meta["created_at"])),
    ].filter((ms) => ms !== undefined);
    if (times.length > 0) return Math.min(...times);
    const firsts = logs.map(({ path }) =>
      timeOf(parseObject(peek(path).trimStart().split("\n", 1)[0] ?? "")?.["created_at"]),
    );
    const known = firsts.filter((ms) => ms !== undefined);
    return known.length > 0 ? Math.min(...known) : modifiedMs(this.path);
  }

  get beside(): unknown {
    return [this.owner?.id ?? null];
  }

  async aliasOf(): Promise<SourceSession | undefined> {
    if (this.owner === undefined) return undefined;
    return startsWith(await this.owner.elements(), await this.elements()) ? this.owner : undefined;
  }

  async *lines(known: readonly string[], fits: (data: object) => boolean): AsyncGenerator<FoundLine> {
    // What the store refuses is in no import: what follows it is told without it.
    const elements = await this.elements(fits);
    const ids = this.#idsOf(known, elements);
    const isKnown = new Set(known);
    const files = [...this.#files.legacy, ...this.#files.logs];
    for (const file of files) {
      const own = new Map<number, number>();
      for (const [at, { read }] of elements.entries()) if (read.file === file) own.set(read.index, at);
      for await (const { index, line, data } of readMessages(file, this.#onProblem)) {
        const at = own.get(index);
        if (at === undefined) {
          // To be told of.
          if (!fits(data))
            yield { type: "message", id: "refused", ms: this.createdMs, data, line } satisfies FoundMessage;
          continue;
        }
        const { ms } = elements[at] as Element;
        const id = ids[at] as string;
        const { created_at: _time, ...timeless } = data;
        yield {
          type: "message",
          id,
          ms,
          data,
          line,
          isKnown: isKnown.has(id),
          earlier: () => [{ data: timeless }],
        } satisfies FoundMessage;
      }
    }
    const lastMs = elements.at(-1)?.ms ?? this.createdMs;
    yield* this.#cut(known, elements, ids, lastMs);
    yield this.#info(lastMs);
  }

  /** All messages in order: what a later file repeats of an earlier one is taken from the earlier, which has its times. */
  async elements(fits: (data: object) => boolean = () => true): Promise<Element[]> {
    let all: Element[] = [];
    let directory: string | undefined;
    for (const file of [...this.#files.legacy, ...this.#files.logs]) {
      const skip = "meta" in file && typeof file.meta["skip"] === "number" ? file.meta["skip"] : 0;
      const own: Element[] = [];
      let ms = "createdMs" in file ? (file.createdMs ?? this.createdMs) : this.createdMs;
      for await (const { index, data } of readMessages(file, this.#onProblem)) {
        ms = timeOf(data["created_at"]) ?? ms;
        if (!fits(data)) continue;
        own.push({ ...traitOf(data), ms, isShown: index >= skip, read: { file, index } });
      }
      const start = align(all, own);
      const repeated = all.slice(start).map((element, at) => ({ ...element, isShown: own[at]?.isShown ?? false }));
      // The newest file tells what is shown; one of another directory that has none of it knows nothing of the rest, nor
      // does one whose lines are all torn. One that is empty shows nothing.
      const isElsewhere = directory !== undefined && directory !== dirname(file.path) && repeated.length === 0;
      const isOther = isElsewhere || (own.length === 0 && "metaPath" in file && peek(file.path).trim() !== "");
      const before = all.slice(0, start).map((element) => (isOther ? element : { ...element, isShown: false }));
      all = [...before, ...repeated, ...own.slice(repeated.length)];
      directory = dirname(file.path);
    }
    return all;
  }

  #idsOf(known: readonly string[], elements: readonly Element[]): string[] {
    const name = namer(known);
    const start = align(known.map(traitOfName), elements);
    return elements.map((element, at) => known[start + at] ?? name(element));
  }

  /** Hides what the source has truncated. Nothing before it, nothing to hide. */
  *#cut(
    known: readonly string[],
    elements: readonly Element[],
    ids: readonly string[],
    ms: number,
  ): Generator<FoundLine> {
    const first = elements.findIndex(({ isShown }) => isShown);
    const before = first === -1 ? undefined : ids[first];
    const hasHidden = first !== 0 || (known.length > 0 && known[0] !== before);
    if (hasHidden) yield { type: "cut", ms, before: before ?? null };
  }

  #info(lastMs: number): FoundInfo {
    const { legacy, logs } = this.#files;
    const meta = logs.at(-1)?.meta ?? {};
    const summary = [meta["summary"], legacy.at(-1)?.summary].find((text) => typeof text === "string" && text !== "");
    const updated = timeOf(meta["updated_at"]) ?? legacy.at(-1)?.updatedMs ?? lastMs;
    const metadata = {
      source: "picoclaw",
      ...(isObject(meta["scope"]) && { scope: meta["scope"] }),
      ...(Array.isArray(meta["aliases"]) && { aliases: meta["aliases"] }),
    };
    return {
      type: "info",
      ms: Math.max(updated, lastMs),
      patch: { ...(typeof summary === "string" && { summary }), metadata },
    };
  }
}

async function recognizes(path: string): Promise<boolean> {
  if (kindOf(path) === "directory") return (await directoriesIn(path, 0, () => undefined)).length > 0;
  return isOurs(path) || (path.endsWith(".meta.json") && isOurs(path.replace(/\.meta\.json$/, ".jsonl")));
}

/** A legacy session, or a log whose messages begin with a role: so do others', which have nothing beside them. */
function isOurs(path: string): boolean {
  if (kindOf(path) !== "file") return false;
  if (/\.jsonl(\.migrated)?$/.test(path)) {
    const isMarked = path.endsWith(".migrated") || kindOf(path.replace(/\.jsonl$/, ".meta.json")) === "file";
    return isMarked && /^\s*\{\s*"role"\s*:/.test(peek(path));
  }
  return /\.json(\.migrated)?$/.test(path) && /^\s*\{\s*"key"\s*:[^]*"messages"\s*:/.test(peek(path));
}

/** The directories with sessions, at most so deep below a workspace, a home, or a folder of several of them. */
async function directoriesIn(directory: string, level: number, onProblem: OnProblem): Promise<string[]> {
  await giveWay();
  const { files, directories } = namesIn(directory);
  const isOurFile = (name: string): boolean => {
    const path = join(directory, name);
    return tolerating(path, onProblem, () => isOurs(path), false);
  };
  const found = files.some(isOurFile) ? [directory] : [];
  if (level === MOST_LEVELS) return found;
  for (const name of directories) {
    const path = join(directory, name);
    if (tolerating(path, onProblem, () => namesIn(path), undefined) !== undefined)
      found.push(...(await directoriesIn(path, level + 1, onProblem)));
  }
  return found;
}
