// Files and streams of messages: what is wrong in them, how their sessions are called, and whose they are.
import { cpSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { PassThrough, Readable } from "node:stream";
import { expect, test } from "vitest";
import { importedOf } from "./helpers/imports.ts";
import { fileWith, FIXTURES, fixture, lines, read, said } from "./helpers/message-files.ts";
import { collect, useStores } from "./helpers/stores.ts";

const stores = useStores();

function written(name: string, content: unknown): string {
  return fileWith(stores, name, content);
}

test("what is no message is told of, and the rest goes on", async () => {
  const store = await stores.open();
  const good = (n: number): object => ({ role: "user", content: `${n}` });
  const reasons = async (path: string): Promise<unknown[]> =>
    (await store.importFrom("messages", { path })).problems.map(({ line, reason }) => [line, reason]);
  const array = written(
    "array.json",
    `[${JSON.stringify(good(1))}, 7, "x", {"role": nonsense}, ${JSON.stringify(good(2))}]`,
  );
  expect(await reasons(array)).toEqual([
    [undefined, "message 2 is no JSON object"],
    [undefined, "message 3 is no JSON object"],
    [undefined, "message 4 is no JSON object"],
  ]);
  expect(await said(store, "array")).toEqual([good(1), good(2)]);
  const log = written("log.jsonl", `${lines([good(1)])}no json\n[1]\n${lines([good(2)])}{"role":"us`);
  expect(await reasons(log)).toEqual([
    [2, "no record: it is no JSON object"],
    [3, "no record: it is no JSON object"],
    [5, "a torn line at the end"],
  ]);
  expect(await said(store, "log")).toEqual([good(1), good(2)]);
  const conversations = written(
    "all.jsonl",
    `${lines([{ id: "c1", messages: [good(1), null] }, good(3)])}{"id":"c2","messages":[]}\n`,
  );
  expect(await reasons(conversations)).toEqual([
    [2, "no conversation: it has no list of messages"],
    [1, "message 2 is no JSON object"],
  ]);
  expect(await said(store, "c1")).toEqual([good(1)]);
  await expect(store.importFrom("messages", { path: written("a.txt", "text") })).rejects.toThrow(
    expect.objectContaining({ code: "INVALID_ARGUMENT" }),
  );
  expect(await store.importFrom("messages", { path: written("empty.json", "") })).toMatchObject({
    sessions: [],
    problems: [],
  });
});

test("files of one name are one conversation, or told to be two; a directory tells them apart", async () => {
  const directory = stores.unverified();
  for (const [name, text] of [
    ["a", "Apples"],
    ["b", "Pears"],
  ] as const) {
    mkdirSync(join(directory, name));
    writeFileSync(join(directory, name, "chat.json"), JSON.stringify([{ role: "user", content: text }]));
  }
  const store = await stores.open();
  await store.importFrom("auto", { path: join(directory, "a", "chat.json") });
  const other = await store.importFrom("auto", { path: join(directory, "b", "chat.json") });
  expect(other.problems).toMatchObject([{ reason: expect.stringContaining("another conversation has its name") }]);
  expect(await said(store, "chat")).toEqual([{ role: "user", content: "Apples" }]);
  await store.importFrom("auto", { path: join(directory, "b", "chat.json"), id: "pears" });
  expect(await said(store, "pears")).toEqual([{ role: "user", content: "Pears" }]);
  const { sessions } = await store.importFrom("auto", { path: directory });
  expect(sessions.map(({ id, status }) => [id, status])).toEqual([
    ["a/chat", "created"],
    ["b/chat", "created"],
  ]);
  await (await store.createSession({ id: "mine" })).append({ role: "user", content: "here" });
  const mine = await store.importFrom("messages", { path: written("mine.json", [{ role: "user", content: "there" }]) });
  expect(mine.problems).toMatchObject([{ reason: expect.stringContaining("already") }]);
  expect(await store.session("mine").count()).toBe(1);
  const failing = expect.objectContaining({ code: "INVALID_ARGUMENT" });
  await expect(store.importFrom("messages", { path: directory, id: "one" })).rejects.toThrow(failing);
  await expect(store.importFrom("messages", { path: fixture("several.json"), id: "one" })).rejects.toThrow(failing);
});

test("files of tools, exports and other JSON are not taken for messages", async () => {
  const store = await stores.open();
  const refused = expect.objectContaining({ code: "INVALID_ARGUMENT" });
  for (const content of [
    [{ name: "Ann", role: "admin" }],
    { messages: [] },
    [1],
    { role: "user" },
    [{ role: "x", content: "" }],
  ])
    await expect(store.importFrom("auto", { path: written("x.json", content) })).rejects.toThrow(refused);
  const directory = stores.unverified();
  cpSync(join(FIXTURES, ".."), directory, { recursive: true });
  const { sessions } = await store.importFrom("all", { path: directory });
  expect(sessions.filter(({ source }) => source === "messages")).toEqual([]);
});

test("where no message is there is no session, unless it is one that says something of itself", async () => {
  const path = join(stores.unverified(), "list.json");
  const store = await stores.open();
  for (const text of ["[]", "[1,2]", "[[],null]"]) {
    writeFileSync(path, text);
    const { sessions, problems } = await store.importFrom("messages", { path });
    expect(sessions, text).toEqual([]);
    expect(problems.length > 0, text).toBe(text !== "[]");
  }
  expect(await collect(store.ids())).toEqual([]);
  writeFileSync(path, '{"id":"begun","title":"Begun","messages":[]}');
  expect((await store.importFrom("messages", { path })).sessions).toMatchObject([{ id: "begun", messages: 0 }]);
  expect(await store.get("begun")).toMatchObject({ title: "Begun" });
});

test("an input that is no stream of bytes is refused", async () => {
  const store = await stores.open();
  for (const input of [5, "[]", {}, null])
    await expect(store.importFrom("auto", { input: input as never })).rejects.toMatchObject({
      name: "TypeError",
      code: "INVALID_ARGUMENT",
    });
});

test("a stream comes in as a file does, under a name by what it begins with, and leaves nothing", async () => {
  const store = await stores.open();
  const temporary = stores.unverified();
  const before = process.env["TMPDIR"];
  process.env["TMPDIR"] = temporary;
  try {
    const messages = read("ui.json");
    const stream = (value: unknown): Readable => Readable.from([Buffer.from(JSON.stringify(value))]);
    const first = await store.importFrom("auto", { input: stream(messages.slice(0, 2)) });
    expect(first).toMatchObject({ source: "messages", sessions: [{ path: "-", status: "created", added: 2 }] });
    const id = first.sessions[0]!.id;
    expect(id).toMatch(/^messages-[0-9a-f]{12}$/);
    const grown = await store.importFrom("auto", { input: stream(messages) });
    expect(grown.sessions).toMatchObject([{ id, status: "grown", added: 2 }]);
    expect(await said(store, id)).toEqual(messages);
    await store.importFrom("messages", { input: stream(messages), id: "mine" });
    expect(await said(store, "mine")).toEqual(messages);
    const torn = await store.importFrom("messages", {
      input: Readable.from([Buffer.from('[{"role":"us')]),
      id: "torn",
    });
    expect(torn.problems).toMatchObject([{ path: "-", reason: expect.stringContaining("it ends in the middle") }]);
    const controller = new AbortController();
    const silent = new PassThrough();
    const waiting = store.importFrom("messages", { input: silent, signal: controller.signal });
    setTimeout(() => controller.abort(), 20);
    await expect(waiting).rejects.toThrow(expect.objectContaining({ name: "AbortError" }));
    await expect(store.importFrom("messages", { input: failing() })).rejects.toThrow("the line went dead");
    await expect(store.importFrom("messages", { input: stream(messages), path: "x" })).rejects.toThrow(TypeError);
    expect(readdirSync(temporary)).toEqual([]);
  } finally {
    if (before === undefined) delete process.env["TMPDIR"];
    else process.env["TMPDIR"] = before;
  }
});

async function* failing(): AsyncGenerator<Uint8Array> {
  yield Buffer.from("[");
  throw new Error("the line went dead");
}

test("what tools keep secrets in is not read", async () => {
  const directory = stores.unverified();
  const content = JSON.stringify([{ role: "user", content: "the password" }]);
  for (const name of ["auth.json", "credentials.json", "chat.json"]) writeFileSync(join(directory, name), content);
  const store = await stores.open();
  const { sessions } = await store.importFrom("messages", { path: directory });
  expect(sessions.map(({ id }) => id)).toEqual(["chat"]);
  for (const source of ["auto", "messages"] as const)
    await expect(store.importFrom(source, { path: join(directory, "auth.json") })).rejects.toThrow("credentials");
});

test("what was exported comes back equal, from our own format", async () => {
  const store = await stores.open();
  await store.importFrom("messages", { path: FIXTURES });
  const path = join(stores.unverified(), "all.json");
  for (const format of ["json", "ndjson"] as const) {
    await store.exportTo(path, { format });
    const other = await stores.open();
    expect(await other.importFrom("auto", { path })).toMatchObject({ source: "turnlog", problems: [] });
    for (const id of await collect(store.ids()))
      expect(await importedOf(other, id)).toEqual(await importedOf(store, id));
  }
});
