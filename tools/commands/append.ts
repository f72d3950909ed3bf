import type { Receipt, Session, Store } from "../../lib/index.ts";
import type { Call, Command } from "../command.ts";
import { EXIT, exitOf, Failure, messageOf, wrongUsage } from "../exit.ts";
import { messagesIn } from "../messages-in.ts";
import type { MessageIn } from "../messages-in.ts";
import { sessionId, withStore } from "../open.ts";
import { ClosedOutputError } from "../output.ts";
import { counted, jsonLine, printable } from "../text.ts";

export const append: Command = {
  usage: ["append SESSION [--atomic] < MESSAGES", "append --create [SESSION] [--atomic] < MESSAGES"],
  summary: "add messages from stdin to a session",
  details: `
Reads JSONL, a message a line, or one JSON object over several lines. A text "id" in a message is its id. A message that
is there with the same id and content is left as it is; with the same id and other content it is an error.

Each line is a commit of its own, as it comes: when a line is wrong, the lines before it stand, nothing of it and of what
follows is written, and the error names its number. With --atomic all lines are one commit: all of them or none.

Prints the session's id. With --json: a line for each message as soon as it is safe, {"session", "id", "at"}.`,
  options: {
    create: {
      type: "boolean",
      help: "make the session, and the store, if there is none; SESSION is the whole id, or left out for a new one",
    },
    atomic: { type: "boolean", help: "all messages in one commit" },
  },
  examples: [
    `echo '{"role":"user","content":"hi"}' | turnlog append 0193`,
    "turnlog append --create support-42 --atomic < messages.jsonl",
    "turnlog export 0193 --data | turnlog append --create",
  ],
  async run(call) {
    const { args, io } = call;
    const [given, ...others] = args.positionals;
    const create = args.has("create");
    if (others.length > 0 || given === "") throw wrongUsage("append takes one session");
    if (given === undefined && !create) throw wrongUsage("append needs a session, or --create to make one");
    return await withStore(call, create ? "create" : "write", async (store) => {
      const id = given === undefined || create ? given : await sessionId(store, given, call.signal);
      if (io.stdin.isTTY === true) call.say("reading messages from the terminal; Ctrl-D ends");
      const target = new Target(store, id, call);
      const messages = messagesIn(io.stdin, call.signal);
      await (args.has("atomic") ? appendAll(target, messages) : appendEach(target, messages));
      if (target.id === undefined || target.count === 0) throw new Failure(EXIT.problems, "no message on stdin");
      if (!call.json) await call.out.write(`${printable(target.id)}\n`);
      call.say(`appended ${counted(target.count, "message")}`);
      return EXIT.done;
    });
  },
};

/** The session that is appended to. */
class Target {
  count = 0;
  id: string | undefined;
  readonly #store: Store;
  readonly #call: Call;
  #session: Session | undefined;

  constructor(store: Store, id: string | undefined, call: Call) {
    this.#store = store;
    this.#call = call;
    this.id = id;
  }

  async append(messages: readonly MessageIn["message"][]): Promise<void> {
    this.#session ??= await this.#open();
    const receipts = await this.#session.append(messages);
    this.count += receipts.length;
    if (this.#call.json) await this.#tell(receipts, this.#session.id);
  }

  /** A new session is made when there is a message for it. */
  async #open(): Promise<Session> {
    if (this.id !== undefined) return this.#store.session(this.id, { create: this.#call.args.has("create") });
    const session = await this.#store.createSession();
    this.id = session.id;
    return session;
  }

  /** That nobody reads what was done is no reason to leave it half done. */
  async #tell(receipts: readonly Receipt[], session: string): Promise<void> {
    try {
      await this.#call.out.write(receipts.map(({ id, at }) => `${jsonLine({ session, id, at })}\n`).join(""));
    } catch (error) {
      if (!(error instanceof ClosedOutputError)) throw error;
    }
  }
}

async function appendEach(target: Target, messages: AsyncIterable<MessageIn>): Promise<void> {
  try {
    for await (const { line, message } of messages) {
      try {
        await target.append([message]);
      } catch (error) {
        throw new Failure(exitOf(error), `line ${line}: ${messageOf(error)}`, { cause: error });
      }
    }
  } catch (error) {
    if (target.count === 0 || !(error instanceof Failure)) throw error;
    const before = `${counted(target.count, "message")} before it ${target.count === 1 ? "was" : "were"} appended`;
    throw new Failure(error.exit, `${error.message} (${before})`, { cause: error });
  }
}

async function appendAll(target: Target, messages: AsyncIterable<MessageIn>): Promise<void> {
  const all: MessageIn["message"][] = [];
  for await (const { message } of messages) all.push(message);
  if (all.length > 0) await target.append(all);
}
