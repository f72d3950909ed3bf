import { StoreError } from "../../lib/index.ts";
import type { SearchHit, Store } from "../../lib/index.ts";
import type { Call, Command } from "../command.ts";
import { EXIT, Failure, messageOf, wrongUsage } from "../exit.ts";
import { sessionId, withStore } from "../open.ts";
import { Progress } from "../progress.ts";
import { counted, inOneLine, jsonLine, oneLine } from "../text.ts";
import { sinceOf } from "../time.ts";

const MEGABYTE = 1_000_000;

export const grep: Command = {
  usage: ["grep TEXT [SESSION ...] [--limit N] [--since TIME] [--hidden] [--case]"],
  summary: "find a text in messages",
  details: `
Looks for the text (no pattern) in the messages of these sessions, or of all, children too; newest session first, newest
message first. A line for each message or part that has it: session, time stamp (UTC), role and the words around it; with
tabs between them where stdout is no terminal. show SESSION --before STAMP shows what led to it.

The exit codes are grep's: 0 found, 1 not found, 2 wrong usage or an error. A session that cannot be read stops no other,
is told on stderr, and makes it 2.

With --json: a line for each, {"session", "id", "at", "role", "part", "snippet": {"before", "match", "after"}, "hidden"}.`,
  options: {
    limit: { type: "string", value: "N", help: "stop after N" },
    since: { type: "string", value: "TIME", help: "only messages since then: 7d (or m, h, w), or a date" },
    hidden: { type: "boolean", help: "also what a log has and a history has not: truncated, removed, replaced, ..." },
    case: { type: "boolean", help: "tell upper case from lower case" },
    "ignore-case": { type: "boolean", short: "i", help: "do not tell them apart (default)" },
  },
  examples: ["turnlog grep 'parse error'", "turnlog grep ENOSPC 0193 --since 7d --json | jq -r .id"],
  async run(call) {
    const { args } = call;
    const [text, ...given] = args.positionals;
    if (text === undefined || text === "") throw wrongUsage("grep needs a text to look for");
    if (args.has("case") && args.has("ignore-case")) throw wrongUsage("--case goes without --ignore-case");
    const since = sinceOf(args.text("since"));
    const limit = args.count("limit", 1);
    try {
      return await withStore(call, "read", (store) => search(store, call, text, { given, since, limit }));
    } catch (error) {
      // 1 would say that nothing was found.
      if (!(error instanceof StoreError || error instanceof Failure)) throw error;
      throw new Failure(EXIT.usage, messageOf(error), { cause: error });
    }
  },
};

interface Asked {
  readonly given: readonly string[];
  readonly since: number | string | undefined;
  readonly limit: number | undefined;
}

async function search(store: Store, call: Call, text: string, { given, since, limit }: Asked): Promise<number> {
  const { args, out, signal } = call;
  let isUnread = false;
  store.on("warning", ({ code }) => (isUnread ||= code === "unread"));
  const ids: string[] = [];
  for (const each of given) ids.push(await sessionId(store, each, signal));
  const progress = new Progress(call.io.stderr);
  const options = {
    ids: ids.length === 0 ? undefined : ids,
    since,
    limit,
    ignoreCase: !args.has("case"),
    hidden: args.has("hidden"),
    signal,
    onProgress: ({ bytes, totalBytes, sessions }: { bytes: number; totalBytes: number; sessions: number }) => {
      const megabytes = (count: number): string => Math.ceil(count / MEGABYTE).toLocaleString("en-US");
      progress.show(`searched ${megabytes(bytes)} of ${megabytes(totalBytes)} MB, ${counted(sessions, "session")}`);
    },
  };
  let found = 0;
  try {
    for await (const hit of store.searchMessages(text, options)) {
      found++;
      progress.end();
      await out.add(call.json ? `${jsonLine(hit)}\n` : lineOf(hit, call));
      if (out.isTerminal) await out.flush();
    }
  } finally {
    progress.end();
  }
  return isUnread ? EXIT.usage : found > 0 ? EXIT.done : EXIT.problems;
}

function lineOf({ session, at, role, hidden, snippet }: SearchHit, { out }: Call): string {
  const { before, match, after } = snippet;
  const speaker = `${oneLine(role ?? "message")}${hidden === true ? " (hidden)" : ""}`;
  const words = inOneLine(before).trimStart() + out.styled("red", inOneLine(match)) + inOneLine(after).trimEnd();
  if (!out.isTerminal) return `${oneLine(session)}\t${at}\t${speaker}\t${words}\n`;
  return `${oneLine(session)}  ${out.styled("dim", at)}  ${out.styled("cyan", speaker)}  ${words}\n`;
}
