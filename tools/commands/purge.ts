import type { PurgeReport, Store } from "../../lib/index.ts";
import type { Call, Command } from "../command.ts";
import { confirmed } from "../confirm.ts";
import { deletedId } from "../deleted.ts";
import { EXIT, exitOf, wrongUsage } from "../exit.ts";
import { sessionId, withStore } from "../open.ts";
import { counted, jsonLine, oneLine } from "../text.ts";

export const purge: Command = {
  usage: ["purge SESSION [--yes]", "purge SESSION MESSAGE ... [--yes]"],
  summary: "erase a session, or messages of it, for good",
  details: `
Nothing of it is left on this machine: not in the log, the caches, the trash or lost+found/. Messages go with their parts and
all their versions; those that were removed or truncated are found as well. A deleted session can be named, too. It asks first,
or takes --yes.

Other machines erase it when they have heard of it by a sync and the store is opened there: those whose logs still hold it are
named, a line each. Copies elsewhere (backups, git's history) are beyond its reach.

With --json: {"erased", "heldBy"}.`,
  options: {
    yes: { type: "boolean", help: "do not ask" },
  },
  examples: ["turnlog purge 0193", "turnlog purge 0193 m17 m18 --yes"],
  async run(call) {
    const [given, ...messages] = call.args.positionals;
    if (given === undefined || given === "") throw wrongUsage("purge needs a session");
    return await withStore(call, "write", async (store) => {
      const id = await anyId(store, given, call);
      const what = messages.length === 0 ? "all" : counted(messages.length, "message");
      if (!(await confirmed(call, `Erase ${what} of session ${oneLine(id)} for good?`))) return EXIT.problems;
      call.signal.throwIfAborted();
      const report = messages.length === 0 ? await store.purge(id) : await store.session(id).purge(messages);
      await tell(call, report);
      return EXIT.done;
    });
  },
};

async function tell(call: Call, { erased, heldBy }: PurgeReport): Promise<void> {
  if (call.json) await call.out.write(`${jsonLine({ erased, heldBy })}\n`);
  else for (const machine of heldBy) await call.out.write(`${oneLine(machine)}\n`);
  call.say(`erased ${counted(erased, "line")} of this machine's log`);
  if (heldBy.length > 0)
    call.say(
      `${counted(heldBy.length, "other machine")} still ${heldBy.length === 1 ? "holds" : "hold"} some of it, until the next sync`,
    );
}

/** A session that is there, or one of which the trash has something, or the very id. */
async function anyId(store: Store, given: string, { signal }: Call): Promise<string> {
  try {
    return await sessionId(store, given, signal);
  } catch (error) {
    if (exitOf(error) !== EXIT.problems) throw error;
    return (await deletedId(store, given, signal)) ?? given;
  }
}
