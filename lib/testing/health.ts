// Verifying, compacting, and erasing for good.
import assert from "node:assert/strict";
import type { TestedSession, TestedStore } from "./backend.ts";
import { group } from "./case.ts";
import type { Bench, Case } from "./case.ts";
import { collect, fails, idsOf, named } from "./expect.ts";

/** A text that nothing else has. */
const NEEDLE = "zebra-quagga-4711";

/** A session of which most lines are dead. */
async function worn(store: TestedStore, id = "s"): Promise<TestedSession> {
  const session = await store.createSession({ id, title: "before" });
  await session.append(named("a", "b", "c", "d", "e"));
  for (let n = 0; n < 10; n++) {
    await session.putMessage({ id: "b", n, text: "x".repeat(200) });
    await session.putPart("b", { id: "p", n });
    await session.update({ title: `title ${n}` });
  }
  await session.checkout("d");
  await session.append(named("x", "y"));
  await session.remove("c");
  await session.truncate({ before: "b" });
  return session;
}

async function stateOf(session: TestedSession): Promise<unknown> {
  const { title, messages, branches, createdAt, updatedAt, tip } = await session.info();
  return [await session.history(), await session.branches(), title, messages, branches, createdAt, updatedAt, tip];
}

export const health: Case[] = group("verify and compact", (test) => {
  test("a store that was used in every way has no problems", async ({ create }) => {
    const store = await create();
    await worn(store);
    await (await store.createSession({ id: "deleted" })).append(named("a"));
    await store.session("deleted").delete();
    await (await store.createSession({ id: "archived" })).append({ image: Buffer.alloc(50_000, 3).toString("base64") });
    await store.archive("archived");
    await store.session("s").fork();
    assert.deepEqual(await collect(store.verify()), []);
    assert.deepEqual(await collect(store.verify({ ids: ["s"] })), []);
    await fails(collect(store.verify({ ids: ["none"] })), "NOT_FOUND");
    await fails(() => collect(store.verify({ id: "s" } as object)), "INVALID_ARGUMENT");
  });

  test("compaction takes out what nobody can see, and nothing else changes", async ({ create }) => {
    const session = await worn(await create());
    const before = await stateOf(session);
    const result = await session.compact();
    assert.ok(result.lines > 20);
    assert.ok(result.bytesAfter < result.bytesBefore);
    assert.deepEqual(await stateOf(session), before);
  });

  test("a second compaction finds nothing, and the session goes on", async ({ create }) => {
    const store = await create();
    const session = await worn(store);
    const { previous } = await session.page({ limit: 2 });
    await session.compact();
    const again = await session.compact();
    assert.equal(again.lines, 0);
    assert.equal(again.bytesAfter, again.bytesBefore);
    await session.append(named("z"));
    assert.deepEqual(await idsOf(session), ["b", "d", "x", "y", "z"]);
    assert.deepEqual(
      (await session.page({ limit: 9, before: previous })).items.map(({ id }) => id),
      ["b", "d"],
    );
    assert.deepEqual(await collect(store.verify()), []);
  });

  test("compaction while others append loses nothing", async ({ create }) => {
    const session = await worn(await create());
    const appended = Promise.all(Array.from({ length: 50 }, (_, n) => session.append({ id: `m${n}` })));
    await session.compact();
    await appended;
    assert.equal((await idsOf(session)).length, 54);
  });

  test("store.compact() compacts all sessions, and refresh() changes nothing", async ({ create }) => {
    const store = await create();
    const sessions = [await worn(store, "one"), await worn(store, "two")];
    const before = await Promise.all(sessions.map(stateOf));
    const { compacted, freedBytes, failed } = await store.compact();
    assert.equal(compacted, 2);
    assert.ok(freedBytes > 0);
    assert.deepEqual(failed, []);
    await store.refresh();
    assert.deepEqual(await Promise.all(sessions.map(stateOf)), before);
  });

  test("stats() of a store counts its sessions and lines", async ({ create }) => {
    const store = await create();
    await worn(store, "one");
    await store.createSession({ id: "two", parent: "one" });
    const stats = await store.stats({ lines: true });
    assert.deepEqual([stats.sessions, stats.damaged], [2, 0]);
    assert.equal(stats.largest[0]?.id, "one");
    assert.equal(stats.lines?.types["message"]?.lines, (await store.session("one").stats()).types["message"]?.lines);
    assert.ok(stats.bytes > 0);
    await store.session("two").delete();
    assert.equal((await store.stats()).sessions, 1);
    await fails(() => store.stats({ line: true } as object), "INVALID_ARGUMENT");
  });
});

