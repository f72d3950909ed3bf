#!/usr/bin/env node
// The command `turnlog`: binds the process to main().
import { EXIT } from "./exit.ts";
import { main } from "./main.ts";

const interrupt = new AbortController();
// The first Ctrl-C ends what is under way; the second ends the process.
process.once("SIGINT", () => interrupt.abort());

process.exitCode = await main(process.argv.slice(2), {
  get stdin() {
    return process.stdin;
  },
  stdout: process.stdout,
  stderr: process.stderr,
  env: process.env,
  directory: process.cwd(),
  signal: interrupt.signal,
});
// Output that nobody reads would keep an interrupted process waiting.
if (process.exitCode === EXIT.interrupted) process.exit();
