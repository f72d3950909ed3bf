// The command line, as a process of its own, and in this process where a terminal is needed.
import { spawn } from "node:child_process";
import type { ChildProcessWithoutNullStreams } from "node:child_process";
import { once } from "node:events";
import { PassThrough, Readable } from "node:stream";
import { main } from "../../tools/main.ts";
import type { Stores } from "./stores.ts";

const CLI = new URL("../../dist/tools/cli.js", import.meta.url).pathname;

export interface Result {
  /** The exit code, or the signal that ended it. */
  code: number | string;
  stdout: string;
  stderr: string;
}

export interface RunOptions {
  input?: string | Buffer;
  env?: Record<string, string>;
  /** The working directory. */
  directory?: string;
}

export interface Running {
  process: ChildProcessWithoutNullStreams;
  ended: Promise<Result>;
}

/** Starts it, and leaves its stdin open. */
export function start(args: readonly string[], { env = {}, directory }: RunOptions = {}): Running {
  const { TURNLOG_STORE: _store, NO_COLOR: _colour, ...inherited } = process.env;
  const child = spawn(process.execPath, [CLI, ...args], { cwd: directory, env: { ...inherited, ...env } });
  const result: Result = { code: -1, stdout: "", stderr: "" };
  child.stdout.setEncoding("utf8").on("data", (text: string) => (result.stdout += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (result.stderr += text));
  // It may end before it has read its input.
  child.stdin.on("error", () => undefined);
  const ended = once(child, "close").then(([code, signal]: unknown[]) => ({
    ...result,
    code: (code ?? signal) as number | string,
  }));
  return { process: child, ended };
}

export async function turnlog(args: readonly string[], options: RunOptions = {}): Promise<Result> {
  const { process, ended } = start(args, options);
  process.stdin.end(options.input ?? "");
  return await ended;
}

/** Runs it in this process, whose working directory does not matter: as in a pipe, or on a terminal of 80 columns. */
export async function turnlogHere(
  args: readonly string[],
  { isTTY = false, env = {} }: { isTTY?: boolean; env?: NodeJS.ProcessEnv } = {},
): Promise<Result> {
  const result: Result = { code: -1, stdout: "", stderr: "" };
  const terminal = (name: "stdout" | "stderr"): PassThrough & { isTTY: boolean; columns: number } => {
    const stream = new PassThrough({ encoding: "utf8" });
    stream.on("data", (text: string) => (result[name] += text));
    return Object.assign(stream, { isTTY, columns: 80 });
  };
  const code = await main(args, {
    stdin: Readable.from([]),
    stdout: terminal("stdout"),
    stderr: terminal("stderr"),
    env,
    directory: "/",
    signal: new AbortController().signal,
  });
  return { ...result, code };
}

/** A store with a session of so many messages, m1, m2, ... */
export async function storeWith(
  stores: Stores,
  count: number,
  id = "s",
  directory: string = stores.directory(),
): Promise<string> {
  const store = await stores.open({}, directory);
  const numbers = Array.from({ length: count }, (_, n) => n + 1);
  await store
    .session(id, { create: true })
    .append(numbers.map((n) => ({ id: `m${n}`, role: "user", content: `text ${n}` })));
  await store.close();
  return directory;
}

/** A store with a session, called `id`, that has this text in every place that a terminal shows one from. */
export async function storeSaying(stores: Stores, text: string, id: string): Promise<string> {
  const directory = stores.directory();
  const store = await stores.open({}, directory);
  const session = await store.createSession({ id, title: text, tags: [text], metadata: { [text]: 1 } });
  await session.append({
    id: text.replaceAll("\0", ""),
    role: text,
    content: [
      { type: "text", text },
      { type: "tool_use", name: text },
    ],
  });
  await store.close();
  return directory;
}

export function linesOf(text: string): string[] {
  return text.split("\n").filter((line) => line !== "");
}

export function jsonLinesOf(text: string): any[] {
  return linesOf(text).map((line) => JSON.parse(line));
}
