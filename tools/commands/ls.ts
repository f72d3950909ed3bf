import type { DamagedSession, SessionFilter, SessionInfo } from "../../lib/index.ts";
import type { Call, Command } from "../command.ts";
import { EXIT, wrongUsage } from "../exit.ts";
import { sessionId, withStore } from "../open.ts";
import { sinceOf } from "../time.ts";
import { writeTable } from "../table.ts";
import { counted, jsonLine } from "../text.ts";

const DEFAULT_LIMIT = 50;
const ORDERS = ["updated", "created"] as const;

export const ls: Command = {
  usage: [
    "ls [--limit N] [--after CURSOR | --before CURSOR] [--order updated|created]",
    "ls [--since TIME] [--project P] [--directory D] [--parent SESSION | --all] [--title TEXT] [--tag T ...]",
    "ls [--archived | --live] [--pinned] [--count]",
  ],
  summary: "list sessions, the newest first",
  details: `
A row for each session: id, last activity (UTC), messages, title; with tabs between them where stdout is no terminal. On a
terminal "+1" behind the messages says that there is another branch (turnlog info lists them).
Filters can be combined. A session that cannot be read is listed with the reason where no filter is given, and makes the
exit code 1, as does an empty list. If there are more sessions than the limit, stderr tells the cursors to go on from.

With --json: a line for each session, {"id", "title", "createdAt", "updatedAt", "messages", ...} or {"id", "damaged"}.`,
  options: {
    limit: { type: "string", value: "N", help: `list at most N sessions (default ${DEFAULT_LIMIT})` },
    after: { type: "string", value: "CURSOR", help: "the page after an earlier one" },
    before: { type: "string", value: "CURSOR", help: "the page before it" },
    order: {
      type: "string",
      value: "O",
      help: "by the last activity (updated, the default) or the creation (created)",
    },
    since: { type: "string", value: "TIME", help: "only sessions that were active since: 7d, 12h, 30m, 2026-11-21" },
    project: { type: "string", value: "P", help: "only sessions of this project" },
    directory: { type: "string", value: "D", help: "only sessions of this directory" },
    parent: { type: "string", value: "SESSION", help: "the children of this session" },
    all: { type: "boolean", help: "children of other sessions, too" },
    title: { type: "string", value: "TEXT", help: "only sessions with just this title (turnlog search finds parts)" },
    tag: { type: "string", value: "T", multiple: true, help: "only sessions with this tag; of several, with all" },
    archived: { type: "boolean", help: "only archived sessions" },
    live: { type: "boolean", help: "only sessions that are not archived" },
    pinned: { type: "boolean", help: "only pinned sessions" },
    count: { type: "boolean", help: "tell only how many there are" },
  },
  examples: [
    "turnlog ls",
    "turnlog ls --since 7d --project acme --tag bug",
    "turnlog ls --all --count",
    "turnlog ls --json --limit 1000 | jq -r .title",
  ],
  async run(call) {
    const { args, out } = call;
    if (args.positionals.length > 0) throw wrongUsage("ls takes no session; turnlog show and info do");
    const limit = args.count("limit", 1) ?? DEFAULT_LIMIT;
    const [after, before] = [args.text("after"), args.text("before")];
    if (after !== undefined && before !== undefined) throw wrongUsage("ls takes one of --after and --before");
    const filter = filterOf(call);
    return await withStore(call, "read", async (store) => {
      const parent = args.has("parent") ? await sessionId(store, args.text("parent"), call.signal) : undefined;
      if (args.has("count")) {
        const count = await store.count({ ...filter, parent });
        await out.write(`${call.json ? jsonLine({ count }) : String(count)}\n`);
        return count === 0 ? EXIT.problems : EXIT.done;
      }
      return await list(call, await store.page({ ...filter, parent, limit, after, before }));
    });
  },
};

function filterOf({ args }: Call): SessionFilter {
  const order = args.text("order") ?? "updated";
  const known = ORDERS.find((each) => each === order);
  if (known === undefined) throw wrongUsage(`--order takes ${ORDERS.join(" or ")}`);
  if (args.has("archived") && args.has("live")) throw wrongUsage("ls takes one of --archived and --live");
  if (args.has("parent") && args.has("all")) throw wrongUsage("ls takes one of --parent and --all");
  return {
    order: known,
    since: sinceOf(args.text("since")),
    project: args.text("project"),
    directory: args.text("directory"),
    all: args.has("all"),
    title: args.text("title"),
    tags: args.has("tag") ? args.list("tag") : undefined,
    archived: args.has("archived") ? true : args.has("live") ? false : undefined,
    pinned: args.has("pinned") ? true : undefined,
  };
}

interface Page {
  readonly items: readonly (SessionInfo | DamagedSession)[];
  readonly previous?: string;
  readonly next?: string;
}

async function list(call: Call, { items, previous, next }: Page): Promise<number> {
  const { out } = call;
  if (call.json) for (const item of items) await out.add(`${jsonLine(item)}\n`);
  else if (items.length > 0)
    await writeTable(
      out,
      ["ID", "UPDATED", "MESSAGES", "TITLE"],
      items.map((item) => rowOf(item, out.isTerminal)),
    );
  const damaged = items.filter((item) => "damaged" in item).length;
  await out.flush();
  if (items.length === 0) call.say("no sessions");
  if (damaged > 0) call.say(`${counted(damaged, "session")} cannot be read`);
  if (previous !== undefined) call.say(`newer: --before '${previous}'`);
  if (next !== undefined) call.say(`more: --after '${next}'`);
  return items.length === 0 || damaged > 0 ? EXIT.problems : EXIT.done;
}

function rowOf(session: SessionInfo | DamagedSession, forPeople: boolean): string[] {
  if ("damaged" in session) return [session.id, "-", "-", `damaged: ${session.damaged}`];
  const { id, updatedAt, messages, branches, title, summary } = session;
  const others = forPeople && branches > 1 ? ` +${branches - 1}` : "";
  return [id, `${updatedAt.slice(0, 19)}Z`, `${messages}${others}`, title ?? summary ?? ""];
}
