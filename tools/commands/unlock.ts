import type { Command } from "../command.ts";
import { EXIT } from "../exit.ts";
import { onlySession, withStore } from "../open.ts";
import { jsonLine } from "../text.ts";

export const unlock: Command = {
  usage: ["unlock SESSION"],
  summary: "take the right to write to a session from whoever has it",
  details: `
One process at a time writes to a session. A process that ended, however it did, keeps nobody out: this is for one that
is stopped for good, and for another host or container that is gone and will not come back within half a minute. Who is
still there sees it before the next write and asks for the session as anybody; at worst there are two branches.

Tells who had it; exits with 1 where nobody had. With --json: {"id", "holder"}, the holder with its host, pid, thread
and since when.`,
  options: {},
  examples: ["turnlog unlock 0193"],
  async run(call) {
    return await withStore(call, "write", async (store) => {
      const id = await onlySession(store, call);
      const holder = await store.session(id).breakLease();
      if (call.json) await call.out.write(`${jsonLine({ id, holder: holder ?? null })}\n`);
      else if (holder === undefined) call.say(`nobody writes to ${id}`);
      else call.say(`took ${id} from process ${holder.pid} on ${holder.host}, which had it since ${holder.since}`);
      return holder === undefined ? EXIT.problems : EXIT.done;
    });
  },
};
