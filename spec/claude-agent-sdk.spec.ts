// A SessionStore of the Claude Agent SDK: what its contract asks for, and what a crash and a second process may not break.
// The SDK itself runs on it in tools/examples/claude-agent-sdk.
import "./helpers/in-memory.ts";
import fc from "fast-check";
import { statSync } from "node:fs";
import { expect, test } from "vitest";
import { claudeSessionStore } from "../lib/adapters/claude-agent-sdk.ts";
import type { ClaudeSessionStore, FoldSessionSummary, SessionStoreEntry } from "../lib/adapters/claude-agent-sdk.ts";
import { collect, logPath, onlyLog, useStores } from "./helpers/stores.ts";

const stores = useStores();
const KEY = { projectKey: "-home-ann-birdsong", sessionId: "7d3c1f52-8a40-4b6e-9d17-2f60c5a9e1b4" };
const ID = `${KEY.projectKey}/${KEY.sessionId}`;

function user(uuid: string, content: unknown): SessionStoreEntry {
  return {
    type: "user",
    uuid,
    sessionId: KEY.sessionId,
    cwd: "/home/ann/birdsong",
    message: { role: "user", content },
  };
}

function call(uuid: string, id: string): SessionStoreEntry {
  const content = [{ type: "tool_use", id, name: "Read", input: { path: "parser.ts" } }];
  return { type: "assistant", uuid, message: { id: `msg_${id}`, role: "assistant", model: "m", content } };
}

const result = (uuid: string, id: string): SessionStoreEntry =>
  user(uuid, [{ type: "tool_result", tool_use_id: id, content: "ok" }]);

/** A fold that counts, and keeps the last prompt. */
const fold: FoldSessionSummary = (before, { sessionId }, entries) => ({
  sessionId,
  mtime: 0,
  data: {
    entries: Number(before?.data["entries"] ?? 0) + entries.length,
    last: entries.at(-1)?.uuid ?? before?.data["last"],
  },
});

async function opened(): Promise<ClaudeSessionStore> {
  return claudeSessionStore(await stores.open());
}

test("what was appended is loaded, deeply equal", async () => {
  const sessions = await opened();
  const entries = [
    user("u1", "hi"),
    call("u2", "t1"),
    result("u3", "t1"),
    { type: "summary", summary: "s", leafUuid: "u3" },
  ];
  await sessions.append(KEY, entries);
  expect(await sessions.load(KEY)).toEqual(entries);
});

test("any entries come back as they were, in the order of the calls", async () => {
  const store = await stores.open();
  const sessions = claudeSessionStore(store);
  const json = fc.jsonValue({ maxDepth: 3 }).filter((value) => JSON.stringify(value).isWellFormed());
  const message = fc.oneof(json, fc.record({ role: fc.constantFrom("user", "assistant"), content: json, model: json }));
  const entry = fc.record(
    {
      type: fc.constantFrom("user", "assistant", "summary", "system"),
      id: json,
      message,
      records: json,
      content: json,
    },
    { requiredKeys: ["type"] },
  );
  let n = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(fc.array(entry, { maxLength: 4 }), { minLength: 1, maxLength: 4 }), async (batches) => {
      const key = { ...KEY, sessionId: `s${n++}` };
      const plain = JSON.parse(JSON.stringify(batches)) as SessionStoreEntry[][];
      await Promise.all(plain.map((batch) => sessions.append(key, batch)));
      const all = plain.flat();
      expect(await sessions.load(key)).toEqual(all.length === 0 ? null : all);
    }),
    { numRuns: 60 },
  );
});

test("a key that was never written is null", async () => {
  const sessions = await opened();
  await sessions.append(KEY, [user("u1", "hi")]);
  expect(await sessions.load({ ...KEY, sessionId: "another" })).toBeNull();
  expect(await sessions.load({ ...KEY, subpath: "subagents/agent-1" })).toBeNull();
});

test("appends that nobody waits for stand in the order of their calls, with a fold and without", async () => {
  const store = await stores.open();
  for (const [projectKey, options] of [
    ["a", {}],
    ["b", { foldSessionSummary: fold }],
  ] as const) {
    const sessions = claudeSessionStore(store, options);
    const entries = Array.from({ length: 20 }, (_, n) => user(`u${n}`, `turn ${n}`));
    await Promise.all(entries.map((entry) => sessions.append({ ...KEY, projectKey }, [entry])));
    expect(await sessions.load({ ...KEY, projectKey })).toEqual(entries);
  }
});

test("an append of nothing makes no session", async () => {
  const store = await stores.open();
  const sessions = claudeSessionStore(store);
  await sessions.append(KEY, []);
  expect(await sessions.load(KEY)).toBeNull();
  expect(await collect(store.ids())).toEqual([]);
});

