// What goes: deletion, the trash, retention, the archive.
import assert from "node:assert/strict";
import type { TestedStore } from "./backend.ts";
import { group } from "./case.ts";
import type { Case } from "./case.ts";
import { collect, fails, idsOf, later, named } from "./expect.ts";

async function shown(store: TestedStore): Promise<string> {
  return (await collect(store.sessions({ all: true }))).map(({ id }) => id).join(" ");
}

async function inTrash(store: TestedStore): Promise<string[]> {
  return (await collect(store.trash())).map(({ id }) => id).toSorted();
}

async function three(create: () => Promise<TestedStore>): Promise<TestedStore> {
  const store = await create();
  for (const id of ["a", "b", "c"]) {
    await later();
    await (await store.createSession({ id, title: `title of ${id}` })).append(named("m", "n"));
  }
  return store;
}

export const deletion: Case[] = group("delete and restore", (test) => {
  test("a deleted session is gone from all answers", async ({ create }) => {
    const store = await three(create);
    const session = store.session("b");
    await session.delete();
    assert.equal(await store.get("b"), undefined);
    assert.equal(await shown(store), "c a");
    assert.equal(await store.count(), 2);
    assert.deepEqual((await collect(store.ids())).toSorted(), ["a", "c"]);
    await fails(session.history(), "NOT_FOUND");
    await fails(session.append(named("x")), "NOT_FOUND");
    await fails(session.delete(), "NOT_FOUND");
    await fails(store.session("none").delete(), "NOT_FOUND");
  });

  test("restore() brings it back as it was", async ({ create }) => {
    const store = await three(create);
    const session = store.session("b");
    await session.putPart("m", { id: "p" });
    const before = { history: await session.history(), title: (await session.info()).title };
    await session.delete();
    await session.restore();
    assert.deepEqual({ history: await session.history(), title: (await session.info()).title }, before);
    assert.equal(await store.count(), 3);
    await session.append(named("x"));
    assert.deepEqual(await idsOf(session), ["m", "n", "x"]);
    await fails(store.session("none").restore(), "NOT_FOUND");
  });

  test("the trash says what it holds, and lets go of it when it is told to", async ({ create }) => {
    const store = await three(create);
    const before = Date.now();
    for (const id of ["a", "c"]) await store.session(id).delete();
    const trash = (await collect(store.trash())).toSorted((x, y) => (x.id < y.id ? -1 : 1));
    assert.deepEqual(
      trash.map(({ id, title }) => [id, title]),
      [
        ["a", "title of a"],
        ["c", "title of c"],
      ],
    );
    for (const { deletedAt, expiresAt, bytes } of trash) {
      assert.ok(Date.parse(deletedAt) >= before);
      assert.equal(Math.round((Date.parse(expiresAt) - Date.parse(deletedAt)) / 86_400_000), 7);
      assert.ok(bytes > 0);
    }
    assert.equal((await store.emptyTrash({ dryRun: true })).sessions, 2);
    assert.deepEqual(await inTrash(store), ["a", "c"]);
    assert.equal((await store.emptyTrash()).sessions, 2);
    assert.deepEqual(await inTrash(store), []);
    await fails(store.session("a").restore(), "NOT_FOUND");
    assert.equal(await shown(store), "b");
  });

  test("without the trash nothing can be restored", async ({ create }) => {
    const store = await three(create);
    await store.session("a").delete({ trash: false });
    assert.deepEqual(await inTrash(store), []);
    await fails(store.session("a").restore(), "NOT_FOUND");
    await fails(() => store.session("b").delete({ forever: true } as object), "INVALID_ARGUMENT");
  });

  test("a message begins a deleted session anew, where that was asked for, without what was", async ({ create }) => {
    const store = await three(create);
    await store.session("a").delete();
    await store.session("a", { create: true }).append(named("new"));
    assert.deepEqual(await idsOf(store.session("a")), ["new"]);
    assert.equal((await store.session("a").info()).title, undefined);
  });

  test("children go with it on request alone", async ({ create }) => {
    const store = await create();
    await store.createSession({ id: "a" });
    await store.createSession({ id: "b", parent: "a" });
    await store.createSession({ id: "c", parent: "b" });
    await later();
    await store.createSession({ id: "d", parent: "none" });
    await store.session("a").delete({ children: true });
    assert.equal(await shown(store), "d");
    assert.deepEqual(await inTrash(store), ["a", "b", "c"]);
    await store.session("b").restore();
    assert.equal(await shown(store), "b d");
    await store.session("d").delete();
    assert.equal(await shown(store), "b");
  });
});

