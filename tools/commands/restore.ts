import type { Command } from "../command.ts";
import { deletedId } from "../deleted.ts";
import { EXIT, wrongUsage } from "../exit.ts";
import { withStore } from "../open.ts";
import { counted, jsonLine, printable } from "../text.ts";

export const restore: Command = {
  usage: ["restore SESSION ..."],
  summary: "bring deleted sessions back from the trash",
  details: `
For as long as turnlog trash lists them: a deleted session can be restored for 7 days. Prints the ids of the restored sessions,
a line each. With --json: a line for each session, {"id"}.`,
  options: {},
  examples: ["turnlog trash", "turnlog restore 0193"],
  async run(call) {
    const { args, out, signal } = call;
    if (args.positionals.length === 0) throw wrongUsage("restore needs a session");
    return await withStore(call, "write", async (store) => {
      const ids = new Set<string>();
      for (const given of args.positionals) ids.add((await deletedId(store, given, signal)) ?? given);
      for (const id of ids) {
        signal.throwIfAborted();
        await store.session(id).restore();
        await out.write(call.json ? `${jsonLine({ id })}\n` : `${printable(id)}\n`);
      }
      call.say(`restored ${counted(ids.size, "session")}`);
      return EXIT.done;
    });
  },
};
