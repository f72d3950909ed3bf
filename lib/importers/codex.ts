// Codex (as of 0.169): a rollout a thread, one JSONL file below ~/.codex/sessions/<year>/<month>/<day>/, or in
// archived_sessions/; `.jsonl.zst` when it has lain still for a week. The rollout is the truth, the databases beside it
// are made of it.
import { basename, dirname, join } from "node:path";
import { giveWay } from "../base/turn.ts";
import { isObject } from "../base/object.ts";
import { isBareHeader, isRolloutLine } from "./codex-items.ts";
import { readRollout } from "./codex-rollout.ts";
import type { Importer, OnProblem, SourceSession } from "./importer.ts";
import { textIn, timeOf, toleratingLater } from "./importer.ts";
import { firstRecordsIn, recordsIn } from "./records.ts";
import { directoryOf, home, kindOf, modifiedMs } from "./source.ts";
import { filesBelow } from "./walk.ts";
import { canUnpack, NO_ZSTD } from "./zstd.ts";

const ARCHIVE = "archived_sessions";
const WALK = {
  file: /\.jsonl(?:\.zst)?$/,
  home: /^\.?codex(?:-.*)?$|^(?:session_index|history)\.jsonl$|^config\.toml$/,
  rooms: ["sessions", ARCHIVE],
};
const UUID_AT_END = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** One file, as far as its first lines tell. */
interface Found {
  readonly path: string;
  readonly id: string;
  readonly createdMs: number;
  readonly isNamedByFile: boolean;
}

export const codex: Importer = {
  defaultPath: () => directoryOf("CODEX_HOME", home(".codex")),
  async recognizes(path) {
    const ignore = (): void => undefined;
    for await (const file of filesBelow(path, WALK, ignore)) {
      // A packed one tells only by its name where it cannot be unpacked.
      const isPacked = file.endsWith(".zst") && !(await canUnpack());
      if (isPacked ? basename(file).startsWith("rollout-") : (await lookAt(file, ignore)) !== undefined) return true;
    }
    return false;
  },
  async find(path, onProblem, { signal }) {
    const threads = new Map<string, Found[]>();
    for await (const file of filesBelow(path, WALK, onProblem)) {
      signal?.throwIfAborted();
      await giveWay();
      if (file.endsWith(".zst") && !(await canUnpack())) {
        onProblem(file, NO_ZSTD);
        continue;
      }
      const found = await toleratingLater(file, onProblem, () => lookAt(file, onProblem), undefined);
      if (found === undefined) continue;
      const files = threads.get(found.id);
      if (files === undefined) threads.set(found.id, [found]);
      else files.push(found);
    }
    const lists = new Map<string, Map<string, string>>();
    const sessions: SourceSession[] = [];
    for (const files of threads.values()) sessions.push(await sessionOf(files, lists, onProblem));
    return sessions;
  },
};

/** Undefined: it is no rollout. */
async function lookAt(path: string, onProblem: OnProblem): Promise<Found | undefined> {
  const stem = stemOf(path);
  let isRollout = false;
  let id: string | undefined;
  let ms: number | undefined;
  for await (const value of firstRecordsIn(path)) {
    isRollout ||= isRolloutLine(value);
    const { type, payload } = value;
    const meta = type === "session_meta" && isObject(payload) ? payload : isBareHeader(value) ? value : undefined;
    ms ??= timeOf(meta?.["timestamp"]) ?? timeOf(value["timestamp"]) ?? timeOf(value["created_at"]);
    id ??= meta === undefined ? undefined : textIn(meta, "id");
    if (isRollout && id !== undefined && ms !== undefined) break;
  }
  if (!isRollout) {
    if (stem.startsWith("rollout-")) onProblem(path, "no rollout: it has no line of one");
    return undefined;
  }
  const known = id ?? UUID_AT_END.exec(stem)?.[0];
  const isNamedByFile = known === undefined;
  return { path, id: known ?? stem, createdMs: ms ?? modifiedMs(path), isNamedByFile };
}

async function sessionOf(
  files: readonly Found[],
  lists: Map<string, Map<string, string>>,
  onProblem: OnProblem,
): Promise<SourceSession> {
  const chosen = withoutCopies(files);
  const [first] = chosen as [Found];
  const paths = chosen.map(({ path }) => path);
  const isArchived = paths.every((path) => homeOf(path)?.room === ARCHIVE);
  const codexHome = homeOf(first.path)?.directory;
  const name = codexHome === undefined ? undefined : (await namesOf(codexHome, lists)).get(first.id);
  const { id, createdMs, isNamedByFile } = first;
  return {
    id,
    isNamedByFile,
    identity: `codex ${id}`,
    path: first.path,
    files: paths,
    createdMs,
    beside: [isArchived, name ?? null],
    lines: () => readRollout({ id, paths, createdMs, isArchived, name }, onProblem),
  };
}

/** Of a rollout that is there packed and unpacked, or archived and not, the one that Codex would go on with. */
function withoutCopies(files: readonly Found[]): Found[] {
  const rank = ({ path }: Found): number => Number(path.endsWith(".zst")) + 2 * Number(homeOf(path)?.room === ARCHIVE);
  const byStem = new Map<string, Found>();
  for (const file of files) {
    const other = byStem.get(stemOf(file.path));
    if (other === undefined || rank(file) < rank(other)) byStem.set(stemOf(file.path), file);
  }
  // Their names begin with their times.
  return [...byStem.values()].sort((a, b) => (stemOf(a.path) < stemOf(b.path) ? -1 : 1));
}

function stemOf(path: string): string {
  return basename(path).replace(WALK.file, "");
}

/** The directory of Codex that a rollout lies in, and where in it. */
function homeOf(path: string): { directory: string; room: string } | undefined {
  for (let directory = dirname(path); directory !== dirname(directory); directory = dirname(directory)) {
    const room = basename(directory);
    if (WALK.rooms.includes(room)) return { directory: dirname(directory), room };
  }
  return undefined;
}

/** What threads are called, by their ids: Codex's own list, the last line for each. */
async function namesOf(codexHome: string, lists: Map<string, Map<string, string>>): Promise<Map<string, string>> {
  const known = lists.get(codexHome);
  if (known !== undefined) return known;
  const names = new Map<string, string>();
  lists.set(codexHome, names);
  const path = join(codexHome, "session_index.jsonl");
  const ignore = (): void => undefined;
  if (kindOf(path) !== "file") return names;
  const read = async (): Promise<void> => {
    for await (const { value } of recordsIn(path, ignore)) {
      const id = textIn(value, "id");
      const name = textIn(value, "thread_name");
      if (id !== undefined && name !== undefined) names.set(id, name);
    }
  };
  await toleratingLater(path, ignore, read, undefined);
  return names;
}
