import type { Entry, Session } from "../../lib/index.ts";
import type { Call, Command } from "../command.ts";
import { EXIT, wrongUsage } from "../exit.ts";
import { speakerOf, wordsOf } from "../message-text.ts";
import { onlySession, withStore } from "../open.ts";
import type { Output } from "../output.ts";
import { counted, jsonLine, oneLine } from "../text.ts";

const DEFAULT_LAST = 20;

export const show: Command = {
  usage: ["show SESSION [--last N] [--before CURSOR]", "show SESSION --all"],
  summary: "show a session's messages",
  details: `
The newest messages, oldest first: the words, and a line for each tool call, tool result or image. Control characters
are shown as escapes. If there are older messages, stderr tells the cursor to go back from; if there are other branches, how
many (turnlog info lists them).

With --json: a line for each message, {"id", "at", "data", "parts"}.`,
  options: {
    last: { type: "string", value: "N", help: `show the newest N messages (default ${DEFAULT_LAST})` },
    before: { type: "string", value: "CURSOR", help: "of those before a message's id, its time stamp or a cursor" },
    all: { type: "boolean", help: "show all messages" },
  },
  examples: ["turnlog show 0193", "turnlog show 0193 --all | less", "turnlog show 0193 --json --last 1 | jq .data"],
  async run(call) {
    const { args, out } = call;
    const last = args.count("last", 1);
    const before = args.text("before");
    const all = args.has("all");
    if (all && (last !== undefined || before !== undefined)) throw wrongUsage("--all goes with no other range");
    return await withStore(call, "read", async (store) => {
      const id = await onlySession(store, call);
      const session = store.session(id);
      if (all) await writeAll(session, call);
      else {
        const page = await session.page({ limit: last ?? DEFAULT_LAST, before });
        for (const entry of page.items) await out.add(textOf(entry, call));
        await out.flush();
        if (page.previous !== undefined) call.say(`older messages: --before '${page.previous}'`);
      }
      await call.out.flush();
      // The listing knows it: nothing of the session is read for it.
      const info = await store.get(id);
      const branches = info === undefined || "damaged" in info ? 1 : info.branches;
      if (branches > 1)
        call.say(`${counted(branches - 1, "other branch", "other branches")}: turnlog info ${oneLine(id)}`);
      return EXIT.done;
    });
  },
};

async function writeAll(session: Session, call: Call): Promise<void> {
  for await (const entry of session.messages({ signal: call.signal })) await call.out.add(textOf(entry, call));
}

function textOf(entry: Entry, { json, out }: Call): string {
  return json ? `${jsonLine(entry)}\n` : `${headOf(entry, out)}\n${wordsOf(entry)}\n\n`;
}

function headOf({ id, at, data, altered }: Entry, out: Output): string {
  const mark = altered === true ? `  ${out.styled("red", "altered after it was written")}` : "";
  return `${out.styled("cyan", speakerOf(data))}  ${out.styled("dim", `${at.slice(0, 19)}Z  ${oneLine(id)}`)}${mark}`;
}
