// What a crash and a second process may not break in a SessionStore of the Claude Agent SDK.
import { expect, test } from "vitest";
import { claudeSessionStore } from "../lib/adapters/claude-agent-sdk.ts";
import type { FoldSessionSummary, SessionStoreEntry } from "../lib/adapters/claude-agent-sdk.ts";
import { KILLING_MS, adapterUrl, holding, killed, killing } from "./helpers/adapters.ts";
import { output, run } from "./helpers/processes.ts";
import { useStores } from "./helpers/stores.ts";

const stores = useStores();
const ADAPTER = adapterUrl("claude-agent-sdk");
const KEY = { projectKey: "-home-ann-birdsong", sessionId: "7d3c1f52-8a40-4b6e-9d17-2f60c5a9e1b4" };
const ID = `${KEY.projectKey}/${KEY.sessionId}`;

const user = (uuid: string, content: string): SessionStoreEntry => ({
  type: "user",
  uuid,
  message: { role: "user", content },
});

/** A fold that counts. */
const fold: FoldSessionSummary = (before, { sessionId }, entries) => ({
  sessionId,
  mtime: 0,
  data: { entries: Number(before?.data["entries"] ?? 0) + entries.length },
});

test("two processes append to one session: every entry is there once, and every one is folded", async () => {
  const directory = stores.directory();
  const script = `
    const [directory, adapter, key, name] = args;
    const { claudeSessionStore } = await import(adapter);
    const store = await turnlog.openStore(directory);
    const foldSessionSummary = (before, { sessionId }, entries) =>
      ({ sessionId, mtime: 0, data: { entries: (before?.data.entries ?? 0) + entries.length } });
    const sessions = claudeSessionStore(store, { foldSessionSummary });
    for (let n = 0; n < 15; n++) await sessions.append(key, [{ type: "user", uuid: name + n }, { type: "user", uuid: name + n + "b" }]);
    await store.close();`;
  const children = ["p", "q"].map((name) => run(script, directory, ADAPTER, KEY, name));
  await Promise.all(children.map(output));
  expect(await Promise.all(children.map(({ ended }) => ended))).toEqual([0, 0]);
  const sessions = claudeSessionStore(await stores.open({}, directory), { foldSessionSummary: fold });
  const entries = (await sessions.load(KEY)) ?? [];
  expect(new Set(entries.map(({ uuid }) => uuid)).size).toBe(60);
  expect(entries).toHaveLength(60);
  expect(await sessions.listSessionSummaries?.(KEY.projectKey)).toMatchObject([{ data: { entries: 60 } }]);
});

test("while another process holds the session, append rejects, as the SDK has it, and a later one is through", async () => {
  const directory = stores.directory();
  const child = await holding(directory, ID, { type: "held", records: [{ type: "held" }] });
  const sessions = claudeSessionStore(await stores.open({ busyTimeoutMs: 300 }, directory));
  await expect(sessions.append(KEY, [user("u2", "on")])).rejects.toMatchObject({ code: "SESSION_BUSY", written: "no" });
  await killed(child);
  await sessions.append(KEY, [user("u2", "on")]);
  expect((await sessions.load(KEY))?.map(({ type }) => type)).toEqual(["held", "user"]);
});

test(
  "a kill -9 in the middle of turns leaves no call without its result, and nothing that was acknowledged is lost",
  async () => {
    const directory = stores.damaged();
    const script = `
    const [directory, adapter, key, from] = args;
    const { claudeSessionStore } = await import(adapter);
    const sessions = claudeSessionStore(await turnlog.openStore(directory), {
      foldSessionSummary: (before, { sessionId }, entries) =>
        ({ sessionId, mtime: 0, data: { entries: (before?.data.entries ?? 0) + entries.length } }),
    });
    const text = "x".repeat(20_000);
    for (let n = from; ; n++) {
      await sessions.append(key, [
        { type: "assistant", uuid: "c" + n, message: { role: "assistant", content: [{ type: "tool_use", id: "t" + n, name: "Read", input: { text } }] } },
        { type: "user", uuid: "r" + n, message: { role: "user", content: [{ type: "tool_result", tool_use_id: "t" + n, content: text }] } },
      ]);
      say(String(n));
    }`;
    await killing(
      (from) => run(script, directory, ADAPTER, KEY, from),
      async (said) => {
        const store = await stores.open({}, directory);
        const sessions = claudeSessionStore(store, { foldSessionSummary: fold });
        const uuids = ((await sessions.load(KEY)) ?? []).map(({ uuid }) => String(uuid));
        const calls = uuids.filter((uuid) => uuid.startsWith("c"));
        expect(uuids.filter((uuid) => uuid.startsWith("r"))).toEqual(calls.map((uuid) => uuid.replace("c", "r")));
        expect(calls.length).toBeGreaterThan(said);
        await store.close();
        return calls.length;
      },
    );
  },
  KILLING_MS,
);
