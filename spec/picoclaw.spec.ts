// picoclaw's Store: the behaviours of its own tests, as laws, and what a crash and a second process may not break.
import "./helpers/in-memory.ts";
import { appendFileSync } from "node:fs";
import { expect, test } from "vitest";
import { picoclawStore } from "../lib/adapters/picoclaw.ts";
import type { PicoclawMessage, PicoclawStore } from "../lib/adapters/picoclaw.ts";
import { KILLING_MS, adapterUrl, checkTurns, holding, killed, killing } from "./helpers/adapters.ts";
import { output, run } from "./helpers/processes.ts";
import { logsOf, onlyLog, useStores } from "./helpers/stores.ts";

const stores = useStores();
const ADAPTER = adapterUrl("picoclaw");

async function opened(directory?: string): Promise<PicoclawStore<PicoclawMessage>> {
  return picoclawStore(await stores.open({}, directory));
}

async function fill(store: PicoclawStore<PicoclawMessage>, key: string, texts: string): Promise<void> {
  for (const text of texts) await store.addMessage(key, "user", text);
}

const texts = async (store: PicoclawStore<PicoclawMessage>, key: string): Promise<string> =>
  (await store.getHistory(key)).map(({ content }) => content).join("");

const call = (id: string): PicoclawMessage => ({
  role: "assistant",
  content: "",
  tool_calls: [{ id, type: "function", function: { name: "web_search", arguments: '{"q":"jsonl"}' } }],
});
const result = (id: string): PicoclawMessage => ({ role: "tool", content: "found", tool_call_id: id });

test("a session is made by its first message, and messages come back in the order in which they were added", async () => {
  const store = await opened();
  expect(await store.getHistory("s")).toEqual([]);
  await store.addMessage("s", "user", "hello");
  await store.addMessage("s", "assistant", "hi there");
  expect(await store.getHistory("s")).toEqual([
    { role: "user", content: "hello" },
    { role: "assistant", content: "hi there" },
  ]);
});

test("calls of tools and their results come back as they were", async () => {
  const store = await opened();
  const full = {
    ...call("c1"),
    model_name: "m",
    created_at: "2026-05-01T10:00:00.123456789+08:00",
    reasoning_content: "hm",
  };
  await store.addFullMessage("s", [full, result("c1")]);
  await store.addFullMessage("s", { role: "user", content: "look", media: ["media://1"] });
  expect(await store.getHistory("s")).toEqual([
    full,
    result("c1"),
    { role: "user", content: "look", media: ["media://1"] },
  ]);
});

test("a summary is set, replaced and taken away, with or without messages, and lasts", async () => {
  const directory = stores.directory();
  const store = await opened(directory);
  expect(await store.getSummary("s")).toBe("");
  await store.setSummary("s", "talked about Go");
  expect(await store.getHistory("s")).toEqual([]);
  await store.setSummary("s", "updated");
  await store.addMessage("s", "user", "remember me");
  await store.close();
  const again = await opened(directory);
  expect(await again.getSummary("s")).toBe("updated");
  expect(await texts(again, "s")).toBe("remember me");
  await again.setSummary("s", "");
  expect(await again.getSummary("s")).toBe("");
});

test.each([
  [4, "ghij"],
  [0, ""],
  [-1, ""],
  [100, "abcdefghij"],
])("of ten messages %i are kept, the last ones, and what is added comes after them", async (keepLast, kept) => {
  const store = await opened();
  await store.truncateHistory("s", keepLast);
  await fill(store, "s", "abcdefghij");
  await store.truncateHistory("s", keepLast);
  expect(await texts(store, "s")).toBe(kept);
  await store.addMessage("s", "user", "k");
  expect(await texts(store, "s")).toBe(`${kept}k`);
});

test("a history is replaced whole, also one that was truncated", async () => {
  const store = await opened();
  await store.setHistory("new", [{ role: "user", content: "first" }]);
  expect(await texts(store, "new")).toBe("first");
  await fill(store, "s", "abcdefghij");
  await store.truncateHistory("s", 3);
  await store.setHistory("s", [{ role: "user", content: "fresh" }]);
  expect(await texts(store, "s")).toBe("fresh");
  await store.setHistory("s", []);
  expect(await store.getHistory("s")).toEqual([]);
});

test("compacting takes out what was truncated, and nothing else; what is added then comes after it", async () => {
  const directory = stores.directory();
  const store = await opened(directory);
  await store.compact("never was");
  for (const letter of "abcdefgh") await store.addMessage("s", "user", `turn ${letter}`);
  await store.compact("s");
  expect(await texts(store, "s")).toContain("turn a");
  await store.truncateHistory("s", 2);
  expect([...logsOf(directory).values()].join("")).toContain("turn a");
  await store.compact("s");
  const live = [...logsOf(directory)].filter(([path]) => path.endsWith(".jsonl")).map(([, bytes]) => String(bytes));
  expect(live.join("")).not.toContain("turn a");
  await store.addMessage("s", "user", "new");
  expect((await store.getHistory("s")).map(({ content }) => content)).toEqual(["turn g", "turn h", "new"]);
});

