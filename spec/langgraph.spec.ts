// A checkpointer of LangGraph: what its own suite does not ask. Crashes, processes, restarts, and what a checkpoint costs.
import { AIMessageChunk } from "@langchain/core/messages";
import { BaseCheckpointSaver, emptyCheckpoint, uuid6 } from "@langchain/langgraph-checkpoint";
import type { Checkpoint, CheckpointMetadata } from "@langchain/langgraph-checkpoint";
import { statSync } from "node:fs";
import { expect, test } from "vitest";
import { langGraphSaver } from "../lib/adapters/langgraph.ts";
import type { Store } from "../lib/index.ts";
import { KILLING_MS, adapterUrl, holding, killed, killing } from "./helpers/adapters.ts";
import { output, run } from "./helpers/processes.ts";
import { collect, logsOf, onlyLog, useStores } from "./helpers/stores.ts";

const stores = useStores();
const ADAPTER = adapterUrl("langgraph");
const FRAMEWORK = import.meta.resolve("@langchain/langgraph-checkpoint");
const METADATA: CheckpointMetadata = { source: "loop", step: 0, parents: {} };
const THREAD = { configurable: { thread_id: "t1", checkpoint_ns: "" } };

let clock = 0;
function checkpoint(values: Record<string, unknown>): Checkpoint {
  const versions = Object.fromEntries(Object.keys(values).map((channel) => [channel, 1]));
  return { ...emptyCheckpoint(), id: uuid6(clock++), channel_values: values, channel_versions: versions };
}

const saverOn = (store: Store<any, any>): BaseCheckpointSaver => langGraphSaver(store, BaseCheckpointSaver);

/** For processes of their own: a saver, and checkpoints with a call and its result. */
const PRELUDE = `
  const [directory, adapter, framework, from, name] = args;
  const { langGraphSaver } = await import(adapter);
  const { BaseCheckpointSaver, emptyCheckpoint, uuid6 } = await import(framework);
  const store = await turnlog.openStore(directory);
  const saver = langGraphSaver(store, BaseCheckpointSaver);
  const text = "x".repeat(4_000);
  const turn = (n) => ({ ...emptyCheckpoint(), id: uuid6(n), channel_versions: { messages: n + 1, step: n + 1 },
    channel_values: { messages: [{ call: n, text }, { result: n, text }], step: name ?? n } });
  const put = (n) => saver.put({ configurable: { thread_id: "t1", checkpoint_ns: "" } }, turn(n), { step: n }, { messages: n + 1, step: n + 1 });
`;

test("a thread goes on after a restart where it was", async () => {
  const directory = stores.directory();
  const first = await stores.open({}, directory);
  const config = await saverOn(first).put(THREAD, checkpoint({ messages: ["hi"] }), METADATA, { messages: 1 });
  await saverOn(first).putWrites(config, [["messages", "on"]], "task");
  await first.close();
  const tuple = await saverOn(await stores.open({}, directory)).getTuple(THREAD);
  expect(tuple?.checkpoint.channel_values).toEqual({ messages: ["hi"] });
  expect(tuple?.pendingWrites).toEqual([["task", "messages", "on"]]);
});

test("calls that nobody waits for take effect in their order: writes find the checkpoint that was put before them", async () => {
  const saver = saverOn(await stores.open());
  const one = checkpoint({ a: 1 });
  const config = { configurable: { thread_id: "t1", checkpoint_ns: "", checkpoint_id: one.id } };
  const [, , tuple] = await Promise.all([
    saver.put(THREAD, one, METADATA, { a: 1 }),
    saver.putWrites(config, [["a", 2]], "task"),
    saver.getTuple(config),
  ]);
  expect(tuple?.pendingWrites).toEqual([["task", "a", 2]]);
});

test("what is given may change as soon as a call has returned its promise", async () => {
  const saver = saverOn(await stores.open());
  const values = { list: [1] };
  const putting = saver.put(THREAD, checkpoint(values), METADATA, { list: 1 });
  values.list.push(2);
  await putting;
  expect((await saver.getTuple(THREAD))?.checkpoint.channel_values).toEqual({ list: [1] });
});

