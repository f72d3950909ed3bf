// Messages that no tool wrote: whoever has them as JSON gets them back word for word.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { openMemoryStore } from "../lib/index.ts";
import { everyEntry } from "./helpers/imports.ts";
import { fileWith, FIXTURES, fixture, lines, read, said } from "./helpers/message-files.ts";
import { useStores } from "./helpers/stores.ts";

const stores = useStores();

function written(name: string, content: unknown): string {
  return fileWith(stores, name, content);
}

test.each([
  ["openai.json", "openai", "How warm is it in Oslo?"],
  ["anthropic.json", "conv-anthropic-1", "A red square"],
  ["ui.json", "ui", "Which file is it?"],
])("%s: the messages come in word for word, and a second time nothing does", async (name, id, title) => {
  const store = await stores.open();
  const content = read(name);
  const messages = content.messages ?? content;
  const report = await store.importFrom("auto", { path: fixture(name) });
  expect(report).toMatchObject({
    source: "messages",
    problems: [],
    sessions: [{ id, source: "messages", status: "created", messages: messages.length, added: messages.length }],
  });
  expect(await said(store, id)).toEqual(messages);
  expect(await store.get(id)).toMatchObject({ title, titleSource: "auto", metadata: { source: "messages" } });
  const [first] = await store.session(id).history();
  const { messages: _messages, ...beside } = Array.isArray(content) ? ({} as any) : content;
  const parts = Object.keys(beside).length > 0 ? [{ type: "record", before: true, record: beside }] : [];
  expect(first!.parts.map(({ data }) => data)).toEqual(parts);
  expect((await store.importFrom("auto", { path: fixture(name) })).sessions).toMatchObject([
    { id, status: "unchanged", messages: messages.length, added: 0 },
  ]);
});

test("times are those that messages and conversations tell", async () => {
  const store = await stores.open();
  await store.importFrom("messages", { path: FIXTURES });
  expect(await store.get("ui")).toMatchObject({
    createdAt: "2026-04-01T08:00:00.000Z",
    updatedAt: "2026-04-01T08:01:05.000Z",
  });
  expect(await store.get("conv-anthropic-1")).toMatchObject({ createdAt: "2026-03-01T10:00:00.000Z" });
  const path = written("chat.json", [{ role: "user", content: "x", created_at: 1_767_225_600 }]);
  await store.importFrom("messages", { path });
  expect(await store.get("chat")).toMatchObject({ createdAt: "2026-01-01T00:00:00.000Z" });
});

