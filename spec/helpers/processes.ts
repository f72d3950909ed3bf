// Specs that need processes of their own run the built package, as its users do.
import { execFileSync, spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";

const ENTRY = new URL("../../dist/lib/index.js", import.meta.url).href;

export interface Child {
  process: ChildProcess;
  /** What it prints, line by line. */
  lines: AsyncIterator<string>;
  /** Its exit code, or the signal that ended it. */
  ended: Promise<number | string>;
}

/** Runs a script with `turnlog` (the built entry point), `args` and `say` (prints a line at once) at hand. */
export function run(script: string, ...args: unknown[]): Child {
  const source = `
    import { writeSync } from "node:fs";
    import * as turnlog from ${JSON.stringify(ENTRY)};
    const args = ${JSON.stringify(args)};
    const say = (text) => writeSync(1, text + "\\n");
    ${script}`;
  const child = spawn(process.execPath, ["--input-type=module", "--eval", source], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const ended = once(child, "exit").then(([code, signal]: unknown[]) => (code ?? signal) as number | string);
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return { process: child, lines, ended };
}

/** All that a child prints until it ends. */
export async function output(child: Child): Promise<string[]> {
  const lines: string[] = [];
  for (let next = await child.lines.next(); !next.done; next = await child.lines.next()) lines.push(next.value);
  return lines;
}

/** Runs a script in a process whose heap is at most so many MiB. -> what it prints, as JSON */
export async function within(heap: number, script: string, ...args: unknown[]): Promise<any> {
  const before = process.env["NODE_OPTIONS"];
  process.env["NODE_OPTIONS"] = `--max-old-space-size=${heap}`;
  let child;
  try {
    child = run(script, ...args);
  } finally {
    if (before === undefined) delete process.env["NODE_OPTIONS"];
    else process.env["NODE_OPTIONS"] = before;
  }
  const lines = await output(child);
  const ended = await child.ended;
  if (ended !== 0) throw new Error(`it ended with ${ended}`);
  return JSON.parse(lines.at(-1) ?? "null");
}

/** True if the tool is on this machine; else it says on stderr that something is skipped. */
export function isThere(tool: string): boolean {
  try {
    execFileSync("which", [tool], { stdio: "ignore" });
    return true;
  } catch {
    process.stderr.write(`SKIPPED: ${tool} is not installed\n`);
    return false;
  }
}
