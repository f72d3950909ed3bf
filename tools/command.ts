// What a verb is, and what it is given to work with.
import type { Readable } from "node:stream";
import type { Arguments, Option } from "./arguments.ts";
import type { Output, Terminal } from "./output.ts";

/** The outside of the command line: a process, or what stands for it. */
export interface Io {
  readonly stdin: Readable & { isTTY?: boolean };
  readonly stdout: Terminal;
  readonly stderr: Terminal;
  readonly env: NodeJS.ProcessEnv;
  readonly directory: string;
  /** Ctrl-C. */
  readonly signal: AbortSignal;
}

export interface Call {
  readonly io: Io;
  readonly args: Arguments;
  readonly out: Output;
  readonly json: boolean;
  readonly signal: AbortSignal;
  /** Words for people, on stderr. */
  say(text: string): void;
}

export interface Command {
  /** What follows `turnlog [--store DIR]`, a line for each form. */
  readonly usage: readonly string[];
  /** What it does, in a few words. */
  readonly summary: string;
  /** What one needs to know, in paragraphs of lines. */
  readonly details: string;
  readonly options: Readonly<Record<string, Option>>;
  readonly examples: readonly string[];
  /** -> the exit code */
  run(call: Call): Promise<number>;
}
