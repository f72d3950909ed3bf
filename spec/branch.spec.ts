// The tree of a session: older turns that were edited, its branches, and forks.
import { describe, expect, test } from "vitest";
import type { Session, Store } from "../lib/index.ts";
import { collect, useStores } from "./helpers/stores.ts";

const stores = useStores();
const failing = (code: string): unknown => expect.objectContaining({ code });

type Any = Session<any, any>;

async function ids(session: Any): Promise<string[]> {
  return (await session.history()).map(({ id }) => id);
}

/** a b c d, and from b on the other way x y. The history is a b x y. */
async function forkedIn(): Promise<{ session: Any; directory: string; store: Store<any, any> }> {
  const directory = stores.directory();
  const store = await stores.open({}, directory);
  const session = await store.createSession({ id: "s", title: "title", tags: ["t"] });
  for (const id of ["a", "b", "c", "d"]) await session.append({ id });
  await session.checkout("b");
  await session.append([{ id: "x" }, { id: "y" }]);
  return { session, directory, store };
}

async function forked(): Promise<Any> {
  return (await forkedIn()).session;
}

describe("checkout", () => {
  test("makes the history end at a message, and what is written next follows it", async () => {
    const session = await forked();
    expect(await ids(session)).toEqual(["a", "b", "x", "y"]);
    await session.checkout("d");
    expect(await ids(session)).toEqual(["a", "b", "c", "d"]);
    await session.append({ id: "e" });
    await session.checkout("x");
    expect(await ids(session)).toEqual(["a", "b", "x"]);
    await session.append({ id: "z" });
    expect(await ids(session)).toEqual(["a", "b", "x", "z"]);
    await session.checkout("e");
    expect(await ids(session)).toEqual(["a", "b", "c", "d", "e"]);
  });

  test("takes an id, a place, and of two messages with one id the one of the history", async () => {
    const session = await forked();
    const { at } = (await session.branches()).find(({ current }) => !current)!;
    await session.checkout(at);
    expect(await ids(session)).toEqual(["a", "b", "c", "d"]);
    await session.checkout("b");
    await session.append([{ id: "c", other: true }, { id: "last" }]);
    await session.checkout("c");
    expect((await session.history()).map(({ data }) => data)).toEqual([
      { id: "a" },
      { id: "b" },
      { id: "c", other: true },
    ]);
    await expect(session.checkout("none")).rejects.toThrow(failing("NOT_FOUND"));
  });

  test("of the newest message writes nothing", async () => {
    const session = await forked();
    const { bytes } = await session.info();
    await session.checkout("y");
    expect((await session.info()).bytes).toBe(bytes);
  });

  test("holds for every store and process that has the session, also after it is opened anew", async () => {
    const { session, directory } = await forkedIn();
    await session.checkout("c");
    const other = await stores.open({}, directory);
    expect(await ids(other.session("s"))).toEqual(["a", "b", "c"]);
    await other.session("s").append({ id: "theirs" });
    expect(await ids(session)).toEqual(["a", "b", "c", "theirs"]);
  });
});

describe("branches", () => {
  test("are the history, then the others, the newest first, with where they part", async () => {
    const session = await forked();
    await session.checkout("a");
    await session.append({ id: "q" });
    const at = async (id: string): Promise<string> => (await session.message(id))!.at;
    const found = await session.branches();
    expect(found).toMatchObject([
      { id: "q", current: true, messages: 2 },
      { id: "y", current: false, messages: 3, forkedAt: await at("a") },
      { id: "d", current: false, messages: 3, forkedAt: await at("a") },
    ]);
    expect(found[0]).not.toHaveProperty("forkedAt");
    expect((await session.info()).branches).toBe(3);
    await session.checkout("d");
    expect((await session.branches()).map(({ id }) => id)).toEqual(["d", "q", "y"]);
  });

  test("of a session without messages are none; one that lost all of its messages is none", async () => {
    const session = await forked();
    await session.checkout("d");
    await session.clear();
    expect(await session.branches()).toMatchObject([{ id: "y", current: false, messages: 2 }]);
    expect(await ids(session)).toEqual([]);
    await session.checkout("y");
    await session.clear();
    expect(await session.branches()).toEqual([]);
    await session.append({ id: "anew" });
    expect(await session.branches()).toMatchObject([{ id: "anew", current: true, messages: 1 }]);
  });

  test("share what is edited or removed before they part", async () => {
    const session = await forked();
    await session.putMessage({ id: "a", edited: true });
    await session.remove("b");
    expect(await ids(session)).toEqual(["a", "x", "y"]);
    await session.checkout("d");
    expect((await session.history()).map(({ data }) => data)).toEqual([
      { id: "a", edited: true },
      { id: "c" },
      { id: "d" },
    ]);
  });
});