async function isNowhere({ holds }: Bench, store: TestedStore): Promise<void> {
  assert.deepEqual(await collect(store.searchMessages(NEEDLE, { hidden: true })), []);
  assert.deepEqual(await store.searchTitles(NEEDLE), []);
  assert.equal(await holds(store, NEEDLE), false, "it stands somewhere in the store");
}

export const purging: Case[] = group("purge", (test) => {
  test("a purged message is nowhere: no version of it, no part, no search", async (bench) => {
    const store = await bench.create();
    const session = await store.createSession({ id: "s", title: "kept" });
    await session.append([{ id: "a" }, { id: "b", text: `${NEEDLE} 1` }, { id: "c" }]);
    await session.putMessage({ id: "b", text: `${NEEDLE} 2` });
    await session.putPart("b", { id: NEEDLE, text: NEEDLE });
    await session.putMessage({ id: "b", text: "harmless" });
    assert.equal((await collect(store.searchMessages(NEEDLE, { hidden: true }))).length > 0, true);
    const { erased, heldBy } = await session.purge(["b"]);
    assert.deepEqual([erased, heldBy], [4, []]);
    assert.deepEqual(await idsOf(session), ["a", "c"]);
    await isNowhere(bench, store);
    await session.append(named("b"));
    assert.deepEqual(await idsOf(session), ["a", "c", "b"]);
    assert.deepEqual(await collect(store.verify()), []);
  });

  test("what was removed, truncated or on another branch is purged, too", async (bench) => {
    const store = await bench.create();
    const session = await store.createSession({ id: "s" });
    await session.append(["a", "b", "c", "d"].map((id) => ({ id, text: NEEDLE })));
    await session.checkout("c");
    await session.append(named("x"));
    await session.remove("b");
    await session.truncate({ before: "c" });
    await session.purge(["a", "b", "c", "d"]);
    assert.deepEqual(await idsOf(session), ["x"]);
    await isNowhere(bench, store);
  });

  test("a purge of a message that never was erases nothing", async ({ create }) => {
    const store = await create();
    const session = await store.createSession({ id: "s" });
    await session.append(named("a", "b"));
    await fails(session.purge(["a", "none"]), "NOT_FOUND");
    assert.deepEqual(await idsOf(session), ["a", "b"]);
    await fails(store.session("none").purge("a"), "NOT_FOUND");
    await fails(store.purge("none"), "NOT_FOUND");
  });

  test("a purged session is nowhere: not what it was called, not what was said", async (bench) => {
    const store = await bench.create();
    const said = { title: NEEDLE, summary: NEEDLE, project: NEEDLE, tags: [NEEDLE], metadata: { [NEEDLE]: NEEDLE } };
    const session = await store.createSession({ id: "s", ...said });
    await session.append([{ id: "a", text: NEEDLE }, { id: NEEDLE }]);
    await session.update({ title: "another" });
    await store.searchTitles(NEEDLE);
    await store.purge("s");
    assert.equal(await store.get("s"), undefined);
    assert.equal(await store.count(), 0);
    await isNowhere(bench, store);
    await fails(session.restore(), "NOT_FOUND");
    assert.deepEqual(await collect(store.verify()), []);
  });

  test("a deleted session can be purged, in the trash or out of it", async (bench) => {
    const store = await bench.create();
    for (const trash of [true, false]) {
      const session = await store.createSession({ id: `s ${trash}`, title: NEEDLE });
      await session.append({ text: NEEDLE });
      await session.delete({ trash });
      await store.purge(session.id);
    }
    assert.deepEqual(await collect(store.trash()), []);
    await isNowhere(bench, store);
  });

  test("an attachment of what was purged is gone, unless something else has it", async ({ create }) => {
    const store = await create();
    const session = await store.createSession();
    const [one, two] = [1, 2].map((n) => Buffer.alloc(60_000, n).toString("base64"));
    await session.append([
      { id: "a", one, two },
      { id: "b", two },
    ]);
    const { data } = (await session.message("a", { blobs: "reference" })) ?? { data: {} };
    await session.purge("a");
    assert.equal(await store.blob(data.one), undefined);
    assert.deepEqual((await session.message("b"))?.data, { id: "b", two });
  });
});