test("writes before their checkpoint are its writes, and no checkpoint is seen until then", async () => {
  const saver = saverOn(await stores.open());
  const one = checkpoint({ a: 1 });
  const config = { configurable: { thread_id: "t1", checkpoint_ns: "", checkpoint_id: one.id } };
  await saver.putWrites(config, [["a", 2]], "task");
  expect(await saver.getTuple(THREAD)).toBeUndefined();
  expect(await saver.getTuple(config)).toBeUndefined();
  expect(await collect(saver.list({ configurable: {} }))).toEqual([]);
  await saver.put(THREAD, one, METADATA, { a: 1 });
  expect((await saver.getTuple(config))?.pendingWrites).toEqual([["task", "a", 2]]);
});

test("a task that runs again writes nothing anew, but what became of it replaces what stood", async () => {
  const saver = saverOn(await stores.open());
  const config = await saver.put(THREAD, checkpoint({}), METADATA, {});
  await saver.putWrites(config, [["a", 1], ["__error__", "first"]], "task"); // prettier-ignore
  await saver.putWrites(config, [["a", 2], ["__error__", "second"]], "task"); // prettier-ignore
  expect((await saver.getTuple(config))?.pendingWrites).toEqual([
    ["task", "__error__", "second"],
    ["task", "a", 1],
  ]);
});

test("a checkpoint writes what is new: a value that stands is not written again", async () => {
  const directory = stores.directory();
  const saver = saverOn(await stores.open({}, directory));
  const large = { text: "lorem ipsum ".repeat(20_000) };
  let config = await saver.put(THREAD, checkpoint({ large, step: 0 }), METADATA, { large: 1, step: 1 });
  const before = statSync(onlyLog(directory)).size;
  for (let step = 1; step <= 20; step++)
    config = await saver.put(config, checkpoint({ large, step }), { ...METADATA, step }, { step: step + 1 });
  // Said to be new, and equal to what stands.
  await saver.put(config, checkpoint({ large, step: 20 }), METADATA, { large: 2 });
  expect(statSync(onlyLog(directory)).size - before).toBeLessThan(21 * 1200);
  expect((await saver.getTuple(THREAD))?.checkpoint.channel_values).toEqual({ large, step: 20 });
  const all = await collect(saver.list(THREAD));
  expect(all.map(({ checkpoint }) => checkpoint.channel_values["step"])).toEqual([
    20,
    ...Array.from({ length: 21 }, (_, n) => 20 - n),
  ]);
});

test("a value that is not new stays, also where it has other bytes each time that it is written", async () => {
  const store = await stores.open();
  const saver = saverOn(store);
  const values = { messages: [new AIMessageChunk("hi").concat(new AIMessageChunk(" there"))], n: 1 };
  const first = await saver.put(THREAD, checkpoint(values), METADATA, { messages: 1, n: 1 });
  // After a restart a graph puts what it has read: the keys of these messages stand in another order by then.
  const read = (await saver.getTuple(first))!.checkpoint.channel_values;
  const next = { ...checkpoint({ ...read, n: 2 }), channel_versions: { messages: 1, n: 2 } };
  await saver.put(first, next, METADATA, { n: 2 });
  expect((await saver.getTuple(THREAD))?.checkpoint.channel_values).toEqual({ ...read, n: 2 });
});

test("with a serde that encrypts, what is not new stays, and nothing is in the log that was encrypted", async () => {
  const directory = stores.directory();
  const saver = saverOn(await stores.open({}, directory));
  const { serde } = saver;
  let salt = 0;
  const turned = (bytes: Uint8Array): Uint8Array => bytes.map((byte) => byte ^ 0x5a);
  saver.serde = {
    async dumpsTyped(value) {
      const [type, bytes] = await serde.dumpsTyped(value);
      return [`${type}+x`, new Uint8Array([salt++ % 256, ...turned(bytes)])];
    },
    loadsTyped: (type, data) => serde.loadsTyped(type.slice(0, -2), turned((data as Uint8Array).slice(1))),
  };
  const first = await saver.put(THREAD, checkpoint({ kept: "secret", n: 1 }), METADATA, { kept: 1, n: 1 });
  const next = { ...checkpoint({ kept: "secret", n: 2 }), channel_versions: { kept: 1, n: 2 } };
  await saver.put(first, next, METADATA, { n: 2 });
  expect((await saver.getTuple(THREAD))?.checkpoint).toEqual(next);
  expect([...logsOf(directory).values()].join("")).not.toContain("secret");
});

