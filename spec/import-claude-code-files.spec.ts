// What else a Claude Code project has: subagents, forks, compactions, older versions, files beside a transcript.
import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { everyEntry, sketch } from "./helpers/imports.ts";
import { collect, filesIn, useStores } from "./helpers/stores.ts";
import { again, expectChain, recordsIn } from "./helpers/transcripts.ts";

const stores = useStores();
const FIXTURE = new URL("../fixtures/import/claude-code", import.meta.url).pathname;
const PROJECT = join(FIXTURE, "projects", "-home-ann-garden");
const GARDEN = "a41c7e90-3b52-4d1f-8e6a-9c0f27d5b813";
const FORK = "c86f2d15-70be-4a93-b2c4-1e95d8a06f37";
const OLD = "e25b9a64-18d7-4c0e-95f3-6a7b3c4d2e10";

test("a subagent is a session of its own, whose parent is the one that it worked for", async () => {
  const store = await stores.open();
  await store.importFrom("claude-code", { path: PROJECT });
  const id = `${GARDEN}.agent-b7`;
  expect(await store.get(id)).toMatchObject({
    parent: GARDEN,
    title: "Count the beds.",
    metadata: { source: "claude-code", agent: { agentType: "Explore", description: "Count the beds" } },
  });
  expect((await store.session(id).history()).map(({ data }) => sketch(data))).toEqual([
    "user: Count the beds.",
    "assistant: Glob",
    "user: tool_result",
    "assistant: Four beds.",
  ]);
  const children = await collect(store.children(GARDEN));
  expect(children.map((child) => child.id).toSorted()).toEqual([id, FORK].toSorted());
});

test("a subagent's file, and its sidecar, are recognized where they are named", async () => {
  const path = join(PROJECT, GARDEN, "subagents", "agent-b7.jsonl");
  for (const named of [path, path.replace(".jsonl", ".meta.json")]) {
    const store = await stores.open();
    const { source, sessions } = await store.importFrom("auto", { path: named });
    expect([source, sessions.map(({ id }) => id)]).toEqual(["claude-code", [`${GARDEN}.agent-b7`]]);
  }
});

test("a subagent whose lines name itself works for the session that its folder is named after", async () => {
  const directory = stores.unverified();
  const folder = join(directory, GARDEN, "subagents");
  mkdirSync(folder, { recursive: true });
  const line = { type: "user", isSidechain: true, sessionId: "agent-c9", version: "2.1.207", uuid: "u1" };
  const message = { role: "user", content: "Water them." };
  writeFileSync(
    join(folder, "agent-c9.jsonl"),
    `${JSON.stringify({ ...line, message, timestamp: "2026-09-14T08:00:00.000Z" })}\n`,
  );
  const store = await stores.open();
  await store.importFrom("claude-code", { path: directory });
  expect(await store.get(`${GARDEN}.agent-c9`)).toMatchObject({ parent: GARDEN, messages: 1 });
});

test("subagents whose lines stand in the session's own file, as before 2.0, are sessions of their own, too", async () => {
  const store = await stores.open();
  await store.importFrom("claude-code", { path: join(PROJECT, `${OLD}.jsonl`) });
  const texts = async (id: string): Promise<string[]> =>
    (await store.session(id).history()).map(({ data }) => sketch(data));
  expect(await texts(OLD)).toEqual([
    "user: Make labels for ",
    "assistant: Task",
    "user: tool_result",
    "user: [Request interru",
    "assistant: The labels are m",
  ]);
  expect(await texts(`${OLD}.agent-0000003e`)).toEqual(["user: Find the names.", "assistant: North, south, ea"]);
  expect(await texts(`${OLD}.agent-0000003f`)).toEqual(["user: Find the colours", "assistant: Green and white."]);
  expect(await store.get(`${OLD}.agent-0000003f`)).toMatchObject({ parent: OLD });
  expect((await store.session(OLD).branches()).length).toBe(1);
});

