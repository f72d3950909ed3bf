// gemini-cli's sessions: a log of operations, a whole file, a subagent's.
import { cpSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { filesOf } from "./helpers/files.ts";
import { everyEntry, importedOf, sketch } from "./helpers/imports.ts";
import { useStores } from "./helpers/stores.ts";

const stores = useStores();
const FIXTURE = new URL("../fixtures/import/gemini-cli", import.meta.url).pathname;
const [LOG, WHOLE, CHILD] = [1, 2, 3].map((n) => `5f3c000${n}-aaaa-4bbb-8ccc-00000000000${n}`) as [
  string,
  string,
  string,
];

function fileOf(directory: string, id: string): string {
  return filesOf(directory).find((path) => path.includes(`session-`) && path.includes(id.slice(0, 8)))!;
}

test("every session of a home comes in, with titles, directories, parents and times", async () => {
  const store = await stores.open();
  const { source, sessions, problems } = await store.importFrom("auto", { path: FIXTURE });
  expect([source, problems]).toEqual(["gemini-cli", []]);
  expect(new Set(sessions.map(({ id, messages }) => [id, messages]))).toEqual(
    new Set([
      [LOG, 17],
      [WHOLE, 3],
      [CHILD, 2],
    ]),
  );
  expect(await store.get(LOG)).toMatchObject({
    title: "Keeping a.wav",
    titleSource: "auto",
    directory: "/home/ann/birdsong",
    project: "birdsong",
    createdAt: "2026-09-16T06:00:00.000Z",
    updatedAt: "2026-09-16T06:00:27.000Z",
    metadata: { source: "gemini-cli" },
  });
  expect(await store.get(CHILD)).toMatchObject({
    parent: LOG,
    title: "Look at a.wav",
    directory: "/home/ann/birdsong",
  });
  // An older project is named by the hash of its directory.
  expect(await store.get(WHOLE)).toMatchObject({ directory: "/home/ann/old", title: "Hello" });
  expect((await store.session(WHOLE).history()).map(({ data }) => sketch(data))).toEqual([
    "user: Hello",
    "assistant: Hi!",
    "system: [API Error]",
  ]);
});

test("what was rewound is a branch; a resumed session has nothing twice; a compressed one keeps what was summed up", async () => {
  const store = await stores.open();
  await store.importFrom("gemini-cli", { path: FIXTURE });
  const session = store.session(LOG);
  const history = await session.history();
  expect(history.map(({ id, data }) => [id, sketch(data)])).toEqual([
    ["ctx", "user: <session_context"],
    ["m1", "user: Which files are "],
    ["m2", "assistant: "],
    ["m3", "user: functionResponse"],
    ["m4", "assistant: One: a.wav."],
    ["m8", "user: Keep it."],
    ["m9", "assistant: Kept."],
    ["m10", "user: Good."],
    ["m11", "assistant: Anything else?"],
    ["s1", "user: <state_snapshot>"],
    ["s2", "assistant: Got it."],
    ["m12", "user: No."],
    ["m13", "assistant: Bye."],
  ]);
  // Of all that was said of a message the richest stands, at its first place.
  expect(history[2]!.data).toMatchObject({
    model: "example-flash",
    toolCalls: [{ id: "run__1" }],
    tokens: { total: 112 },
  });
  const branches = await session.branches();
  expect(branches.map(({ messages, current }) => [messages, current])).toEqual([
    [13, true],
    [1, false],
    [3, false],
  ]);
  const all = await everyEntry(session);
  expect(["m5", "m6", "m7", "m14"].every((id) => all.has(id))).toBe(true);
});

test("every message can be given back as its richest line had it", async () => {
  const store = await stores.open();
  await store.importFrom("gemini-cli", { path: FIXTURE });
  const lines = readFileSync(fileOf(FIXTURE, LOG), "utf8")
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
  const richest = new Map<string, object>();
  for (const line of lines.filter(({ id }) => id !== undefined)) richest.set(line.id, line);
  for (const line of lines.flatMap(({ $set }) => $set?.messages ?? []))
    if (!richest.has(line.id) && line.id !== "m2_response") richest.set(line.id, line);
  const given = [...(await everyEntry(store.session(LOG)))].map(([id, { data }]) => {
    const { role: _role, record, ...fields } = data;
    return [id, { id, ...record, ...fields }] as const;
  });
  expect(new Map(given)).toEqual(richest);
  const heads = [...(await everyEntry(store.session(LOG))).values()].flatMap(({ parts }) => parts);
  expect(heads.map(({ record }) => record)).toEqual(
    expect.arrayContaining([
      lines[0],
      { $set: { sessionId: LOG } },
      { $set: { summary: "Keeping a.wav", lastUpdated: expect.any(String) } },
    ]),
  );
});

test("a whole file that was written anew: what is new in it is added, what changed is a newer version, an older copy is not", async () => {
  const directory = stores.unverified();
  cpSync(FIXTURE, directory, { recursive: true });
  const path = fileOf(directory, WHOLE);
  const store = await stores.open();
  await store.importFrom("gemini-cli", { path });
  const older = readFileSync(path, "utf8");
  const value = JSON.parse(older);
  value.lastUpdated = "2026-01-16T18:40:00.000Z";
  value.summary = "A greeting";
  value.messages[1].toolCalls = [{ id: "t1", name: "wave", args: {}, status: "success" }];
  value.messages.push({ id: "o4", timestamp: "2026-01-16T18:40:00.000Z", type: "user", content: "Again" });
  writeFileSync(path, JSON.stringify(value));
  expect((await store.importFrom("gemini-cli", { path })).sessions).toMatchObject([{ status: "grown", added: 1 }]);
  const grown = await importedOf(store, WHOLE);
  expect(grown.history.map((entry: any) => entry[0])).toEqual(["o1", "o2", "o3", "o4"]);
  expect((await store.session(WHOLE).message("o2"))!.data).toMatchObject({ toolCalls: [{ name: "wave" }] });
  expect(grown.info).toMatchObject({ title: "A greeting" });
  writeFileSync(path, older);
  await store.importFrom("gemini-cli", { path });
  expect((await importedOf(store, WHOLE)).history.map((entry: any) => entry.slice(0, 2))).toEqual(
    grown.history.map((entry: any) => entry.slice(0, 2)),
  );
});

test("a log that goes on from a whole file is one session with it", async () => {
  const directory = stores.unverified();
  cpSync(FIXTURE, directory, { recursive: true });
  const path = fileOf(directory, WHOLE);
  const value = JSON.parse(readFileSync(path, "utf8"));
  const { messages, ...head } = value;
  const next = { id: "o4", timestamp: "2026-09-17T18:40:00.000Z", type: "user", content: [{ text: "Again" }] };
  const store = await stores.open();
  await store.importFrom("gemini-cli", { path: directory });
  writeFileSync(`${path}l`, `${[head, { $set: { messages } }, next].map((line) => JSON.stringify(line)).join("\n")}\n`);
  const { sessions } = await store.importFrom("gemini-cli", { path: directory });
  expect(sessions.find(({ id }) => id === WHOLE)).toMatchObject({ messages: 4, added: 1 });
  rmSync(path);
  expect(
    (await store.importFrom("gemini-cli", { path: directory })).sessions.find(({ id }) => id === WHOLE),
  ).toMatchObject({
    added: 0,
  });
  const { history, branches } = await importedOf(store, WHOLE);
  expect([history.map((entry: any) => entry[0]), branches]).toEqual([["o1", "o2", "o3", "o4"], [[4, true]]]);
});

test("a line that lost power, and one of no known kind, hide nothing", async () => {
  const directory = stores.unverified();
  cpSync(FIXTURE, directory, { recursive: true });
  const path = fileOf(directory, LOG);
  const [head, ...lines] = readFileSync(path, "utf8").trimEnd().split("\n");
  writeFileSync(path, `\uFEFF${head}\n{"new":1}\n{"$new":"x"}\n${lines.map((line) => `\0\0${line}`).join("\r\n")}\n`);
  const [store, whole] = [await stores.open(), await stores.open()];
  const { problems } = await store.importFrom("gemini-cli", { path });
  await whole.importFrom("gemini-cli", { path: fileOf(FIXTURE, LOG) });
  expect(problems).toEqual([]);
  const names = async (each: typeof store): Promise<unknown[]> =>
    (await each.session(LOG).history()).map(({ id, data }) => [id, data]);
  expect(await names(store)).toEqual(await names(whole));
  const kept = [...(await everyEntry(store.session(LOG))).values()].flatMap(({ parts }) => parts);
  expect(kept.map(({ record }) => record)).toEqual(expect.arrayContaining([{ new: 1 }, { $new: "x" }]));
});

test("what does not parse is told of; other files of a home, credentials among them, are not looked at", async () => {
  const directory = stores.unverified();
  cpSync(FIXTURE, directory, { recursive: true });
  writeFileSync(
    fileOf(directory, WHOLE),
    '{"sessionId":"torn","startTime":"2026-01-01T00:00:00Z","messages":[{"id":"x"',
  );
  const beheaded = join(dirname(fileOf(directory, WHOLE)), "session-2026-01-02T00-00-beheaded.json");
  writeFileSync(beheaded, '{"sessionId":"behea');
  const store = await stores.open();
  const { sessions, problems } = await store.importFrom("gemini-cli", { path: directory });
  expect(sessions.map(({ id }) => id).toSorted()).toEqual([LOG, CHILD, "torn"].toSorted());
  expect(problems).toMatchObject([
    { path: beheaded, reason: "no session: it does not begin as one" },
    { reason: expect.stringContaining("does not parse") },
  ]);
  await expect(store.importFrom("gemini-cli", { path: join(directory, "oauth_creds.json") })).rejects.toThrow(
    expect.objectContaining({ code: "INVALID_ARGUMENT" }),
  );
});