test("the last checkpoint is the one that was put last, whose writes however came first", async () => {
  const saver = saverOn(await stores.open());
  const [one, two] = [checkpoint({ a: 1 }), checkpoint({ a: 2 })];
  const at = ({ id }: Checkpoint): object => ({ configurable: { ...THREAD.configurable, checkpoint_id: id } });
  await saver.putWrites(at(two), [["a", 3]], "task");
  await saver.putWrites(at(two), [["b", 4]], "other");
  const first = await saver.put(THREAD, one, METADATA, { a: 1 });
  await saver.put(first, two, METADATA, { a: 2 });
  const tuple = await saver.getTuple(THREAD);
  expect(tuple?.checkpoint.id).toBe(two.id);
  expect(tuple?.pendingWrites).toEqual([["other", "b", 4], ["task", "a", 3]]); // prettier-ignore
  expect((await collect(saver.list(THREAD))).map((each) => each.checkpoint.id)).toEqual([two.id, one.id]);
  await saver.putWrites(at(two), [["a", 5]], "task");
  expect((await saver.getTuple(THREAD))?.pendingWrites).toEqual(tuple?.pendingWrites);
});

test("a channel may have any name", async () => {
  const saver = saverOn(await stores.open());
  const values = JSON.parse('{"__proto__":{"a":1},"constructor":2,"toString":3}') as Record<string, unknown>;
  const versions = JSON.parse('{"__proto__":1,"constructor":1,"toString":1}') as Record<string, number>;
  const first = await saver.put(THREAD, checkpoint(values), METADATA, versions);
  expect((await saver.getTuple(first))?.checkpoint.channel_values).toEqual(values);
  await saver.put(first, checkpoint(values), METADATA, {});
  expect((await saver.getTuple(THREAD))?.checkpoint.channel_values).toEqual(values);
});

test("the last checkpoint and a page of them are read from the end, not from the beginning", async () => {
  const saver = saverOn(await stores.open());
  let config: any = THREAD;
  for (let step = 0; step < 30; step++)
    config = await saver.put(config, checkpoint({ step }), { ...METADATA, step }, { step });
  const page = await collect(saver.list(THREAD, { limit: 3 }));
  expect(page.map(({ metadata }) => metadata?.step)).toEqual([29, 28, 27]);
  const next = await collect(saver.list(THREAD, { limit: 2, before: page.at(-1)!.config }));
  expect(next.map(({ metadata }) => metadata?.step)).toEqual([26, 25]);
  expect(next[0]?.parentConfig).toEqual(next[1]?.config);
  expect(await collect(saver.list(THREAD, { filter: { step: 7 } }))).toHaveLength(1);
});

test("threads and namespaces are kept apart, whatever their names are made of, and go with their thread", async () => {
  const store = await stores.open();
  const saver = saverOn(store);
  const names = ["a", "a/b", "b", "a%2Fb", "%", "A", "b|c:1/d"];
  const places = names.flatMap((thread_id) => ["", ...names].map((checkpoint_ns) => ({ thread_id, checkpoint_ns })));
  for (const configurable of places)
    await saver.put({ configurable }, checkpoint({ configurable }), METADATA, { configurable: 1 });
  for (const configurable of places)
    expect((await saver.getTuple({ configurable }))?.checkpoint.channel_values).toEqual({ configurable });
  expect(await collect(saver.list({ configurable: {} }))).toHaveLength(places.length);
  expect(await collect(saver.list({ configurable: { thread_id: "a" } }))).toHaveLength(names.length + 1);
  await saver.deleteThread("a");
  await saver.deleteThread("never was");
  expect(await collect(saver.list({ configurable: {} }))).toHaveLength(places.length - names.length - 1);
  expect(await saver.getTuple({ configurable: { thread_id: "a" } })).toBeUndefined();
  await saver.put({ configurable: { thread_id: "a" } }, checkpoint({ anew: true }), METADATA, { anew: 1 });
  expect(await collect(saver.list({ configurable: { thread_id: "a" } }))).toHaveLength(1);
});

