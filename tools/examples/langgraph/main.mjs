// A LangGraph agent with a scripted model, whose process is killed while it calls a tool: a new one goes on where it was.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { AIMessage, HumanMessage, ToolMessage } from "@langchain/core/messages";
import { BaseCheckpointSaver } from "@langchain/langgraph-checkpoint";
import { END, MessagesAnnotation, START, StateGraph } from "@langchain/langgraph";
import { openStore } from "turnlog";
import { langGraphSaver } from "turnlog/langgraph";

const say = (text) => process.stdout.write(`${text}\n`);
const config = { configurable: { thread_id: "weather" } };

/** Asks for the tool, and answers when it has its result. */
function model({ messages }) {
  const last = messages.at(-1);
  if (last instanceof ToolMessage) return { messages: [new AIMessage(`It is ${last.text}.`)] };
  return {
    messages: [
      new AIMessage({ content: "", tool_calls: [{ id: `call-${messages.length}`, name: "weather", args: {} }] }),
    ],
  };
}

function graphOn(store, weather) {
  const tools = ({ messages }) => ({
    messages: messages.at(-1).tool_calls.map(({ id }) => new ToolMessage({ content: weather(), tool_call_id: id })),
  });
  return new StateGraph(MessagesAnnotation)
    .addNode("model", model)
    .addNode("tools", tools)
    .addEdge(START, "model")
    .addConditionalEdges("model", ({ messages }) => (messages.at(-1).tool_calls?.length > 0 ? "tools" : END))
    .addEdge("tools", "model")
    .compile({ checkpointer: langGraphSaver(store, BaseCheckpointSaver) });
}

const [, , mode, path] = process.argv;
if (mode === "crash") {
  const store = await openStore(path);
  const graph = graphOn(store, () => process.kill(process.pid, "SIGKILL"));
  // "sync": a step begins when the checkpoint before it is written; else LangGraph writes while the step runs.
  await graph.invoke({ messages: [new HumanMessage("How is the weather?")] }, { ...config, durability: "sync" });
}

const directory = mkdtempSync(join(tmpdir(), "turnlog-example-"));
const { signal } = spawnSync(process.execPath, [process.argv[1], "crash", directory], { stdio: "inherit" });
assert.equal(signal, "SIGKILL");
const store = await openStore(directory);
const graph = graphOn(store, () => "sunny");
const kinds = ({ messages }) => messages.map((message) => message.getType());
const before = await graph.getState(config);
assert.deepEqual(kinds(before.values), ["human", "ai"]);
assert.deepEqual(before.next, ["tools"]);
say("killed while it called the tool; the next step is still the tool's");

assert.deepEqual(kinds(await graph.invoke(null, config)), ["human", "ai", "tool", "ai"]);
const later = await graph.invoke({ messages: [new HumanMessage("And now?")] }, config);
assert.deepEqual(kinds(later), ["human", "ai", "tool", "ai", "human", "ai", "tool", "ai"]);
assert.equal(later.messages.at(-1).content, "It is sunny.");
const states = [];
for await (const state of graph.getStateHistory(config)) states.push(state);
assert.equal(kinds(states[0].values).length, 8);
say(`went on, and had a second turn: ${states.length} checkpoints`);

// Another way from an older checkpoint.
const older = states.find(({ next, values }) => next[0] === "tools" && kinds(values).length === 2);
const other = await graph.invoke(null, older.config);
assert.deepEqual(kinds(other), ["human", "ai", "tool", "ai"]);
assert.deepEqual(kinds((await graph.getState(config)).values), ["human", "ai", "tool", "ai"]);
await store.close();

const again = await openStore(directory);
assert.deepEqual(kinds((await graphOn(again, () => "dark").getState(config)).values), ["human", "ai", "tool", "ai"]);
await again.close();
rmSync(directory, { recursive: true });
say("LangGraph works on a turnlog store.");
