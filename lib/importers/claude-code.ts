// Claude Code transcripts (as of 2.1): one JSONL file a session, below ~/.claude/projects/<directory>/. Its format is
// not published, and keys are added monthly: what each line says is kept whole in the message's `records`.
//
// Taken over is the main conversation: what the user and the assistant said, with the tools' results. Lines of
// subagents, of the harness and of the terminal are not.
import { basename, dirname, join } from "node:path";
import type { FoundLine } from "../store/import.ts";
import { readConversation } from "./claude-code-conversation.ts";
import { agentOf, firstRecords, isTranscriptLine } from "./claude-code-records.ts";
import type { Importer, OnProblem, SourceSession } from "./importer.ts";
import { textIn, timeOf } from "./importer.ts";
import { home, kindOf, modifiedMs, namesIn, peek } from "./source.ts";

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
/** A home, projects, a project, and folders that people keep copies in. */
const MOST_LEVELS = 8;
/** Subagents' transcripts, and what is no transcript at all. */
const OTHER_DIRECTORIES: ReadonlySet<string> = new Set(["subagents", "tool-results", "node_modules", ".git"]);

export const claudeCode: Importer = {
  defaultPath: () => join(process.env["CLAUDE_CONFIG_DIR"] ?? home(".claude"), "projects"),
  recognizes(path) {
    return kindOf(path) === "directory" ? transcriptsIn(path, 0).length > 0 : isTranscript(pathOf(path));
  },
  find(path, onProblem) {
    const paths = kindOf(path) === "directory" ? transcriptsIn(path, 0) : [pathOf(path)];
    return paths.map((each) => sessionAt(each, onProblem));
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
  }
  return { id: id ?? stem, createdMs: createdMs ?? modifiedMs(path) };
}

function isTranscript(path: string): boolean {
  if (!/\.jsonl?$/.test(path) || kindOf(path) !== "file") return false;
  if (path.endsWith(".json")) return /^\s*\{\s*"loglines"\s*:/.test(peek(path));
  return firstRecords(path).some(isTranscriptLine);
}

/** Main transcripts only: a subagent's file is taken over when it is named itself. */
function transcriptsIn(directory: string, level: number): string[] {
  const { files, directories } = namesIn(directory);
  const own = files
    .map((name) => join(directory, name))
    .filter((path) => agentOf(path) === undefined && isTranscript(path));
  if (level === MOST_LEVELS) return own;
  const below = directories.filter((name) => !OTHER_DIRECTORIES.has(name));
  return [...own, ...below.flatMap((name) => transcriptsIn(join(directory, name), level + 1))];
}

/** A subagent's sidecar stands for its transcript. */
function pathOf(path: string): string {
  const agent = /^(agent-.*)\.meta\.json$/.exec(basename(path))?.[1];
  return agent === undefined ? path : join(dirname(path), `${agent}.jsonl`);
}