test("an entry whose uuid is there is not added again, one without is", async () => {
  const sessions = await opened();
  const batch = [user("u1", "hi"), { type: "mode", mode: "plan" }];
  await sessions.append(KEY, batch);
  await sessions.append(KEY, [...batch, user("u2", "on")]);
  expect(await sessions.load(KEY)).toEqual([...batch, batch[1], user("u2", "on")]);
});

test("a uuid counts once in one batch, too, and one that can name nothing names nothing", async () => {
  const sessions = claudeSessionStore(await stores.open(), { foldSessionSummary: fold });
  await sessions.append(KEY, [user("u1", "hi"), user("u2", "on"), user("u1", "hi"), user("", "a"), user("", "a")]);
  await sessions.append(KEY, [user("u3", "and on"), user("u3", "and on")]);
  const entries = [user("u1", "hi"), user("u2", "on"), user("", "a"), user("", "a"), user("u3", "and on")];
  expect(await sessions.load(KEY)).toEqual(entries);
  expect(await sessions.listSessionSummaries?.(KEY.projectKey)).toMatchObject([{ data: { entries: 5, last: "u3" } }]);
});

test("what somebody else writes into the session is no entry, and hinders nothing", async () => {
  const store = await stores.open();
  const sessions = claudeSessionStore(store, { foldSessionSummary: fold });
  await sessions.append(KEY, [user("u1", "hi")]);
  await store.session(ID).append({ role: "user", content: "a note" });
  await store.session(ID).append({ records: "a note" });
  await sessions.append(KEY, [user("u2", "on")]);
  expect(await sessions.load(KEY)).toEqual([user("u1", "hi"), user("u2", "on")]);
  expect(await sessions.listSessionSummaries?.(KEY.projectKey)).toMatchObject([{ data: { entries: 2 } }]);
});

test("a subagent's transcript is one of its own, and a child of the main one", async () => {
  const store = await stores.open();
  const sessions = claudeSessionStore(store);
  const sub = { ...KEY, subpath: "subagents/agent-1" };
  await sessions.append(sub, [user("u1", "look")]);
  expect(await sessions.load(KEY)).toBeNull();
  await sessions.append(KEY, [user("u1", "hi")]);
  expect(await sessions.load(sub)).toEqual([user("u1", "look")]);
  expect(await sessions.load(KEY)).toEqual([user("u1", "hi")]);
  expect((await collect(store.children(ID))).map(({ id }) => id)).toEqual([`${ID}/subagents/agent-1`]);
});

test("no two keys share a session, whatever their names are made of", async () => {
  const sessions = await opened();
  const names = ["a", "a/b", "b", "a%2Fb", "a%2fb", "%", "A", "ä"];
  const keys = names.flatMap((projectKey) => names.map((sessionId) => ({ projectKey, sessionId })));
  for (const key of keys) await sessions.append(key, [user("u", JSON.stringify(key))]);
  for (const key of keys) expect(await sessions.load(key)).toEqual([user("u", JSON.stringify(key))]);
  for (const projectKey of names) {
    const listed = await sessions.listSessions(projectKey);
    expect(listed.map(({ sessionId }) => sessionId).toSorted()).toEqual(names.toSorted());
  }
});

test("the sessions of a project are listed with the time of their last append, without subagents", async () => {
  const sessions = await opened();
  const before = Date.now();
  await sessions.append(KEY, [user("u1", "hi")]);
  await sessions.append({ ...KEY, subpath: "subagents/agent-1" }, [user("u1", "look")]);
  await sessions.append({ ...KEY, projectKey: "other" }, [user("u1", "hi")]);
  const [listed, ...others] = await sessions.listSessions(KEY.projectKey);
  expect(others).toEqual([]);
  expect(listed?.sessionId).toBe(KEY.sessionId);
  expect(Number.isInteger(listed?.mtime)).toBe(true);
  expect(listed?.mtime).toBeGreaterThanOrEqual(before);
  expect(listed?.mtime).toBeLessThanOrEqual(Date.now());
  expect(await sessions.listSessions("nowhere")).toEqual([]);
});

test("a deleted session is null and not listed, and can begin anew", async () => {
  const sessions = claudeSessionStore(await stores.open(), { foldSessionSummary: fold });
  await sessions.append(KEY, [user("u1", "hi")]);
  await sessions.delete(KEY);
  await sessions.delete(KEY);
  expect(await sessions.load(KEY)).toBeNull();
  expect(await sessions.listSessions(KEY.projectKey)).toEqual([]);
  await sessions.append(KEY, [user("u1", "again")]);
  expect(await sessions.load(KEY)).toEqual([user("u1", "again")]);
  expect(await sessions.listSessionSummaries?.(KEY.projectKey)).toMatchObject([{ data: { entries: 1, last: "u1" } }]);
});