export const retention: Case[] = group("retention", (test) => {
  const planned = async (store: TestedStore, policy: object): Promise<string[]> =>
    (await store.retention.plan(policy)).items.map(({ id }) => id);

  test("a plan takes the oldest over each limit, and changes nothing", async ({ create }) => {
    const store = await three(create);
    assert.deepEqual(await planned(store, {}), []);
    assert.deepEqual(await planned(store, { maxSessions: 3 }), []);
    assert.deepEqual(await planned(store, { maxSizeMB: 100, maxAgeDays: 1 }), []);
    await later();
    await store.session("a").append(named("x"));
    assert.equal(await shown(store), "a c b");
    const plan = await store.retention.plan({ maxSessions: 1 });
    // What somebody writes to stays, and a store in use may take itself for that.
    const told = new Set([...plan.items, ...plan.kept].map(({ id }) => id));
    for (const id of ["b", "c"]) assert.ok(told.has(id), id);
    assert.ok(!plan.items.some(({ id }) => id === "a"));
    assert.equal(await store.count(), 3);
  });

  test.reopening("apply() does what a plan says, to the trash, with an event for each", async ({ create, reopen }) => {
    const first = await three(create);
    await first.close();
    const store = await reopen(first);
    const plan = await store.retention.plan({ maxSessions: 1 });
    assert.deepEqual(
      plan.items.map(({ id, title, reason, messages }) => [id, title, reason, messages]),
      [
        ["a", "title of a", "sessions", 2],
        ["b", "title of b", "sessions", 2],
      ],
    );
    assert.equal(plan.left.sessions, 1);
    const events: string[] = [];
    store.on("evicted", ({ id }) => events.push(id));
    const report = await store.retention.apply(structuredClone(plan));
    await Promise.resolve();
    assert.deepEqual(
      report.evicted.map(({ id }) => id),
      ["a", "b"],
    );
    assert.deepEqual(events, ["a", "b"]);
    assert.equal(await shown(store), "c");
    assert.deepEqual(await inTrash(store), ["a", "b"]);
    await store.session("a").restore();
    assert.deepEqual(await idsOf(store.session("a")), ["m", "n"]);
  });

  test.reopening("pinned sessions, those that are kept, and parents of what stays are never taken", async (bench) => {
    const first = await three(bench.create);
    await later();
    await first.createSession({ id: "d", parent: "b" });
    await first.session("a").update({ pinned: true });
    await first.close();
    const store = await bench.reopen(first);
    assert.deepEqual(
      await planned(store, { maxSessions: 0 }),
      ["d", "b", "c"].toSorted((x, y) => order(x) - order(y)),
    );
    assert.deepEqual(await planned(store, { maxSessions: 0, keep: ["d"] }), ["c"]);
    assert.deepEqual(await planned(store, { maxSessions: 0, keep: ({ id }: { id: string }) => id !== "c" }), ["c"]);
    const { kept } = await store.retention.plan({ maxSessions: 0 });
    assert.deepEqual(kept, [{ id: "a", obstacle: "pinned" }]);
  });

  test.reopening("what was written to since the plan stays", async ({ create, reopen }) => {
    const first = await three(create);
    await first.close();
    const store = await reopen(first);
    const plan = await store.retention.plan({ maxSessions: 1 });
    await store.session("a").append(named("x"));
    await store.session("b").delete();
    const report = await store.retention.apply(plan);
    assert.deepEqual(report.evicted, []);
    assert.equal(report.skipped.length, 2);
    assert.equal(await shown(store), "a c");
  });

  test("a policy with an unknown key or a wrong value is refused", async ({ create }) => {
    const store = await create();
    for (const policy of [{ maxDays: 1 }, { maxSessions: -1 }, { maxAgeDays: "1" }, { by: "size" }, { keep: {} }, null])
      await fails(() => store.retention.plan(policy as object), "INVALID_ARGUMENT");
  });
});

/** Children go before their parents, and else the oldest first. */
function order(id: string): number {
  return ["d", "b", "c"].indexOf(id);
}

export const archive: Case[] = group("archive", (test) => {
  test("an archived session is listed as such, read and searched as before", async ({ create }) => {
    const store = await three(create);
    const before = await store.session("b").history();
    await store.archive("b");
    assert.deepEqual(await store.session("b").history(), before);
    assert.equal((await store.session("b").info()).archived, true);
    assert.equal(await store.count({ archived: true }), 1);
    assert.deepEqual(
      (await collect(store.searchMessages("text of m", { ids: ["b"] }))).map(({ id }) => id),
      ["m"],
    );
    assert.equal((await store.searchTitles("title of b"))[0]?.archived, true);
    await store.archive("b");
    await store.unarchive("b");
    assert.equal((await store.session("b").info()).archived, false);
    assert.deepEqual(await store.session("b").history(), before);
  });

  test("a new message takes the mark away, a new title does not", async ({ create }) => {
    const store = await three(create);
    await store.archive("b");
    await store.session("b").update({ title: "renamed" });
    assert.equal((await store.session("b").info()).archived, true);
    await store.session("b").append(named("x"));
    assert.equal((await store.session("b").info()).archived, false);
    assert.deepEqual(await idsOf(store.session("b")), ["m", "n", "x"]);
  });

  test("what is archived can be deleted and restored; what is not there cannot be archived", async ({ create }) => {
    const store = await three(create);
    await store.archive("b");
    await store.session("b").delete();
    assert.equal(await shown(store), "c a");
    await store.session("b").restore();
    assert.deepEqual(await idsOf(store.session("b")), ["m", "n"]);
    await fails(store.archive("none"), "NOT_FOUND");
    await fails(store.unarchive("none"), "NOT_FOUND");
  });
});
