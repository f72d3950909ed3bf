// Adding messages.
import assert from "node:assert/strict";
import { group } from "./case.ts";
import type { Case } from "./case.ts";
import { collect, fails, idsOf, linesOf, named } from "./expect.ts";

export const append: Case[] = group("append", (test) => {
  test("a message is there with its id, its place and its data", async ({ create }) => {
    const session = await (await create()).createSession({ id: "s" });
    const message = { id: "m1", role: "user", content: "hi" };
    const receipt = await session.append(message);
    assert.equal(receipt.id, "m1");
    assert.equal(typeof receipt.at, "string");
    assert.deepEqual(await session.history(), [{ id: "m1", at: receipt.at, data: message, parts: [] }]);
  });

  test("several have a receipt each, in their order", async ({ create }) => {
    const session = await (await create()).createSession();
    const receipts = await session.append(named("a", "b", "c"));
    assert.deepEqual(
      receipts.map(({ id }) => id),
      ["a", "b", "c"],
    );
    assert.deepEqual(
      (await session.history()).map(({ id, at }) => ({ id, at })),
      receipts,
    );
  });

  test("none at all is an empty list, and writes nothing", async ({ create }) => {
    const session = await (await create()).createSession();
    const lines = await linesOf(session);
    assert.deepEqual(await session.append([]), []);
    assert.equal(await linesOf(session), lines);
  });

  test("a message without an id gets one of its own, and its data stays as it was given", async ({ create }) => {
    const session = await (await create()).createSession();
    const receipts = await session.append([{ n: 1 }, { n: 2 }, { id: 3, n: 3 }]);
    assert.equal(new Set(receipts.map(({ id }) => id)).size, 3);
    for (const { id } of receipts) assert.ok(id.length > 0);
    assert.deepEqual(
      (await session.history()).map(({ data }) => data),
      [{ n: 1 }, { n: 2 }, { id: 3, n: 3 }],
    );
  });

  test("places are unique, ascend, and sort as text", async ({ create }) => {
    const session = await (await create()).createSession();
    for (let n = 0; n < 20; n++) await session.append(n % 3 === 0 ? [{ n }, { n }, { n }] : { n });
    const places = (await session.history()).map(({ at }) => at);
    assert.deepEqual(places, [...new Set(places)].toSorted());
    assert.equal(places.length, 34);
  });

  test("a list of which one is wrong adds none", async ({ create }) => {
    const session = await (await create()).createSession();
    await session.append({ id: "a", n: 1 });
    await fails(session.append([{ id: "b" }, 5 as unknown as object]), "INVALID_MESSAGE");
    await fails(session.append([{ id: "c" }, { id: "a", n: 2 }, { id: "d" }]), "EXISTS");
    assert.deepEqual(await idsOf(session), ["a"]);
  });

  test("an id that lives with other content is refused", async ({ create }) => {
    const session = await (await create()).createSession();
    await session.append({ id: "a", n: 1 });
    await fails(session.append({ id: "a", n: 2 }), "EXISTS");
    await fails(session.append([{ id: "b" }, { id: "b", n: 1 }]), "EXISTS");
    assert.deepEqual(
      (await session.history()).map(({ data }) => data),
      [{ id: "a", n: 1 }],
    );
  });

  test("the same message once more is nothing new, whatever the order of its keys", async ({ create }) => {
    const session = await (await create()).createSession();
    const receipt = await session.append({ id: "a", n: 1, deep: { x: [1], y: null } });
    const lines = await linesOf(session);
    assert.deepEqual(await session.append({ deep: { y: null, x: [1] }, n: 1, id: "a" }), receipt);
    assert.equal(await linesOf(session), lines);
    assert.equal(await session.count(), 1);
  });

  test("an id that was removed begins a new message, at the end", async ({ create }) => {
    const session = await (await create()).createSession();
    const [first] = await session.append(named("a", "b"));
    await session.remove("a");
    const again = await session.append({ id: "a", n: 2 });
    assert.ok(again.at > (first?.at ?? ""));
    assert.deepEqual(await idsOf(session), ["b", "a"]);
  });

  test("what is no message is refused", async ({ create }) => {
    const session = await (await create()).createSession();
    for (const wrong of [null, undefined, 1, "text", true, [[]], [null]])
      await fails(() => session.append(wrong as unknown as object), "INVALID_MESSAGE");
    assert.equal(await session.count(), 0);
  });

  test("an id that is empty, has a NUL or a lone surrogate is refused", async ({ create }) => {
    const session = await (await create()).createSession();
    for (const id of ["", "a\0b", "\ud800"]) await fails(session.append({ id }), "INVALID_ID");
    assert.equal(await session.count(), 0);
  });

  test("ids are any other text", async ({ create }) => {
    const session = await (await create()).createSession();
    const ids = ["A", "a", " ", "a b", "é", "e\u0301", "漢字", "😀", '"', "\\", "\n", "../x", "%41", "x".repeat(1000)];
    await session.append(ids.map((id) => ({ id })));
    assert.deepEqual(await idsOf(session), ids);
    for (const id of ids) assert.equal((await session.message(id))?.id, id);
  });

  test("a session that is not there is made only if that was asked for", async ({ create }) => {
    const store = await create();
    await fails(store.session("s").append({ n: 1 }), "NOT_FOUND");
    assert.equal(await store.get("s"), undefined);
    await store.session("s", { create: true }).append({ n: 1 });
    assert.equal(await store.session("s").count(), 1);
    await store.session("s", { create: true }).append({ n: 2 });
    assert.equal(await store.session("s").count(), 2);
  });

  test("calls take effect in the order in which they were made, awaited or not", async ({ create }) => {
    const session = (await create()).session("s", { create: true });
    const calls = Array.from({ length: 50 }, (_, n) => session.append({ id: `m${n}` }));
    const counted = session.count();
    const later = session.append({ id: "last" });
    assert.equal(await counted, 50);
    await Promise.all([...calls, later]);
    assert.deepEqual(await idsOf(session), [...Array.from({ length: 50 }, (_, n) => `m${n}`), "last"]);
  });

  test("what becomes of an object after the call is nothing to the store", async ({ create }) => {
    const session = await (await create()).createSession();
    const message = { id: "a", list: [1], image: Buffer.alloc(60_000, 1).toString("base64") };
    const written = session.append(message);
    const given = structuredClone(message);
    message.list.push(2);
    message.image = "other";
    await written;
    assert.deepEqual((await session.message("a"))?.data, given);
  });

  test("sessions do not see each other's messages", async ({ create }) => {
    const store = await create();
    const [one, two] = [store.session("one", { create: true }), store.session("two", { create: true })];
    await Promise.all([one.append(named("a", "b")), two.append({ id: "a", other: true })]);
    assert.deepEqual(await idsOf(one), ["a", "b"]);
    assert.deepEqual((await two.history())[0]?.data, { id: "a", other: true });
    assert.deepEqual((await collect(store.ids())).toSorted(), ["one", "two"]);
  });
});
