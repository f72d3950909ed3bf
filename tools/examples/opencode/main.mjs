// A session in the manner of opencode with a scripted model: text comes in deltas, a tool is one part that changes, and the process is killed
// while the tool runs.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openStore } from "turnlog";
import { opencodeStorage } from "turnlog/opencode";

const say = (text) => process.stdout.write(`${text}\n`);
const sessionID = "ses_weather";
const ANSWER = "It is sunny, and it will stay so for the whole day.";

async function turn(storage, number, text, weather) {
  const now = Date.now();
  const ask = { id: `msg_${number}a`, sessionID, role: "user", time: { created: now } };
  await storage.writeMessage(ask, [{ id: `prt_${number}a`, sessionID, messageID: ask.id, type: "text", text }]);

  const answer = { id: `msg_${number}b`, sessionID, role: "assistant", parentID: ask.id, time: { created: now } };
  const part = (id) => ({ id: `prt_${number}${id}`, sessionID, messageID: answer.id });
  await storage.writeMessage(answer);
  const tool = { ...part("b"), type: "tool", callID: `call-${number}`, tool: "weather" };
  await storage.writePart({ ...tool, state: { status: "running", input: {}, time: { start: now } } });
  const output = weather();
  await storage.writePart({
    ...tool,
    state: { status: "completed", input: {}, output, time: { start: now, end: now } },
  });
  for (let end = 1; end < ANSWER.length; end++)
    await storage.writePart({ ...part("c"), type: "text", text: ANSWER.slice(0, end), time: { start: now } });
  await storage.writePart({ ...part("c"), type: "text", text: ANSWER, time: { start: now, end: Date.now() } });
  await storage.writeMessage({ ...answer, time: { created: now, completed: Date.now() } });
}

const [, , mode, path] = process.argv;
if (mode === "crash") {
  const storage = opencodeStorage(await openStore(path));
  await storage.writeSession({
    id: sessionID,
    projectID: "weather",
    title: "The weather",
    directory: "/home/ann/weather",
  });
  await turn(storage, 1, "How is the weather?", () => "sunny");
  await turn(storage, 2, "And now?", () => process.kill(process.pid, "SIGKILL"));
}

const directory = mkdtempSync(join(tmpdir(), "turnlog-example-"));
const { signal } = spawnSync(process.execPath, [process.argv[1], "crash", directory], { stdio: "inherit" });
assert.equal(signal, "SIGKILL");
const store = await openStore(directory);
const storage = opencodeStorage(store);
assert.equal(await storage.endInterrupted(sessionID), 1);
const page = await storage.messages(sessionID, { limit: 50 });
const states = page.items.flatMap(({ parts }) =>
  parts.filter(({ type }) => type === "tool").map(({ state }) => state.status),
);
assert.deepEqual(states, ["completed", "error"]);
assert.equal((await storage.readPart(sessionID, "msg_1b", "prt_1c")).text, ANSWER);
say("killed while a tool ran: it is the only one without a result, and is marked as interrupted");

await turn(storage, 3, "And now?", () => "sunny");
await storage.writeSession({ id: "ses_child", projectID: "weather", parentID: sessionID, title: "Look it up" });
await store.close();

const again = await openStore(directory);
const later = opencodeStorage(again);
assert.equal(await later.count({ projectID: "weather" }), 2);
assert.equal((await later.messages(sessionID, { limit: 2 })).items.at(-1).parts.at(-1).text, ANSWER);
await later.removeSession(sessionID);
assert.equal(await later.count(), 0);
await again.close();
rmSync(directory, { recursive: true });
say("went on, and is whole after a restart; removed with its child");
say("opencode's storage works on a turnlog store.");
