// A Session of the OpenAI Agents SDK: the same as a list of items in memory, whatever is called, also across crashes and processes. The SDK's
// own runner works on it in tools/examples/openai-agents.
import "./helpers/in-memory.ts";
import fc from "fast-check";
import { statSync } from "node:fs";
import { expect, test } from "vitest";
import { openAISession } from "../lib/adapters/openai-agents.ts";
import { KILLING_MS, adapterUrl, checkTurns, holding, killed, killing } from "./helpers/adapters.ts";
import { output, run } from "./helpers/processes.ts";
import { logsOf, onlyLog, useStores } from "./helpers/stores.ts";

const stores = useStores();
const ADAPTER = adapterUrl("openai-agents");

interface Item {
  type: string;
  [key: string]: unknown;
}

const user = (text: string): Item => ({ type: "message", role: "user", content: [{ type: "input_text", text }] });
const call = (callId: string, name = "weather"): Item => ({
  type: "function_call",
  id: "FAKE_ID",
  callId,
  name,
  arguments: "{}",
  status: "completed",
});
const result = (callId: string): Item => ({
  type: "function_call_result",
  callId,
  name: "weather",
  status: "completed",
  output: { type: "text", text: "sunny" },
});

test("items come back as they were, newest ones asked for, after a restart too", async () => {
  const directory = stores.directory();
  const store = await stores.open({}, directory);
  const session = openAISession<Item>(store, "s");
  expect(await session.getSessionId()).toBe("s");
  expect(await session.getItems()).toEqual([]);
  const items = [user("hi"), call("c1"), result("c1"), user("hi"), call("c1")];
  await session.addItems(items.slice(0, 3));
  await session.addItems([]);
  await session.addItems(items.slice(3));
  await store.close();
  const again = openAISession<Item>(await stores.open({}, directory), "s");
  expect(await again.getItems()).toEqual(items);
  expect(await again.getItems(2)).toEqual(items.slice(3));
  expect(await again.getItems(0)).toEqual([]);
  expect(await again.getItems(99)).toEqual(items);
});

test("any item comes back as it was, bytes too", async () => {
  const store = await stores.open();
  const leaf = fc.oneof(
    fc.string({ unit: "grapheme" }),
    fc.integer(),
    fc.boolean(),
    fc.constant(null),
    fc.uint8Array({ maxLength: 5 }),
  );
  const value = fc.object({
    values: [leaf],
    key: fc.constantFrom("a", "id", "itemId", "$bytes", "__proto__", "toString"),
    maxDepth: 2,
  });
  const item = fc.record(
    {
      type: fc.constantFrom("message", "item", "operation", "function_call"),
      id: fc.string(),
      itemId: fc.string(),
      item: value,
      hash: fc.string(),
      $bytes: value,
      providerData: value,
    },
    { requiredKeys: ["type"] },
  );
  let n = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(item, { minLength: 1, maxLength: 4 }), async (items) => {
      const session = openAISession(store, `s${n++}`);
      const given = structuredClone(items) as object[];
      await session.addItems(given);
      expect(await session.getItems()).toEqual(given);
    }),
    { numRuns: 150 },
  );
});