test("bytes, undefined and other values that are no JSON come back as they were", async () => {
  const saver = saverOn(await stores.open());
  const values = {
    bytes: new Uint8Array([0, 1, 255]),
    none: undefined,
    map: new Map([["a", new Set([1])]]),
    big: 1e300,
  };
  await saver.put(THREAD, checkpoint(values), METADATA, { bytes: 1, none: 1, map: 1, big: 1 });
  const tuple = await saver.getTuple(THREAD);
  const memory = new (await import("@langchain/langgraph-checkpoint")).MemorySaver();
  expect(Object.keys(tuple?.checkpoint.channel_values ?? {}).toSorted()).toEqual(Object.keys(values).toSorted());
  for (const [name, value] of Object.entries(values)) {
    const [type, bytes] = await memory.serde.dumpsTyped(value);
    expect(tuple?.checkpoint.channel_values[name], name).toEqual(await memory.serde.loadsTyped(type, bytes));
  }
});

test(
  "a kill -9 in the middle of turns leaves no checkpoint without its values, and none that was acknowledged is lost",
  async () => {
    const directory = stores.damaged();
    const script = `${PRELUDE} 
    for (let n = from; ; n++) {
      const config = await put(n);
      await saver.putWrites(config, [["messages", { call: n, text }], ["messages", { result: n, text }]], "task");
      say(String(n));
    }`;
    await killing(
      (from) => run(script, directory, ADAPTER, FRAMEWORK, from),
      async (said) => {
        const store = await stores.open({}, directory);
        const all = await collect(saverOn(store).list(THREAD));
        for (const { checkpoint, metadata, pendingWrites = [] } of all) {
          const { messages, step } = checkpoint.channel_values as {
            messages: { call?: number; result?: number }[];
            step: number;
          };
          expect(messages.map(({ call, result }) => call ?? result)).toEqual([step, step]);
          expect(metadata?.step).toBe(step);
          // A kill between the two calls leaves a checkpoint from which its step begins anew.
          expect(step === said ? [2] : [0, 2]).toContain(pendingWrites.length);
        }
        expect(all.length).toBeGreaterThan(said);
        await store.close();
        return all.length;
      },
    );
  },
  KILLING_MS,
);

test("two processes put checkpoints of one thread: all of them are there, each with its values", async () => {
  const directory = stores.directory();
  const script = `${PRELUDE} for (let n = 0; n < 15; n++) await put(n); await store.close();`;
  const children = ["p", "q"].map((name) => run(script, directory, ADAPTER, FRAMEWORK, 0, name));
  await Promise.all(children.map(output));
  expect(await Promise.all(children.map(({ ended }) => ended))).toEqual([0, 0]);
  const all = await collect(saverOn(await stores.open({}, directory)).list(THREAD));
  const steps = all.map(({ checkpoint }) => checkpoint.channel_values["step"]);
  expect(["p", "q"].map((name) => steps.filter((step) => step === name).length)).toEqual([15, 15]);
});

test("while another process holds the thread, put rejects, as graphs expect it, and a later one is through", async () => {
  const directory = stores.directory();
  const child = await holding(directory, "t1", { type: "value" });
  const saver = saverOn(await stores.open({ busyTimeoutMs: 300 }, directory));
  const one = checkpoint({ a: 1 });
  await expect(saver.put(THREAD, one, METADATA, { a: 1 })).rejects.toMatchObject({
    code: "SESSION_BUSY",
    written: "no",
  });
  expect(await saver.getTuple(THREAD)).toBeUndefined();
  await killed(child);
  await saver.put(THREAD, one, METADATA, { a: 1 });
  expect((await saver.getTuple(THREAD))?.checkpoint.channel_values).toEqual({ a: 1 });
});
