// Calls at once on one session take effect one after the other.
import { expect, test } from "vitest";
import { output, run } from "./helpers/processes.ts";
import { collect, onlyLog, useStores } from "./helpers/stores.ts";
import { readLog } from "./helpers/naive-reader.ts";
import { cpSync, readFileSync } from "node:fs";
import { join } from "node:path";

const stores = useStores();

test("calls take effect in the order in which they were made, without a wait between them", async () => {
  const store = await stores.open();
  const { id } = await store.createSession();
  await store.close();
  const again = await stores.open({}, store.path);
  // The first call has to read the log; those after it must not overtake it.
  const session = again.session(id);
  const calls: Promise<unknown>[] = [];
  for (let n = 0; n < 50; n++) calls.push(session.append({ id: `m${n}`, n }));
  calls.push(session.truncate({ keepLast: 10 }));
  for (let n = 50; n < 60; n++) calls.push(again.session(id).append([{ n }]));
  const history = session.history();
  calls.push(session.remove("m45"), session.putMessage({ id: "m44", n: "edited" }), session.update({ title: "t" }));
  await Promise.all(calls);
  expect((await history).map(({ data }) => data.n)).toEqual(Array.from({ length: 20 }, (_, n) => n + 40));
  expect((await session.history()).map(({ data }) => data.n)).toEqual([
    40,
    41,
    42,
    43,
    "edited",
    ...Array.from({ length: 14 }, (_, n) => n + 46),
  ]);
});

test("a summarizer races with the main loop: the history is that of the calls one after the other", async () => {
  const store = await stores.open();
  const session = await store.createSession();
  // What an array would hold if each call took effect the moment it was made.
  let model: string[] = [];
  const read = async (): Promise<string[]> => {
    const expected = [...model];
    const seen = (await session.history()).map(({ id }) => id);
    expect(seen).toEqual(expected);
    return seen;
  };
  const append = async (...ids: string[]): Promise<void> => {
    model.push(...ids);
    await session.append(ids.map((id) => ({ id })));
  };
  await append(...Array.from({ length: 30 }, (_, n) => `old-${n}`));
  const main = (async () => {
    for (let turn = 0; turn < 60; turn++) {
      await append(`user-${turn}`, `assistant-${turn}`);
      if (turn % 3 === 0) await new Promise((resolve) => setImmediate(resolve));
      if (turn % 10 === 0) await read();
    }
  })();
  const summarizer = (async () => {
    for (let round = 0; round < 15; round++) {
      const kept = (await read()).slice(-4);
      model = [`summary-${round}`, ...kept];
      await session.replace(model.map((id) => ({ id })));
      await session.update({ summary: `round ${round}` });
      model = model.slice(-20);
      await session.truncate({ keepLast: 20 });
    }
  })();
  await Promise.all([main, summarizer]);
  await read();
  expect((await session.info()).summary).toBe("round 14");
});

test("a replacement shows the old history or the new one, never both or neither", async () => {
  const store = await stores.open();
  const session = await store.createSession();
  const version = (n: number): object[] => Array.from({ length: 5 + (n % 7) }, (_, index) => ({ n, index }));
  await session.append(version(0));
  const state = { isDone: false };
  const reader = (async () => {
    while (!state.isDone) {
      const history = await session.history();
      const n = history[0]!.data.n as number;
      expect(history.map(({ data }) => data)).toEqual(version(n));
    }
  })();
  for (let n = 1; n <= 200; n++) await session.replace(version(n));
  state.isDone = true;
  await reader;
});

test("ten writers and ten readers on one session", async () => {
  const store = await stores.open();
  const session = await store.createSession();
  const state = { writing: 10 };
  const writers = Array.from({ length: 10 }, async (_, writer) => {
    const own = store.session(session.id);
    for (let n = 0; n < 50; n++) {
      await own.append([
        { writer, n },
        { writer, n: n + 0.5 },
      ]);
      if (n % 5 === writer % 5) await new Promise((resolve) => setImmediate(resolve));
    }
    state.writing--;
  });
  const readers = Array.from({ length: 10 }, async () => {
    let last = 0;
    while (state.writing > 0) {
      const seen = await collect(store.session(session.id).messages());
      expect(seen.length).toBeGreaterThanOrEqual(last);
      last = seen.length;
      for (let writer = 0; writer < 10; writer++) {
        const own = seen.filter(({ data }) => data.writer === writer).map(({ data }) => data.n);
        expect(own).toEqual(Array.from({ length: own.length }, (_, index) => index / 2));
        expect(own.length % 2).toBe(0);
      }
    }
  });
  await Promise.all([...writers, ...readers]);
  expect(await session.count()).toBe(1000);
});

