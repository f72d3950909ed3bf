import type { StoreStats } from "../../lib/index.ts";
import type { Call, Command } from "../command.ts";
import { EXIT, wrongUsage } from "../exit.ts";
import { withStore } from "../open.ts";
import { Progress } from "../progress.ts";
import { bar, sizeText } from "../size.ts";
import { writeTable } from "../table.ts";
import { counted, jsonLine } from "../text.ts";

const MB = 1024 * 1024;
/** From here on a size is marked. */
const LARGE_BYTES: number = 100 * MB;

export const stats: Command = {
  usage: ["stats [--lines]"],
  summary: "tell what the store takes on disk, and where",
  details: `
What the logs, attachments, archive, trash, lost+found/ and caches take; the ten largest sessions; how much was begun in each
month. On a terminal with bars; else a row a line, with tabs: place or session or month, bytes, files or messages or sessions.
What is larger than 100 MB is told on stderr.

With --lines every log is read, too: what is live, what compaction may take away, and lines by type.

With --json: one line, {"bytes", "logs": {"files", "bytes"}, ..., "largest": [...], "growth": [...], "lines"?}.`,
  options: {
    lines: { type: "boolean", help: "read every log: lines by type, live and dead bytes" },
  },
  examples: ["turnlog stats", "turnlog stats --json | jq .trash.bytes"],
  async run(call) {
    if (call.args.positionals.length > 0) throw wrongUsage("stats takes no session; turnlog info does");
    return await withStore(call, "read", async (store) => {
      const progress = new Progress(call.io.stderr);
      const found = await store
        .stats({
          lines: call.args.has("lines"),
          signal: call.signal,
          onProgress: ({ sessions, bytes }) => progress.show(`${counted(sessions, "session")}, ${sizeText(bytes)}`),
        })
        .finally(() => progress.end());
      if (call.json) await call.out.write(`${jsonLine(found)}\n`);
      else await show(call, found);
      await call.out.flush();
      warn(call, found);
      return EXIT.done;
    });
  },
};

interface Row {
  readonly name: string;
  readonly bytes: number;
  readonly count: number;
  readonly more?: string | undefined;
}

async function show(call: Call, found: StoreStats): Promise<void> {
  const { logs, blobs, archive, trash, lostAndFound, cache } = found;
  const places = { logs, blobs, archive, trash, "lost+found": lostAndFound, cache };
  await table(
    call,
    ["PLACE", "FILES"],
    Object.entries(places).map(([name, { files, bytes }]) => ({ name, bytes, count: files })),
  );
  await table(
    call,
    ["LARGEST", "MESSAGES"],
    found.largest.map(({ id, bytes, messages, title }) => ({ name: id, bytes, count: messages, more: title })),
  );
  await table(
    call,
    ["BEGUN IN", "SESSIONS"],
    found.growth.map(({ month, created }) => ({ name: month, bytes: created.bytes, count: created.sessions })),
  );
  if (found.lines === undefined) return;
  const { types, liveBytes, deadBytes, lines, skipped } = found.lines;
  const rows = Object.entries(types).map(([name, type]) => ({ name, bytes: type.bytes, count: type.lines }));
  await table(call, ["LINES", "LINES"], rows);
  await table(
    call,
    ["BYTES", "LINES"],
    [
      { name: "live", bytes: liveBytes, count: lines },
      { name: "dead", bytes: deadBytes, count: skipped },
    ],
  );
}

/** For people sizes and bars, for programs plain bytes. */
async function table({ out }: Call, [name, count]: readonly [string, string], rows: readonly Row[]): Promise<void> {
  if (rows.length === 0) return;
  const most = rows.reduce((sum, { bytes }) => Math.max(sum, bytes), 0);
  const head = [name, "SIZE", count, ""];
  const shown = rows.map((row) =>
    out.isTerminal
      ? [row.name, sizeText(row.bytes), String(row.count), [bar(row.bytes, most), row.more].filter(Boolean).join(" ")]
      : [row.name, String(row.bytes), String(row.count), ...(row.more === undefined ? [] : [row.more])],
  );
  await writeTable(out, head, shown);
  if (out.isTerminal) await out.add("\n");
}

function warn(call: Call, { sessions, damaged, deleted, logs, bytes, largest }: StoreStats): void {
  const rest = deleted.sessions > 0 ? `, stubs of ${deleted.sessions} deleted ones` : "";
  call.say(`${counted(sessions, "session")}${rest}; ${sizeText(bytes)} in all`);
  if (damaged > 0) call.say(`${counted(damaged, "session")} cannot be read: turnlog verify tells why`);
  if (logs.bytes >= LARGE_BYTES)
    call.say(`warning: the logs take ${sizeText(logs.bytes)}; turnlog prune tells what could go`);
  for (const session of largest)
    if (session.bytes >= LARGE_BYTES) call.say(`warning: session ${session.id} takes ${sizeText(session.bytes)}`);
}
