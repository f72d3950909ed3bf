// From arguments to an exit code.
import { createRequire } from "node:module";
import { parse, verbIndex } from "./arguments.ts";
import type { Call, Command, Io } from "./command.ts";
import { COMMANDS, meant } from "./commands.ts";
import { EXIT, exitOf, messageOf, wrongUsage } from "./exit.ts";
import { helpOf, helpOfAll } from "./help.ts";
import { ClosedOutputError, ignoreErrors, Output } from "./output.ts";
import { printable } from "./text.ts";

/** Runs a command line. -> its exit code. Never throws, and leaves the process as it was. */
export async function main(argv: readonly string[], io: Io): Promise<number> {
  const out = new Output(io.stdout, io.env, io.signal);
  ignoreErrors(io.stderr);
  const say = (text: string): void => void io.stderr.write(`${printable(text)}\n`);
  try {
    const code = await dispatch(argv, { io, out, say });
    await out.flush();
    return code;
  } catch (error) {
    if (error instanceof ClosedOutputError) return EXIT.done;
    if (io.signal.aborted) {
      say("turnlog: interrupted");
      return EXIT.interrupted;
    }
    // What was found until then is worth having.
    await out.flush().catch(() => undefined);
    say(`turnlog: ${messageOf(error)}`);
    return exitOf(error);
  }
}

async function dispatch(argv: readonly string[], { io, out, say }: Pick<Call, "io" | "out" | "say">): Promise<number> {
  const index = verbIndex(argv);
  const verb = argv[index];
  if (verb === undefined) {
    const args = parse(argv, {});
    if (args.has("version")) await out.write(`${version()}\n`);
    else if (args.has("help")) await out.write(helpOfAll(COMMANDS));
    else throw wrongUsage("a verb is missing; turnlog --help lists them");
    return EXIT.done;
  }
  const rest = argv.toSpliced(index, 1);
  if (verb === "help") return await dispatch([...rest, "--help"], { io, out, say });
  const command = commandOf(verb);
  const args = parse(rest, command.options);
  if (args.has("version")) await out.write(`${version()}\n`);
  else if (args.has("help")) await out.write(helpOf(command));
  else return await command.run({ io, args, out, say, json: args.has("json"), signal: io.signal });
  return EXIT.done;
}

function commandOf(verb: string): Command {
  const command = COMMANDS.get(verb);
  if (command !== undefined) return command;
  const hint = meant(verb);
  const rest = hint === undefined ? "turnlog --help lists them" : `did you mean ${hint}?`;
  throw wrongUsage(`unknown verb ${JSON.stringify(verb)}; ${rest}`);
}

function version(): string {
  const { version } = createRequire(import.meta.url)("turnlog/package.json") as { version: string };
  return version;
}
