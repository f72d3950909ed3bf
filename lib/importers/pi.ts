// pi (as of 1.5): a JSONL file a session, below ~/.pi/agent/sessions/<directory>/. openclaw, which is built on it, wrote
// the same until mid-2026, below ~/.openclaw/agents/<agent>/sessions/, with a sessions.json that says what each is.
import { basename, dirname, join, sep } from "node:path";
import { giveWay } from "../base/turn.ts";
import type { Importer, OnProblem, SourceSession } from "./importer.ts";
import { textIn, timeOf, toleratingLater } from "./importer.ts";
import { aboutIn } from "./openclaw.ts";
import type { About } from "./openclaw.ts";
import { readPi } from "./pi-session.ts";
import { firstRecordsIn } from "./records.ts";
import { directoryOf, home, kindOf, modifiedMs } from "./source.ts";
import { filesBelow } from "./walk.ts";
import type { Walk } from "./walk.ts";

const OPENCLAW_HOMES = /^\.?(?:openclaw|clawdbot|moltbot)(?:-.+)?$/;
const PI: Walk = { file: /\.jsonl$/, home: /^agent$|^(?:settings|models)\.json$/, rooms: ["sessions"] };
/** What a reset put away is one more session. */
const OPENCLAW: Walk = {
  file: /\.jsonl(?:\.reset\.[^/\\]+)?$/,
  home: OPENCLAW_HOMES,
  rooms: ["agents"],
};
/** As pi names its files: by the time and the session's id. */
const OWN_NAME = /^\d{4}-\d\d-\d\dT[\d-]+Z_.+\.jsonl$/;

export const pi: Importer = {
  defaultPath: () =>
    directoryOf("PI_CODING_AGENT_SESSION_DIR", directoryOf("PI_CODING_AGENT_DIR", home(".pi", "agent"))),
  recognizes: (path) => hasSession(path, PI, (file) => !isOpenclaws(file)),
  find: (path, onProblem, { signal }) => sessionsIn("pi", path, PI, onProblem, signal),
};

export const openclaw: Importer = {
  defaultPath: () => directoryOf("OPENCLAW_STATE_DIR", home(".openclaw")),
  recognizes: (path) => hasSession(path, OPENCLAW, isOpenclaws),
  find: (path, onProblem, { signal }) => sessionsIn("openclaw", path, OPENCLAW, onProblem, signal),
};

async function hasSession(path: string, walk: Walk, isTheirs: (path: string) => boolean): Promise<boolean> {
  const ignore = (): void => undefined;
  for await (const file of filesBelow(path, walk, ignore)) {
    if (isTheirs(file) && (await headerOf(file)) !== undefined) return true;
  }
  return false;
}

/** The lines do not tell whose they are; where they lie does. */
function isOpenclaws(path: string): boolean {
  return (
    kindOf(join(dirname(path), "sessions.json")) === "file" || path.split(sep).some((name) => OPENCLAW_HOMES.test(name))
  );
}

async function sessionsIn(
  source: "pi" | "openclaw",
  path: string,
  walk: Walk,
  onProblem: OnProblem,
  signal: AbortSignal | undefined,
): Promise<SourceSession[]> {
  const sessions = new Map<string, SourceSession>();
  const lists = new Map<string, Map<string, About>>();
  const files: string[] = [];
  for await (const file of filesBelow(path, walk, onProblem)) files.push(file);
  // Where both have some, each takes its own; elsewhere the caller knows better.
  const own = files.filter((file) => isOpenclaws(file) === (source === "openclaw"));
  for (const file of own.length > 0 ? own : files) {
    signal?.throwIfAborted();
    await giveWay();
    const header = await toleratingLater(file, onProblem, () => headerOf(file), undefined);
    if (header === undefined) {
      if (OWN_NAME.test(basename(file))) onProblem(file, "no session: it does not begin as one");
      continue;
    }
    const { id, createdMs } = header;
    const about = source === "openclaw" ? aboutIn(dirname(file), lists, onProblem).get(id) : undefined;
    const session: SourceSession = {
      id,
      // Whose they are is not in the lines: a file that is read once as the one's and once as the other's is one session.
      identity: `pi ${id}`,
      path: file,
      files: [file],
      createdMs,
      beside: [source, about ?? null],
      lines: (known) => readPi({ source, path: file, createdMs, info: about ?? {} }, known, onProblem),
    };
    const other = sessions.get(id);
    if (other === undefined) sessions.set(id, session);
    else {
      const [newer, older] = isNewer(file, other.path) ? [session, other] : [other, session];
      sessions.set(id, newer);
      onProblem(older.path, `an older file of the session in ${newer.path}: it is not read`);
    }
  }
  return [...sessions.values()];
}

/** What is in use comes before what was put away, then what was written last. */
function isNewer(path: string, other: string): boolean {
  const isUsed = (each: string): number => Number(each.endsWith(".jsonl"));
  return isUsed(path) - isUsed(other) > 0 || (isUsed(path) === isUsed(other) && modifiedMs(path) > modifiedMs(other));
}

/** Undefined: it is no session. */
async function headerOf(path: string): Promise<{ id: string; createdMs: number } | undefined> {
  for await (const value of firstRecordsIn(path)) {
    if (value["type"] !== "session") return undefined;
    const id = textIn(value, "id") ?? basename(path).replace(OPENCLAW.file, "");
    return { id, createdMs: timeOf(value["timestamp"]) ?? modifiedMs(path) };
  }
  return undefined;
}
