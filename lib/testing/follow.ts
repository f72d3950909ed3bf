// Being told what is written.
import assert from "node:assert/strict";
import type { SessionChange, StoreChange } from "../index.ts";
import type { TestedSession, TestedStore } from "./backend.ts";
import { group } from "./case.ts";
import type { Case } from "./case.ts";
import { collect, fails, later, named, until } from "./expect.ts";

interface Ear<T> {
  readonly told: T[];
  stop(): Promise<void>;
}

/** Takes what is told, on and on. */
function listen<T>(begin: (signal: AbortSignal) => AsyncGenerator<T>): Ear<T> {
  const told: T[] = [];
  const abort = new AbortController();
  const ended = (async () => {
    try {
      for await (const change of begin(abort.signal)) told.push(change);
    } catch (error) {
      if (!abort.signal.aborted) throw error;
    }
  })();
  ended.catch(() => undefined);
  return {
    told,
    async stop() {
      abort.abort();
      await ended;
    },
  };
}

/** Follows a session, from a place that is known. */
async function follow(session: TestedSession, from?: string): Promise<Ear<SessionChange<any, any>>> {
  const begin = from ?? (await session.info()).tip;
  return listen((signal) => session.follow({ from: begin, signal }));
}

/** Watches a store; resolves when it is told of a session that was made for that. */
async function watch(store: TestedStore, other: TestedStore = store): Promise<Ear<StoreChange>> {
  const ear = listen((signal) => store.watch({ signal }));
  // Only what comes after the watch's first step is told.
  let made = 0;
  await until("the first change", async () => {
    if (ear.told.length > 0) return true;
    await other.createSession({ id: `made for the watch ${made++}` });
    await new Promise((done) => setTimeout(done, 100));
    return false;
  });
  return ear;
}

export const following: Case[] = group("follow and watch", (test) => {
  test("every kind of change is told, in order, with the message as it is now", async ({ create }) => {
    const session = await (await create()).createSession({ id: "s" });
    const [first] = await session.append(named("first", "second"));
    const ear = await follow(session);
    await session.append({ id: "a", n: 1 });
    await session.putPart("a", { id: "p" });
    await session.update({ title: "Birds" });
    await until("three changes", () => ear.told.length >= 3);
    assert.deepEqual(ear.told[1]?.entry, await session.message("a"));
    assert.equal(ear.told[2]?.info?.title, "Birds");
    await session.remove("a", "p");
    await session.remove("a");
    await session.truncate({ keepLast: 1 });
    await session.checkout("second");
    await session.append(named("b"));
    await session.checkout("second");
    await until("eight changes", () => ear.told.length >= 8);
    await ear.stop();
    assert.deepEqual(
      ear.told.map(({ kind }) => kind),
      ["message", "part", "info", "remove", "remove", "truncate", "message", "head"],
    );
    assert.equal(ear.told[4]?.entry, undefined);
    assert.equal(ear.told[1]?.place, ear.told[0]?.at);
    const stamps = ear.told.map(({ at }) => at);
    assert.deepEqual(stamps, stamps.toSorted());
    assert.ok((stamps[0] ?? "") > (first?.at ?? ""));
  });

  test("`from` tells what came after it first, then what comes", async ({ create }) => {
    const session = await (await create()).createSession();
    const receipts = await session.append(named("a", "b", "c"));
    const ear = await follow(session, receipts[0]?.at);
    await until("the past", () => ear.told.length >= 2);
    await session.append(named("d"));
    await until("the present", () => ear.told.length >= 3);
    await ear.stop();
    assert.deepEqual(
      ear.told.map(({ id }) => id),
      ["b", "c", "d"],
    );
  });

  test("each line is told once, however many are written meanwhile", async ({ create }) => {
    const session = await (await create()).createSession();
    const ear = await follow(session);
    for (let n = 0; n < 100; n++) {
      await session.append(n % 5 === 0 ? [{ id: `a${n}` }, { id: `b${n}` }] : { id: `a${n}` });
      if (n === 50) await session.compact();
    }
    await until("all", () => ear.told.length >= 120);
    await ear.stop();
    assert.deepEqual(
      ear.told.map(({ id }) => id),
      (await session.history()).map(({ id }) => id),
    );
  });

  test("a deletion and a restoration are told", async ({ create }) => {
    const session = await (await create()).createSession();
    await session.append(named("a"));
    const ear = await follow(session);
    await session.delete();
    await session.restore();
    await until("both", () => ear.told.some(({ kind }) => kind === "restore"));
    await ear.stop();
    assert.equal(ear.told[0]?.kind, "delete");
  });

  test("a follower ends when the store closes; a wrong `from` is refused", async ({ create }) => {
    const store = await create();
    const session = await store.createSession();
    await fails(() => collect(session.follow({ from: "x" })), "INVALID_CURSOR");
    await fails(() => collect(session.follow({ since: "x" } as object)), "INVALID_ARGUMENT");
    await fails(() => collect(store.watch({ from: "x" })), "INVALID_CURSOR");
    const { tip } = await session.info();
    const told = collect(session.follow({ from: tip }));
    const watched = collect(store.watch({ from: tip }));
    await session.append(named("a"));
    await store.close();
    assert.ok((await told).length <= 1);
    assert.ok((await watched).length <= 1);
  });

  test("a store tells which sessions are new, changed or gone", async ({ create }) => {
    const store = await create();
    const ear = await watch(store);
    const session = await store.createSession({ id: "s" });
    await until("the new one", () => ear.told.some(({ id }) => id === "s"));
    await session.update({ title: "A title" });
    await until("its title", () => ear.told.some(({ info }) => info !== undefined && "title" in info));
    await session.delete();
    await until("its end", () => ear.told.some(({ id, info }) => id === "s" && info === undefined));
    await ear.stop();
  });

  test("a watch from a stamp tells first what was written to after it", async ({ create }) => {
    const store = await create();
    const one = await store.createSession({ id: "one" });
    const { tip } = await one.info();
    await later();
    await store.createSession({ id: "two" });
    const ear = listen((signal) => store.watch({ from: tip, signal }));
    await until("the second", () => ear.told.some(({ id }) => id === "two"));
    await ear.stop();
    assert.ok(!ear.told.some(({ id }) => id === "one"));
  });

  test.reopening("what another handle writes is told, each line once and in order", async ({ create, reopen }) => {
    const store = await create();
    const session = await store.createSession({ id: "s" });
    const other = await reopen(store);
    const ear = await follow(session);
    for (let n = 0; n < 20; n++) await other.session("s").append({ id: `m${n}` });
    await until("all", () => ear.told.length >= 20);
    await ear.stop();
    assert.deepEqual(
      ear.told.map(({ id }) => id),
      Array.from({ length: 20 }, (_, n) => `m${n}`),
    );
  });

  test.reopening("sessions of another handle are told", async ({ create, reopen }) => {
    const store = await create();
    const other = await reopen(store);
    const ear = await watch(store, other);
    await other.createSession({ id: "s", title: "from the other" });
    await until("the new one", () => ear.told.some(({ id, info }) => id === "s" && info !== undefined));
    await other.session("s").delete();
    await until("its end", () => ear.told.some(({ id, info }) => id === "s" && info === undefined));
    await ear.stop();
  });
});
