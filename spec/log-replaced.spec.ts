// Somebody replaces or removes the log that a writer has open.
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test, vi } from "vitest";
import { onlyLog, useStores } from "./helpers/stores.ts";

const stores = useStores();

/** So long a look serves, and more: under the lease some milliseconds, without one a turn of the event loop. */
describe.each([
  { lease: true, old: 60 },
  { lease: false, old: 5 },
])("a log that is replaced under its writer, lease: $lease", ({ lease, old }) => {
  test("gets what was acknowledged, and the next append goes on from what it has", async () => {
    const directory = stores.damaged();
    const store = await stores.open({ lease }, directory);
    const session = await store.createSession();
    await session.append({ n: 0 });
    const path = onlyLog(directory);
    const before = readFileSync(path);
    // In one turn and one millisecond, which the clock is held at, the look of the first append serves the others.
    vi.useFakeTimers({ toFake: ["Date", "performance"] });
    try {
      const appends = [1, 2, 3].map((n) => session.append({ n }));
      writeFileSync(`${path}.new`, before);
      renameSync(`${path}.new`, path);
      appends.push(session.append({ n: 4 }));
      await Promise.all(appends);
    } finally {
      vi.useRealTimers();
    }
    await sleep(old);
    const lines = readFileSync(path, "utf8")
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect([...new Set(lines.filter(({ type }) => type === "message").map(({ data }) => data.n))]).toEqual([
      0, 1, 2, 3, 4,
    ]);
    await session.append({ n: 5 });
    expect((await session.history()).map(({ data }) => data.n)).toEqual([0, 1, 2, 3, 4, 5]);
  });

  test("and ends without a newline, is not glued to", async () => {
    const directory = stores.damaged();
    const store = await stores.open({ lease }, directory);
    const session = await store.createSession();
    await session.append({ n: 0 });
    const path = onlyLog(directory);
    const torn = Buffer.concat([readFileSync(path), Buffer.from('{"at":"2026-11-21T09:08:13.1')]);
    vi.useFakeTimers({ toFake: ["Date", "performance"] });
    try {
      void session.append({ n: 1 });
      writeFileSync(`${path}.new`, torn);
      renameSync(`${path}.new`, path);
      await session.append({ n: 2 });
    } finally {
      vi.useRealTimers();
    }
    expect((await session.history()).map(({ data }) => data.n)).toEqual([0, 1, 2]);
  });

  test("and is gone, is not made anew without its header", async () => {
    const directory = stores.directory();
    const store = await stores.open({ lease }, directory);
    const session = await store.createSession();
    await session.append({ n: 0 });
    const path = onlyLog(directory);
    const warnings: string[] = [];
    store.on("warning", ({ code }) => warnings.push(code));
    await sleep(old);
    rmSync(path);
    await expect(session.append({ n: 1 })).rejects.toThrow(expect.objectContaining({ code: "NOT_FOUND" }));
    await expect(session.append({ n: 2 })).rejects.toThrow(expect.objectContaining({ code: "NOT_FOUND" }));
    expect(existsSync(path)).toBe(false);
    expect(warnings).toEqual([]);
  });

  test("and is removed between a write and its look, is told", async () => {
    const directory = stores.directory();
    const store = await stores.open({ lease }, directory);
    const session = await store.createSession();
    const warnings: string[] = [];
    store.on("warning", ({ code }) => warnings.push(code));
    // A call that ends a long turn gives way, and the look comes with the turn's end.
    await sleep(1);
    await session.append({ n: 0 });
    rmSync(onlyLog(directory));
    await sleep(old);
    expect(warnings).toEqual(["lost"]);
  });
});