test("a fork that begins with a copy of the other's lines has it for a parent, and all of its own lines", async () => {
  const store = await stores.open();
  await store.importFrom("claude-code", { path: PROJECT });
  expect(await store.get(FORK)).toMatchObject({ parent: GARDEN });
  const history = await store.session(FORK).history();
  expect(history.slice(-3).map(({ data }) => sketch(data))).toEqual([
    "assistant: It is on the lab",
    "user: What about the p",
    "assistant: In March.",
  ]);
  // The file alone names nobody.
  const alone = await stores.open();
  await alone.importFrom("claude-code", { path: join(PROJECT, `${FORK}.jsonl`) });
  expect((await alone.get(FORK))!).not.toHaveProperty("parent");
});

test("the session goes on from the branch that was used last, not from the one that was written last", async () => {
  const store = await stores.open();
  await store.importFrom("claude-code", { path: PROJECT });
  const session = store.session(GARDEN);
  expect((await session.history()).at(-1)!.data.content).toEqual([{ type: "text", text: "It is in the calendar." }]);
  const branches = await session.branches();
  expect(branches.map(({ messages, current }) => [messages, current])).toEqual([
    [11, true],
    [2, false],
  ]);
});

test("what a compaction left off is there, with its summary marked, and a user's title beats the automatic one", async () => {
  const store = await stores.open();
  await store.importFrom("claude-code", { path: PROJECT });
  const history = await store.session(GARDEN).history();
  const summary = history.findIndex(({ data }) => data.type === "compaction");
  expect(history[summary]!.data).toMatchObject({ role: "user", content: expect.stringMatching(/^This session is/) });
  expect(history[summary - 1]!.parts.map(({ data }) => data.record.subtype)).toEqual(["compact_boundary"]);
  expect(history.slice(0, summary).length).toBe(8);
  expect(await store.get(GARDEN)).toMatchObject({ title: "When what goes out", titleSource: "user" });
  expect(await store.get(OLD)).toMatchObject({ title: "Labels for the beds", titleSource: "auto" });
});

test("images and what tools gave in their own form are there as they stood", async () => {
  const store = await stores.open();
  await store.importFrom("claude-code", { path: PROJECT });
  const source = recordsIn(join(PROJECT, `${GARDEN}.jsonl`));
  const entries = await everyEntry(store.session(GARDEN));
  for (const { uuid, type, message, toolUseResult } of source.filter(({ type }) => type === "user")) {
    const { data } = entries.get(uuid)!;
    expect([type, data.content, data.records[0].toolUseResult]).toEqual(["user", message.content, toolUseResult]);
  }
});

test("every line that is no message is kept with the message that it came after, and every file beside the transcript", async () => {
  const store = await stores.open();
  await store.importFrom("claude-code", { path: PROJECT });
  const records = [...(await everyEntry(store.session(GARDEN))).values()].flatMap(({ parts }) =>
    parts.map(({ record }) => record),
  );
  const source = recordsIn(join(PROJECT, `${GARDEN}.jsonl`));
  const isKept = ({ type, message }: any): boolean => message === undefined && !/-title$|^last-prompt$/.test(type);
  const named = (record: any): string => JSON.stringify(record);
  const files = [
    { type: "file", path: "tool-results/toolu_g1.txt", text: "month,frost\n4,3\n5,0\n" },
    { type: "file", path: "tool-results/toolu_g2.bin", base64: "AP/+Cg2A" },
  ];
  expect(records.map(named).toSorted()).toEqual([...source.filter(isKept), ...files].map(named).toSorted());
});

