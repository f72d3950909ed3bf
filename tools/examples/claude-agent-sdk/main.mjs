// The Claude Agent SDK on a turnlog store, without a network: its own functions list, read, fork, rename and delete sessions there.
// In a program that talks to the model, the same `sessionStore` is an option of query().
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as sdk from "@anthropic-ai/claude-agent-sdk";
import { openStore } from "turnlog";
import { claudeSessionStore } from "turnlog/claude-agent-sdk";

const say = (text) => process.stdout.write(`${text}\n`);
const directory = mkdtempSync(join(tmpdir(), "turnlog-example-"));
const dir = join(directory, "project");
// The name that the SDK has for a project is its directory's, with dashes.
const projectKey = dir.replace(/[^A-Za-z0-9]/g, "-");
const sessionId = "7d3c1f52-8a40-4b6e-9d17-2f60c5a9e1b4";
const uuid = (n) => `00000000-0000-4000-8000-00000000000${n}`;

/** What Claude Code writes of a turn: a prompt, a call of a tool, its result, an answer. */
const turn = [
  { type: "user", message: { role: "user", content: "Fix the parser" } },
  {
    type: "assistant",
    message: { role: "assistant", model: "m", content: [{ type: "tool_use", id: "t1", name: "Read", input: {} }] },
  },
  { type: "user", message: { role: "user", content: [{ type: "tool_result", tool_use_id: "t1", content: "ok" }] } },
  { type: "assistant", message: { role: "assistant", model: "m", content: [{ type: "text", text: "Done." }] } },
].map((line, n) => ({
  ...line,
  uuid: uuid(n + 1),
  parentUuid: n === 0 ? null : uuid(n),
  sessionId,
  cwd: dir,
  isSidechain: false,
  timestamp: `2026-11-01T10:00:0${n}.000Z`,
}));

for (const options of [{}, { foldSessionSummary: sdk.foldSessionSummary }]) {
  const path = join(directory, options.foldSessionSummary === undefined ? "plain" : "folded");
  const store = await openStore(path);
  await claudeSessionStore(store, options).append({ projectKey, sessionId }, turn);
  await store.close();

  // A restart: another process would go on so.
  const again = await openStore(path);
  const sessionStore = claudeSessionStore(again, options);
  const given = { dir, sessionStore };
  const titles = async () => (await sdk.listSessions(given)).map(({ summary }) => summary).toSorted();
  assert.deepEqual(await titles(), ["Fix the parser"]);
  const messages = await sdk.getSessionMessages(sessionId, given);
  assert.deepEqual(
    messages.map(({ message }) => message),
    turn.map(({ message }) => message),
  );
  const fork = await sdk.forkSession(sessionId, { ...given, title: "Another way" });
  assert.equal((await sdk.getSessionMessages(fork.sessionId, given)).length, turn.length);
  await sdk.renameSession(sessionId, "The parser", given);
  assert.equal((await sdk.getSessionInfo(sessionId, given)).customTitle, "The parser");
  assert.equal((await again.get(`${projectKey}/${sessionId}`)).title, "The parser");
  assert.deepEqual(await titles(), ["Another way", "The parser"]);
  await sdk.deleteSession(sessionId, given);
  assert.deepEqual(await titles(), ["Another way"]);
  assert.equal(await sessionStore.load({ projectKey, sessionId }), null);
  if (options.foldSessionSummary !== undefined) {
    const [summary] = await sessionStore.listSessionSummaries(projectKey);
    assert.equal(summary.data.customTitle, "Another way");
  }
  await again.close();
  say(
    `${options.foldSessionSummary === undefined ? "without" : "with"} summaries: listed, read, forked, renamed, deleted`,
  );
}
rmSync(directory, { recursive: true });
say("The Claude Agent SDK works on a turnlog store.");
