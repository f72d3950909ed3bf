// An agent in the manner of picoclaw with a scripted model: its history is truncated and summarised as it grows, and its process is killed
// while it calls a tool.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openStore } from "turnlog";
import { picoclawStore } from "turnlog/picoclaw";

const say = (text) => process.stdout.write(`${text}\n`);
const KEY = "telegram:123";
const KEPT = 8;

/** Asks for the tool, and answers when it has its result. */
function model(history) {
  const last = history.at(-1);
  if (last.role === "tool") return { role: "assistant", content: `It is ${last.content}.` };
  const call = { id: `call-${history.length}`, type: "function", function: { name: "weather", arguments: "{}" } };
  return { role: "assistant", content: "", tool_calls: [call] };
}

async function turn(sessions, text, weather) {
  await sessions.addMessage(KEY, "user", text);
  const call = model(await sessions.getHistory(KEY));
  // A call is written with its result.
  const result = { role: "tool", content: weather(), tool_call_id: call.tool_calls[0].id };
  await sessions.addFullMessage(KEY, [call, result]);
  await sessions.addFullMessage(KEY, model(await sessions.getHistory(KEY)));
  const history = await sessions.getHistory(KEY);
  if (history.length <= KEPT) return;
  await sessions.setSummary(KEY, `${history.length - KEPT} messages about the weather`);
  await sessions.truncateHistory(KEY, KEPT);
}

const roles = async (sessions) => (await sessions.getHistory(KEY)).map(({ role }) => role);
const TURN = ["user", "assistant", "tool", "assistant"];

const [, , mode, path] = process.argv;
if (mode === "crash") {
  const sessions = picoclawStore(await openStore(path));
  await turn(sessions, "How is the weather?", () => "sunny");
  await turn(sessions, "And now?", () => process.kill(process.pid, "SIGKILL"));
}

const directory = mkdtempSync(join(tmpdir(), "turnlog-example-"));
const { signal } = spawnSync(process.execPath, [process.argv[1], "crash", directory], { stdio: "inherit" });
assert.equal(signal, "SIGKILL");
const sessions = picoclawStore(await openStore(directory));
assert.deepEqual(await roles(sessions), [...TURN, "user"]);
say("killed in the second turn: the prompt is there, no call without its result");

for (let n = 0; n < 5; n++) await turn(sessions, "And now?", () => "sunny");
assert.deepEqual(await roles(sessions), [...TURN, ...TURN]);
assert.match(await sessions.getSummary(KEY), /about the weather/);
await sessions.compact(KEY);
await sessions.close();

const again = picoclawStore(await openStore(directory));
assert.deepEqual(await again.listSessions(), [KEY]);
assert.deepEqual(await roles(again), [...TURN, ...TURN]);
assert.equal((await again.getHistory(KEY)).at(-1).content, "It is sunny.");
await again.close();
rmSync(directory, { recursive: true });
say("went on, was truncated, summarised and compacted, and is whole after a restart");
say("picoclaw's Store works on a turnlog store.");
