// The installed package as its users have it: loads, writes, reads, and runs from the command line.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openMemoryStore, openStore } from "turnlog";
import { aiChatStore } from "turnlog/ai-sdk";
import { claudeSessionStore } from "turnlog/claude-agent-sdk";
import { langGraphSaver } from "turnlog/langgraph";
import { openAISession } from "turnlog/openai-agents";
import { opencodeStorage } from "turnlog/opencode";
import { picoclawStore } from "turnlog/picoclaw";
import { conformance } from "turnlog/testing";

const directory = mkdtempSync(join(tmpdir(), "turnlog-smoke-"));
try {
  const store = await openStore(directory);
  const session = await store.createSession({ title: "smoke" });
  await session.append([
    { role: "user", content: "one" },
    { role: "assistant", content: "two" },
  ]);
  await session.truncate({ keepLast: 1 });
  await session.append({ role: "user", content: "three" });
  await store.close();

  const again = await openStore(directory);
  const texts = (await again.session(session.id).history()).map(({ data }) => data.content);
  assert.deepEqual(texts, ["two", "three"]);
  assert.equal((await again.get(session.id)).title, "smoke");
  // Adapters are there without the frameworks that they are of.
  await picoclawStore(again).addMessage("telegram:1", "user", "hi");
  assert.deepEqual(await openAISession(again, "telegram:1").getItems(), [{ role: "user", content: "hi" }]);
  assert.deepEqual(await claudeSessionStore(again).listSessions("none"), []);
  assert.deepEqual(await aiChatStore(again).loadChat("none"), []);
  assert.equal(await opencodeStorage(again).readSession("none"), undefined);
  assert.equal(
    await langGraphSaver(
      again,
      class {
        serde = undefined;
      },
    ).getTuple({ configurable: { thread_id: "none" } }),
    undefined,
  );
  await again.close();
  // The conformance suite needs nothing but Node.
  for (const { reopens, run } of conformance()) if (!reopens) await run({ create: openMemoryStore });
  process.stdout.write(`Node ${process.version}: the package works\n`);
} finally {
  rmSync(directory, { recursive: true, force: true });
}
