// A chat of the AI SDK with a scripted model, whose process is killed while it calls a tool: a new one goes on with what was said.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { convertToModelMessages, generateId, stepCountIs, streamText, tool, validateUIMessages } from "ai";
import { MockLanguageModelV3, simulateReadableStream } from "ai/test";
import { openStore } from "turnlog";
import { aiChatStore } from "turnlog/ai-sdk";
import { z } from "zod";

const say = (text) => process.stdout.write(`${text}\n`);
const usage = { inputTokens: { total: 1 }, outputTokens: { total: 1 } };

/** Asks for the tool, and answers when it has its result. */
const model = new MockLanguageModelV3({
  doStream: ({ prompt }) => {
    const chunks =
      prompt.at(-1).role === "tool"
        ? [
            { type: "text-start", id: "1" },
            { type: "text-delta", id: "1", delta: "It is sunny." },
            { type: "text-end", id: "1" },
            { type: "finish", finishReason: { unified: "stop" }, usage },
          ]
        : [
            { type: "tool-call", toolCallId: generateId(), toolName: "weather", input: "{}" },
            { type: "finish", finishReason: { unified: "tool-calls" }, usage },
          ];
    return Promise.resolve({
      stream: simulateReadableStream({ chunks: [{ type: "stream-start", warnings: [] }, ...chunks] }),
    });
  },
});

/** One turn, as a server has it. */
async function turn(chats, chatId, text, execute) {
  const tools = { weather: tool({ inputSchema: z.object({}), execute }) };
  const prompt = { id: generateId(), role: "user", parts: [{ type: "text", text }] };
  const messages = await validateUIMessages({ messages: [...(await chats.loadChat(chatId)), prompt], tools });
  await chats.saveChat({ chatId, messages });
  const result = streamText({
    model,
    tools,
    stopWhen: stepCountIs(3),
    messages: await convertToModelMessages(messages),
  });
  const stream = result.toUIMessageStream({
    originalMessages: messages,
    generateMessageId: generateId,
    onFinish: (finished) => chats.saveChat({ chatId, messages: finished.messages }),
  });
  for await (const _ of stream);
}

const [, , mode, path] = process.argv;
if (mode === "crash") {
  const chats = aiChatStore(await openStore(path));
  await turn(chats, "weather", "How is the weather?", () => process.kill(process.pid, "SIGKILL"));
}

const directory = mkdtempSync(join(tmpdir(), "turnlog-example-"));
const { signal } = spawnSync(process.execPath, [process.argv[1], "crash", directory], { stdio: "inherit" });
assert.equal(signal, "SIGKILL");
const store = await openStore(directory);
const chats = aiChatStore(store);
const roles = async (loaded) => (await loaded.loadChat("weather")).map(({ role }) => role);
assert.deepEqual(await roles(chats), ["user"]);
say("killed while it called the tool: the prompt is there, no call without its result");

await turn(chats, "weather", "Are you there?", () => "sunny");
await turn(chats, "weather", "And now?", () => "sunny");
await store.close();

const again = await openStore(directory);
assert.deepEqual(await roles(aiChatStore(again)), ["user", "user", "assistant", "user", "assistant"]);
const messages = await validateUIMessages({ messages: await aiChatStore(again).loadChat("weather") });
for (const { parts } of messages.filter(({ role }) => role === "assistant")) {
  assert.deepEqual(
    parts.filter(({ type }) => type === "tool-weather").map(({ state, output }) => [state, output]),
    [["output-available", "sunny"]],
  );
  assert.equal(parts.at(-1).text, "It is sunny.");
}
await again.close();
rmSync(directory, { recursive: true });
say("after a restart the chat is whole, and validateUIMessages() takes it");
say("The AI SDK works on a turnlog store.");