test("a project goes back as it was: every line, subagents, sidecars, files beside", async () => {
  const store = await stores.open();
  await store.importFrom("claude-code", { path: FIXTURE });
  const { path } = await again(stores, store, "claude-code");
  const names = (directory: string): string[] =>
    filesIn(directory)
      .map((file) => file.slice(directory.length + 1))
      .toSorted();
  const from = join(FIXTURE, "projects");
  const byUuid = (a: any, b: any): number => (String(a.uuid) < String(b.uuid) ? -1 : 1);
  const isInside = (name: string): boolean => !/agent-0000003[ef]/.test(name);
  expect(names(path).filter(isInside)).toEqual(names(from));
  for (const name of names(from)) {
    if (!name.endsWith(".jsonl")) {
      const [written, source] = [path, from].map((directory) => readFileSync(join(directory, name)));
      if (name.endsWith(".json")) expect(JSON.parse(written!.toString())).toEqual(JSON.parse(source!.toString()));
      else expect(written!.equals(source!), name).toBe(true);
      continue;
    }
    // What it says of the session comes last, as it stands now; old subagents have files of their own.
    const isLine = ({ type, isSidechain, version }: any): boolean =>
      !/-title$|^last-prompt$/.test(type) && !(isSidechain === true && version === "1.0.60");
    const [written, source] = [path, from].map((directory) => recordsIn(join(directory, name)).filter(isLine));
    // Of its branches the one that is gone on with comes last.
    const inOrder = (lines: any[]): any[] => (name.includes(GARDEN) ? lines.toSorted(byUuid) : lines);
    expect(inOrder(written!), name).toEqual(inOrder(source!));
    expectChain(written!);
  }
  expect(recordsIn(join(path, "-home-ann-garden", `${GARDEN}.jsonl`)).slice(-2)).toMatchObject([
    { type: "custom-title", customTitle: "When what goes out" },
    { type: "last-prompt", leafUuid: "00000011-2222-4333-8444-abcdefabcdef" },
  ]);
});

test("a file beside the transcript that comes later, or grows, is taken by the next import", async () => {
  const directory = stores.unverified();
  cpSync(PROJECT, directory, { recursive: true });
  const store = await stores.open();
  await store.importFrom("claude-code", { path: directory });
  const beside = join(directory, GARDEN, "tool-results");
  writeFileSync(join(beside, "toolu_g1.txt"), "more");
  writeFileSync(join(beside, "toolu_g9.txt"), "new");
  const { sessions } = await store.importFrom("claude-code", { path: directory });
  expect(sessions.filter(({ status }) => status !== "unchanged").map(({ id, status }) => [id, status])).toEqual([
    [GARDEN, "grown"],
  ]);
  const records = [...(await everyEntry(store.session(GARDEN))).values()].flatMap(({ parts }) =>
    parts.map(({ record }) => record),
  );
  expect(records.filter(({ type }) => type === "file").map(({ path, text }) => [path, text])).toEqual([
    ["tool-results/toolu_g1.txt", "more"],
    ["tool-results/toolu_g2.bin", undefined],
    ["tool-results/toolu_g9.txt", "new"],
  ]);
});

test("a session that was downloaded as one value is recognized, though its lines name no session; one that is cut is told of", async () => {
  const directory = stores.unverified();
  const path = join(directory, "labels.json");
  const say = (role: string, n: number): object => ({
    type: role,
    timestamp: `2026-09-14T08:00:0${n}.000Z`,
    message: { role, content: `words ${n}` },
  });
  const text = JSON.stringify({ loglines: [say("user", 0), say("assistant", 1)] }, undefined, 2);
  writeFileSync(path, text);
  // The same beginning, and none of it.
  writeFileSync(join(directory, "other.json"), JSON.stringify({ loglines: [{ level: "info", text: "started" }] }));
  for (const named of [path, directory]) {
    const store = await stores.open();
    const { source, sessions } = await store.importFrom("auto", { path: named });
    expect([source, sessions.map(({ id, messages }) => [id, messages])]).toEqual(["claude-code", [["labels", 2]]]);
  }
  writeFileSync(path, text.slice(0, -30));
  const store = await stores.open();
  expect(await store.importFrom("claude-code", { path })).toMatchObject({
    sessions: [],
    problems: [{ path, reason: "no session of claude-code is in it" }],
  });
});