test("a main transcript takes those of its subagents with it, a subagent's only itself", async () => {
  const sessions = await opened();
  const subs = ["subagents/agent-1", "subagents/agent-2"].map((subpath) => ({ ...KEY, subpath }));
  for (const key of [KEY, ...subs, { ...KEY, sessionId: "other" }]) await sessions.append(key, [user("u1", "hi")]);
  await sessions.delete(subs[0]!);
  expect(await sessions.listSubkeys(KEY)).toEqual(["subagents/agent-2"]);
  expect(await sessions.load(KEY)).toHaveLength(1);
  await sessions.delete(KEY);
  expect(await sessions.load(subs[1]!)).toBeNull();
  expect(await sessions.listSubkeys(KEY)).toEqual([]);
  expect(await sessions.load({ ...KEY, sessionId: "other" })).toHaveLength(1);
});

test("subkeys are those of subagents, of one session", async () => {
  const sessions = await opened();
  for (const subpath of [undefined, "subagents/agent-1", "a/b/c%2F"])
    await sessions.append({ ...KEY, ...(subpath !== undefined && { subpath }) }, [user("u1", "hi")]);
  await sessions.append({ ...KEY, sessionId: "other", subpath: "subagents/agent-9" }, [user("u1", "hi")]);
  expect((await sessions.listSubkeys(KEY)).toSorted()).toEqual(["a/b/c%2F", "subagents/agent-1"]);
  await expect(sessions.load({ ...KEY, subpath: "" })).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
});

test("a summary is folded with each append, once for each entry, and is as new as the listing says", async () => {
  const store = await stores.open();
  const sessions = claudeSessionStore(store, { foldSessionSummary: fold });
  await sessions.append(KEY, [user("u1", "hi"), user("u2", "on")]);
  await store.session(ID).update({ metadata: { ...(await store.session(ID).info()).metadata, mine: 1 } });
  await sessions.append(KEY, [user("u1", "hi"), user("u2", "on"), user("u3", "and on")]);
  await sessions.append(KEY, [user("u1", "hi")]);
  const [summary] = (await sessions.listSessionSummaries?.(KEY.projectKey)) ?? [];
  expect(summary).toMatchObject({ sessionId: KEY.sessionId, data: { entries: 3, last: "u3" } });
  expect(await sessions.listSessions(KEY.projectKey)).toEqual([{ sessionId: KEY.sessionId, mtime: summary?.mtime }]);
  expect((await store.session(ID).info()).metadata).toMatchObject({ mine: 1 });
  expect((await opened()).listSessionSummaries).toBeUndefined();
});

test("what was appended without a fold is folded by the next append with one", async () => {
  const store = await stores.open();
  const folding = claudeSessionStore(store, { foldSessionSummary: fold });
  const listed = async (): Promise<unknown> => await folding.listSessionSummaries?.(KEY.projectKey);
  await claudeSessionStore(store).append(KEY, [user("u1", "hi"), user("u2", "on")]);
  expect(await listed()).toEqual([]);
  await folding.append(KEY, [user("u3", "and on")]);
  expect(await listed()).toMatchObject([{ data: { entries: 3, last: "u3" } }]);
  await claudeSessionStore(store).append(KEY, [user("u4", "more")]);
  expect(await listed()).toEqual([]);
  await folding.append(KEY, [user("u4", "more")]);
  expect(await listed()).toMatchObject([{ data: { entries: 4, last: "u4" } }]);
});

test("an append to a long session writes what is new, and nothing of what stands", async () => {
  const directory = stores.directory();
  const store = await stores.open({}, directory);
  const sessions = claudeSessionStore(store, { foldSessionSummary: fold });
  await sessions.append(
    KEY,
    Array.from({ length: 2000 }, (_, n) => user(`u${n}`, "x".repeat(200))),
  );
  const before = statSync(onlyLog(directory));
  await sessions.append(KEY, [user("later", "hi")]);
  const after = statSync(onlyLog(directory));
  expect(after.ino).toBe(before.ino);
  expect(after.size - before.size).toBeLessThan(1500);
});

test("a session is called what its transcript says, and is searched and shown as an imported one", async () => {
  const store = await stores.open();
  const sessions = claudeSessionStore(store);
  await sessions.append(KEY, [user("u1", "Fix the parser")]);
  expect(await store.searchTitles("parser")).toMatchObject([{ id: ID, isPrompt: true }]);
  await sessions.append(KEY, [{ type: "ai-title", aiTitle: "Parser" }]);
  await sessions.append(KEY, [
    { type: "custom-title", customTitle: "Mine" },
    { type: "ai-title", aiTitle: "Other" },
  ]);
  expect(await store.get(ID)).toMatchObject({
    title: "Mine",
    directory: "/home/ann/birdsong",
    project: KEY.projectKey,
  });
  const hits = await collect(store.searchMessages("fix the parser"));
  expect(hits).toMatchObject([{ session: ID, id: "u1", role: "user" }]);
  expect(logPath(store, "-home-ann-birdsong%2F7d3c1f52-8a40-4b6e-9d17-2f60c5a9e1b4")).toBeTruthy();
});