test("whatever is called, it answers as a list in memory", async () => {
  const store = await stores.open();
  const anyItem = fc.oneof(
    fc.constantFrom("a", "b").map(user),
    fc.constantFrom("1", "2").map((id) => call(id)),
    fc.constantFrom("1", "2").map(result),
  );
  const items = fc.array(anyItem, { maxLength: 3 });
  const step = fc.oneof(
    fc.record({ kind: fc.constant("add" as const), items }),
    fc.record({ kind: fc.constant("pop" as const) }),
    fc.record({ kind: fc.constant("clear" as const) }),
    fc.record({ kind: fc.constant("compact" as const), items }),
    fc.record({ kind: fc.constant("append" as const), items, operation: fc.constantFrom("x", "y", "z") }),
    fc.record({
      kind: fc.constant("suffix" as const),
      count: fc.nat(3),
      items,
      operation: fc.constantFrom("x", "y", "z"),
    }),
    fc.record({
      kind: fc.constant("mutate" as const),
      callId: fc.constantFrom("1", "2"),
      name: fc.constantFrom("p", "q"),
    }),
  );
  let n = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 10 }), async (steps) => {
      const session = openAISession<Item>(store, `m${n++}`);
      let list: Item[] = [];
      let done = new Map<string, string>();
      for (const each of steps) {
        if (each.kind === "add") {
          await session.addItems(each.items);
          list.push(...each.items);
        } else if (each.kind === "pop") expect(await session.popItem()).toEqual(list.pop());
        else if (each.kind === "clear" || each.kind === "compact") {
          list = each.kind === "clear" ? [] : [...each.items];
          await (each.kind === "clear" ? session.clearSession() : session.replaceHistoryWithCompaction(each.items));
          if (each.kind === "clear") done = new Map();
        } else if (each.kind === "mutate") {
          const replacement = call(each.callId, each.name);
          await session.applyHistoryMutations({
            mutations: [{ type: "replace_function_call", callId: each.callId, replacement }],
          });
          const isMeant = ({ type, callId }: Item): boolean => type === "function_call" && callId === each.callId;
          const first = list.findIndex(isMeant);
          list = list.flatMap((item, index) => (isMeant(item) ? (index === first ? [replacement] : []) : [item]));
        } else {
          const start = Math.max(0, list.length - ("count" in each ? each.count : 0));
          const transaction =
            each.kind === "append"
              ? { type: "append_items" as const, items: each.items }
              : { type: "replace_suffix" as const, expectedSuffix: list.slice(start), replacement: each.items };
          const applying = session.applyHistoryTransaction({ operationId: each.operation, transaction });
          const text = JSON.stringify(transaction);
          const before = done.get(each.operation);
          if (before !== undefined && before !== text)
            await expect(applying).rejects.toMatchObject({ code: "CONFLICT" });
          else await applying;
          if (before === undefined) list = [...(each.kind === "append" ? list : list.slice(0, start)), ...each.items];
          done.set(each.operation, before ?? text);
        }
        expect(await session.getItems()).toEqual(list);
        expect(await session.getItems(2)).toEqual(list.slice(-2));
      }
    }),
    { numRuns: 120 },
  );
});

test("a suffix that is another one by now is not replaced, and the operation may come again", async () => {
  const session = openAISession<Item>(await stores.open(), "s");
  await session.addItems([user("a"), user("b")]);
  const transaction = { type: "replace_suffix" as const, expectedSuffix: [user("c")], replacement: [user("d")] };
  await expect(session.applyHistoryTransaction({ operationId: "x", transaction })).rejects.toMatchObject({
    code: "CONFLICT",
  });
  await expect(session.applyHistoryTransaction({ operationId: " ", transaction })).rejects.toMatchObject({
    code: "INVALID_ARGUMENT",
  });
  const longer = { ...transaction, expectedSuffix: [user("a"), user("b"), user("c")] };
  await expect(session.applyHistoryTransaction({ operationId: "x", transaction: longer })).rejects.toMatchObject({
    code: "CONFLICT",
  });
  expect(await session.getItems()).toEqual([user("a"), user("b")]);
  await session.addItems([user("c")]);
  await session.applyHistoryTransaction({ operationId: "x", transaction });
  expect(await session.getItems()).toEqual([user("a"), user("b"), user("d")]);
});

test("a transaction is done once, whoever tries again: another process, or this one after a restart", async () => {
  const directory = stores.directory();
  const script = `
    const [directory, adapter, transaction] = args;
    const { openAISession } = await import(adapter);
    const store = await turnlog.openStore(directory);
    await openAISession(store, "s").applyHistoryTransaction({ operationId: "x", transaction });
    await store.close();`;
  const transaction = { type: "append_items", items: [call("c1"), result("c1")] };
  const children = [1, 2, 3].map(() => run(script, directory, ADAPTER, transaction));
  await Promise.all(children.map(output));
  expect(await Promise.all(children.map(({ ended }) => ended))).toEqual([0, 0, 0]);
  expect(await openAISession(await stores.open({}, directory), "s").getItems()).toEqual(transaction.items);
});

test("a transaction that was done before a compaction is not done again after it", async () => {
  const session = openAISession<Item>(await stores.open(), "s");
  const apply = async (items: Item[]): Promise<void> =>
    await session.applyHistoryTransaction({ operationId: "x", transaction: { type: "append_items", items } });
  await apply([user("a")]);
  await session.replaceHistoryWithCompaction([{ type: "compaction", encrypted_content: "e" }]);
  await apply([user("a")]);
  await expect(apply([user("b")])).rejects.toMatchObject({ code: "CONFLICT" });
  expect(await session.getItems()).toEqual([{ type: "compaction", encrypted_content: "e" }]);
  await session.clearSession();
  await apply([user("b")]);
  expect(await session.getItems()).toEqual([user("b")]);
});

