import { resolve } from "node:path";
import { StoreError } from "../../lib/index.ts";
import type { Entry, ExportFormat, Store } from "../../lib/index.ts";
import type { Call, Command } from "../command.ts";
import { EXIT, messageOf, wrongUsage } from "../exit.ts";
import { exportTo, namedSessions } from "../export-to.ts";
import { sessionId, withStore } from "../open.ts";
import type { Output } from "../output.ts";
import { counted, jsonLine } from "../text.ts";
import { writeWhole } from "../whole-file.ts";

/** Messages, one after the other, whosever they are. */
const MESSAGE_FORMATS: readonly string[] = ["jsonl", "json"];
/** Sessions, as the library writes them. */
const SESSION_FORMATS: readonly ExportFormat[] = ["ndjson", "markdown", "html", "claude-code", "picoclaw"];
/** A file for each session. */
const FILE_ENDINGS: Readonly<Record<string, string>> = { html: ".html", "claude-code": ".jsonl" };
/** What one session suffers from does not stop the others, when all are asked for. */
const SESSION_ERRORS: ReadonlySet<string> = new Set(["DAMAGED", "NEWER_FORMAT", "NOT_FOUND"]);

export const exportMessages: Command = {
  usage: [
    "export [SESSION ...] [--format jsonl|json] [--data] [--output FILE]",
    "export [SESSION ...] --format ndjson|markdown|html|claude-code|picoclaw [--output PATH]",
  ],
  summary: "write messages or whole sessions, for programs, people and other tools",
  details: `
Writes these sessions, or all, children and archived ones too: to stdout, or to a path where files appear whole.

jsonl, json: the histories as messages: for each, oldest first, {"session", "id", "at", "data"}, and "parts" if it has some.
With --data only the message as it was given, which is what append reads; parts are left out, and stderr tells how many.
ndjson: a line for a session, then one for each of its messages, which import reads back.
markdown: for people. html: a page for each session, which loads and runs nothing. claude-code, picoclaw: back to these
tools, so that they can go on with them; what came from them is written as it was.

A path that ends in .md, .html or (claude-code) .jsonl is a file: html and claude-code write one session to it, or to stdout.
Any other path is a directory, which is made: for html with an index.html, for claude-code as below ~/.claude/projects, for
picoclaw as its sessions directory. A file of these two tools that is there already is left as it is.

A session that cannot be read, or not to its end, is told on stderr and makes the exit code 1. With --json --output: one
object, {"sessions", "messages", "problems"}.`,
  options: {
    format: {
      type: "string",
      value: "FORMAT",
      help: "jsonl: a message a line (default); json: one array; or as above",
    },
    data: { type: "boolean", help: "jsonl and json: only the messages as they were given" },
    output: { type: "string", short: "o", value: "PATH", help: "a file or directory; - is stdout (default)" },
  },
  examples: [
    "turnlog export 0193 > session.jsonl",
    "turnlog export 0193 --format html --output session.html",
    "turnlog export --format html --output pages",
    "turnlog export 0193 --format claude-code --output ~/.claude/projects",
  ],
  async run(call) {
    const { args } = call;
    const given = args.text("format") ?? "jsonl";
    const format = SESSION_FORMATS.find((each) => each === given);
    if (format === undefined && !MESSAGE_FORMATS.includes(given))
      throw wrongUsage(`--format is one of ${[...MESSAGE_FORMATS, ...SESSION_FORMATS].join(", ")}`);
    const output = args.text("output") ?? "-";
    if (format === undefined) return await exportAsMessages(call, given, output);
    if (args.has("data")) throw wrongUsage("--data goes with the formats jsonl and json");
    checkOutput(format, output, args.positionals.length);
    return await withStore(call, "read", async (store) =>
      exportTo(store, call, output, format, await namedSessions(store, call)),
    );
  },
};

function checkOutput(format: ExportFormat, output: string, sessions: number): void {
  const isStdout = output === "-";
  if (format === "picoclaw" && isStdout) throw wrongUsage("picoclaw needs a directory: --output DIR");
  const ending = FILE_ENDINGS[format];
  if (ending === undefined || sessions === 1) return;
  if (isStdout || output.endsWith(ending))
    throw wrongUsage(`${format} is a file for each session: name one session, or a directory with --output`);
}

async function exportAsMessages(call: Call, format: string, output: string): Promise<number> {
  const { args, io, signal } = call;
  return await withStore(call, "read", async (store) => {
    const ids: string[] = [];
    for (const given of args.positionals) ids.push(await sessionId(store, given, signal));
    const write = async (out: Output): Promise<number> => {
      const writer = new MessageWriter(out, format === "json", args.has("data"));
      await writer.begin();
      const left = ids.length === 0 ? await writeAll(store, call, writer) : 0;
      for (const id of ids) await writeOne(store, id, call, writer);
      await writer.end();
      if (writer.partsLeftOut > 0) call.say(`${counted(writer.partsLeftOut, "part")} of messages left out`);
      return left > 0 ? EXIT.problems : EXIT.done;
    };
    return await (output === "-" ? write(call.out) : writeWhole(resolve(io.directory, output), signal, write));
  });
}

/** -> how many sessions could not be read, or not to their end. */
async function writeAll(store: Store, call: Call, writer: MessageWriter): Promise<number> {
  let left = 0;
  const leaveOut = (id: string, reason: string): void => {
    left++;
    call.say(`turnlog: session ${id}: ${reason}`);
  };
  for await (const session of store.sessions({ all: true })) {
    if ("damaged" in session) {
      leaveOut(session.id, session.damaged);
      continue;
    }
    try {
      await writeOne(store, session.id, call, writer);
    } catch (error) {
      if (!(error instanceof StoreError) || !SESSION_ERRORS.has(error.code)) throw error;
      leaveOut(session.id, messageOf(error));
    }
  }
  return left;
}

async function writeOne(store: Store, id: string, { signal }: Call, writer: MessageWriter): Promise<void> {
  for await (const entry of store.session(id).messages({ signal })) await writer.write(id, entry);
}

/** An element for each message, in an array or a line each. */
class MessageWriter {
  partsLeftOut = 0;
  readonly #out: Output;
  readonly #isArray: boolean;
  readonly #isBare: boolean;
  #count = 0;

  constructor(out: Output, isArray: boolean, isBare: boolean) {
    this.#out = out;
    this.#isArray = isArray;
    this.#isBare = isBare;
  }

  async begin(): Promise<void> {
    if (this.#isArray) await this.#out.add("[");
  }

  async write(session: string, { data, parts, ...rest }: Entry): Promise<void> {
    if (this.#isBare) this.partsLeftOut += parts.length;
    const text = jsonLine(this.#isBare ? data : { session, ...rest, data, ...(parts.length > 0 && { parts }) });
    const separator = this.#count++ > 0 ? ",\n" : "\n";
    await this.#out.add(this.#isArray ? separator + text : `${text}\n`);
  }

  async end(): Promise<void> {
    if (this.#isArray) await this.#out.add(this.#count > 0 ? "\n]\n" : "]\n");
    await this.#out.flush();
  }
}
