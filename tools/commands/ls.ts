import type { DamagedSession, SessionInfo } from "../../lib/index.ts";
import type { Command } from "../command.ts";
import { EXIT, wrongUsage } from "../exit.ts";
import { withStore } from "../open.ts";
import { writeTable } from "../table.ts";
import { counted, jsonLine } from "../text.ts";

const DEFAULT_LIMIT = 50;

export const ls: Command = {
  usage: ["ls [--limit N] [--after CURSOR] [--all] [--project P] [--tag T ...]"],
  summary: "list sessions, the newest first",
  details: `
A row for each session: id, last activity (UTC), messages, title; with tabs between them where stdout is no terminal.
A session that cannot be read is listed with the reason, and makes the exit code 1, as does an empty list. If there are
more sessions than the limit, stderr tells the cursor to go on from.

With --json: a line for each session, {"id", "title", "createdAt", "updatedAt", "messages", ...} or {"id", "damaged"}.`,
  options: {
    limit: { type: "string", value: "N", help: `list at most N sessions (default ${DEFAULT_LIMIT})` },
    after: { type: "string", value: "CURSOR", help: "go on after an earlier list" },
    all: { type: "boolean", help: "children of other sessions, too" },
    project: { type: "string", value: "P", help: "only sessions of this project" },
    tag: { type: "string", value: "T", multiple: true, help: "only sessions with this tag; of several, with all" },
  },
  examples: ["turnlog ls", "turnlog ls --project acme --tag bug", "turnlog ls --json --limit 1000 | jq -r .title"],
  async run(call) {
    const { args, out } = call;
    if (args.positionals.length > 0) throw wrongUsage("ls takes no session; turnlog show and info do");
    const options = {
      limit: args.count("limit", 1) ?? DEFAULT_LIMIT,
      after: args.text("after"),
      all: args.has("all"),
      project: args.text("project"),
      tags: args.has("tag") ? args.list("tag") : undefined,
    };
    const { items, next } = await withStore(call, "read", (store) => store.page(options));
    if (call.json) for (const item of items) await out.add(`${jsonLine(item)}\n`);
    else if (items.length > 0) await writeTable(out, ["ID", "UPDATED", "MESSAGES", "TITLE"], items.map(rowOf));
    const damaged = items.filter((item) => "damaged" in item).length;
    await out.flush();
    if (items.length === 0) call.say("no sessions");
    if (damaged > 0) call.say(`${counted(damaged, "session")} cannot be read`);
    if (next !== undefined) call.say(`more: --after '${next}'`);
    return items.length === 0 || damaged > 0 ? EXIT.problems : EXIT.done;
  },
};

function rowOf(session: SessionInfo | DamagedSession): string[] {
  if ("damaged" in session) return [session.id, "-", "-", `damaged: ${session.damaged}`];
  const { id, updatedAt, messages, title, summary } = session;
  return [id, `${updatedAt.slice(0, 19)}Z`, String(messages), title ?? summary ?? ""];
}
