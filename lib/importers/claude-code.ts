// Claude Code transcripts (as of 2.1): one JSONL file a session, below ~/.claude/projects/<directory>/. Its format is
// not published, and keys are added monthly: what each line says is kept whole, in the message's `records` or as a part.
//
// A subagent is a session of its own, whose parent is the one that it worked for: since 2.0 it has a file of its own
// (agent-<name>.jsonl), before that its lines stand in the other's.
import { basename, dirname, join } from "node:path";
import type { SessionPatch } from "../base/session-info.ts";
import { giveWay } from "../base/turn.ts";
import { readConversation } from "./claude-code-conversation.ts";
import { findContinued } from "./claude-code-continued.ts";
import { beginOf, lookAt } from "./claude-code-look.ts";
import type { Look } from "./claude-code-look.ts";
import { sideFilesOf } from "./claude-code-side-files.ts";
import { sidechainsIn } from "./claude-code-sidechains.ts";
import type { Importer, OnProblem, SourceSession } from "./importer.ts";
import { parseObject, tolerating, toleratingLater } from "./importer.ts";
import { directoryOf, home, kindOf, namesIn, textOf } from "./source.ts";

/** A home, projects, a project, a session, its subagents, and folders that people keep copies in. */
const MOST_LEVELS = 10;
/** What is no transcript. */
const OTHER_DIRECTORIES: ReadonlySet<string> = new Set(["tool-results", "node_modules", ".git"]);

export const claudeCode: Importer = {
  defaultPath: () => join(directoryOf("CLAUDE_CONFIG_DIR", home(".claude")), "projects"),
  async recognizes(path) {
    if (kindOf(path) !== "directory") return lookAt(pathOf(path)) !== undefined;
    return !(await transcriptsIn(path, 0, () => undefined).next()).done;
  },
  async find(path, onProblem, { signal }) {
    const looks: Look[] = [];
    if (kindOf(path) !== "directory") looks.push(lookAt(pathOf(path), true));
    else {
      for await (const look of transcriptsIn(path, 0, onProblem)) {
        signal?.throwIfAborted();
        looks.push(look);
      }
    }
    const continued = await findContinued(looks, onProblem);
    const sessions: SourceSession[] = [];
    for (const look of looks) {
      signal?.throwIfAborted();
      const parent = look.parent ?? continued.get(look.path);
      sessions.push(...(await sessionsOf({ ...look, parent }, onProblem)));
    }
    return sessions;
  },
};

/** That of the transcript, and those of the subagents that have their lines in it. */
async function sessionsOf(look: Look, onProblem: OnProblem): Promise<SourceSession[]> {
  const { path, id, isNamedByFile, parent, agent } = look;
  const createdMs = await toleratingLater(path, onProblem, async () => await beginOf(look, onProblem), undefined);
  if (createdMs === undefined) return [];
  const none = { sidechains: [], hasOthers: true };
  const { sidechains, hasOthers } = look.isMixed
    ? await toleratingLater(path, onProblem, () => sidechainsIn(path), none)
    : none;
  // A file with nothing else is one subagent's.
  const others = hasOthers ? sidechains : [];
  const isAgents = look.isAgents || (sidechains.length > 0 && !hasOthers);
  const roots = new Set(others.map(({ root }) => root));
  const meta = join(dirname(path), `${agent}.meta.json`);
  const hasMeta = agent !== undefined && kindOf(meta) === "file";
  const side = sideFilesOf(path, onProblem);
  const session = (
    { name, ms, root, isAgents }: { name: string; ms: number; root?: string; isAgents: boolean },
    info: SessionPatch,
  ): SourceSession => ({
    id: name,
    isNamedByFile,
    identity: `claude-code ${name}`,
    path,
    files: [path, ...(hasMeta ? [meta] : []), ...side.map((file) => file.path)],
    createdMs: ms,
    beside: [name, ms, root ?? null, [...roots], isAgents, info],
    lines: () => readConversation({ path, createdMs: ms, root, roots, isAgents, info, side }, onProblem),
  });
  const about = hasMeta ? tolerating(meta, onProblem, () => parseObject(textOf(meta)), undefined) : undefined;
  const info = { ...(parent !== undefined && { parent }), ...(about !== undefined && { metadata: { agent: about } }) };
  return [
    session({ name: id, ms: createdMs, isAgents }, info),
    ...others.map(({ root, ms }) =>
      session({ name: `${id}.agent-${root.slice(0, 8)}`, ms: ms ?? createdMs, root, isAgents: false }, { parent: id }),
    ),
  ];
}

async function* transcriptsIn(directory: string, level: number, onProblem: OnProblem): AsyncGenerator<Look> {
  const { files, directories } = namesIn(directory);
  for (const name of files) {
    await giveWay();
    const path = join(directory, name);
    const look = tolerating(path, onProblem, () => lookAt(path), undefined);
    if (look !== undefined) yield look;
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
