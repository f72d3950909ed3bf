import { readdirSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { settingsOf } from "../lib/base/options.ts";
import type { StoreOptions } from "../lib/base/options.ts";
import { rooms } from "../lib/open.ts";
import { openOn } from "../lib/store/open-on.ts";
import type { Store } from "../lib/store/store.ts";
import { FaultVfs } from "./helpers/fault-vfs.ts";
import { output, run } from "./helpers/processes.ts";
import { collect, onlyLog, useStores } from "./helpers/stores.ts";

const stores = useStores();

async function faulty(
  options: StoreOptions = {},
  directory: string = stores.directory(),
): Promise<{ vfs: FaultVfs; store: Store<any, any>; directory: string }> {
  const vfs = new FaultVfs();
  return { vfs, store: await openOn<any, any>(vfs, directory, settingsOf(options), rooms), directory };
}

test("what was appended is in the file before append() returns its promise", async () => {
  const directory = stores.directory();
  const store = await stores.open({}, directory);
  const session = await store.createSession();
  await session.append({ n: 0 });
  for (let n = 1; n <= 500; n++) {
    const promise = session.append({ n });
    expect(readFileSync(onlyLog(directory), "utf8").endsWith("}\n")).toBe(true);
    expect(JSON.parse(readFileSync(onlyLog(directory), "utf8").trimEnd().split("\n").at(-1)!).data).toEqual({ n });
    await promise;
  }
  expect(await session.count()).toBe(501);
});

test("process.exit() right after append() loses nothing", async () => {
  const directory = stores.directory();
  const child = run(
    `const store = await turnlog.openStore(args[0]);
     const session = await store.createSession({ id: "s" });
     await session.append({ n: 0 });
     for (let n = 1; n < 200; n++) session.append({ n });
     process.exit(7);`,
    directory,
  );
  expect(await child.ended).toBe(7);
  const store = await stores.open({}, directory);
  expect((await store.session("s").history()).map(({ data }) => data.n)).toEqual(
    Array.from({ length: 200 }, (_, n) => n),
  );
});

test("kill -9 at any moment loses nothing that was acknowledged, and shows no half commit", async () => {
  // A write of many pages can be cut by the kill: what it leaves is left out.
  const directory = stores.damaged();
  const acknowledged: number[] = [];
  for (let round = 0; round < 10; round++) {
    const child = run(
      `const store = await turnlog.openStore(args[0]);
       const session = store.session("s", { create: true });
       for (let n = args[1]; ; n += 3) {
         await session.append([{ n }, { n: n + 1 }, { n: n + 2, text: "x".repeat(n % 7 === 0 ? 200_000 : n % 100) }]);
         say(n);
       }`,
      directory,
      round * 1_000_000,
    );
    acknowledged.push(Number((await child.lines.next()).value));
    setTimeout(() => child.process.kill("SIGKILL"), 25 * round);
    acknowledged.push(...(await output(child)).map(Number));
    expect(await child.ended).toBe("SIGKILL");
    const store = await stores.open({}, directory);
    const shown = (await collect(store.session("s").messages())).map(({ data }) => data.n as number);
    await store.close();
    expect(shown.length % 3).toBe(0);
    const all = new Set(shown);
    expect(acknowledged.filter((n) => !all.has(n) || !all.has(n + 1) || !all.has(n + 2))).toEqual([]);
  }
  expect(acknowledged.length).toBeGreaterThan(100);
}, 60_000);

describe("a write that fails", () => {
  test.each([
    ["ENOSPC", "NO_SPACE", "no"],
    ["EIO", "IO", "no"],
    ["EROFS", "READ_ONLY", "no"],
    ["EDQUOT", "NO_SPACE", "no"],
    [0, "NO_SPACE", "no"],
    [1, "NO_SPACE", "torn"],
    [60, "NO_SPACE", "torn"],
    [-2, "NO_SPACE", "torn"],
    [-1, "NO_SPACE", "unknown"],
  ])("(%s) is an error that says what became of the lines; the next append goes on", async (fault, code, written) => {
    const { vfs, store, directory } = await faulty({}, stores.damaged());
    const session = await store.createSession();
    await session.append({ n: 1 });
    vfs.fault = (operation, path) => (operation === "write" && path.endsWith(".jsonl") ? fault : undefined);
    await expect(session.append({ n: 2 })).rejects.toThrow(
      expect.objectContaining({ name: "StoreError", code, written }),
    );
    await expect(session.append([{ n: 3 }, { n: 4 }])).rejects.toThrow(expect.objectContaining({ code }));
    vfs.fault = () => undefined;
    await session.append({ n: 5 });
    const shown = (await session.history()).map(({ data }) => data.n);
    expect(shown).toEqual(written === "unknown" ? expect.arrayContaining([1, 2, 5]) : [1, 5]);
    // A writer whose commit failed never writes again.
    const log = readFileSync(onlyLog(directory), "utf8");
    const last = log.lastIndexOf('{"at":"', log.lastIndexOf('{"n":5}'));
    expect(log.slice(0, log.lastIndexOf("\n", last - 2))).not.toContain(log.slice(last + 37, last + 45));
    await store.close();
  });

  test("leaves no session behind when it was the first", async () => {
    const { vfs, store, directory } = await faulty();
    for (const fault of ["ENOSPC", 10]) {
      vfs.fault = (operation) => (operation === "write" ? fault : undefined);
      await expect(store.createSession({ id: "s" })).rejects.toThrow(
        expect.objectContaining({ code: "NO_SPACE", written: "no" }),
      );
    }
    vfs.fault = (operation) => (operation === "link" ? "EIO" : undefined);
    await expect(store.session("s", { create: true }).append({ n: 1 })).rejects.toThrow(
      expect.objectContaining({ code: "IO" }),
    );
    vfs.fault = () => undefined;
    expect(await store.get("s")).toBeUndefined();
    expect(readdirSync(`${directory}/.cache/aside`)).toEqual([]);
    await store.session("s", { create: true }).append({ n: 2 });
    expect(await store.session("s").count()).toBe(1);
    await store.close();
  });
});

test("a file system without hard links makes sessions, too", async () => {
  const { vfs, store } = await faulty();
  vfs.fault = (operation) => (operation === "link" ? "EPERM" : undefined);
  const session = await store.createSession({ id: "s", title: "t" });
  await session.append({ n: 1 });
  await expect(store.createSession({ id: "s" })).rejects.toThrow(expect.objectContaining({ code: "EXISTS" }));
  await session.delete();
  await session.restore();
  expect((await session.history()).map(({ data }) => data.n)).toEqual([1]);
  await store.close();
});

describe("durability power", () => {
  test("resolves when the lines are on the disk, one sync for all that wait", async () => {
    const { vfs, store, directory } = await faulty({ durability: "power" });
    const session = await store.createSession();
    const before = vfs.count("sync");
    await Promise.all(Array.from({ length: 64 }, (_, n) => session.append({ n })));
    expect(vfs.count("sync") - before).toBeLessThanOrEqual(4);
    expect(vfs.count("sync") - before).toBeGreaterThanOrEqual(1);
    expect((await session.history()).map(({ data }) => data.n)).toEqual(Array.from({ length: 64 }, (_, n) => n));
    expect(onlyLog(directory)).toBeDefined();
    await store.close();
  });

  test("a sync that failed is never believed when it says OK the next time", async () => {
    const { vfs, store, directory } = await faulty({ durability: "power" });
    const session = await store.createSession();
    await session.append({ n: 1 });
    let failures = 0;
    vfs.fault = (operation, path) =>
      operation === "sync" && path.endsWith(".jsonl") && failures++ === 0 ? "EIO" : undefined;
    await expect(session.append({ n: 2 })).rejects.toThrow(expect.objectContaining({ code: "IO", written: "unknown" }));
    await expect(session.append({ n: 3 })).rejects.toThrow(expect.objectContaining({ code: "IO" }));
    await expect(session.sync()).rejects.toThrow(expect.objectContaining({ code: "IO" }));
    expect((await session.history()).map(({ data }) => data.n)).toEqual([1, 2]);
    await store.close();
    const again = await stores.open({}, directory);
    await again.session(session.id).append({ n: 4 });
    expect(await again.session(session.id).count()).toBe(3);
  });
});

describe("durability process", () => {
  test("the disk follows within a second", async () => {
    const { vfs, store } = await faulty();
    const session = await store.createSession();
    await session.append({ n: 1 });
    const before = vfs.count("sync");
    await sleep(1000);
    expect(vfs.count("sync")).toBeGreaterThan(before);
    const after = vfs.count("sync");
    await sleep(700);
    expect(vfs.count("sync")).toBe(after);
    await store.close();
  });

  test("a background sync that fails is told, and the session is read-only", async () => {
    const { vfs, store } = await faulty();
    const warnings: string[] = [];
    store.on("warning", ({ code }) => warnings.push(code));
    const session = await store.createSession();
    await session.append({ n: 1 });
    vfs.fault = (operation) => (operation === "sync" ? "EIO" : undefined);
    await sleep(1000);
    expect(warnings).toContain("sync");
    vfs.fault = () => undefined;
    await expect(session.append({ n: 2 })).rejects.toThrow(expect.objectContaining({ code: "IO" }));
    expect(await session.count()).toBe(1);
    await store.close();
  });
});

test("a store with many sessions keeps few files open", async () => {
  const store = await stores.open({ maxOpenFiles: 16 });
  const open = (): number => readdirSync("/proc/self/fd").length;
  const before = open();
  const sessions = await Promise.all(Array.from({ length: 200 }, () => store.createSession()));
  for (let round = 0; round < 3; round++) {
    for (const session of sessions) await session.append({ round });
    expect(open() - before).toBeLessThanOrEqual(20);
  }
  for (const session of sessions) expect(await session.count()).toBe(3);
  await store.close();
  expect(open()).toBeLessThanOrEqual(before + 1);
});
