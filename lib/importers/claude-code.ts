// Claude Code transcripts (as of 2.1): one JSONL file a session, below ~/.claude/projects/<directory>/. Its format is
// not published, and keys are added monthly: what each line says is kept whole in the message's `records`.
//
// Taken over is the main conversation: what the user and the assistant said, with the tools' results. Lines of
// subagents, of the harness and of the terminal are not.
import { basename, dirname, join } from "node:path";
import { giveWay } from "../base/turn.ts";
import type { FoundLine } from "../store/import/import.ts";
import { readConversation } from "./claude-code-conversation.ts";
import { agentOf, firstRecords, isTranscriptLine } from "./claude-code-records.ts";
import type { Importer, OnProblem, SourceSession } from "./importer.ts";
import { textIn, timeOf, tolerating } from "./importer.ts";
import { directoryOf, home, kindOf, modifiedMs, namesIn, peek } from "./source.ts";

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
/** A home, projects, a project, and folders that people keep copies in. */
const MOST_LEVELS = 8;
/** Subagents' transcripts, and what is no transcript at all. */
const OTHER_DIRECTORIES: ReadonlySet<string> = new Set(["subagents", "tool-results", "node_modules", ".git"]);

export const claudeCode: Importer = {
  defaultPath: () => join(directoryOf("CLAUDE_CONFIG_DIR", home(".claude")), "projects"),
  async recognizes(path) {
    if (kindOf(path) !== "directory") return isTranscript(pathOf(path));
    return !(await transcriptsIn(path, 0, () => undefined).next()).done;
  },
  async find(path, onProblem) {
    if (kindOf(path) !== "directory") return [sessionAt(pathOf(path), onProblem)];
    const found: SourceSession[] = [];
    for await (const each of transcriptsIn(path, 0, onProblem)) found.push(sessionAt(each, onProblem));
    return found;
  },
};

function sessionAt(path: string, onProblem: OnProblem): SourceSession {
  const { id, createdMs } = nameOf(path);
  return {
    id,
    identity: `claude-code ${id}`,
    path,
    files: [path],
    createdMs,
    lines: (): AsyncIterable<FoundLine> => readConversation(path, createdMs, onProblem),
  };
}

/** The session's id is the file's name, or what its lines say; and when its first line with a time was written. */
function nameOf(path: string): { id: string; createdMs: number } {
  const stem = basename(path).replace(/\.jsonl?$/, "");
  const agent = agentOf(path);
  let id = UUID.test(stem) ? stem : agent;
  let createdMs: number | undefined;
  for (const line of firstRecords(path)) {
    id ??= textIn(line, "sessionId");
    createdMs ??= timeOf(line["timestamp"]);
    if (id !== undefined && createdMs !== undefined) break;
  }
  return { id: id ?? stem, createdMs: createdMs ?? modifiedMs(path) };
}

function isTranscript(path: string): boolean {
  if (!/\.jsonl?$/.test(path) || kindOf(path) !== "file") return false;
  if (path.endsWith(".json")) return /^\s*\{\s*"loglines"\s*:/.test(peek(path));
  for (const line of firstRecords(path)) if (isTranscriptLine(line)) return true;
  return false;
}

/** Main transcripts only: a subagent's file is taken over when it is named itself. */
async function* transcriptsIn(directory: string, level: number, onProblem: OnProblem): AsyncGenerator<string> {
  const { files, directories } = namesIn(directory);
  for (const name of files) {
    await giveWay();
    const path = join(directory, name);
    if (agentOf(path) === undefined && tolerating(path, onProblem, () => isTranscript(path), false)) yield path;
  }
  if (level === MOST_LEVELS) return;
  for (const name of directories) {
    const path = join(directory, name);
    if (OTHER_DIRECTORIES.has(name) || tolerating(path, onProblem, () => namesIn(path), undefined) === undefined)
      continue;
    yield* transcriptsIn(path, level + 1, onProblem);
  }
}

/** A subagent's sidecar stands for its transcript. */
function pathOf(path: string): string {
  const agent = /^(agent-.*)\.meta\.json$/.exec(basename(path))?.[1];
  return agent === undefined ? path : join(dirname(path), `${agent}.jsonl`);
}
