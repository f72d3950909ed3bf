import type { RetentionPlan, RetentionPolicy, RetentionReport } from "../../lib/index.ts";
import type { Call, Command } from "../command.ts";
import { EXIT, wrongUsage } from "../exit.ts";
import { sessionId, withStore } from "../open.ts";
import { Progress } from "../progress.ts";
import { sizeText } from "../size.ts";
import { writeTable } from "../table.ts";
import { counted, jsonLine, printable } from "../text.ts";

export const prune: Command = {
  usage: [
    "prune [--max-age-days N] [--max-sessions N] [--max-size-mb N] [--by activity|created]",
    "prune ... [--keep SESSION ...] [--keep-newest N] [--children] [--apply]",
  ],
  summary: "move old sessions to the trash, or tell which would go",
  details: `
Only tells what would go, why and how much, unless --apply is given. The oldest go first, by the times in their lines. Never a
session that is pinned or kept, that somebody writes to, that another machine writes to as well, that cannot be read, or of which
a child stays; what a limit would have taken of these is told on stderr. What goes can be restored for 7 days (turnlog trash),
and takes its room until then.

A row for each: id, last activity or creation (UTC), reason, size, title; with tabs between them where stdout is no terminal.
With --apply: the ids of the sessions that went, a line each.

With --json: a line for each, {"id", "title", "reason", "bytes", "at", ...}, with --apply {"id", "title", "reason", "bytes", "path"}.`,
  options: {
    "max-age-days": { type: "string", value: "N", help: "sessions go that are older" },
    "max-sessions": { type: "string", value: "N", help: "the oldest go until N are left" },
    "max-size-mb": { type: "string", value: "N", help: "the oldest go until the logs take no more than N MB" },
    by: {
      type: "string",
      value: "B",
      help: "old by the last activity (activity, the default) or the creation (created)",
    },
    keep: { type: "string", value: "SESSION", multiple: true, help: "this one stays" },
    "keep-newest": { type: "string", value: "N", help: "the N newest stay (not with --keep)" },
    children: { type: "boolean", help: "sessions go with all their children, or stay with them" },
    apply: { type: "boolean", help: "do it" },
  },
  examples: ["turnlog prune --max-age-days 90", "turnlog prune --max-size-mb 500 --keep 0193 --apply"],
  async run(call) {
    const { args, signal } = call;
    if (args.positionals.length > 0) throw wrongUsage("prune takes no session; turnlog rm does");
    const isApplied = args.has("apply");
    const limits = limitsOf(call);
    return await withStore(call, isApplied ? "write" : "read", async (store) => {
      const keep = [];
      for (const given of args.list("keep")) keep.push(await sessionId(store, given, signal));
      const policy: RetentionPolicy = { ...limits, ...(keep.length > 0 && { keep }) };
      const plan = await store.retention.plan(policy, { signal });
      if (plan.doubt !== undefined) call.say(`turnlog: warning: ${plan.doubt}`);
      for (const { id, obstacle } of plan.kept) call.say(`stays: ${id} (${obstacle})`);
      if (!isApplied) return await tellPlan(call, plan);
      const progress = new Progress(call.io.stderr);
      const report = await store.retention
        .apply(plan, {
          signal,
          onProgress: ({ sessions, bytes }) => progress.show(`${counted(sessions, "session")}, ${sizeText(bytes)}`),
        })
        .finally(() => progress.end());
      return await tellReport(call, report);
    });
  },
};

function limitsOf({ args }: Call): RetentionPolicy {
  const limits = {
    maxAgeDays: args.count("max-age-days", 0),
    maxSessions: args.count("max-sessions", 0),
    maxSizeMB: args.count("max-size-mb", 0),
  };
  if (Object.values(limits).every((limit) => limit === undefined))
    throw wrongUsage("prune needs a limit: --max-age-days, --max-sessions or --max-size-mb");
  const by = args.text("by") ?? "activity";
  if (by !== "activity" && by !== "created") throw wrongUsage("--by takes activity or created");
  const keepNewest = args.count("keep-newest", 0);
  if (keepNewest !== undefined && args.has("keep")) throw wrongUsage("prune takes one of --keep and --keep-newest");
  return { ...limits, by, children: args.has("children"), keep: keepNewest };
}

async function tellPlan(call: Call, { items, bytes, left }: RetentionPlan): Promise<number> {
  const { out } = call;
  if (call.json) for (const item of items) await out.add(`${jsonLine(item)}\n`);
  else if (items.length > 0) {
    const rows = items.map(({ id, at, reason, title, ...item }) => [
      id,
      `${at.slice(0, 19)}Z`,
      reason,
      sizeText(item.bytes),
      title ?? "",
    ]);
    await writeTable(out, ["ID", "TIME", "OVER", "SIZE", "TITLE"], rows);
  }
  await out.flush();
  const stay = `${counted(left.sessions, "session")} with ${sizeText(left.bytes)} would stay`;
  call.say(`would move ${counted(items.length, "session")} with ${sizeText(bytes)} to the trash; ${stay}`);
  if (items.length > 0) call.say("--apply does it");
  return EXIT.done;
}

async function tellReport(call: Call, { evicted, skipped, bytes }: RetentionReport): Promise<number> {
  for (const session of evicted)
    await call.out.add(call.json ? `${jsonLine(session)}\n` : `${printable(session.id)}\n`);
  await call.out.flush();
  for (const { id, why } of skipped) call.say(`stays: ${id} (${why})`);
  call.say(`moved ${counted(evicted.length, "session")} with ${sizeText(bytes)} to the trash`);
  return skipped.some(({ why }) => why === "failed") ? EXIT.problems : EXIT.done;
}
