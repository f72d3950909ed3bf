// One import in a process of its own: node import-side.mjs turnlog|parse PROJECTS STORE. Prints what it took, as JSON.
import fs from "node:fs";
import { join } from "node:path";
import { openStore } from "../../dist/lib/index.js";
import { readLines } from "./contenders/lines.mjs";
import { watchHeap } from "./heap.mjs";

const [side, projects, root] = /** @type {[string, string, string]} */ (/** @type {unknown} */ (process.argv.slice(2)));
const watch = watchHeap();
const taken = side === "turnlog" ? await importAll() : { milliseconds: parseAll() };
process.stdout.write(JSON.stringify({ ...taken, ...watch.stop() }));

async function importAll() {
  const store = await openStore(root);
  const start = performance.now();
  const { problems, sessions } = await store.importFrom("claude-code", { path: projects });
  const milliseconds = performance.now() - start;
  if (problems.length > 0 || sessions.length === 0)
    throw new Error(`${problems.length} problems, ${sessions.length} sessions`);
  const second = performance.now();
  await store.importFrom("claude-code", { path: projects });
  const again = performance.now() - second;
  await store.close();
  return { milliseconds, again };
}

function parseAll() {
  const start = performance.now();
  let found = 0;
  for (const name of fs.readdirSync(projects, { recursive: true, encoding: "utf8" })) {
    if (name.endsWith(".jsonl"))
      found += readLines(join(projects, name), (line) => typeof JSON.parse(line) === "object");
    watch.look();
  }
  if (found === 0) throw new Error("there is nothing to parse");
  return performance.now() - start;
}
