import type { Store } from "../../lib/index.ts";
import type { Command } from "../command.ts";
import { EXIT, wrongUsage } from "../exit.ts";
import { sessionId, withStore } from "../open.ts";
import { counted, jsonLine, printable } from "../text.ts";

export const rm: Command = {
  usage: ["rm SESSION ... [--children] [--forever] [--dry-run]"],
  summary: "delete sessions",
  details: `
What is deleted moves to the store's trash/, from where turnlog restore brings it back for 7 days. With --forever
nothing is kept there. All sessions are looked up before the first is deleted.

Prints the ids of the deleted sessions, a line each. With --json: a line for each session, {"id", "trash"}.`,
  options: {
    children: { type: "boolean", help: "delete the sessions whose parent it is, too, and theirs" },
    forever: { type: "boolean", help: "keep nothing in trash/" },
    "dry-run": { type: "boolean", help: "only tell what would be deleted" },
  },
  examples: ["turnlog rm 0193", "turnlog rm 0193 --children --dry-run"],
  async run(call) {
    const { args, out, signal } = call;
    const isTrial = args.has("dry-run");
    const trash = !args.has("forever");
    if (args.positionals.length === 0) throw wrongUsage("rm needs a session");
    return await withStore(call, isTrial ? "read" : "write", async (store) => {
      const ids = new Set<string>();
      for (const given of args.positionals) ids.add(await sessionId(store, given, signal));
      // A set grows while it is walked: each session that is added is asked for its own children.
      if (args.has("children")) for (const id of ids) for await (const child of store.children(id)) ids.add(child.id);
      // Children go before their parents: if it ends in between, none is left without the other.
      for (const id of [...ids].reverse()) {
        signal.throwIfAborted();
        if (!isTrial) await deleteOne(store, id, trash);
        await out.write(call.json ? `${jsonLine({ id, trash })}\n` : `${printable(id)}\n`);
      }
      const where = trash ? "to trash/" : "forever";
      call.say(`${isTrial ? "would delete" : "deleted"} ${counted(ids.size, "session")} ${where}`);
      return EXIT.done;
    });
  },
};

async function deleteOne(store: Store, id: string, trash: boolean): Promise<void> {
  await store.session(id).delete({ trash });
}
