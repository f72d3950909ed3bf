// The chat store of the AI SDK: what it writes, what a crash and a second process may not break. That what is loaded passes the SDK's
// validateUIMessages() is shown in tools/examples/ai-sdk.
import fc from "fast-check";
import { statSync } from "node:fs";
import { expect, test } from "vitest";
import { aiChatStore } from "../lib/adapters/ai-sdk.ts";
import type { ChatMessage } from "../lib/adapters/ai-sdk.ts";
import { KILLING_MS, adapterUrl, checkTurns, holding, killed, killing } from "./helpers/adapters.ts";
import { output, run } from "./helpers/processes.ts";
import { logsOf, onlyLog, useStores } from "./helpers/stores.ts";

const stores = useStores();
const ADAPTER = adapterUrl("ai-sdk");

function said(id: string, text = id): ChatMessage {
  return { id, role: "user", parts: [{ type: "text", text }] };
}

const list = (count: number): ChatMessage[] => Array.from({ length: count }, (_, n) => said(`m${n}`, `turn ${n}`));
const lines = (directory: string): string[] => [...logsOf(directory).values()].join("").split("\n").slice(0, -1);

test("a chat is loaded as it was saved, after a restart too", async () => {
  const directory = stores.directory();
  const store = await stores.open({}, directory);
  const chats = aiChatStore(store);
  const chatId = await chats.createChat();
  expect(await chats.loadChat(chatId)).toEqual([]);
  const messages = [
    said("m1"),
    {
      id: "m2",
      role: "assistant" as const,
      metadata: { tokens: 3 },
      parts: [
        { type: "tool-weather", toolCallId: "c1", state: "output-available", input: {}, output: { sunny: true } },
      ],
    },
  ];
  await chats.saveChat({ chatId, messages });
  await store.close();
  expect(await aiChatStore(await stores.open({}, directory)).loadChat(chatId)).toEqual(messages);
});

test("a chat that was never written, or deleted, has no messages, and saving makes it", async () => {
  const store = await stores.open();
  const chats = aiChatStore(store);
  expect(await chats.loadChat("new")).toEqual([]);
  expect(await store.get("new")).toBeUndefined();
  await chats.saveChat({ chatId: "new", messages: [said("m1")] });
  await store.session("new").delete();
  expect(await chats.loadChat("new")).toEqual([]);
  await chats.saveChat({ chatId: "new", messages: [said("m1"), said("m2")] });
  expect(await chats.loadChat("new")).toHaveLength(2);
});

test("of 1,000 messages with one changed one line is written, of none changed not a byte, of one more one line", async () => {
  const directory = stores.directory();
  const chats = aiChatStore(await stores.open({}, directory));
  const messages = list(1000);
  await chats.saveChat({ chatId: "c", messages });
  const before = lines(directory).length;
  const { size, mtimeMs } = statSync(onlyLog(directory));
  await chats.saveChat({ chatId: "c", messages: list(1000) });
  expect(statSync(onlyLog(directory))).toMatchObject({ size, mtimeMs });
  messages[500] = said("m500", "edited");
  await chats.saveChat({ chatId: "c", messages });
  expect(lines(directory)).toHaveLength(before + 1);
  messages.push(said("m1000"));
  await chats.saveChat({ chatId: "c", messages });
  expect(lines(directory)).toHaveLength(before + 2);
  expect(await chats.loadChat("c")).toEqual(messages);
});

test("an answer that is made anew takes the place of the old one in one commit of two lines", async () => {
  const directory = stores.directory();
  const chats = aiChatStore(await stores.open({}, directory));
  const messages = list(20);
  await chats.saveChat({ chatId: "c", messages });
  const before = lines(directory).length;
  const anew = [...messages.slice(0, 19), said("other")];
  await chats.saveChat({ chatId: "c", messages: anew });
  expect(lines(directory)).toHaveLength(before + 2);
  expect(await chats.loadChat("c")).toEqual(anew);
});

test("whatever is saved after whatever else, that is what is loaded", async () => {
  const chats = aiChatStore(await stores.open());
  const message = fc.record({
    id: fc.constantFrom("a", "b", "c", "d", "e", "f", "g", "h"),
    text: fc.constantFrom("x", "y"),
  });
  const chat = fc.uniqueArray(message, { selector: ({ id }) => id, maxLength: 8 });
  let n = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(chat, { minLength: 1, maxLength: 5 }), async (saves) => {
      const chatId = `c${n++}`;
      for (const save of saves) {
        const messages = save.map(({ id, text }) => said(id, text));
        await chats.saveChat({ chatId, messages });
        expect(await chats.loadChat(chatId)).toEqual(messages);
      }
    }),
    { numRuns: 150 },
  );
});

test("saves that nobody waits for take effect in their order", async () => {
  const chats = aiChatStore(await stores.open());
  await Promise.all([5, 9, 2, 7].map((count) => chats.saveChat({ chatId: "c", messages: list(count) })));
  expect(await chats.loadChat("c")).toEqual(list(7));
});

