// One store through several handles, at once and one after the other; and a store that is closed.
import assert from "node:assert/strict";
import type { TestedSession } from "./backend.ts";
import { group } from "./case.ts";
import type { Case } from "./case.ts";
import { collect, fails, idsOf, later, named, until } from "./expect.ts";

/** What each of several wrote, in the order in which it stands. */
async function orderOf(session: TestedSession): Promise<Map<string, number[]>> {
  const order = new Map<string, number[]>();
  for await (const { data } of session.messages()) {
    const { by, n } = data as { by: string; n: number };
    order.set(by, [...(order.get(by) ?? []), n]);
  }
  return order;
}

const numbers = (count: number): number[] => Array.from({ length: count }, (_, n) => n);

export const handles: Case[] = group("several handles", (test) => {
  test.reopening("all that was written is there when a store is opened again", async ({ create, reopen }) => {
    const first = await create();
    const one = await first.createSession({ id: "s", title: "A title", tags: ["t"] });
    await one.append(named("a", "b", "c"));
    await one.putPart("b", { id: "p", file: Buffer.alloc(60_000, 1).toString("base64") });
    await one.remove("a");
    await one.checkout("b");
    await one.append(named("x"));
    const shown = async (session: TestedSession): Promise<unknown> => [
      await session.history(),
      await session.branches(),
      await session.info(),
    ];
    const before = await shown(one);
    await first.close();
    const second = await reopen(first);
    assert.deepEqual(await shown(second.session("s")), before);
    await second.session("s").append(named("y"));
    await second.close();
    const third = await reopen(second);
    assert.deepEqual(await idsOf(third.session("s")), ["b", "x", "y"]);
    assert.deepEqual(await collect(third.verify()), []);
  });

  test.reopening("a cursor is good in every handle", async ({ create, reopen }) => {
    const store = await create();
    const session = await store.createSession({ id: "s" });
    await session.append(named("a", "b", "c", "d", "e", "f"));
    for (const id of ["t", "u"]) {
      await later();
      await store.createSession({ id });
    }
    const [{ previous }, { next }] = [await session.page({ limit: 2 }), await store.page({ limit: 2 })];
    await store.close();
    const again = await reopen(store);
    const page = await again.session("s").page({ limit: 2, before: previous });
    assert.deepEqual(
      page.items.map(({ id }) => id),
      ["c", "d"],
    );
    assert.deepEqual(
      (await again.page({ limit: 2, after: next })).items.map(({ id }) => id),
      ["s"],
    );
  });

  test.reopening("what one handle has written the other reads", async ({ create, reopen }) => {
    const store = await create();
    const other = await reopen(store);
    const [here, there] = [await store.createSession({ id: "s" }), other.session("s")];
    await here.append(named("a"));
    assert.deepEqual(await idsOf(there), ["a"]);
    await there.append(named("b"));
    assert.deepEqual(await idsOf(here), ["a", "b"]);
    await here.putMessage({ id: "b", text: "edited here" });
    assert.deepEqual((await there.message("b"))?.data, { id: "b", text: "edited here" });
    await there.update({ title: "said there" });
    assert.equal((await here.info()).title, "said there");
    await here.truncate({ keepLast: 1 });
    assert.equal(await there.count(), 1);
    await there.remove("b");
    assert.deepEqual(await here.history(), []);
    assert.equal((await here.branches()).length, 0);
  });

  test.reopening("sessions of one handle are listed, found and gone in the other", async ({ create, reopen }) => {
    const store = await create();
    const other = await reopen(store);
    await store.createSession({ id: "s", title: "Parser" });
    await until("its listing", async () => (await other.count()) === 1);
    await until("its title", async () => (await other.searchTitles("pars")).length === 1);
    await fails(other.createSession({ id: "s" }), "EXISTS");
    await other.session("s").delete();
    await until("its end", async () => (await store.count()) === 0);
    assert.equal(await store.get("s"), undefined);
    await fails(store.session("s").count(), "NOT_FOUND");
    await store.session("s").restore();
    await until("its return", async () => (await other.count()) === 1);
  });

  test.reopening("two that write to one session at once lose nothing, and keep each one's order", async (bench) => {
    const store = await bench.create();
    const other = await bench.reopen(store);
    await store.createSession({ id: "s" });
    const write = async (by: string, session: TestedSession): Promise<void> => {
      for (const n of numbers(40)) await session.append({ by, n });
    };
    await Promise.all([write("one", store.session("s")), write("two", other.session("s"))]);
    for (const each of [store, other]) {
      const order = await orderOf(each.session("s"));
      assert.deepEqual(order.get("one"), numbers(40));
      assert.deepEqual(order.get("two"), numbers(40));
      assert.equal((await each.session("s").branches()).length, 1);
    }
    assert.deepEqual(await collect(store.verify()), []);
  });

  test.reopening("commits of two at once stand whole", async ({ create, reopen }) => {
    const store = await create();
    const other = await reopen(store);
    await store.createSession({ id: "s" });
    const write = async (by: string, session: TestedSession): Promise<void> => {
      for (const n of numbers(15)) await session.append(numbers(3).map((k) => ({ by, n: n * 3 + k })));
    };
    await Promise.all([write("one", store.session("s")), write("two", other.session("s"))]);
    const all = await store.session("s").history();
    assert.equal(all.length, 90);
    for (let index = 0; index < all.length; index += 3)
      assert.equal(new Set(all.slice(index, index + 3).map(({ data }) => data.by)).size, 1);
    assert.deepEqual((await orderOf(other.session("s"))).get("two"), numbers(45));
  });

  test.reopening("many sessions can be written by both", async ({ create, reopen }) => {
    const store = await create();
    const other = await reopen(store);
    const write = async (by: string, each: typeof store): Promise<void> => {
      await Promise.all(
        numbers(8).map(async (k) => {
          for (const n of numbers(5)) await each.session(`s${k}`, { create: true }).append({ by, n });
        }),
      );
    };
    await Promise.all([write("one", store), write("two", other)]);
    for (const k of numbers(8)) {
      const order = await orderOf(store.session(`s${k}`));
      assert.deepEqual([order.get("one"), order.get("two")], [numbers(5), numbers(5)]);
    }
    assert.equal(await store.count(), 8);
  });

  test.reopening("who expects a tip hears of what the other handle wrote", async ({ create, reopen }) => {
    const store = await create();
    const other = await reopen(store);
    const session = await store.createSession({ id: "s" });
    const { tip } = await session.info();
    await other.session("s").append(named("a"));
    await fails(
      session.commit((c) => c.append({ id: "b" }), { expect: tip }),
      "CONFLICT",
    );
    await fails(session.append({ id: "a", other: true }), "EXISTS");
    assert.deepEqual(await idsOf(session), ["a"]);
  });

  test.reopening("a session can be read while it is written, and no reading sees half a commit", async (bench) => {
    const store = await bench.create();
    const other = await bench.reopen(store);
    const session = await store.createSession({ id: "s" });
    const done = new AbortController();
    const writing = (async () => {
      for (const n of numbers(30)) await session.append([{ n }, { n }]);
    })().finally(() => done.abort());
    let known = 0;
    do {
      const seen = (await other.session("s").history()).map(({ data }) => data.n as number);
      assert.ok(seen.length % 2 === 0 && seen.length >= known);
      assert.deepEqual(
        seen,
        numbers(seen.length).map((index) => Math.floor(index / 2)),
      );
      known = seen.length;
      await new Promise((next) => setImmediate(next));
    } while (!done.signal.aborted);
    await writing;
    assert.equal(await other.session("s").count(), 60);
  });

  test.reopening("a compaction, an archive and a purge of one handle are the other's, too", async (bench) => {
    const store = await bench.create();
    const session = await store.createSession({ id: "s" });
    await session.append(named("a", "b", "c"));
    for (const n of numbers(20)) await session.putMessage({ id: "b", n });
    const other = await bench.reopen(store);
    const there = other.session("s");
    assert.equal(await there.count(), 3);
    await session.compact();
    assert.deepEqual((await there.message("b"))?.data, { id: "b", n: 19 });
    await there.append(named("d"));
    await store.archive("s");
    assert.equal((await there.info()).archived, true);
    await there.append(named("e"));
    await there.purge("b");
    assert.deepEqual(await idsOf(session), ["a", "c", "d", "e"]);
  });
});

