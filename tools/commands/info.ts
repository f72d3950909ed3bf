import type { SessionStats } from "../../lib/index.ts";
import type { Command } from "../command.ts";
import { EXIT, wrongUsage } from "../exit.ts";
import { onlySession, withStore } from "../open.ts";
import { jsonLine, oneLine } from "../text.ts";

const TEXTS = ["title", "summary", "project", "directory", "parent"] as const;
const FLAGS = ["archived", "pinned"] as const;
const KEYS: readonly string[] = [...TEXTS, ...FLAGS, "tags"];

export const info: Command = {
  usage: ["info SESSION [--set KEY=VALUE ...]"],
  summary: "tell what is known of a session, or set it",
  details: `
A line for each thing that is known: what the session is called and belongs to, its times (UTC), how much there is of it.
--set sets ${TEXTS.join(", ")},
${FLAGS.join(" and ")} (true or false) and tags (with commas between them). An empty value clears.

With --json: one object.`,
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
      await call.out.add(call.json ? `${jsonLine({ ...found, stats })}\n` : linesOf({ ...found, ...textOf(stats) }));
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

function linesOf(session: Record<string, unknown>): string {
  const width = Math.max(...Object.keys(session).map((key) => key.length));
  return Object.entries(session)
    .map(
      ([key, value]) => `${key.padEnd(width)}  ${oneLine(typeof value === "string" ? value : JSON.stringify(value))}\n`,
    )
    .join("");
}