test("what is given may change as soon as a call has returned its promise, and keys have no order", async () => {
  const directory = stores.directory();
  const chats = aiChatStore(await stores.open({}, directory));
  const messages = list(3);
  const saving = chats.saveChat({ chatId: "c", messages });
  messages[1]!.parts.push({ type: "text", text: "later" });
  messages.pop();
  await saving;
  expect(await chats.loadChat("c")).toEqual(list(3));
  const before = lines(directory).length;
  await chats.saveChat({ chatId: "c", messages: list(3).map(({ id, role, parts }) => ({ parts, role, id })) });
  expect(lines(directory)).toHaveLength(before);
});

test("two messages with one id are refused before a byte is written", async () => {
  const store = await stores.open();
  const saving = aiChatStore(store).saveChat({ chatId: "c", messages: [said("m1"), said("m1", "other")] });
  await expect(saving).rejects.toMatchObject({ name: "TypeError", code: "INVALID_MESSAGE" });
  expect(await store.get("c")).toBeUndefined();
});

test("an answer without an id is refused with what to do about it, and no empty chat is made", async () => {
  const store = await stores.open();
  for (const answer of [said(""), { role: "assistant", parts: [] } as unknown as ChatMessage])
    await expect(aiChatStore(store).saveChat({ chatId: "c", messages: [said("m1"), answer] })).rejects.toThrow(
      /generateMessageId/,
    );
  expect(await store.get("c")).toBeUndefined();
});

test("where the store redacts, what was redacted is not written again with each save", async () => {
  const redact = (value: object): object => JSON.parse(JSON.stringify(value).replaceAll("secret", "***")) as object;
  const directory = stores.directory();
  const chats = aiChatStore(await stores.open({ redact }, directory));
  await chats.saveChat({ chatId: "c", messages: [said("m1", "secret"), said("m2")] });
  const before = lines(directory).length;
  await chats.saveChat({ chatId: "c", messages: [said("m1", "secret"), said("m2")] });
  expect(lines(directory)).toHaveLength(before);
  expect(await chats.loadChat("c")).toEqual([said("m1", "***"), said("m2")]);
});

test("a chat is listed by its first prompt and paged without its other messages", async () => {
  const store = await stores.open();
  await aiChatStore(store).saveChat({ chatId: "c", messages: list(30) });
  expect(await store.searchTitles("turn 0")).toMatchObject([{ id: "c" }]);
  const page = await store.session("c").page({ limit: 2 });
  expect(page.items.map(({ data }) => data)).toEqual(list(30).slice(28));
});

test(
  "a kill -9 in the middle of saves leaves a chat as one of them was, and none that was acknowledged is lost",
  async () => {
    const directory = stores.damaged();
    const script = `
    const [directory, adapter, from] = args;
    const { aiChatStore } = await import(adapter);
    const chats = aiChatStore(await turnlog.openStore(directory));
    const text = "x".repeat(20_000);
    const messages = await chats.loadChat("c");
    for (let n = from; ; n++) {
      messages.push({ id: "u" + n, role: "user", parts: [{ type: "text", text }] });
      messages.push({ id: "a" + n, role: "assistant", parts: [{ type: "tool-t", toolCallId: "t", state: "output-available", input: {}, output: text }] });
      await chats.saveChat({ chatId: "c", messages });
      say(String(n));
    }`;
    await killing(
      (from) => run(script, directory, ADAPTER, from),
      async (last) => {
        const store = await stores.open({}, directory);
        const ids = (await aiChatStore(store).loadChat("c")).map(({ id }) => id);
        await store.close();
        return checkTurns(ids, (n) => [`u${n}`, `a${n}`], last);
      },
    );
  },
  KILLING_MS,
);

test("two processes save one chat: it is always the list that one of them saved, whole", async () => {
  const directory = stores.directory();
  const script = `
    const [directory, adapter, name] = args;
    const { aiChatStore } = await import(adapter);
    const store = await turnlog.openStore(directory);
    const chats = aiChatStore(store);
    for (let n = 1; n <= 15; n++) {
      const messages = Array.from({ length: n }, (_, m) => ({ id: name + m, role: "user", parts: [{ type: "text", text: String(n) }] }));
      await chats.saveChat({ chatId: "c", messages });
      const seen = await chats.loadChat("c");
      if (new Set(seen.map(({ id }) => id[0])).size !== 1) say("mixed " + JSON.stringify(seen));
    }
    await store.close();`;
  const children = ["p", "q"].map((name) => run(script, directory, ADAPTER, name));
  expect(await Promise.all(children.map(output))).toEqual([[], []]);
  expect(await Promise.all(children.map(({ ended }) => ended))).toEqual([0, 0]);
  const store = await stores.open({}, directory);
  expect(await aiChatStore(store).loadChat("c")).toHaveLength(15);
  expect(await store.session("c").branches()).toHaveLength(1);
});

test("while another process holds the chat, a save rejects, and a later one is through", async () => {
  const directory = stores.directory();
  const child = await holding(directory, "c", said("held"));
  const chats = aiChatStore(await stores.open({ busyTimeoutMs: 300 }, directory));
  const messages = [said("held"), said("m2")];
  await expect(chats.saveChat({ chatId: "c", messages })).rejects.toMatchObject({
    code: "SESSION_BUSY",
    written: "no",
  });
  await killed(child);
  await chats.saveChat({ chatId: "c", messages });
  expect(await chats.loadChat("c")).toEqual(messages);
});
