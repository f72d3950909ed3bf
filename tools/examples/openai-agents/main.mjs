// An agent of the OpenAI Agents SDK with a scripted model, over several turns, whose process is killed while it calls a tool.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Agent, run, setTracingDisabled, tool } from "@openai/agents-core";
import { assistantMessage, functionCall, ScriptedModel } from "@openai/agents-core/testing";
import { openStore } from "turnlog";
import { openAISession } from "turnlog/openai-agents";
import { z } from "zod";

const say = (text) => process.stdout.write(`${text}\n`);
setTracingDisabled(true);

/** One turn: a call of the tool, and an answer. */
async function turn(store, text, number, execute) {
  const weather = tool({ name: "weather", description: "How it is", parameters: z.object({}), execute });
  const model = new ScriptedModel([
    [functionCall("weather", {}, { callId: `call-${number}` })],
    [assistantMessage("It is sunny.")],
  ]);
  const agent = new Agent({ name: "weather", tools: [weather], model });
  return await run(agent, text, { session: openAISession(store, "weather") });
}

const kinds = (items) => items.map(({ type, role }) => role ?? type);
const TURN = ["user", "function_call", "function_call_result", "assistant"];

const [, , mode, path] = process.argv;
if (mode === "crash") {
  const store = await openStore(path);
  await turn(store, "How is the weather?", 1, () => "sunny");
  await turn(store, "And now?", 2, () => process.kill(process.pid, "SIGKILL"));
}

const directory = mkdtempSync(join(tmpdir(), "turnlog-example-"));
const { signal } = spawnSync(process.execPath, [process.argv[1], "crash", directory], { stdio: "inherit" });
assert.equal(signal, "SIGKILL");
const store = await openStore(directory);
const session = openAISession(store, "weather");
const left = await session.getItems();
const calls = left.filter(({ type }) => type === "function_call").map(({ callId }) => callId);
const results = left.filter(({ type }) => type === "function_call_result").map(({ callId }) => callId);
assert.deepEqual(kinds(left.slice(0, 4)), TURN);
assert.deepEqual(calls, results);
say(`killed in the second turn: ${left.length} items, no call without its result`);

const { finalOutput } = await turn(store, "And now?", 3, () => "sunny");
assert.equal(finalOutput, "It is sunny.");
await store.close();

const again = await openStore(directory);
const later = openAISession(again, "weather");
assert.deepEqual(kinds((await later.getItems()).slice(left.length)), TURN);
assert.deepEqual(kinds(await later.getItems(2)), ["function_call_result", "assistant"]);
assert.equal((await later.popItem()).role, "assistant");
await turn(again, "Once more", 4, () => "sunny");
assert.deepEqual(kinds((await later.getItems()).slice(-4)), TURN);
await later.clearSession();
assert.deepEqual(await later.getItems(), []);
await again.close();
rmSync(directory, { recursive: true });
say("went on after a restart, popped, went on, cleared");
say("The OpenAI Agents SDK works on a turnlog store.");