export const closing: Case[] = group("close and options", (test) => {
  test("after close() every call is refused, and a second close() is nothing", async ({ create }) => {
    const store = await create();
    const session = await store.createSession({ id: "s" });
    await session.append(named("a"));
    await store.close();
    await store.close();
    for (const call of [
      () => session.append(named("b")),
      () => session.history(),
      () => session.count(),
      () => session.info(),
      () => session.update({ title: "x" }),
      () => session.truncate({ keepLast: 0 }),
      () => session.compact(),
      () => session.delete(),
      () => session.putPart("a", {}),
      () => store.session("s"),
      () => store.createSession(),
      () => store.page({ limit: 1 }),
      () => store.get("s"),
      () => store.count(),
      () => store.searchTitles("x"),
      () => store.compact(),
      () => collect(store.sessions()),
      () => collect(store.trash()),
      () => collect(store.searchMessages("x")),
    ])
      await fails(call, "CLOSED").catch((error: unknown) => {
        throw new Error(`${String(call)}: ${String(error)}`, { cause: error });
      });
  });

  test.reopening("close() waits for what is under way", async ({ create, reopen }) => {
    const store = await create();
    const session = await store.createSession({ id: "s" });
    const calls = numbers(20).map((n) => session.append({ id: `m${n}` }));
    await store.close();
    await Promise.all(calls);
    assert.equal(await (await reopen(store)).session("s").count(), 20);
  });

  test("a store can be left to `await using`", async ({ create }) => {
    const store = await create();
    // In a form that every Node takes.
    await store[Symbol.asyncDispose]();
    await fails(() => store.count(), "CLOSED");
  });

  test("an unknown or wrong option of a store is refused", async ({ create }) => {
    for (const wrong of [{ durable: true }, { busyTimeoutMs: -1 }, { wellFormed: "no" }, { restoreDays: "7" }])
      await fails(() => create(wrong as object), "INVALID_ARGUMENT");
    await fails(() => create({ blobThreshold: 5 }), "INVALID_ARGUMENT");
    await fails(() => create({ retention: { maxDays: 1 } as object }), "INVALID_ARGUMENT");
  });

  test("an unknown option of a call is refused", async ({ create }) => {
    const store = await create();
    const session = await store.createSession({ id: "s" });
    const wrong = { unknown: true } as object;
    for (const call of [
      () => store.createSession(wrong),
      () => store.session("s", wrong),
      () => session.compact(wrong),
      () => session.fork(wrong),
      () => session.message("a", wrong),
      () => session.history(wrong),
      () => store.searchTitles("x", wrong),
      () => store.compact(wrong),
      () => store.emptyTrash(wrong),
      () => collect(store.trash(wrong)),
      () => store.importFrom("all", wrong),
    ])
      await fails(call, "INVALID_ARGUMENT").catch((error: unknown) => {
        throw new Error(`${String(call)}: ${String(error)}`, { cause: error });
      });
  });

  test('durability "power" is the same store', async ({ create }) => {
    const session = await (await create({ durability: "power" })).createSession();
    await Promise.all([session.append(named("a")), session.append(named("b", "c"))]);
    await session.sync();
    assert.deepEqual(await idsOf(session), ["a", "b", "c"]);
  });
});
