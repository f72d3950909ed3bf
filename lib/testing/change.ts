// Cutting a history, writing it anew, and several operations in one commit.
import assert from "node:assert/strict";
import type { TestedSession } from "./backend.ts";
import { group } from "./case.ts";
import type { Bench, Case } from "./case.ts";
import { fails, idsOf, linesOf, named } from "./expect.ts";

async function five({ create }: Bench): Promise<TestedSession> {
  const session = await (await create()).createSession({ id: "s" });
  await session.append(named("a", "b", "c", "d", "e"));
  return session;
}

export const truncate: Case[] = group("truncate and replace", (test) => {
  test("keepLast keeps the newest, and tells how many went", async (bench) => {
    const session = await five(bench);
    assert.equal(await session.truncate({ keepLast: 2 }), 3);
    assert.deepEqual(await idsOf(session), ["d", "e"]);
    assert.equal(await session.count(), 2);
  });

  test("before keeps the message and what follows it, by its id or its place", async (bench) => {
    const session = await five(bench);
    assert.equal(await session.truncate({ before: "b" }), 1);
    const at = (await session.message("d"))?.at ?? "";
    assert.equal(await session.truncate({ before: at }), 2);
    assert.deepEqual(await idsOf(session), ["d", "e"]);
  });

  test("after keeps the message and what comes before it", async (bench) => {
    const session = await five(bench);
    assert.equal(await session.truncate({ after: "c" }), 2);
    await session.append(named("f"));
    assert.deepEqual(await idsOf(session), ["a", "b", "c", "f"]);
  });

  test("what would hide nothing writes nothing", async (bench) => {
    const session = await five(bench);
    const lines = await linesOf(session);
    for (const range of [{ keepLast: 5 }, { keepLast: 9 }, { before: "a" }, { after: "e" }])
      assert.equal(await session.truncate(range), 0);
    assert.equal(await linesOf(session), lines);
  });

  test("a range of no message or of the wrong shape is refused", async (bench) => {
    const session = await five(bench);
    await fails(session.truncate({ before: "none" }), "NOT_FOUND");
    await session.remove("c");
    await fails(session.truncate({ after: "c" }), "NOT_FOUND");
    for (const range of [{}, { keepLast: -1 }, { keepLast: 1.5 }, { keepLast: 1, before: "a" }, { last: 1 }, null])
      await fails(() => session.truncate(range as { keepLast: number }), "INVALID_ARGUMENT");
    assert.deepEqual(await idsOf(session), ["a", "b", "d", "e"]);
  });

  test("clear() hides all, and the session goes on", async (bench) => {
    const session = await five(bench);
    assert.equal(await session.clear(), 5);
    assert.deepEqual(await session.history(), []);
    assert.equal(await session.count(), 0);
    assert.equal(await session.clear(), 0);
    await session.append(named("a"));
    assert.deepEqual(await idsOf(session), ["a"]);
  });

  test("replace() leaves what is equal at the beginning, and writes the rest anew", async (bench) => {
    const session = await five(bench);
    const before = await session.history();
    const receipts = await session.replace([...named("a", "b"), { id: "c", other: true }, { id: "x" }]);
    const after = await session.history();
    assert.deepEqual(
      after.map(({ id, at }) => ({ id, at })),
      receipts,
    );
    assert.deepEqual(after.slice(0, 2), before.slice(0, 2));
    assert.deepEqual(
      after.map(({ data }) => data),
      [...named("a", "b"), { id: "c", other: true }, { id: "x" }],
    );
    assert.ok((after[2]?.at ?? "") > (before[4]?.at ?? ""));
  });

  test("replace() with the history as it is writes nothing, with less it cuts, with nothing it clears", async (bench) => {
    const session = await five(bench);
    const lines = await linesOf(session);
    await session.replace(named("a", "b", "c", "d", "e"));
    assert.equal(await linesOf(session), lines);
    await session.replace(named("a", "b"));
    assert.deepEqual(await idsOf(session), ["a", "b"]);
    assert.deepEqual(await session.replace([]), []);
    assert.equal(await session.count(), 0);
  });

  test("replace() of a list of which one is wrong changes nothing", async (bench) => {
    const session = await five(bench);
    await fails(session.replace([{ id: "x" }, 5 as never]), "INVALID_MESSAGE");
    await fails(session.replace([{ id: "x" }, { id: "x", n: 1 }]), "EXISTS");
    await fails(() => session.replace("text" as unknown as object[]), "INVALID_ARGUMENT");
    assert.deepEqual(await idsOf(session), ["a", "b", "c", "d", "e"]);
  });

  test("replace() makes a session only where that was asked for", async ({ create }) => {
    const store = await create();
    await fails(store.session("s").replace(named("a")), "NOT_FOUND");
    await store.session("s", { create: true }).replace(named("a"));
    assert.deepEqual(await idsOf(store.session("s")), ["a"]);
  });
});

