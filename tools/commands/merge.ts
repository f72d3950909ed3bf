import { resolve } from "node:path";
import type { MergeReport } from "../../lib/index.ts";
import type { Call, Command } from "../command.ts";
import { EXIT, wrongUsage } from "../exit.ts";
import { withStoreOrTrial } from "../open.ts";
import { Progress } from "../progress.ts";
import { bytesText, counted, jsonLine } from "../text.ts";

export const merge: Command = {
  usage: ["merge SOURCE [--dry-run]"],
  summary: "bring in what another store, or a log of one, has",
  details: `
SOURCE is a store's directory, also a part or a backup of one; an archived log (.jsonl.gz); or one log, whatever it is called: a
cloud drive's "conflicted copy", also where it lies in this store. It is only read. Of each log the store then has the lines
of both copies, each once, in order: the same bytes whichever way, and however often, it is merged. What both went on with
apart becomes branches. What anybody purged stays erased, what was deleted stays deleted.

Torn or doubled lines, carriage returns, conflict markers and the like do not come along; those in this store's own copies
move to lost+found/. What was healed so, and what could not be merged, is told on stderr; the latter makes the exit code 1,
and all else is merged.

With --json: {"sessions", "logs", "lines", "messages", "bytes", "attachments", "healed", "problems"}.`,
  options: {
    "dry-run": { type: "boolean", help: "read everything, write nothing" },
  },
  examples: ["turnlog merge /mnt/backup/sessions --dry-run", 'turnlog merge "0193 (conflicted copy).jsonl"'],
  async run(call) {
    const { args, io, signal } = call;
    const [given, ...others] = args.positionals;
    if (given === undefined || given === "" || others.length > 0) throw wrongUsage("merge takes one directory or log");
    const source = resolve(io.directory, given);
    const progress = new Progress(io.stderr);
    const onProgress = ({ sessions, bytes }: { sessions: number; bytes: number }): void =>
      progress.show(`${counted(sessions, "session")}, ${bytesText(bytes)} looked at`);
    const options = { dryRun: args.has("dry-run"), onProgress, signal };
    const report = await withStoreOrTrial(call, (store) => store.merge(source, options)).finally(() => progress.end());
    if (call.json) await call.out.write(`${jsonLine(report)}\n`);
    else tell(call, report);
    return report.problems.length > 0 ? EXIT.problems : EXIT.done;
  },
};

function tell(call: Call, { sessions, messages, bytes, attachments, healed, problems }: MergeReport): void {
  for (const { path, reason } of healed) call.say(`healed: ${path}: ${reason}`);
  for (const { path, reason } of problems) call.say(`turnlog: ${path}: ${reason}`);
  const counts = (["new", "grown", "unchanged"] as const)
    .filter((status) => sessions[status] > 0)
    .map((status) => `${sessions[status].toLocaleString("en-US")} ${status}`);
  const files = attachments.count > 0 ? `, ${counted(attachments.count, "attachment")}` : "";
  const all = counts.length === 0 ? "no sessions" : counts.join(", ");
  const added = `${counted(messages, "message")} added${files} (${bytesText(bytes + attachments.bytes)})`;
  call.say(`${call.args.has("dry-run") ? "dry run: " : ""}${all}; ${added}`);
}
