import type { MachineUsed, Store } from "../../lib/index.ts";
import type { Call, Command } from "../command.ts";
import { EXIT, Failure, wrongUsage } from "../exit.ts";
import { withStore } from "../open.ts";
import { sizeText } from "../size.ts";
import { writeTable } from "../table.ts";
import { counted, jsonLine, oneLine } from "../text.ts";

export const machine: Command = {
  usage: ["machine", "machine --all", "machine --adopt ID [--dry-run]"],
  summary: "tell which folders are this machine's, or adopt one whose id was lost",
  details: `
The folders of the store that this machine writes to, one a line, the one for new logs first: a sync that brings others' logs
leaves these out. With --json: {"machine", "machines"}.

With --all every machine's folder, a row each: its name, whether it is this machine's ("own"), logs, size, last activity (UTC);
with tabs between them where stdout is no terminal. With --json a line each, {"machine", "own", "logs", "bytes", "updatedAt"?}.

With --adopt a folder becomes this machine's, for good: one whose id was lost, since the store was moved, .cache was thrown away
or the computer was replaced. Nobody must write as that machine any more; while a lease shows that somebody does, the exit code
is 3. With --json: {"machine", "sessions", "logs", "bytes", "united"}.`,
  options: {
    all: { type: "boolean", help: "list the folders of all machines" },
    adopt: { type: "string", value: "ID", help: "make this folder one of this machine's" },
    "dry-run": { type: "boolean", help: "only tell what --adopt would do" },
  },
  examples: [
    "turnlog machine",
    "turnlog machine --all",
    "turnlog machine --adopt laptop-k3f9x2ab --dry-run",
    "turnlog machine --adopt laptop-k3f9x2ab",
  ],
  async run(call) {
    const { args } = call;
    const adopted = args.text("adopt");
    if (args.positionals.length > 0) throw wrongUsage("machine takes no session; --adopt ID names a folder");
    if (args.has("all") && adopted !== undefined) throw wrongUsage("machine takes one of --all and --adopt");
    if (args.has("dry-run") && adopted === undefined) throw wrongUsage("--dry-run belongs to --adopt");
    const isWriting = adopted !== undefined && !args.has("dry-run");
    return await withStore(call, isWriting ? "write" : "read", async (store) => {
      if (adopted !== undefined) await adopt(call, store, adopted);
      else if (args.has("all")) await list(call, store);
      else await show(call, store);
      return EXIT.done;
    });
  },
};

async function show({ json, out }: Call, { machine: first, machines }: Store): Promise<void> {
  if (machines.length === 0)
    throw new Failure(EXIT.io, "the store cannot be written: no folder of it is this machine's");
  if (json) await out.write(`${jsonLine({ machine: first, machines })}\n`);
  else await out.write(machines.map((each) => `${each}\n`).join(""));
}

async function list({ json, out, signal }: Call, store: Store): Promise<void> {
  const { machines } = await store.stats({ signal });
  const found = new Map<string, MachineUsed>(Object.entries(machines));
  // One that nothing was written to yet.
  for (const own of store.machines) if (!found.has(own)) found.set(own, { own: true, logs: 0, bytes: 0 });
  const all = [...found].sort(([a], [b]) => (a < b ? -1 : 1));
  if (json) {
    for (const [name, used] of all) await out.add(`${jsonLine({ machine: name, ...used })}\n`);
  } else {
    const rows = all.map(([name, { own, logs, bytes, updatedAt }]) => [
      name,
      own ? "own" : "-",
      String(logs),
      out.isTerminal ? sizeText(bytes) : String(bytes),
      updatedAt === undefined ? "-" : `${updatedAt.slice(0, 19)}Z`,
    ]);
    await writeTable(out, ["MACHINE", "OWN", "LOGS", "SIZE", "UPDATED"], rows);
  }
  await out.flush();
}

async function adopt(call: Call, store: Store, name: string): Promise<void> {
  const { json, out, signal } = call;
  const dryRun = call.args.has("dry-run");
  const report = await store.adopt(name, { dryRun, signal });
  if (json) await out.write(`${jsonLine(report)}\n`);
  const { sessions, logs, bytes, united } = report;
  const of = `${counted(logs, "log")} of ${counted(sessions, "session")}, ${sizeText(bytes)}`;
  const more = united === 0 ? "" : `; ${counted(united, "session")} ${dryRun ? "would get" : "got"} one log of several`;
  call.say(`${dryRun ? "would adopt" : "adopted"} ${oneLine(name)}: ${of}${more}`);
}