test("mutations are made one after the other, of calls however they stand in the log", async () => {
  const session = openAISession<Item>(await stores.open(), "s");
  const replace = (callId: string, replacement: Item) => ({
    type: "replace_function_call" as const,
    callId,
    replacement,
  });
  await session.addItems([{ ...call("c1"), itemId: 1 }, call("c2"), call("c3")]);
  await session.applyHistoryMutations({
    mutations: [replace("c1", call("c2", "first")), replace("c2", call("c2", "both")), replace("c9", call("c9"))],
  });
  expect(await session.getItems()).toEqual([call("c2", "both"), call("c3")]);
});

test("of a long session one line is written for a popped item, and nothing is rewritten", async () => {
  const directory = stores.directory();
  const session = openAISession<Item>(await stores.open({}, directory), "s");
  await session.addItems(Array.from({ length: 2000 }, (_, n) => user(`turn ${n}`)));
  const { size, ino } = statSync(onlyLog(directory));
  expect(await session.popItem()).toEqual(user("turn 1999"));
  expect(statSync(onlyLog(directory)).ino).toBe(ino);
  expect(statSync(onlyLog(directory)).size - size).toBeLessThan(300);
  expect([...logsOf(directory).values()].join("")).toContain("turn 1999");
});

test("two processes pop and add: each item is popped once, and none is lost", async () => {
  const directory = stores.directory();
  const first = await stores.open({}, directory);
  await openAISession<Item>(first, "s").addItems(Array.from({ length: 40 }, (_, n) => user(`old ${n}`)));
  await first.close();
  const script = `
    const [directory, adapter] = args;
    const { openAISession } = await import(adapter);
    const store = await turnlog.openStore(directory);
    const session = openAISession(store, "s");
    for (let n = 0; n < 15; n++) say(JSON.stringify((await session.popItem()).content[0].text));
    await store.close();`;
  const popped = (await Promise.all([1, 2].map(() => output(run(script, directory, ADAPTER))))).flat();
  expect(new Set(popped).size).toBe(30);
  const left = await openAISession<Item>(await stores.open({}, directory), "s").getItems();
  expect(left).toEqual(Array.from({ length: 10 }, (_, n) => user(`old ${n}`)));
});

test(
  "a kill -9 in the middle of turns leaves no call without its result, and nothing that was acknowledged is lost",
  async () => {
    const directory = stores.damaged();
    const script = `
    const [directory, adapter, from] = args;
    const { openAISession } = await import(adapter);
    const session = openAISession(await turnlog.openStore(directory), "s");
    const text = "x".repeat(20_000);
    for (let n = from; ; n++) {
      const items = [{ type: "function_call", callId: "c" + n, name: "t", arguments: text }, { type: "function_call_result", callId: "c" + n, output: text }];
      if (n % 3 === 0) await session.applyHistoryTransaction({ operationId: "o" + n, transaction: { type: "append_items", items } });
      else await session.addItems(items);
      say(String(n));
    }`;
    await killing(
      (from) => run(script, directory, ADAPTER, from),
      async (said) => {
        const store = await stores.open({}, directory);
        const items = await openAISession<Item>(store, "s").getItems();
        const ids = items.map(({ type, callId }) => `${type} ${String(callId)}`);
        await store.close();
        return checkTurns(ids, (n) => [`function_call c${n}`, `function_call_result c${n}`], said);
      },
    );
  },
  KILLING_MS,
);

test("while another process holds the session, addItems rejects, and a later one is through", async () => {
  const directory = stores.directory();
  const child = await holding(directory, "s", user("held"));
  const session = openAISession<Item>(await stores.open({ busyTimeoutMs: 300 }, directory), "s");
  await expect(session.addItems([user("on")])).rejects.toMatchObject({ code: "SESSION_BUSY", written: "no" });
  await expect(session.popItem()).rejects.toMatchObject({ code: "SESSION_BUSY" });
  await killed(child);
  await session.addItems([user("on")]);
  expect(await session.getItems()).toEqual([user("held"), user("on")]);
});
