import { resolve } from "node:path";
import { existsSync } from "node:fs";
import type { ImportOptions, ImportReport, ImportSource } from "../../lib/index.ts";
import type { Call, Command } from "../command.ts";
import { EXIT, Failure, wrongUsage } from "../exit.ts";
import { importText } from "../import-progress.ts";
import { withStoreOrTrial } from "../open.ts";
import { Progress } from "../progress.ts";
import { writeTable } from "../table.ts";
import { counted, jsonLine } from "../text.ts";

const SOURCES: readonly (ImportSource | "all")[] = [
  "claude-code",
  "codex",
  "gemini-cli",
  "messages",
  "openclaw",
  "opencode",
  "pi",
  "picoclaw",
  "turnlog",
  "all",
];
const SOURCES_TEXT = `${SOURCES.slice(0, -1).join(", ")} or all`;

export const importSessions: Command = {
  usage: [
    "import PATH [--dry-run]",
    "import --from TOOL|all [PATH] [--dry-run] [--mark-migrated]",
    "import - [--from TOOL] [--id ID] < FILE",
  ],
  summary: "take over another tool's sessions, an archive file's, or messages in JSON",
  details: `
Reads a file or directory of Claude Code, Codex, gemini-cli, openclaw, opencode, pi or picoclaw, or a file that archive
--output or export --format ndjson wrote. Sessions keep their ids and times; the source is not changed, and importing it
again adds only what is new in it. Without a path the tool's own directory is read; all: those of all tools that have one
here; -: stdin.

messages: files of no tool with OpenAI's, Anthropic's, the AI SDK's or other messages: a JSON array, a message a line, or
conversations, {"messages": [...]}, alone, in an array, or one a line. Each message is taken over word for word. A session
has the id that its conversation has, or the name of its file, or what --id says.

Lists the sessions that were created or grew. What could not be read is told on stderr and makes the exit code 1; all
else is imported. With --json: one object, {"source", "sessions", "problems", "marked"}.`,
  options: {
    from: { type: "string", value: "TOOL", help: `${SOURCES_TEXT} (default: what the path's content tells)` },
    id: { type: "string", value: "ID", help: "messages only: the id of the session, where there is one" },
    "dry-run": { type: "boolean", help: "read everything, write nothing" },
    "mark-migrated": {
      type: "boolean",
      help: "picoclaw only: rename the files of a session to *.migrated when it is in the store, whole",
    },
  },
  examples: [
    "turnlog import --from all --dry-run",
    "turnlog import ~/.picoclaw/workspace/sessions",
    "turnlog import chat.json --id support-42",
    "turnlog --store old export --format ndjson | turnlog import -",
  ],
  async run(call) {
    const { args, io, signal } = call;
    const [given, ...others] = args.positionals;
    const from = args.text("from");
    const source = SOURCES.find((each) => each === from) ?? "auto";
    if (others.length > 0 || given === "") throw wrongUsage("import takes one path");
    if (from !== undefined && source === "auto") throw wrongUsage(`--from takes ${SOURCES_TEXT}`);
    if (given === undefined && (source === "auto" || source === "turnlog" || source === "messages"))
      throw wrongUsage(source === "auto" ? "import needs a path, or --from" : `--from ${source} needs a path`);
    const isStdin = given === "-";
    if (isStdin && args.has("mark-migrated")) throw wrongUsage("--mark-migrated needs a path");
    const path = given === undefined || isStdin ? undefined : resolve(io.directory, given);
    // A mistyped path makes no store.
    if (path !== undefined && !existsSync(path)) throw new Failure(EXIT.problems, `nothing to import at ${path}`);
    if (isStdin && io.stdin.isTTY === true) call.say("reading from the terminal; Ctrl-D ends");
    const progress = new Progress(io.stderr);
    const startedMs = performance.now();
    const options: ImportOptions = {
      path,
      ...(isStdin && { input: io.stdin }),
      id: args.text("id"),
      dryRun: args.has("dry-run"),
      markMigrated: args.has("mark-migrated"),
      onProgress: (at) => progress.show(importText(at, performance.now() - startedMs)),
      signal,
    };
    try {
      const report = await withStoreOrTrial(call, (store) => store.importFrom(source, options));
      progress.end();
      return await tell(call, report);
    } finally {
      progress.end();
    }
  },
};

async function tell(call: Call, report: ImportReport): Promise<number> {
  const { sessions, problems, marked } = report;
  const { out } = call;
  const isTrial = call.args.has("dry-run");
  if (call.json) await out.write(`${jsonLine(report)}\n`);
  else {
    const changed = sessions.filter(({ status }) => status === "created" || status === "grown");
    const isOfAll = report.source === "all";
    const rows = changed.map(({ status, added, id, source }) => [
      status,
      String(added),
      ...(isOfAll ? [source] : []),
      id,
    ]);
    if (rows.length > 0) await writeTable(out, ["STATUS", "ADDED", ...(isOfAll ? ["TOOL"] : []), "ID"], rows);
    await out.flush();
  }
  for (const { path, line, reason } of problems) {
    call.say(`turnlog: ${path}${line === undefined ? "" : `:${line}`}: ${reason}`);
  }
  const added = sessions.reduce((sum, session) => sum + session.added, 0);
  const attached = sessions.filter((each) => each.added > 0).reduce((sum, { attachments }) => sum + attachments, 0);
  const statuses = ["created", "grown", "unchanged", "deleted", "alias"] as const;
  const counts = statuses
    .map((status) => [sessions.filter((session) => session.status === status).length, status] as const)
    .filter(([count]) => count > 0)
    .map(([count, status]) => `${count.toLocaleString("en-US")} ${status}`);
  const files = attached > 0 ? `, ${counted(attached, "attachment")}` : "";
  const mark = marked.length > 0 ? `; ${counted(marked.length, "file")} marked as migrated` : "";
  call.say(
    sessions.length === 0
      ? `no sessions of ${report.source === "all" ? "any tool" : report.source}`
      : `${isTrial ? "dry run: " : ""}${counts.join(", ")}; ${counted(added, "message")} added${files}${mark}`,
  );
  return problems.length > 0 || sessions.length === 0 ? EXIT.problems : EXIT.done;
}
