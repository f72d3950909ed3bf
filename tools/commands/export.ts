import { StoreError } from "../../lib/index.ts";
import type { Entry, Store } from "../../lib/index.ts";
import type { Call, Command } from "../command.ts";
import { EXIT, messageOf, wrongUsage } from "../exit.ts";
import { sessionId, withStore } from "../open.ts";
import type { Output } from "../output.ts";
import { counted, jsonLine } from "../text.ts";

const FORMATS = ["jsonl", "json"];
/** What one session suffers from does not stop the others, when all are asked for. */
const SESSION_ERRORS: ReadonlySet<string> = new Set(["DAMAGED", "NEWER_FORMAT", "NOT_FOUND"]);

export const exportMessages: Command = {
  usage: ["export [SESSION ...] [--format jsonl|json] [--data]"],
  summary: "write messages as JSON",
  details: `
Writes the histories of these sessions, or of all, children too, to stdout: for each message, oldest first,
{"session", "id", "at", "data"}, and "parts" if it has some. With --data only the message as it was given, which is what
append reads; parts are left out, and stderr tells how many. When all sessions are written, one that cannot be read is
told on stderr, left out, and makes the exit code 1.

The output is JSON with and without --json.`,
  options: {
    format: { type: "string", value: "FORMAT", help: "jsonl: a message a line (default); json: one array" },
    data: { type: "boolean", help: "only the messages as they were given" },
  },
  examples: ["turnlog export 0193 > session.jsonl", "turnlog export --format json | jq length"],
  async run(call) {
    const { args, signal } = call;
    const format = args.text("format") ?? "jsonl";
    if (!FORMATS.includes(format)) throw wrongUsage(`--format is ${FORMATS.join(" or ")}`);
    const writer = new MessageWriter(call.out, format === "json", args.has("data"));
    return await withStore(call, "read", async (store) => {
      const ids: string[] = [];
      for (const given of args.positionals) ids.push(await sessionId(store, given, signal));
      await writer.begin();
      const left = ids.length === 0 ? await writeAll(store, call, writer) : 0;
      for (const id of ids) await writeOne(store, id, call, writer);
      await writer.end();
      if (writer.partsLeftOut > 0) call.say(`${counted(writer.partsLeftOut, "part")} of messages left out`);
      return left > 0 ? EXIT.problems : EXIT.done;
    });
  },
};

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
