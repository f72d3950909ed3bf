import type { Command } from "../command.ts";
import { confirmed } from "../confirm.ts";
import { EXIT, wrongUsage } from "../exit.ts";
import { withStore } from "../open.ts";
import { sizeText } from "../size.ts";
import { writeTable } from "../table.ts";
import { counted, jsonLine } from "../text.ts";

export const trash: Command = {
  usage: ["trash", "trash --empty [--yes] [--dry-run]"],
  summary: "list the deleted sessions that can be restored, or let them go",
  details: `
A row for each: id, when it was deleted, when its restore window ends (UTC), size, title; with tabs between them where stdout
is no terminal. What is past its window goes by itself when a program has the store open. An empty trash makes the exit
code 1.

With --empty all of it goes now, for good; it asks first, or takes --yes.

With --json: a line for each, {"id", "title", "deletedAt", "expiresAt", "bytes", "path"}; of --empty {"sessions", "bytes"}.`,
  options: {
    empty: { type: "boolean", help: "remove all that is in the trash" },
    "dry-run": { type: "boolean", help: "only tell what --empty would remove" },
    yes: { type: "boolean", help: "do not ask" },
  },
  examples: ["turnlog trash", "turnlog trash --empty --dry-run"],
  async run(call) {
    const { args, out, signal } = call;
    if (args.positionals.length > 0) throw wrongUsage("trash takes no session; turnlog restore does");
    const dryRun = args.has("dry-run");
    if (dryRun && !args.has("empty")) throw wrongUsage("--dry-run belongs to --empty");
    return await withStore(call, args.has("empty") && !dryRun ? "write" : "read", async (store) => {
      if (args.has("empty")) {
        const would = await store.emptyTrash({ dryRun: true, signal });
        const what = `${counted(would.sessions, "session")}, ${sizeText(would.bytes)}`;
        const question = `Remove all that is in the trash (${what}) for good?`;
        if (!dryRun && would.sessions > 0 && !(await confirmed(call, question))) return EXIT.problems;
        const done = dryRun ? would : await store.emptyTrash({ signal });
        if (call.json) await out.write(`${jsonLine(done)}\n`);
        call.say(
          `${dryRun ? "would remove" : "removed"} ${counted(done.sessions, "session")}, ${sizeText(done.bytes)}`,
        );
        return EXIT.done;
      }
      const rows: string[][] = [];
      let count = 0;
      for await (const each of store.trash({ signal })) {
        count++;
        if (call.json) await out.add(`${jsonLine(each)}\n`);
        else
          rows.push([
            each.id,
            shortTime(each.deletedAt),
            shortTime(each.expiresAt),
            sizeText(each.bytes),
            each.title ?? "",
          ]);
      }
      if (rows.length > 0) await writeTable(out, ["ID", "DELETED", "EXPIRES", "SIZE", "TITLE"], rows);
      await out.flush();
      if (count === 0) call.say("the trash is empty");
      return count === 0 ? EXIT.problems : EXIT.done;
    });
  },
};

function shortTime(time: string): string {
  return `${time.slice(0, 19)}Z`;
}