test("keys that picoclaw's files would share are sessions of their own, and all are listed", async () => {
  const store = await opened();
  const keys = [
    "telegram:a_b",
    "telegram:a:b",
    "telegram/a:b",
    "telegram_a:b",
    "agent:main:direct:Ann",
    "名".repeat(100),
  ];
  for (const key of keys) await store.addMessage(key, "user", key);
  for (const key of keys) expect(await texts(store, key)).toBe(key);
  expect((await store.listSessions()).toSorted()).toEqual(keys.toSorted());
});

test("a thought without an answer is neither written nor read", async () => {
  const store = await opened();
  const thought = { role: "assistant", content: " ", reasoning_content: "hm" };
  await store.addFullMessage("s", thought);
  expect(await store.listSessions()).toEqual([]);
  await store.setHistory("s", [thought, { ...call("c1"), reasoning_content: "hm" }]);
  expect(await store.getHistory("s")).toEqual([{ ...call("c1"), reasoning_content: "hm" }]);
});

test("a message of another shape that somebody wrote into the session hinders no reading", async () => {
  const turnlog = await stores.open();
  const store = picoclawStore(turnlog);
  const other = { role: "assistant", content: [{ type: "text", text: "hi" }], reasoning_content: "hm" };
  await turnlog
    .session("s", { create: true })
    .append([other, { role: "assistant", content: null, reasoning_content: 1 }]);
  expect(await store.getHistory("s")).toMatchObject([other, { content: null }]);
});

test("a torn line is left out, and the next message is whole", async () => {
  const directory = stores.damaged();
  const store = await opened(directory);
  await store.addMessage("s", "user", "valid");
  await store.close();
  appendFileSync(
    onlyLog(directory),
    '{"at":"2026-11-21T09:08:13.123Z-0000-k3f9x2ab","type":"message","id":"m","data":{"role":"us',
  );
  const again = await opened(directory);
  expect(await texts(again, "s")).toBe("valid");
  await again.addMessage("s", "user", "next");
  expect(await texts(again, "s")).toBe("validnext");
});

test("many add at once, while another one truncates and summarises: nothing is lost but what was truncated", async () => {
  const store = await opened();
  await Promise.all(Array.from({ length: 200 }, (_, n) => store.addMessage("many", "user", String(n))));
  expect(await store.getHistory("many")).toHaveLength(200);
  await fill(store, "race", "s".repeat(20));
  const adding = (async () => {
    for (let n = 0; n < 50; n++) await store.addMessage("race", "user", "n");
  })();
  for (let n = 0; n < 10; n++) {
    await store.setSummary("race", "summary");
    await store.truncateHistory("race", 5);
  }
  await adding;
  const left = await texts(store, "race");
  expect(left).toMatch(/^s*n*$/);
  expect(left.length).toBeGreaterThanOrEqual(5);
  expect(await store.getSummary("race")).toBe("summary");
});

test("two processes add to one session: every message is there once", async () => {
  const directory = stores.directory();
  const script = `
    const [directory, adapter, name] = args;
    const { picoclawStore } = await import(adapter);
    const store = picoclawStore(await turnlog.openStore(directory));
    for (let n = 0; n < 30; n++) await store.addMessage("s", "user", name + n);
    await store.close();`;
  await Promise.all(["p", "q"].map((name) => output(run(script, directory, ADAPTER, name))));
  const history = await (await opened(directory)).getHistory("s");
  expect(new Set(history.map(({ content }) => content)).size).toBe(60);
  expect(history).toHaveLength(60);
});

test(
  "a kill -9 in the middle of turns leaves no call without its result, and nothing that was acknowledged is lost",
  async () => {
    const directory = stores.damaged();
    const script = `
    const [directory, adapter, from] = args;
    const { picoclawStore } = await import(adapter);
    const store = picoclawStore(await turnlog.openStore(directory));
    const text = "x".repeat(20_000);
    for (let n = from; ; n++) {
      await store.addFullMessage("s", [
        { role: "assistant", content: text, tool_calls: [{ id: "c" + n }] },
        { role: "tool", content: text, tool_call_id: "c" + n },
      ]);
      say(String(n));
    }`;
    await killing(
      (from) => run(script, directory, ADAPTER, from),
      async (said) => {
        const store = await opened(directory);
        const history = (await store.getHistory("s")) as unknown as {
          tool_calls?: [{ id: string }];
          tool_call_id?: string;
        }[];
        const ids = history.map(({ tool_calls: calls, tool_call_id: id }) => calls?.[0].id ?? `result of ${id}`);
        await store.close();
        return checkTurns(ids, (n) => [`c${n}`, `result of c${n}`], said);
      },
    );
  },
  KILLING_MS,
);

test("while another process holds the session, a call that writes rejects, and a later one is through", async () => {
  const directory = stores.directory();
  const child = await holding(directory, "s", { role: "user", content: "held" });
  const store = picoclawStore(await stores.open({ busyTimeoutMs: 300 }, directory));
  await expect(store.addMessage("s", "user", "on")).rejects.toMatchObject({ code: "SESSION_BUSY", written: "no" });
  expect(await texts(store, "s")).toBe("held");
  await killed(child);
  await store.addMessage("s", "user", "on");
  expect(await texts(store, "s")).toBe("heldon");
});
