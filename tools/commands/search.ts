import type { TitleHit } from "../../lib/index.ts";
import type { Command } from "../command.ts";
import { EXIT, wrongUsage } from "../exit.ts";
import { withStore } from "../open.ts";
import { writeTable } from "../table.ts";
import { jsonLine } from "../text.ts";

const DEFAULT_LIMIT = 50;

export const search: Command = {
  usage: ["search TEXT ... [--best] [--limit N]"],
  summary: "find sessions by their title",
  details: `
A row for each session whose title has every word of the text somewhere: id, last activity (UTC), title. A session without
a title is found by the beginning of its first prompt; every session by its id, or its first characters (from four on).
Archived sessions and children of others are found, too. Case, width and the diacritics of Latin, Greek and Cyrillic
letters do not count. The exit code is 1 if nothing is found. To look into the messages: turnlog grep.

With --json: a line for each session, {"id", "text", "isPrompt", "archived", "at"}.`,
  options: {
    best: { type: "boolean", help: "titles that begin with the text first, then those with words that do" },
    limit: { type: "string", value: "N", help: `list at most N sessions (default ${DEFAULT_LIMIT})` },
  },
  examples: [
    "turnlog search parser",
    "turnlog search --best fix pars",
    "turnlog show $(turnlog search --json parser | jq -r .id | head -1)",
  ],
  async run(call) {
    const { args, out } = call;
    const text = args.positionals.join(" ");
    if (text.trim() === "") throw wrongUsage("search takes a text; turnlog ls lists all sessions");
    const limit = args.count("limit", 1) ?? DEFAULT_LIMIT;
    const order = args.has("best") ? "best" : "updated";
    const hits = await withStore(call, "read", (store) => store.searchTitles(text, { limit, order }));
    if (call.json) for (const hit of hits) await out.add(`${jsonLine(hit)}\n`);
    else if (hits.length > 0) await writeTable(out, ["ID", "UPDATED", "TITLE"], hits.map(rowOf));
    await out.flush();
    if (hits.length === 0) call.say(`no title has ${JSON.stringify(text)}`);
    return hits.length === 0 ? EXIT.problems : EXIT.done;
  },
};

function rowOf({ id, text, archived, updatedMs }: TitleHit): string[] {
  const time = Number.isFinite(updatedMs) ? `${new Date(updatedMs).toISOString().slice(0, 19)}Z` : "-";
  return [id, time, archived ? `${text} (archived)` : text];
}
