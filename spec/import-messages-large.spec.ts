// Files of messages that are larger than the memory there is.
import { closeSync, openSync, writeSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { within } from "./helpers/processes.ts";
import { useStores } from "./helpers/stores.ts";
import "./helpers/built.ts";

const stores = useStores();
const HEAP_MB = 64;
const MB = 1024 * 1024;
const SIZE_MB = process.env["TURNLOG_LONG"] === undefined ? 100 : 1024;
const MESSAGE_BYTES = 64 * 1024;

/** A file of so many messages as make this size. */
function write(name: string, before: string, between: string, after: string): { path: string; count: number } {
  const path = join(stores.unverified(), name);
  const file = openSync(path, "w");
  const count = Math.ceil((SIZE_MB * MB) / MESSAGE_BYTES);
  const text = "word ".repeat(MESSAGE_BYTES / 5);
  writeSync(file, before);
  for (let n = 0; n < count; n++) {
    const message = JSON.stringify({ role: n % 2 === 0 ? "user" : "assistant", content: `${n} ${text}` });
    writeSync(file, (n === 0 ? "" : between) + message);
  }
  writeSync(file, after);
  closeSync(file);
  return { path, count };
}

const SCRIPT = `
  const store = await turnlog.openStore(args[0]);
  const { sessions, problems } = await store.importFrom("messages", { path: args[1] });
  const again = await store.importFrom("messages", { path: args[1] });
  let count = 0;
  for await (const entry of store.session(sessions[0].id).messages()) if (entry.data.content.startsWith(count + " ")) count++;
  await store.close();
  say(JSON.stringify([sessions[0].added, again.sessions[0].status, count, problems.length]));`;

test.each([
  ["list.json", "[", ",\n", "]"],
  ["request.json", '{"messages":[', ",", '],"model":"m"}'],
  ["log.jsonl", "", "\n", "\n"],
] as const)(
  "%s: it comes in, and a second time, with less memory than it is long",
  async (name, before, between, after) => {
    const { path, count } = write(name, before, between, after);
    const directory = stores.unverified();
    expect(await within(HEAP_MB, SCRIPT, directory, path)).toEqual([count, "unchanged", count, 0]);
  },
  600_000,
);
