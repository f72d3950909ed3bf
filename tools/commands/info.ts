import type { Branch, SessionStats } from "../../lib/index.ts";
import type { Command } from "../command.ts";
import { EXIT, wrongUsage } from "../exit.ts";
import { onlySession, withStore } from "../open.ts";
import { counted, jsonLine, oneLine } from "../text.ts";

const TEXTS = ["title", "summary", "project", "directory", "parent"] as const;
const FLAGS = ["archived", "pinned"] as const;
const KEYS: readonly string[] = [...TEXTS, ...FLAGS, "tags"];

export const info: Command = {
  usage: ["info SESSION [--set KEY=VALUE ...]"],
  summary: "tell what is known of a session, or set it",
  details: `
A line for each thing that is known: what the session is called and belongs to, its times (UTC), how much there is of it. If
it has several branches, a line for each: its newest message's id, how many messages it has from where it left the history, last
activity (UTC), the machine that wrote to it last, and where it left the history.
--set sets ${TEXTS.join(", ")},
${FLAGS.join(" and ")} (true or false) and tags (with commas between them). An empty value clears.

With --json: one object; "branches" is how many, and "branchList" has them where there are several.`,
  options: {
    set: { type: "string", value: "KEY=VALUE", multiple: true, help: "set this; can be given several times" },
  },
  examples: ["turnlog info 0193", "turnlog info 0193 --set title='Fix the parser' --set tags=bug,parser"],
  async run(call) {
    const patch = Object.fromEntries(call.args.list("set").map(settingOf));
    const isChanging = call.args.has("set");
    return await withStore(call, isChanging ? "write" : "read", async (store) => {
      const session = store.session(await onlySession(store, call));
      if (isChanging) await session.update(patch);
      const found = await session.info();
      const stats = await session.stats();
      const branches = found.branches > 1 ? await session.branches() : [];
      const list = branches.length > 0 && { branchList: branches };
      if (call.json) await call.out.add(`${jsonLine({ ...found, ...list, stats })}\n`);
      else await call.out.add(linesOf({ ...found, ...textOf(stats) }) + branches.map(branchLine).join(""));
      return EXIT.done;
    });
  },
};

function settingOf(text: string): [string, unknown] {
  const [, key, value] = /^([^=]+)=([^]*)$/.exec(text) ?? [];
  if (key === undefined || value === undefined) throw wrongUsage(`--set takes KEY=VALUE, not ${JSON.stringify(text)}`);
  if (!KEYS.includes(key)) throw wrongUsage(`unknown key ${JSON.stringify(key)} (known: ${KEYS.join(", ")})`);
  if (value === "") return [key, null];
  if (key === "tags") return [key, value.split(",").map((tag) => tag.trim())];
  if (!FLAGS.some((flag) => flag === key)) return [key, value];
  if (value !== "true" && value !== "false") throw wrongUsage(`${key} is true or false`);
  return [key, value === "true"];
}

/** How many lines there are of each type, and what compaction would leave. */
function textOf({ lines, types, liveBytes, deadBytes }: SessionStats): Record<string, unknown> {
  const counts = Object.entries(types).map(([type, tally]) => `${type} ${tally.lines}`);
  return { lines: `${lines} (${counts.join(", ")})`, liveBytes, deadBytes };
}

function branchLine({ id, messages, updatedAt, machine, forkedAt, current }: Branch): string {
  const from = current ? "the history" : forkedAt === undefined ? "from the beginning" : `from ${forkedAt}`;
  const size = counted(messages, "message");
  return `branch  ${oneLine(id)}  ${size}, ${updatedAt.slice(0, 19)}Z, ${oneLine(machine)}, ${from}\n`;
}

function linesOf(session: Record<string, unknown>): string {
  const width = Math.max(...Object.keys(session).map((key) => key.length));
  return Object.entries(session)
    .map(
      ([key, value]) => `${key.padEnd(width)}  ${oneLine(typeof value === "string" ? value : JSON.stringify(value))}\n`,
    )
    .join("");
}
