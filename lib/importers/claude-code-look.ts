// What a file is and which session it has, as far as its first lines tell.
import { basename } from "node:path";
import { logLines, recordsOf, sayingOf } from "./claude-code-records.ts";
import type { OnProblem } from "./importer.ts";
import { parseObject, textIn, timeOf } from "./importer.ts";
import { kindOf, modifiedMs, peek, textOf } from "./source.ts";

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const NAME = /^(.*)\.jsonl?$/s;
const AGENT = /^agent-.+$/s;
const SUBAGENTS = /[/\\]([^/\\]+)[/\\]subagents[/\\]/;
/** Since this version a subagent has a file of its own. */
const FIRST_VERSION = 2;
/** The first lines tell nearly always. */
const FEW_BYTES = 16 * 1024;

export interface Look {
  readonly path: string;
  readonly id: string;
  readonly isNamedByFile: boolean;
  /** Undefined: its first lines have no time. */
  readonly createdMs: number | undefined;
  /** The session that it was forked from, or works for, where a line says so. */
  readonly parent: string | undefined;
  /** The name of the subagent whose file it is. */
  readonly agent: string | undefined;
  readonly isAgents: boolean;
  /** Subagents' lines may stand between the others. */
  readonly isMixed: boolean;
  /** The first line's name: whose file has it, too, has a copy of this one's beginning. */
  readonly firstUuid: string | undefined;
}

/** Undefined: it is no transcript. `isMeant`: whoever named it says that it is one. */
export function lookAt(path: string, isMeant: true): Look;
export function lookAt(path: string): Look | undefined;
export function lookAt(path: string, isMeant = false): Look | undefined {
  const stem = NAME.exec(basename(path))?.[1];
  // What was downloaded as one value has lines that need not name their session.
  const isOneValue = path.endsWith(".json");
  if (!isMeant && (stem === undefined || kindOf(path) !== "file")) return undefined;
  if (!isMeant && isOneValue && !/^\s*\{\s*"loglines"\s*:/.test(peek(path))) return undefined;
  let isTranscript = isMeant;
  let createdMs: number | undefined;
  let first: Record<string, unknown> | undefined;
  let session: string | undefined;
  for (const value of firstRecords(path)) {
    isTranscript ||= isTranscriptLine(value) || (isOneValue && sayingOf(value) !== undefined);
    session ??= textIn(value, "sessionId");
    createdMs ??= timeOf(value["timestamp"]);
    if (textIn(value, "uuid") !== undefined) first ??= value;
    if (isTranscript && first !== undefined && createdMs !== undefined && session !== undefined) break;
  }
  if (!isTranscript) return undefined;
  const name = stem ?? basename(path);
  const agent = AGENT.test(name) ? name : undefined;
  // The lines of some subagents name themselves: the folder that they lie in has the name of whom they worked for.
  if (agent !== undefined && session === agent) session = SUBAGENTS.exec(path)?.[1] ?? session;
  const own = UUID.test(name) ? name : (session ?? name);
  const isAgents = agent !== undefined || (first?.["isSidechain"] === true && !isOld(first));
  return {
    path,
    id: agent === undefined ? own : session === undefined ? agent : `${session}.${agent}`,
    isNamedByFile: agent === undefined && own === name && session === undefined && !UUID.test(name),
    createdMs,
    parent: agent !== undefined || own !== session ? session : undefined,
    agent,
    isAgents,
    isMixed: !isAgents && first !== undefined && isOld(first),
    firstUuid: textIn(first ?? {}, "uuid"),
  };
}

function isOld(line: Record<string, unknown>): boolean {
  const version = Number.parseInt(textIn(line, "version") ?? "0", 10);
  return !(version >= FIRST_VERSION);
}

function isTranscriptLine(value: Record<string, unknown>): boolean {
  return textIn(value, "sessionId") !== undefined && ("message" in value || textIn(value, "type") !== undefined);
}

/** When it began, in ms, by its first line that tells; undefined: nothing is said in it yet. */
export async function beginOf({ path, createdMs }: Look, onProblem: OnProblem): Promise<number | undefined> {
  if (createdMs !== undefined) return createdMs;
  let hasSaid = false;
  for await (const records of recordsOf(path, onProblem)) {
    for (const { value } of records) {
      const ms = timeOf(value["timestamp"]);
      if (ms !== undefined) return ms;
      hasSaid ||= sayingOf(value) !== undefined;
    }
  }
  return hasSaid ? modifiedMs(path) : undefined;
}

/** The first lines, as far as they can be had without reading all of a long file. */
function* firstRecords(path: string): Generator<Record<string, unknown>> {
  if (path.endsWith(".json")) {
    yield* logLines(textOf(path));
    return;
  }
  let start = 0;
  for (const most of [FEW_BYTES, undefined]) {
    const text = peek(path, most);
    for (let end = text.indexOf("\n", start); end !== -1; end = text.indexOf("\n", start)) {
      const value = parseObject(text.slice(start, end));
      start = end + 1;
      if (value !== undefined) yield value;
    }
    // The last line has no end, or is not all there.
    const value = most === undefined ? parseObject(text.slice(start)) : undefined;
    if (value !== undefined) yield value;
  }
}
