// `npm start`: the main job, on a transcript of fixtures/, as one would do it from the command line.
import { existsSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { main } from "./main.ts";

const TRANSCRIPT = "fixtures/import/claude-code/projects/-home-ann-birdsong/7d3c1f52-8a40-4b6e-9d17-2f60c5a9e1b4.jsonl";
const SESSION = "7d3c1f52";
const store = join(tmpdir(), "turnlog-demo");

const say = (text: string): void => void process.stdout.write(`${text}\n`);

/** Shows the command and runs it. */
async function run(comment: string, ...argv: string[]): Promise<void> {
  const shown = argv.map((argument) => (/^[\w./:@=-]+$/.test(argument) ? argument : `'${argument}'`)).join(" ");
  say(`\n# ${comment}\n$ turnlog --store ${store} ${shown}`);
  const { stdin, stdout, env } = process;
  const { signal } = new AbortController();
  // Words and data in the order in which they come.
  const io = { stdin, stdout, stderr: stdout, env, directory: process.cwd(), signal };
  const code = await main(["--store", store, ...argv], io);
  if (code !== 0) throw new Error(`turnlog ended with ${code}`);
}

if (!existsSync(TRANSCRIPT)) throw new Error("npm start runs in turnlog's own directory");
rmSync(store, { recursive: true, force: true });
await run("A transcript of Claude Code comes in: its sessions keep their ids and times.", "import", TRANSCRIPT);
await run("Once more: nothing is new, and no byte changes.", "import", TRANSCRIPT);
await run("The sessions, newest first.", "ls");
await run("The last turns. The answer's three lines of the source are one message.", "show", SESSION, "--last", "4");
await run(
  "Only the last three messages stay. Nothing is rewritten: it is one more line.",
  "truncate",
  SESSION,
  "--keep-last",
  "3",
);
await run("What is left.", "show", SESSION);
const log = readdirSync(join(store, "sessions"), { recursive: true, encoding: "utf8" }).find((name) =>
  name.endsWith(".jsonl"),
) as string;
const path = join(store, "sessions", log);
say(`
# The log is plain text. Try:
grep -c . ${path}
grep -n '"truncate"' ${path}
jq -c '[.at, .type, .data.role]' ${path}
jq -r 'select(.type == "message") | .data.content | if type == "string" then . else .[] | .text // empty end' ${path}`);
