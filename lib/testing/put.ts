// Messages and parts that are replaced and removed.
import assert from "node:assert/strict";
import { group } from "./case.ts";
import type { Case } from "./case.ts";
import { collect, fails, idsOf, linesOf, named } from "./expect.ts";

export const put: Case[] = group("put and remove", (test) => {
  test("putMessage() replaces a message where it stands, parts and all else stay", async ({ create }) => {
    const session = await (await create()).createSession();
    const [, at] = await session.append(named("a", "b", "c"));
    const part = await session.putPart("b", { id: "p", n: 1 });
    assert.deepEqual(await session.putMessage({ id: "b", text: "edited" }), at);
    assert.deepEqual(await idsOf(session), ["a", "b", "c"]);
    assert.deepEqual(await session.message("b"), {
      id: "b",
      at: at?.at,
      data: { id: "b", text: "edited" },
      parts: [{ id: "p", at: part.at, data: { id: "p", n: 1 } }],
    });
  });

  test("putMessage() adds one that is not there", async ({ create }) => {
    const session = (await create()).session("s", { create: true });
    const { id, at } = await session.putMessage({ id: "a", n: 1 });
    assert.deepEqual(await session.history(), [{ id, at, data: { id: "a", n: 1 }, parts: [] }]);
  });

  test("putMessage() of what stands writes nothing", async ({ create }) => {
    const session = await (await create()).createSession();
    const receipt = await session.append({ id: "a", n: 1, m: { x: 1, y: 2 } });
    const lines = await linesOf(session);
    assert.deepEqual(await session.putMessage({ m: { y: 2, x: 1 }, n: 1, id: "a" }), receipt);
    assert.equal(await linesOf(session), lines);
  });

  test("putMessage() needs an id", async ({ create }) => {
    const session = await (await create()).createSession();
    await fails(session.putMessage({ n: 1 }), "INVALID_MESSAGE");
  });

  test("the last of many versions is what is read", async ({ create }) => {
    const session = await (await create()).createSession();
    await session.append(named("a", "b"));
    for (let n = 0; n < 30; n++) await session.putMessage({ id: "a", n });
    assert.deepEqual((await session.message("a"))?.data, { id: "a", n: 29 });
    assert.deepEqual(await idsOf(session), ["a", "b"]);
    assert.equal(await session.count(), 2);
  });

  test("parts stand in the order in which they came, and are replaced in place", async ({ create }) => {
    const session = await (await create()).createSession();
    await session.append(named("a", "b"));
    const first = await session.putPart("a", { id: "p1", n: 1 });
    await session.putPart("a", { id: "p2", n: 1 });
    assert.deepEqual(await session.putPart("a", { id: "p1", n: 2 }), first);
    const entry = await session.message("a");
    assert.deepEqual(
      entry?.parts.map(({ data }) => data),
      [
        { id: "p1", n: 2 },
        { id: "p2", n: 1 },
      ],
    );
    assert.deepEqual((await session.message("b"))?.parts, []);
  });

  test("a part without an id gets one, each time another", async ({ create }) => {
    const session = await (await create()).createSession();
    await session.append(named("a"));
    const one = await session.putPart("a", { n: 1 });
    const two = await session.putPart("a", { n: 1 });
    assert.notEqual(one.id, two.id);
    assert.deepEqual(
      (await collect(session.parts("a"))).map(({ id, at, data }) => ({ id, at, data })),
      [
        { ...one, data: { n: 1 } },
        { ...two, data: { n: 1 } },
      ],
    );
  });

  test("one part's id in two messages is two parts", async ({ create }) => {
    const session = await (await create()).createSession();
    await session.append(named("a", "b"));
    await session.putPart("a", { id: "p", of: "a" });
    await session.putPart("b", { id: "p", of: "b" });
    await session.remove("a", "p");
    assert.deepEqual((await session.message("a"))?.parts, []);
    assert.deepEqual((await session.message("b"))?.parts[0]?.data, { id: "p", of: "b" });
  });

  test("a part of no message, and what is no part, is refused", async ({ create }) => {
    const session = await (await create()).createSession();
    await session.append(named("a"));
    await fails(session.putPart("none", { id: "p" }), "NOT_FOUND");
    await fails(session.putPart("a", null), "INVALID_MESSAGE");
    await fails(session.putPart("a", { id: "" }), "INVALID_ID");
    await fails(() => session.putPart("a", { id: "p" }, { last: true } as object), "INVALID_ARGUMENT");
    assert.deepEqual((await session.message("a"))?.parts, []);
  });

  test("a part that grows is read as far as it has come, and ends as it was put last", async ({ create }) => {
    const session = await (await create()).createSession();
    await session.append(named("a"));
    let text = "";
    for (let n = 0; n < 40; n++) {
      text += `token ${n} `;
      await session.putPart("a", { id: "p", text }, { final: false });
      if (n % 10 === 0) assert.deepEqual((await session.message("a"))?.parts[0]?.data, { id: "p", text });
    }
    await session.putPart("a", { id: "p", text, done: true });
    assert.deepEqual(
      (await collect(session.parts("a"))).map(({ data }) => data),
      [{ id: "p", text, done: true }],
    );
    assert.ok((await linesOf(session)) < 40, "each version is a line");
  });

  test.reopening("a part that was still growing is there whole after close()", async ({ create, reopen }) => {
    const store = await create();
    const session = await store.createSession({ id: "s" });
    await session.append(named("a"));
    for (const text of ["a", "a b", "a b c"]) await session.putPart("a", { id: "p", text }, { final: false });
    await store.close();
    const again = await reopen(store);
    assert.deepEqual((await again.session("s").message("a"))?.parts[0]?.data, { id: "p", text: "a b c" });
  });

  test("a removed message is gone with its parts, the others stay", async ({ create }) => {
    const session = await (await create()).createSession();
    await session.append(named("a", "b", "c"));
    await session.putPart("b", { id: "p" });
    await session.remove("b");
    assert.deepEqual(await idsOf(session), ["a", "c"]);
    assert.equal(await session.message("b"), undefined);
    assert.equal(await session.count(), 2);
    await fails(collect(session.parts("b")), "NOT_FOUND");
    await fails(session.putPart("b", { id: "p" }), "NOT_FOUND");
  });

  test("a message is named by its place as well", async ({ create }) => {
    const session = await (await create()).createSession();
    const [a, b] = await session.append(named("a", "b"));
    assert.equal((await session.message(a?.at ?? ""))?.id, "a");
    await session.putPart(b?.at ?? "", { id: "p" });
    await session.remove(a?.at ?? "");
    assert.deepEqual(await idsOf(session), ["b"]);
    assert.equal((await session.message("b"))?.parts.length, 1);
  });

  test("a part can be removed and put again, at the end", async ({ create }) => {
    const session = await (await create()).createSession();
    await session.append(named("a"));
    for (const id of ["p1", "p2"]) await session.putPart("a", { id });
    await session.remove("a", "p1");
    await session.putPart("a", { id: "p1", again: true });
    assert.deepEqual(
      (await collect(session.parts("a"))).map(({ data }) => data),
      [{ id: "p2" }, { id: "p1", again: true }],
    );
  });

  test("what is not there cannot be removed", async ({ create }) => {
    const session = await (await create()).createSession();
    await session.append(named("a"));
    await fails(session.remove("none"), "NOT_FOUND");
    await fails(session.remove("a", "none"), "NOT_FOUND");
    await session.remove("a");
    await fails(session.remove("a"), "NOT_FOUND");
  });
});
