import type { Command } from "../command.ts";
import { EXIT, wrongUsage } from "../exit.ts";
import { exportTo, namedSessions } from "../export-to.ts";
import { withStore } from "../open.ts";
import { counted, jsonLine, printable } from "../text.ts";

export const archive: Command = {
  usage: ["archive SESSION ... [--dry-run]", "archive --output FILE [SESSION ...]"],
  summary: "put sessions away, or write sessions to one file",
  details: `
The log of a session is packed to the store's archive/, compared with what was packed, and goes. An archived session is
listed (ls tells, ls --archived lists only those), searched and read as before; unarchive brings it back byte for byte, and
so does whatever writes to it.

With --output no session is put away: these, or all, children and archived ones too, are written to FILE as a JSON array of
sessions with their messages, {"id", "title", ..., "messages": [{"id", "at", "data", "parts"}]}, which import reads back. FILE
appears whole, in place of one that is there; - is stdout. A session that cannot be read is told on stderr, left out, and makes
the exit code 1.

Lists the sessions that are put away; with --json {"id"} for each. With --json --output FILE: one object, {"sessions",
"messages", "problems"}.`,
  options: {
    output: { type: "string", short: "o", value: "FILE", help: "write a JSON array of sessions; - is stdout" },
    "dry-run": { type: "boolean", help: "only tell which sessions would be put away" },
  },
  examples: ["turnlog archive 0193", "turnlog archive --output sessions.json"],
  async run(call) {
    const { args } = call;
    const output = args.text("output");
    if (output !== undefined) {
      if (args.has("dry-run")) throw wrongUsage("--output writes no session: there is nothing to try");
      return await withStore(call, "read", async (store) =>
        exportTo(store, call, output, "json", await namedSessions(store, call)),
      );
    }
    if (args.positionals.length === 0) throw wrongUsage("archive needs a session, or --output");
    const isTrial = args.has("dry-run");
    return await withStore(call, isTrial ? "read" : "write", async (store) => {
      const ids = await namedSessions(store, call);
      for (const id of ids) {
        call.signal.throwIfAborted();
        if (!isTrial) await store.archive(id);
        await call.out.write(call.json ? `${jsonLine({ id })}\n` : `${printable(id)}\n`);
      }
      call.say(`${isTrial ? "would put away" : "put away"} ${counted(ids.length, "session")}`);
      return EXIT.done;
    });
  },
};

export const unarchive: Command = {
  usage: ["unarchive SESSION ..."],
  summary: "bring sessions back from the archive",
  details: `
The logs come back byte for byte, and the sessions are no archived ones any more.

Lists the sessions; with --json {"id"} for each.`,
  options: {},
  examples: ["turnlog unarchive 0193"],
  async run(call) {
    if (call.args.positionals.length === 0) throw wrongUsage("unarchive needs a session");
    return await withStore(call, "write", async (store) => {
      const ids = await namedSessions(store, call);
      for (const id of ids) {
        call.signal.throwIfAborted();
        await store.unarchive(id);
        await call.out.write(call.json ? `${jsonLine({ id })}\n` : `${printable(id)}\n`);
      }
      call.say(`brought back ${counted(ids.length, "session")}`);
      return EXIT.done;
    });
  },
};
