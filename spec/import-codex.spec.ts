// Codex rollouts come in: fixtures/import/codex is a home with a new one, an old one, a fork and an archived, packed one.
import { cpSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { expect, test } from "vitest";
import { everyEntry, importedOf, sketch } from "./helpers/imports.ts";
import { logsOf, useStores } from "./helpers/stores.ts";

const stores = useStores();
const FIXTURE = new URL("../fixtures/import/codex", import.meta.url).pathname;
const [NEW, OLD, FORK, PACKED] = [
  "019a4c10-52e0-7b13-8d11-6a0c5e1b7f01",
  "5b0d7c52-90a1-4e0f-8f6e-3f1d2a7c9e02",
  "019a6af2-11d4-7c20-9b2e-0d4e8a5c7f03",
  "019a7014-7a30-7e41-a4c8-51f7d2b39e04",
] as const;
const NEW_FILE = join(FIXTURE, "sessions", "2026", "09", "14", `rollout-2026-09-14T10-00-00-${NEW}.jsonl`);

test("every rollout of a home comes in, whatever it is called, with its title, directory, parent and times", async () => {
  const store = await stores.open();
  const { sessions, problems } = await store.importFrom("auto", { path: FIXTURE });
  expect(problems).toEqual([]);
  expect(new Set(sessions.map(({ id, messages, parts }) => [id, messages, parts]))).toEqual(
    new Set([
      [NEW, 19, 35],
      [FORK, 11, 11],
      [PACKED, 2, 2],
      [OLD, 8, 6],
    ]),
  );
  expect(await store.get(NEW)).toMatchObject({
    title: "The empty spectrogram",
    titleSource: "user",
    directory: "/home/ann/birdsong",
    project: "birdsong",
    createdAt: "2026-09-14T08:00:00.000Z",
    metadata: { source: "codex", version: "0.169.0", gitBranch: "main" },
  });
  expect(await store.get(FORK)).toMatchObject({ parent: NEW, directory: "/home/ann/birdsong-fork" });
  expect(await store.get(PACKED)).toMatchObject({ parent: NEW, archived: true, title: "Count the recordings." });
  expect(await store.get(OLD)).toMatchObject({ title: "List the birds", titleSource: "auto", directory: "/home/ann" });
  expect((await store.get(OLD))!).toMatchObject({ createdAt: "2025-06-02T09:30:00.123Z" });
});

test("turns that were rolled back are a branch, with the context that was told for them", async () => {
  const store = await stores.open();
  await store.importFrom("codex", { path: FIXTURE });
  const session = store.session(NEW);
  expect((await session.history()).map(({ data }) => sketch(data))).toEqual([
    "developer: <permissions ins",
    "user: <environment_con",
    "user: <image name=[Ima + input_image + </image> + Why is this spec",
    "assistant: reasoning",
    "assistant: exec_command",
    "assistant: apply_patch",
    "tool: function_call_ou",
    "tool: custom_tool_call",
    "assistant: The file has no ",
    "user: Rather move it a",
    "assistant: Moved to attic/.",
    "system: The empty file a",
    "user: Thanks.",
    "assistant: You are welcome.",
  ]);
  const [, left] = await session.branches();
  await session.checkout(left!.id);
  expect((await session.history()).slice(9).map(({ data }) => sketch(data))).toEqual([
    "user: Then delete it.",
    "assistant: Deleted.",
    "developer: <collaboration_m",
    "user: And the others?",
    "assistant: They are whole.",
  ]);
  // A rollback that came last: what was before it is the history.
  expect((await store.session(FORK).history()).map(({ data }) => sketch(data)).at(-1)).toBe(
    "assistant: The file has no ",
  );
  expect((await store.session(FORK).branches()).map(({ messages, current }) => [messages, current])).toEqual([
    [9, true],
    [2, false],
  ]);
});

test("every line can be given back as it was, but for images that were restated", async () => {
  const store = await stores.open();
  await store.importFrom("codex", { path: FIXTURE });
  const lines: string[] = [];
  for (const { data, parts } of (await everyEntry(store.session(NEW))).values()) {
    const { role, content, record, type } = data;
    const { payload } = record;
    const isWhole = Object.keys(payload).length === 0;
    const own = type === "compaction" ? { message: content } : isWhole ? content[0] : { role, content };
    lines.push(JSON.stringify(sorted({ ...record, payload: { ...payload, ...own } })));
    for (const part of parts) lines.push(JSON.stringify(sorted(part.record)));
  }
  const image = /data:image\/png;base64,[\w+/=]+/;
  const source = readFileSync(NEW_FILE, "utf8").trimEnd().split("\n");
  const [text] = image.exec(source.join("\n"))!;
  const said = source.map((line) => JSON.stringify(sorted(JSON.parse(line))));
  const restored = lines.map((line) =>
    line.replace(/\{"imageOf":"msg_a02","sha256":"[0-9a-f]{64}"\}/, JSON.stringify(text)),
  );
  expect(restored.toSorted()).toEqual(said.toSorted());
  // The image stands in the message that it came with, and nowhere else.
  expect(lines.filter((line) => image.test(line)).length).toBe(1);
});

test("a rollout that was packed, archived or renamed meanwhile is the same session", async () => {
  const home = stores.unverified();
  cpSync(FIXTURE, home, { recursive: true });
  const store = await stores.open();
  await store.importFrom("codex", { path: home });
  const before = await importedOf(store, PACKED);
  const packed = join(home, "archived_sessions", `rollout-2026-09-21T10-00-00-${PACKED}.jsonl.zst`);
  const moved = join(home, "sessions", "2026", "09", basename(packed));
  renameSync(packed, moved);
  const { sessions } = await store.importFrom("codex", { path: home });
  expect(sessions.filter(({ status }) => status !== "unchanged")).toMatchObject([{ id: PACKED, added: 0 }]);
  expect(await importedOf(store, PACKED)).toEqual({ ...before, info: { ...(before.info as object), archived: false } });
  // Both are there: Codex would go on with the one that is not packed.
  cpSync(NEW_FILE, moved.replace(basename(moved), `${basename(NEW_FILE)}.zst`));
  const again = await store.importFrom("codex", { path: home });
  expect(again.sessions.every(({ status }) => status === "unchanged")).toBe(true);
  rmSync(moved);
  expect((await store.importFrom("codex", { path: home })).sessions.length).toBe(3);
  expect(await store.get(PACKED)).toBeDefined();
});

test("items that have one id are messages of their own, each with the lines that came after it; a second import changes nothing", async () => {
  const directory = stores.unverified();
  const path = join(directory, `rollout-2026-09-14T10-00-00-${NEW}.jsonl`);
  const line = (type: string, payload: object): string =>
    JSON.stringify({ timestamp: "2026-09-14T10:00:00.000Z", ordinal: 0, type, payload });
  const item = (id: string, role: string, text: string): string =>
    line("response_item", { type: "message", id, role, content: [{ type: "text", text }] });
  const count = (n: number): string => line("event_msg", { type: "token_count", n });
  const lines = [
    line("session_meta", { id: NEW, timestamp: "2026-09-14T10:00:00.000Z", cwd: "/home/ann" }),
    item("item", "user", "one"),
    count(1),
    item("other", "assistant", "two"),
    count(2),
    item("item", "user", "three"),
    count(3),
    item("item", "assistant", "four"),
    count(4),
  ];
  writeFileSync(path, `${lines.join("\n")}\n`);
  const root = stores.directory();
  const store = await stores.open({}, root);
  await store.importFrom("codex", { path });
  const history = await store.session(NEW).history();
  expect(history.map(({ data, parts }) => [sketch(data), parts.map((part) => part.data.record.payload.n)])).toEqual([
    ["user: one", [undefined, 1]],
    ["assistant: two", [2]],
    ["user: three", [3]],
    ["assistant: four", [4]],
  ]);
  const logs = logsOf(root);
  // It is read again.
  writeFileSync(path, `${lines.join("\n")}\n\n`);
  const { sessions } = await store.importFrom("codex", { path });
  expect(sessions).toMatchObject([{ status: "unchanged", messages: 4, parts: 5 }]);
  expect(logsOf(root)).toEqual(logs);
});

test("what is damaged is told of, and all else comes in; credentials are not looked at", async () => {
  const home = stores.unverified();
  cpSync(FIXTURE, home, { recursive: true });
  const packed = join(home, "archived_sessions", `rollout-2026-09-21T10-00-00-${PACKED}.jsonl.zst`);
  writeFileSync(packed, Buffer.concat([readFileSync(packed).subarray(0, 60), Buffer.alloc(40, 7)]));
  const file = join(home, NEW_FILE.slice(FIXTURE.length));
  const lines = readFileSync(file, "utf8").split("\n");
  writeFileSync(file, [...lines.slice(0, 10), '{"half', "42", ...lines.slice(10)].join("\n"));
  writeFileSync(join(home, "sessions", "rollout-none.jsonl"), "nothing\n");
  const store = await stores.open();
  const { sessions, problems } = await store.importFrom("codex", { path: home });
  expect(sessions.find(({ id }) => id === NEW)).toMatchObject({ messages: 19, added: 19 });
  expect(problems.filter(({ path }) => path === file).map(({ line }) => line)).toEqual([11, 12]);
  expect(problems.map(({ path }) => basename(path))).toContain("rollout-none.jsonl");
  expect(problems.map(({ path }) => path)).toContain(packed);
  await expect(store.importFrom("auto", { path: join(home, "auth.json") })).rejects.toThrow(
    expect.objectContaining({ code: "INVALID_ARGUMENT" }),
  );
  const told = JSON.stringify([sessions, problems, await store.session(NEW).history()]);
  expect(told).not.toContain("sk-of-nobody");
});

test("a rollout in which nothing was said is told of, and is the same session however it grew", async () => {
  const path = join(stores.unverified(), `rollout-2026-09-14T10-00-00-${NEW}.jsonl`);
  const lines = ["session_meta", "event_msg", "event_msg"].map((type, n) =>
    JSON.stringify({
      timestamp: `2026-09-14T10:00:0${n}.000Z`,
      type,
      payload: type === "session_meta" ? { id: NEW, cwd: "/home/ann" } : { type: "token_count", n },
    }),
  );
  const stamps: unknown[] = [];
  for (const cuts of [[3], [1, 2, 3]]) {
    const store = await stores.open();
    for (const cut of cuts) {
      writeFileSync(path, `${lines.slice(0, cut).join("\n")}\n`);
      const { problems } = await store.importFrom("codex", { path });
      expect(problems).toMatchObject([{ reason: expect.stringContaining("no message in it") }]);
    }
    const { createdAt, updatedAt, messages } = await store.session(NEW).info();
    stamps.push([createdAt, updatedAt, messages]);
  }
  expect(stamps[1]).toEqual(stamps[0]);
});

test("a rollout that has its name from its file alone does not go on with another tool's session of that name", async () => {
  const path = join(stores.unverified(), "chat.jsonl");
  const timestamp = "2026-09-14T10:00:00.000Z";
  const payload = { type: "message", role: "user", content: [{ type: "input_text", text: "one" }] };
  writeFileSync(path, `${JSON.stringify({ timestamp, type: "response_item", payload })}\n`);
  const store = await stores.open();
  const session = await store.createSession({ id: "chat" });
  await session.append({ role: "user", content: "mine" });
  expect(await store.importFrom("codex", { path })).toMatchObject({
    sessions: [],
    problems: [{ path, reason: expect.stringContaining("from elsewhere") }],
  });
  expect((await session.history()).map(({ data }) => data.content)).toEqual(["mine"]);
});

/** With its keys in order. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(
    Object.entries(value)
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, each]) => [key, sorted(each)]),
  );
}