describe("a fork", () => {
  test("has the messages, parts and info of the history, and goes its own way", async () => {
    const session = await forked();
    await session.putPart("x", { id: "p", n: 1 });
    const { data, id, parts } = (await session.message("x"))!;
    const fork = await session.fork();
    expect(await ids(fork)).toEqual(["a", "b", "x", "y"]);
    expect(await fork.message("x")).toMatchObject({ id, data, parts: [{ id: "p", data: parts[0]!.data }] });
    expect(await fork.info()).toMatchObject({ title: "title", tags: ["t"], branches: 1, messages: 4 });
    await fork.append({ id: "own" });
    await fork.remove("a");
    await session.append({ id: "theirs" });
    expect(await ids(fork)).toEqual(["b", "x", "y", "own"]);
    expect(await ids(session)).toEqual(["a", "b", "x", "y", "theirs"]);
  });

  test("ends where one says, is taken from the branch that one names, and has its own title", async () => {
    const session = await forked();
    const branch = (await session.branches())[1]!;
    expect(await ids(await session.fork({ at: "b" }))).toEqual(["a", "b"]);
    expect(await ids(await session.fork({ branch: branch.id }))).toEqual(["a", "b", "c", "d"]);
    expect(await ids(await session.fork({ branch: branch.at, at: "c" }))).toEqual(["a", "b", "c"]);
    const named = await session.fork({ title: "mine", id: "named" });
    expect([named.id, (await named.info()).title, (await named.info()).titleSource]).toEqual(["named", "mine", "user"]);
    for (const wrong of [{ at: "c" }, { at: "none" }, { branch: "none" }, { branch: "d", at: "y" }]) {
      await expect(session.fork(wrong), JSON.stringify(wrong)).rejects.toThrow(failing("NOT_FOUND"));
    }
    await expect(session.fork({ id: "named" })).rejects.toThrow(failing("EXISTS"));
    expect(await ids(session)).toEqual(["a", "b", "x", "y"]);
  });

  test("keeps the times of its messages, and is read cold from its end", async () => {
    const { session, directory } = await forkedIn();
    const fork = await session.fork();
    const times = async (each: Any): Promise<string[]> => (await each.history()).map(({ at }) => at.slice(0, 24));
    const [own, given] = [await times(fork), await times(session)];
    for (const [index, time] of own.entries())
      expect(Math.abs(Date.parse(time) - Date.parse(given[index]!))).toBeLessThan(5);
    const other = await stores.open({}, directory);
    expect((await collect(other.session(fork.id).messages({ last: 2 }))).map(({ id }) => id)).toEqual(["x", "y"]);
  });

  test("of many messages is one commit of the reader's view, whatever is written meanwhile", async () => {
    const store = await stores.open();
    const session = await store.createSession();
    await session.append(Array.from({ length: 3000 }, (_, n) => ({ id: `m${n}`, text: "x".repeat(1000) })));
    const forking = session.fork();
    const [fork] = await Promise.all([forking, session.truncate({ keepLast: 5 }), session.append({ id: "later" })]);
    expect(await fork.count()).toBe(3000);
    expect(await session.count()).toBe(6);
  });
});