export const commit: Case[] = group("commit", (test) => {
  test("several operations are one step, and later ones see what earlier ones did", async (bench) => {
    const session = await five(bench);
    const made = await session.commit((c) => {
      const [id = ""] = c.append({ text: "new" });
      const part = c.putPart(id, { text: "of the new one" });
      c.putMessage({ id: "e", text: "edited" });
      c.putPart("e", { id: "p" });
      c.remove("d");
      c.update({ title: "said in a commit" });
      c.truncate({ keepLast: 3 });
      return { id, part };
    });
    const history = await session.history();
    assert.deepEqual(
      history.map(({ id, data, parts }) => [id, data, parts.map((part) => part.id)]),
      [
        ["c", named("c")[0], []],
        ["e", { id: "e", text: "edited" }, ["p"]],
        [made.id, { text: "new" }, [made.part]],
      ],
    );
    assert.equal((await session.info()).title, "said in a commit");
  });

  test("append() in it gives the ids, also of several", async ({ create }) => {
    const session = (await create()).session("s", { create: true });
    const ids = await session.commit((c) => c.append({ id: "a" }, { n: 1 }, { n: 2 }));
    assert.equal(ids[0], "a");
    assert.deepEqual(await idsOf(session), ids);
    await session.commit((c) => c.clear());
    assert.equal(await session.count(), 0);
  });

  test("nothing of it is written where one operation fails", async (bench) => {
    const session = await five(bench);
    const before = await session.history();
    const lines = await linesOf(session);
    const attempt = session.commit((c) => {
      c.append({ id: "x" });
      c.update({ title: "x" });
      c.remove("none");
    });
    await fails(attempt, "NOT_FOUND");
    assert.deepEqual(await session.history(), before);
    assert.equal(await linesOf(session), lines);
    assert.equal((await session.info()).title, undefined);
  });

  test("what its function throws reaches the caller, and nothing is written", async (bench) => {
    const session = await five(bench);
    const thrown = new Error("of the caller");
    const attempt = session.commit((c) => {
      c.append({ id: "x" });
      throw thrown;
    });
    await assert.rejects(attempt, thrown);
    assert.equal(await session.count(), 5);
  });

  test("it takes a function that is not async, and known options", async (bench) => {
    const session = await five(bench);
    await fails(() => session.commit(async () => {}), "INVALID_ARGUMENT");
    await fails(() => session.commit(undefined as unknown as () => void), "INVALID_ARGUMENT");
    await fails(() => session.commit(() => {}, { expects: "x" } as object), "INVALID_ARGUMENT");
    await fails(() => session.commit((c) => c.append(null)), "INVALID_MESSAGE");
  });

  test("with `expect` it is written only on the tip that was seen", async (bench) => {
    const session = await five(bench);
    const { tip } = await session.info();
    await session.commit((c) => c.append({ id: "f" }), { expect: tip });
    await fails(
      session.commit((c) => c.append({ id: "g" }), { expect: tip }),
      "CONFLICT",
    );
    assert.deepEqual(await idsOf(session), ["a", "b", "c", "d", "e", "f"]);
    await session.commit((c) => c.append({ id: "g" }), { expect: (await session.info()).tip });
    assert.equal(await session.count(), 7);
  });

  test("of two at once that expect one tip, one is written", async (bench) => {
    const session = await five(bench);
    const { tip } = await session.info();
    const outcomes = await Promise.allSettled(
      ["x", "y", "z"].map((id) => session.commit((c) => c.append({ id }), { expect: tip })),
    );
    assert.equal(outcomes.filter(({ status }) => status === "fulfilled").length, 1);
    assert.equal(await session.count(), 6);
  });

  test("a removal and a truncation move the tip, too", async (bench) => {
    const session = await five(bench);
    for (const change of [
      () => session.remove("b"),
      () => session.truncate({ keepLast: 2 }),
      () => session.checkout("d"),
    ]) {
      const { tip } = await session.info();
      await change();
      await fails(
        session.commit((c) => c.append({ n: 1 }), { expect: tip }),
        "CONFLICT",
      );
    }
  });
});
