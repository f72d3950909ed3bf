// Going back to an older turn, the branches that this makes, and copies that go their own way.
import assert from "node:assert/strict";
import type { TestedSession } from "./backend.ts";
import { group } from "./case.ts";
import type { Bench, Case } from "./case.ts";
import { fails, idsOf, named } from "./expect.ts";

/** a b c, then back to b, then x y. */
async function forked({ create }: Bench): Promise<TestedSession> {
  const session = await (await create()).createSession({ id: "s", title: "A title", tags: ["t"] });
  await session.append(named("a", "b", "c"));
  await session.checkout("b");
  await session.append(named("x", "y"));
  return session;
}

export const branches: Case[] = group("branches", (test) => {
  test("checkout() makes the history end at a message, and what is written follows it", async ({ create }) => {
    const session = await (await create()).createSession();
    await session.append(named("a", "b", "c"));
    await session.checkout("a");
    assert.deepEqual(await idsOf(session), ["a"]);
    assert.equal(await session.count(), 1);
    await session.append(named("x"));
    assert.deepEqual(await idsOf(session), ["a", "x"]);
  });

  test("branches() has the history first, then the others, and where they part", async (bench) => {
    const session = await forked(bench);
    const [history, other, ...rest] = await session.branches();
    assert.equal(rest.length, 0);
    assert.deepEqual([history?.id, history?.messages, history?.current], ["y", 4, true]);
    assert.deepEqual([other?.id, other?.messages, other?.current], ["c", 1, false]);
    assert.equal(other?.forkedAt, (await session.message("b"))?.at);
    assert.equal((await session.info()).branches, 2);
  });

  test("checkout() of another branch's message brings it back", async (bench) => {
    const session = await forked(bench);
    await session.checkout("c");
    assert.deepEqual(await idsOf(session), ["a", "b", "c"]);
    const { at = "" } = (await session.branches())[1] ?? {};
    await session.checkout(at);
    assert.deepEqual(await idsOf(session), ["a", "b", "x", "y"]);
  });

  test("a session without messages has no branches, one without an edit has one", async ({ create }) => {
    const session = await (await create()).createSession();
    assert.deepEqual(await session.branches(), []);
    await session.append(named("a", "b"));
    assert.deepEqual(
      (await session.branches()).map(({ id, messages, current }) => ({ id, messages, current })),
      [{ id: "b", messages: 2, current: true }],
    );
  });

  test("an id of another branch is free, and each branch has its own message of it", async (bench) => {
    const session = await forked(bench);
    assert.equal(await session.message("c"), undefined);
    await session.append({ id: "c", other: true });
    assert.deepEqual((await session.message("c"))?.data, { id: "c", other: true });
    const [, other] = await session.branches();
    await session.checkout(other?.at ?? "");
    assert.deepEqual((await session.message("c"))?.data, named("c")[0]);
  });

  test("checkout() of nothing that lives is refused", async (bench) => {
    const session = await forked(bench);
    await fails(session.checkout("none"), "NOT_FOUND");
    await session.remove("y");
    await fails(session.checkout("y"), "NOT_FOUND");
    assert.deepEqual(await idsOf(session), ["a", "b", "x"]);
  });

  test("a message that is removed is removed on every branch", async (bench) => {
    const session = await forked(bench);
    await session.remove("a");
    assert.deepEqual(await idsOf(session), ["b", "x", "y"]);
    await session.checkout("c");
    assert.deepEqual(await idsOf(session), ["b", "c"]);
  });

  test("fork() copies the history with its parts and what the session is called", async (bench) => {
    const session = await forked(bench);
    await session.putPart("x", { id: "p", n: 1 });
    const fork = await session.fork();
    assert.notEqual(fork.id, session.id);
    const shown = async (each: TestedSession): Promise<unknown> =>
      (await each.history()).map(({ id, data, parts }) => ({ id, data, parts: parts.map((part) => part.data) }));
    assert.deepEqual(await shown(fork), await shown(session));
    const { title, tags, branches } = await fork.info();
    assert.deepEqual([title, tags, branches], ["A title", ["t"], 1]);
  });

  test("fork() takes an id, a title, an end and a branch", async (bench) => {
    const session = await forked(bench);
    const ended = await session.fork({ at: "x", id: "at x", title: "Another" });
    assert.equal(ended.id, "at x");
    assert.equal((await ended.info()).title, "Another");
    assert.deepEqual(await idsOf(ended), ["a", "b", "x"]);
    const other = await session.fork({ branch: "c" });
    assert.deepEqual(await idsOf(other), ["a", "b", "c"]);
  });

  test("a fork and its origin go their own ways", async (bench) => {
    const session = await forked(bench);
    const fork = await session.fork();
    await fork.append(named("of the fork"));
    await fork.remove("a");
    await session.append(named("of the origin"));
    assert.deepEqual(await idsOf(fork), ["b", "x", "y", "of the fork"]);
    assert.deepEqual(await idsOf(session), ["a", "b", "x", "y", "of the origin"]);
  });

  test("a fork that cannot be made leaves nothing", async (bench) => {
    const session = await forked(bench);
    await fails(session.fork({ id: "s" }), "EXISTS");
    await fails(session.fork({ at: "none", id: "f" }), "NOT_FOUND");
    await fails(session.fork({ from: "x" } as object), "INVALID_ARGUMENT");
    assert.deepEqual(await idsOf(session), ["a", "b", "x", "y"]);
    await (await session.fork({ id: "f" })).append(named("z"));
  });
});
