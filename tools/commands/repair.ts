import { relative } from "node:path";
import type { RepairAction, Store } from "../../lib/index.ts";
import type { Call, Command } from "../command.ts";
import { EXIT } from "../exit.ts";
import { withStore } from "../open.ts";
import { isDamage, lineOf, placeOf, sessionIds, showProgress, summaryOf } from "../problems.ts";
import { Progress } from "../progress.ts";
import { counted, jsonLine, oneLine } from "../text.ts";

export const repair: Command = {
  usage: ["repair [SESSION ...] [--dry-run]"],
  summary: "mend what verify finds in this machine's logs",
  details: `
Every byte that is taken out of a log is on the disk in the store's lost+found/ first; lines are copied byte for byte into a
new log, which then replaces the old one. The histories stay what they were. Lines that were altered are left as they are,
and so are other machines' logs: only a repair on that machine mends those. A second repair finds nothing to do.

A line for each thing that is done: what, code, file and byte, why, and the file in lost+found/; with tabs between them where
stdout is no terminal. What is left is told on stderr, and makes the exit code 4, as does anything that a dry run finds.

With --json: a line for each, {"action", "code", "message", "session", "file", "offset", "bytes", "to"}, and for each problem
that is left, as verify tells it.`,
  options: {
    "dry-run": { type: "boolean", help: "only tell what would be done" },
  },
  examples: ["turnlog repair --dry-run", "turnlog repair 0193"],
  async run(call) {
    const isTrial = call.args.has("dry-run");
    return await withStore(call, isTrial ? "read" : "write", async (store) => {
      const ids = await sessionIds(store, call);
      const progress = new Progress(call.io.stderr);
      const onProgress = showProgress(progress, "looked at", () => undefined);
      const report = await store
        .repair({ ids, dryRun: isTrial, signal: call.signal, onProgress })
        .finally(() => progress.end());
      for (const action of report.actions)
        await call.out.add(call.json ? `${jsonLine(action)}\n` : rowOf(action, store, call));
      if (call.json) for (const problem of report.left) await call.out.add(`${jsonLine(problem)}\n`);
      await call.out.flush();
      const counts = new Map<string, number>();
      for (const { severity } of report.left) counts.set(severity, (counts.get(severity) ?? 0) + 1);
      if (!call.json) for (const problem of report.left) call.say(`left: ${lineOf(problem, store, call).trimEnd()}`);
      const left = report.left.length === 0 ? "nothing is left" : `left: ${summaryOf(counts)}`;
      call.say(`${isTrial ? "dry run: " : ""}${counted(report.actions.length, "repair")}; ${left}`);
      const isOpen = isTrial && report.actions.length > 0;
      return isOpen || isDamage(counts) ? EXIT.damaged : EXIT.done;
    });
  },
};

function rowOf(action: RepairAction, store: Store, { out }: Call): string {
  const to = action.to === undefined ? "" : relative(store.path, action.to);
  const cells = [action.action, action.code, placeOf(action, store), oneLine(action.message), oneLine(to)];
  return `${cells.join(out.isTerminal ? "  " : "\t").trimEnd()}\n`;
}
