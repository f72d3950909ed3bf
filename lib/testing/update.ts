// What a session is called and belongs to.
import assert from "node:assert/strict";
import type { SessionInfo } from "../index.ts";
import type { TestedSession } from "./backend.ts";
import { group } from "./case.ts";
import type { Case } from "./case.ts";
import { fails, linesOf, named } from "./expect.ts";

const ALL = {
  title: "A title",
  summary: "What was said",
  project: "acme",
  directory: "/home/a b/ü",
  parent: "another",
  archived: true,
  pinned: true,
  tags: ["x", "Y", "漢"],
  metadata: { model: "m", deep: { list: [1, null, { a: "😀" }] } },
} as const;

/** What was said of it, without what is computed. */
async function saidOf(session: TestedSession): Promise<Partial<SessionInfo>> {
  const computed = new Set(["id", "createdAt", "updatedAt", "messages", "bytes", "branches", "machines", "tip"]);
  return Object.fromEntries(Object.entries(await session.info()).filter(([key]) => !computed.has(key)));
}

async function titleOf(session: TestedSession): Promise<string | undefined> {
  return (await session.info()).title;
}

export const update: Case[] = group("info", (test) => {
  test("a session begins with all that was said of it", async ({ create }) => {
    const store = await create();
    const session = await store.createSession({ id: "s", ...ALL });
    assert.deepEqual(await saidOf(session), { ...ALL, titleSource: "user" });
    assert.deepEqual(await store.get("s"), await session.info());
  });

  test("a session of which nothing was said has just what is computed", async ({ create }) => {
    const before = Date.now();
    const session = await (await create()).createSession({ id: "s" });
    const info = await session.info();
    assert.deepEqual(await saidOf(session), { archived: false });
    assert.equal(info.id, "s");
    assert.equal(info.messages, 0);
    assert.equal(typeof info.tip, "string");
    for (const time of [info.createdAt, info.updatedAt]) {
      assert.equal(new Date(time).toISOString(), time);
      assert.ok(Date.parse(time) >= before);
    }
  });

  test("a key that is given replaces what stood, others stay, undefined is not given", async ({ create }) => {
    const session = await (await create()).createSession(ALL);
    await session.update({ summary: "new", tags: [], metadata: { other: 1 }, project: undefined });
    assert.deepEqual(await saidOf(session), {
      ...ALL,
      titleSource: "user",
      summary: "new",
      tags: [],
      metadata: { other: 1 },
    });
  });

  test("null clears each key", async ({ create }) => {
    const session = await (await create()).createSession(ALL);
    await session.update(Object.fromEntries(Object.keys(ALL).map((key) => [key, null])));
    assert.deepEqual(await saidOf(session), { archived: false });
    await session.update({ title: "again" });
    assert.equal(await titleOf(session), "again");
  });

  test("an automatic title gives way to a user's, never the other way round", async ({ create }) => {
    const session = await (await create()).createSession();
    await session.update({ title: "automatic", titleSource: "auto" });
    assert.equal((await session.info()).titleSource, "auto");
    await session.update({ title: "another", titleSource: "auto" });
    assert.equal(await titleOf(session), "another");
    await session.update({ title: "user's" });
    await session.update({ title: "automatic again", titleSource: "auto", summary: "s" });
    assert.deepEqual(await saidOf(session), { title: "user's", titleSource: "user", summary: "s", archived: false });
    await session.update({ title: "the user's second" });
    assert.equal(await titleOf(session), "the user's second");
  });

  test("a title that was cleared makes room for an automatic one", async ({ create }) => {
    const session = await (await create()).createSession({ title: "user's" });
    await session.update({ title: null });
    await session.update({ title: "automatic", titleSource: "auto" });
    assert.equal(await titleOf(session), "automatic");
  });

  test("what stands already writes nothing", async ({ create }) => {
    const session = await (await create()).createSession(ALL);
    const lines = await linesOf(session);
    await session.update({ ...ALL, metadata: { deep: ALL.metadata.deep, model: "m" } });
    await session.update({});
    assert.equal(await linesOf(session), lines);
  });

  test("an unknown key, a value of the wrong kind and a session that is its own parent are refused", async ({
    create,
  }) => {
    const session = await (await create()).createSession({ id: "s", title: "a" });
    const wrong = [{ name: "x" }, { title: 5 }, { tags: "x" }, { tags: [1] }, { pinned: "yes" }, { metadata: [] }];
    for (const patch of [...wrong, { titleSource: null }, { parent: "" }, { parent: "s" }, null, []])
      await fails(() => session.update(patch as object), "INVALID_ARGUMENT");
    assert.deepEqual(await saidOf(session), { title: "a", titleSource: "user", archived: false });
  });

  test("an update of a session that is not there makes it only where that was asked for", async ({ create }) => {
    const store = await create();
    await fails(store.session("s").update({ title: "x" }), "NOT_FOUND");
    await store.session("s", { create: true }).update({ title: "x" });
    assert.equal(await titleOf(store.session("s")), "x");
  });

  test("an id can be had once, and any text is one", async ({ create }) => {
    const store = await create();
    const ids = [
      "s",
      "S",
      "ü",
      "漢",
      "😀",
      "a/b",
      "..",
      ".",
      "con",
      "x".repeat(400),
      `${"x".repeat(400)}y`,
      "%53",
      "a\nb",
    ];
    for (const id of ids) await store.createSession({ id, title: `title of ${id}` });
    for (const id of ids) {
      await fails(store.createSession({ id }), "EXISTS");
      assert.equal(await titleOf(store.session(id)), `title of ${id}`);
    }
    for (const id of ["", "a\0", "\udc00"]) await fails(() => store.createSession({ id }), "INVALID_ID");
  });

  test("a session gets an id where none is given, each another", async ({ create }) => {
    const store = await create();
    const ids = [await store.createSession(), await store.createSession(), await store.createSession()].map(
      ({ id }) => id,
    );
    assert.equal(new Set(ids).size, 3);
    for (const id of ids) assert.equal((await store.get(id))?.id, id);
  });

  test("info counts what is in the history, and its last activity is that of the newest line", async ({ create }) => {
    const session = await (await create()).createSession();
    const before = await session.info();
    await session.append(named("a", "b", "c"));
    await session.remove("b");
    const after = await session.info();
    assert.equal(after.messages, 2);
    assert.equal(after.createdAt, before.createdAt);
    assert.ok(after.updatedAt >= before.updatedAt);
    assert.ok(after.tip > before.tip);
    assert.ok(after.bytes > before.bytes);
  });

  test("stats tell of lines by their types, and dead bytes", async ({ create }) => {
    const session = await (await create()).createSession();
    await session.append(named("a", "b", "c"));
    await session.putPart("a", { id: "p" });
    const before = await session.stats();
    await session.remove("b");
    const { lines, liveBytes, deadBytes, bytes, types } = await session.stats();
    assert.equal(types["message"]?.lines, 3);
    assert.equal(types["part"]?.lines, 1);
    assert.equal(types["remove"]?.lines, 1);
    assert.equal(lines, before.lines + 1);
    assert.ok(deadBytes > before.deadBytes);
    assert.equal(liveBytes + deadBytes, bytes);
    await session.sync();
  });
});