test("a message a line, the same said twice; conversations a line, or in an array, the same begun twice", async () => {
  const store = await stores.open();
  const { sessions, problems } = await store.importFrom("auto", { path: FIXTURES });
  expect(problems).toEqual([]);
  const plain = readFileSync(fixture("plain.jsonl"), "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  expect(await said(store, "plain")).toEqual(plain);
  const training = readFileSync(fixture("training.jsonl"), "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  const ids = sessions.map(({ id }) => id).filter((id) => id.startsWith("training-"));
  expect(ids.map((id) => id.slice(9))).toEqual([
    expect.stringMatching(/^[0-9a-f]{12}$/),
    expect.stringMatching(/^[0-9a-f]{12}$/),
    expect.stringMatching(/^[0-9a-f]{12}\.2$/),
  ]);
  for (const [index, id] of ids.entries()) expect(await said(store, id)).toEqual(training[index].messages);
  expect(await said(store, "first")).toEqual(read("several.json")[0].messages);
  expect(sessions.filter(({ id }) => id.startsWith("several-"))).toHaveLength(1);
  expect(sessions).toHaveLength(9);
  expect((await store.importFrom("auto", { path: FIXTURES })).sessions.map(({ status }) => status)).toEqual(
    sessions.map(() => "unchanged"),
  );
});

/** What a program may have: some texts, now and then the same, with ids or without. */
const texts = fc.constantFrom("ok", "go on", "why?", "one", "two", "three", "four", "five");
const changes = fc.array(
  fc.oneof(
    fc.record({ kind: fc.constant("append" as const), texts: fc.array(texts, { minLength: 1, maxLength: 3 }) }),
    fc.record({ kind: fc.constant("cut" as const), count: fc.nat({ max: 3 }) }),
    fc.record({
      kind: fc.constant("answer anew" as const),
      from: fc.nat({ max: 8 }),
      texts: fc.array(texts, { minLength: 1 }),
    }),
  ),
  { minLength: 1, maxLength: 6 },
);

test("however a conversation grows, is cut and answered anew: the history is what the file says, nothing is lost", async () => {
  const path = written("chat.json", []);
  await fc.assert(
    fc.asyncProperty(changes, fc.constantFrom("none", "ids"), fc.boolean(), async (all, naming, isLines) => {
      const store = await openMemoryStore<any, any>();
      try {
        let messages: any[] = [];
        let number = 0;
        const ever = new Map<string, unknown>();
        const add = (text: string): void => {
          const role = messages.length % 2 === 0 ? "user" : "assistant";
          messages.push({ ...(naming === "ids" && { id: `m${number++}` }), role, content: text });
        };
        for (const change of all) {
          if (change.kind === "cut") messages = messages.slice(0, Math.max(1, messages.length - change.count));
          if (change.kind === "answer anew") messages = messages.slice(0, Math.max(1, change.from));
          if (change.kind !== "cut") for (const text of change.texts) add(text);
          if (messages.length === 0) continue;
          for (const message of messages) ever.set(JSON.stringify(message), message);
          writeFileSync(path, isLines ? lines(messages) : JSON.stringify(messages, null, 1));
          const report = await store.importFrom("messages", { path });
          expect(report.problems).toEqual([]);
          expect(await said(store, "chat")).toEqual(messages);
          expect((await store.importFrom("messages", { path })).sessions).toMatchObject([{ status: "unchanged" }]);
        }
        if (ever.size === 0) return;
        const kept = [...(await everyEntry(store.session("chat"))).values()].map(({ data }) => JSON.stringify(data));
        expect(new Set(kept)).toEqual(new Set(ever.keys()));
      } finally {
        await store.close();
      }
    }),
    { numRuns: 60 },
  );
});

test("a message with an id that says more is its newer version, wherever it stands", async () => {
  const store = await stores.open();
  const part = (text: string): object => ({ id: "a", role: "assistant", parts: [{ type: "text", text }] });
  const path = written("chat.json", [{ id: "u", role: "user", parts: [] }, part("It")]);
  await store.importFrom("messages", { path });
  writeFileSync(
    path,
    JSON.stringify([{ id: "u", role: "user", parts: [] }, part("It is"), { id: "v", role: "user", parts: [] }]),
  );
  expect((await store.importFrom("messages", { path })).sessions).toMatchObject([{ status: "grown", added: 1 }]);
  expect((await store.session("chat").message("a"))?.data).toEqual(part("It is"));
  // In one file, too; what says less under one id is there beside it.
  writeFileSync(path, lines([part("It"), part("It is it"), part("No")]));
  await store.importFrom("messages", { path, id: "log" });
  expect(await said(store, "log")).toEqual([part("It is it"), part("No")]);
  expect((await store.importFrom("messages", { path, id: "log" })).sessions).toMatchObject([{ status: "unchanged" }]);
});

test("who keeps only the end of a conversation adds to the whole of it", async () => {
  const store = await stores.open();
  const all = Array.from({ length: 40 }, (_, n) => ({
    role: n % 2 ? "assistant" : "user",
    content: n % 5 ? `${n}` : "go on",
  }));
  const system = (n: number): object => ({ role: "system", content: `It is ${n} o'clock.` });
  const path = written("chat.json", [system(0), ...all.slice(0, 20)]);
  await store.importFrom("messages", { path });
  for (const end of [21, 24, 30, 36, 40]) {
    writeFileSync(path, JSON.stringify([system(0), ...all.slice(end - 12, end)]));
    await store.importFrom("messages", { path });
    expect(await said(store, "chat")).toEqual([system(0), ...all.slice(0, end)]);
    expect((await store.importFrom("messages", { path })).sessions).toMatchObject([{ status: "unchanged" }]);
  }
  writeFileSync(path, JSON.stringify([system(9), ...all.slice(20)]));
  await store.importFrom("messages", { path });
  expect(await said(store, "chat")).toEqual(
    [system(0), ...all.slice(0, 39 + 1)].slice(0, (await said(store, "chat")).length),
  );
  expect((await store.importFrom("messages", { path })).sessions).toMatchObject([{ status: "unchanged" }]);
});

test.each(["openai.json", "ui.json", "plain.jsonl", "several.json"])(
  "%s, cut at any byte, grows to what it is",
  async (name) => {
    const text = readFileSync(fixture(name));
    const directory = stores.unverified();
    const path = join(directory, name);
    const whole = await openMemoryStore<any, any>();
    writeFileSync(path, text);
    const { sessions } = await whole.importFrom("messages", { path });
    const step = Math.max(1, Math.floor(text.length / 60));
    for (let cut = 1; cut < text.length; cut += step) {
      const store = await openMemoryStore<any, any>();
      writeFileSync(path, text.subarray(0, cut));
      const torn = await store.importFrom("messages", { path });
      const isWhole = name === "plain.jsonl" || cut === text.length - 1;
      if (torn.problems.length === 0) expect(isWhole || torn.sessions.length === 0, `${cut}`).toBe(true);
      writeFileSync(path, text);
      expect((await store.importFrom("messages", { path })).problems).toEqual([]);
      for (const { id } of sessions) expect(await said(store, id), `cut at ${cut}`).toEqual(await said(whole, id));
      for (const { status } of (await store.importFrom("messages", { path })).sessions)
        expect(status).toBe("unchanged");
      await store.close();
    }
    // Cut again, it hides nothing that was there.
    writeFileSync(path, text.subarray(0, text.length - 30));
    const before = await Promise.all(sessions.map(({ id }) => said(whole, id)));
    expect((await whole.importFrom("messages", { path })).problems.length).toBeGreaterThan(0);
    expect(await Promise.all(sessions.map(({ id }) => said(whole, id)))).toEqual(before);
    await whole.close();
  },
);