test("expect holds one's ground against another writer", async () => {
  const directory = stores.directory();
  const one = await stores.open({}, directory);
  const two = await stores.open({}, directory);
  const session = await one.createSession();
  const { tip } = await session.info();
  await session.commit((commit) => commit.append({ n: 1 }), { expect: tip });
  await expect(session.commit((commit) => commit.append({ n: 2 }), { expect: tip })).rejects.toThrow(
    expect.objectContaining({ code: "CONFLICT" }),
  );
  const seen = (await session.info()).tip;
  await two.session(session.id).append({ n: 3 });
  await expect(session.commit((commit) => commit.append({ n: 4 }), { expect: seen })).rejects.toThrow(
    expect.objectContaining({ code: "CONFLICT" }),
  );
  await session.commit((commit) => commit.append({ n: 5 }), { expect: (await session.info()).tip });
  // What says nothing of the history moves no tip.
  const before = (await session.info()).tip;
  await session.update({ title: "t" });
  await session.commit((commit) => commit.append({ n: 6 }), { expect: before });
  expect((await session.history()).map(({ data }) => data.n)).toEqual([1, 3, 5, 6]);
});

test("of two stores that expect one tip at once, one is told of the other", async () => {
  const directory = stores.directory();
  const [one, two] = [await stores.open({}, directory), await stores.open({}, directory)];
  const id = (await one.createSession()).id;
  for (let round = 0; round < 30; round++) {
    const { tip } = await one.session(id).info();
    await two.session(id).info();
    const waiting = [one.session(id).sync(), two.session(id).sync()];
    const commits = [one, two].map((store, n) =>
      store.session(id).commit((commit) => commit.append({ round, n }), { expect: tip }),
    );
    const outcomes = await Promise.allSettled(commits);
    await Promise.all(waiting);
    expect(outcomes.map(({ status }) => status).toSorted()).toEqual(["fulfilled", "rejected"]);
  }
  expect(await one.session(id).count()).toBe(30);
  expect((await one.session(id).info()).branches).toBe(1);
});

test("replacing the history of a session that was deleted elsewhere ends", async () => {
  const here = stores.unverified();
  const there = stores.unverified();
  const one = await stores.open({ machine: "one" }, here);
  await one.session("s", { create: true }).append({ id: "m1" });
  await one.close();
  cpSync(join(here, "sessions"), join(there, "sessions"), { recursive: true });
  const two = await stores.open({ machine: "two" }, there);
  await two.session("s").append({ id: "m2" });
  const back = await stores.open({ machine: "one" }, here);
  await back.session("s").delete();
  await two.close();
  cpSync(join(there, "sessions"), join(here, "sessions"), {
    recursive: true,
    filter: (path) => !path.includes("/one-"),
  });
  await back.refresh();
  await back.session("s", { create: true }).replace([{ id: "n1" }]);
  expect((await back.session("s").history()).map(({ id }) => id)).toEqual(["n1"]);
});

test("two processes that take turns share one history", async () => {
  const directory = stores.directory();
  const child = run(
    `const store = await turnlog.openStore(args[0]);
     const session = store.session("s", { create: true });
     process.stdin.setEncoding("utf8");
     for await (const chunk of process.stdin) for (const n of chunk.trim().split("\\n")) { await session.append({ n: Number(n) }); say(n); }
     await store.close();`,
    directory,
  );
  const store = await stores.open({}, directory);
  const session = store.session("s", { create: true });
  for (let n = 0; n < 40; n += 2) {
    await session.append({ n });
    child.process.stdin!.write(`${n + 1}\n`);
    await child.lines.next();
  }
  child.process.stdin!.end();
  expect(await child.ended).toBe(0);
  expect((await session.history()).map(({ data }) => data.n)).toEqual(Array.from({ length: 40 }, (_, n) => n));
  expect((await session.info()).branches).toBe(1);
});

test("processes that write at the same moment lose nothing and mix nothing", async () => {
  const directory = stores.directory();
  const each = process.env["TURNLOG_LONG"] ? 5000 : 300;
  const children = Array.from({ length: 4 }, (_, writer) =>
    run(
      `const [directory, writer, each] = args;
       const store = await turnlog.openStore(directory);
       const session = store.session("s", { create: true });
       for (let n = 0; n < each; n++) await session.append({ writer, n, text: "x".repeat((n * 37) % 3000) });
       await store.close();
       say("done");`,
      directory,
      writer,
      each,
    ),
  );
  for (const child of children) {
    expect(await output(child)).toEqual(["done"]);
    expect(await child.ended).toBe(0);
  }
  const lines = readLog(readFileSync(onlyLog(directory)));
  const messages = lines.filter(({ type }) => type === "message").map(({ data }) => data);
  for (let writer = 0; writer < 4; writer++) {
    expect(messages.filter((data) => data.writer === writer).map(({ n }) => n)).toEqual(
      Array.from({ length: each }, (_, n) => n),
    );
  }
}, 120_000);
