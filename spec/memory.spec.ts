// A store in memory answers as one on a disk does.
import fc from "fast-check";
import { expect, test } from "vitest";
import { openMemoryStore } from "../lib/index.ts";
import type { Session, Store } from "../lib/index.ts";
import { collect, logsOf, useStores } from "./helpers/stores.ts";

const stores = useStores();
const ROUNDS = process.env["TURNLOG_LONG"] ? 1000 : 50;

type AnyStore = Store<any, any>;

interface Step {
  kind: string;
  session: number;
  which: number;
  value: number;
}

const KINDS = (
  "append append append batch put part part remove removePart truncate before after clear replace " +
  "update commit checkout fork delete restore revive compact wrong"
).split(" ");

const step: fc.Arbitrary<Step> = fc.record({
  kind: fc.constantFrom(...KINDS),
  session: fc.nat({ max: 2 }),
  which: fc.nat({ max: 15 }),
  value: fc.nat({ max: 8 }),
});

async function take(store: AnyStore, { kind, session: number, which, value }: Step, count: number): Promise<unknown> {
  const session: Session<any, any> = store.session(`s${number}`, { create: kind === "append" || kind === "revive" });
  const id = `m${which}`;
  const message = { id: `n${count}`, value };
  if (kind === "append") return await session.append(message);
  if (kind === "batch") return await session.append([message, { id: `o${count}`, value }, { id }]);
  if (kind === "put") return await session.putMessage({ id, value });
  if (kind === "part") return await session.putPart(`n${Math.max(0, count - which)}`, { id: `p${value % 3}`, value });
  if (kind === "remove") return await session.remove(`n${Math.max(0, count - which)}`);
  if (kind === "removePart") return await session.remove(`n${Math.max(0, count - which)}`, `p${value % 3}`);
  if (kind === "truncate") return await session.truncate({ keepLast: value });
  if (kind === "before") return await session.truncate({ before: id });
  if (kind === "after") return await session.truncate({ after: id });
  if (kind === "clear") return await session.clear();
  if (kind === "update") return await session.update({ title: value === 0 ? null : `t${value}`, archived: value > 4 });
  if (kind === "checkout") return await session.checkout(`n${Math.max(0, count - which)}`);
  if (kind === "delete") return await session.delete({ trash: value > 3, children: value > 6 });
  if (kind === "restore") return await session.restore();
  if (kind === "revive") return await session.append([message, { id }]);
  if (kind === "compact") return await session.compact();
  if (kind === "fork") {
    const fork = await session.fork({ id: `f${count}`, title: `fork ${count}` });
    await fork.update({ parent: `s${number}` });
    return fork.id;
  }
  if (kind === "replace") {
    const kept = (await session.history()).slice(0, which).map(({ data }) => data);
    return await session.replace([...kept, message]);
  }
  if (kind === "wrong") return await session.append([message, { id: "", value }]);
  return await session.commit((commit) => {
    commit.append(message);
    commit.putPart(message.id, { id: "p", value });
    commit.update({ project: `project ${value}` });
    if (value > 6) commit.remove("none");
  });
}

/** The answer, or the error's code. Stamps differ; what they order does not. */
async function answerOf(answer: Promise<unknown>): Promise<unknown> {
  try {
    return plain(await answer);
  } catch (error) {
    return { code: (error as { code?: string }).code, written: (error as { written?: string }).written };
  }
}

const VOLATILE = new Set([
  "at",
  "tip",
  "forkedAt",
  "createdAt",
  "updatedAt",
  "machine",
  "machines",
  "bytes",
  "previous",
  "next",
]);

function plain(value: unknown): unknown {
  return JSON.parse(
    JSON.stringify(value ?? null, (key, each: unknown) => (VOLATILE.has(key) ? typeof each : each)),
  ) as unknown;
}

async function look(store: AnyStore, ids: readonly string[]): Promise<unknown> {
  const seen: unknown[] = [];
  for (const id of ids) {
    const session = store.session(id);
    seen.push(
      await answerOf(session.history()),
      await answerOf(session.info()),
      await answerOf(session.branches()),
      await answerOf(session.page({ limit: 3 })),
      await answerOf(collect(session.messages({ last: 4, limit: 2, parts: false }))),
      await answerOf(collect(session.messages({ reverse: true }))),
      await answerOf(collect(session.messageIds())),
      await answerOf(session.message("m3")),
      await answerOf(store.get(id)),
    );
  }
  return { seen, count: await store.count({ all: true }), ids: (await collect(store.ids())).toSorted() };
}

test("any operations give the same answers, errors and histories in memory and on a disk", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 30, size: "max" }), async (steps) => {
      const memory: AnyStore = await openMemoryStore<any, any>();
      const disk = await stores.open();
      const both = [memory, disk];
      for (const [count, each] of steps.entries()) {
        const [inMemory, onDisk] = await Promise.all(both.map((store) => answerOf(take(store, each, count))));
        expect(inMemory, `step ${count}: ${each.kind}`).toEqual(onDisk);
      }
      const ids = ["s0", "s1", "s2", ...steps.map((_, count) => `f${count}`)];
      expect(await look(memory, ids)).toEqual(await look(disk, ids));
      await memory.close();
      await disk.close();
    }),
    { numRuns: ROUNDS },
  );
});

test("it writes nothing to any disk, and two of them share nothing", async () => {
  const one = await openMemoryStore<any, any>();
  const two = await openMemoryStore<any, any>({ durability: "power", maxOpenFiles: 4 });
  await one.session("s", { create: true }).append({ n: 1 });
  await two.session("s", { create: true }).append([{ n: 2 }, { n: 3 }]);
  expect((await one.session("s").history()).map(({ data }) => data.n)).toEqual([1]);
  expect((await two.session("s").history()).map(({ data }) => data.n)).toEqual([2, 3]);
  expect(logsOf(one.path).size).toBe(0);
  await one.close();
  expect(await two.session("s").count()).toBe(2);
  await two.close();
  expect(() => two.session("s")).toThrow(expect.objectContaining({ code: "CLOSED" }));
});

test("wrong options are refused as those of a store on a disk are", async () => {
  await expect(openMemoryStore({ durability: "disk" as never })).rejects.toThrow(
    expect.objectContaining({ code: "INVALID_ARGUMENT" }),
  );
});

test("100,000 messages in memory are read as on a disk", async () => {
  const store = await openMemoryStore<any, any>();
  const session = await store.createSession();
  for (let n = 0; n < 100_000; n += 1000)
    await session.append(Array.from({ length: 1000 }, (_, each) => ({ n: n + each })));
  expect(await session.count()).toBe(100_000);
  let next = 0;
  for await (const { data } of session.messages()) expect(data.n === next++).toBe(true);
  expect(next).toBe(100_000);
  await store.close();
});
