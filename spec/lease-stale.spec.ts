// Whose lock may be taken over: it is for the kernel and our own clock to say, never for a wall clock.
import { mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { Worker } from "node:worker_threads";
import { afterAll, afterEach, describe, expect, test, vi } from "vitest";
import { judge } from "../lib/disk/lease-holder.ts";
import type { Holder } from "../lib/disk/lease-holder.ts";
import { Rival } from "../lib/disk/lease-rival.ts";
import { NodeVfs } from "../lib/disk/node-vfs.ts";
import { DEAD, holder, holderOf, leasesIn, plant, tokensOf } from "./helpers/leases.ts";
import { useStores } from "./helpers/stores.ts";

const stores = useStores();
const vfs = new NodeVfs();
const scratch = mkdtempSync(join(tmpdir(), "turnlog-lease-"));
afterAll(() => rmSync(scratch, { recursive: true }));
afterEach(() => vi.useRealTimers());
const HOUR = 3_600_000;
const onLinux = process.platform === "linux";

let locks = 0;
function newLock(): string {
  return join(scratch, `${++locks}.lock`);
}

/** A store that has a lease directory, and the path of the lock of its session s. */
async function prepared(): Promise<{ directory: string; lock: string }> {
  const directory = stores.directory();
  const store = await stores.open({}, directory);
  await store.session("s", { create: true }).append({ n: 0 });
  await store.close();
  return { directory, lock: join(leasesIn(directory), "s.lock") };
}

describe.runIf(onLinux)("on this system", () => {
  test.each([-87_600, -1, 1, 87_600].map((hours) => [hours]))(
    "a dead holder's lock is taken at once, with a heartbeat %i hours from now",
    async (hours) => {
      const { directory, lock } = await prepared();
      const at = new Date(Date.now() + hours * HOUR);
      plant(lock, holder({ ...DEAD, since: at.toISOString() }), "planted", at);
      const store = await stores.open({ busyTimeoutMs: 0 }, directory);
      await store.session("s").append({ n: 1 });
      expect(tokensOf(directory, "s")).not.toContain("planted");
    },
  );

  test.each([-87_600, -1, 1, 87_600].map((hours) => [hours]))(
    "a living holder's lock is never taken, with a heartbeat %i hours from now",
    async (hours) => {
      const { directory, lock } = await prepared();
      const at = new Date(Date.now() + hours * HOUR);
      plant(lock, holder({ since: at.toISOString() }), "planted", at);
      const store = await stores.open({ busyTimeoutMs: 100 }, directory);
      await expect(store.session("s").append({ n: 1 })).rejects.toThrow(
        expect.objectContaining({ code: "SESSION_BUSY" }),
      );
      expect(tokensOf(directory, "s")).toEqual(["planted"]);
    },
  );

  test("a pid that another process has by now is not its holder's", () => {
    expect(judge(vfs, holder(), Date.now())).toBe("alive");
    expect(judge(vfs, holder(DEAD), Date.now())).toBe("dead");
    expect(judge(vfs, holder({ task: 2 ** 22 + 1 }), Date.now())).toBe("dead");
    expect(judge(vfs, holder({ pid: 2 ** 22 + 1, task: 2 ** 22 + 1 }), Date.now())).toBe("dead");
  });

  test("process 1 of another container is not the process 1 that we see", () => {
    const elsewhere = holder({ pid: 1, task: 1, started: "1", namespace: "4:1" });
    expect(judge(vfs, elsewhere, Date.now())).toBe("unknown");
    expect(judge(vfs, { ...elsewhere, host: "other" }, Date.now())).toBe("unknown");
    const told = (who: Partial<Holder>): string => {
      const lock = newLock();
      plant(lock, holder(who));
      const rival = new Rival(vfs, lock);
      expect(rival.isGone()).toBe(false);
      return rival.error("s").message;
    };
    expect(told({})).toContain("(this one)");
    expect(told({ namespace: "4:1" })).not.toContain("(this one)");
  });

  test("who held it before this machine started is dead; another machine of the same name may be alive", () => {
    const other = holder({ boot: "0f0f0f0f-0000-4000-8000-000000000000" });
    expect(judge(vfs, other, 1)).toBe("dead");
    expect(judge(vfs, other, Date.now())).toBe("unknown");
  });
});

test("from elsewhere, only a heartbeat that stood still for 30 s of our own clock is one that has stopped", () => {
  vi.useFakeTimers({ toFake: ["performance", "Date"] });
  const lock = newLock();
  const path = plant(lock, holder({ host: "other" }));
  const rival = new Rival(vfs, lock);
  expect(rival.isGone()).toBe(false);
  // Wall clocks may say what they like.
  vi.setSystemTime(Date.now() + 24 * HOUR);
  expect(rival.isGone()).toBe(false);
  vi.advanceTimersByTime(29_000);
  expect(rival.isGone()).toBe(false);
  const beat = new Date(1000);
  utimesSync(path, beat, beat);
  vi.advanceTimersByTime(2000);
  expect(rival.isGone()).toBe(false);
  vi.advanceTimersByTime(29_900);
  expect(rival.isGone()).toBe(false);
  vi.advanceTimersByTime(200);
  expect(rival.isGone()).toBe(true);
  expect(readdirSync(scratch)).not.toContain(lock);
});

test.each(["", "\0\0\0\0", "{", "null", '{"pid":-1}', '{"host":"h","pid":"1","thread":0,"since":""}'])(
  "a lock whose file says %j is one of a holder that nobody knows",
  (content) => {
    vi.useFakeTimers({ toFake: ["performance"] });
    const lock = newLock();
    plant(lock, content);
    const rival = new Rival(vfs, lock);
    expect(rival.isGone()).toBe(false);
    expect(rival.error("s")).toMatchObject({ code: "SESSION_BUSY", holder: undefined });
    vi.advanceTimersByTime(31_000);
    expect(rival.isGone()).toBe(true);
  },
);

test.runIf(onLinux)("locks that processes left behind are removed with what the next one writes", async () => {
  const { directory, lock } = await prepared();
  const [dead, alive, elsewhere] = ["dead", "alive", "elsewhere"].map((name) => join(dirname(lock), `${name}.lock`));
  plant(dead!, holder(DEAD));
  plant(alive!, holder());
  plant(elsewhere!, holder({ host: "other" }));
  const store = await stores.open({}, directory);
  await store.session("s").append({ n: 1 });
  await store.close();
  expect(readdirSync(dirname(lock)).filter((name) => name.endsWith(".lock"))).toEqual(["alive.lock", "elsewhere.lock"]);
});

test("an empty directory in the lock's place is a free lock", async () => {
  const { directory, lock } = await prepared();
  mkdirSync(lock);
  const store = await stores.open({ busyTimeoutMs: 0 }, directory);
  await store.session("s").append({ n: 1 });
  expect(tokensOf(directory, "s")).toHaveLength(1);
});

test.each(["lock", "leases", ".cache"])("%s is removed by hand under who holds it, who goes on", async (what) => {
  const { directory, lock } = await prepared();
  const [one, two] = [await stores.open({}, directory), await stores.open({}, directory)];
  const path = { lock, leases: join(directory, ".cache", "leases"), ".cache": join(directory, ".cache") }[what]!;
  for (let n = 1; n <= 20; n++) {
    await one.session("s").append({ n });
    if (n % 5 === 0) rmSync(path, { recursive: true });
    if (n % 3 === 0) await two.session("s").append({ n: n + 0.5 });
  }
  const said = (await one.session("s").history()).map(({ data }) => data.n as number);
  expect(said).toHaveLength(27);
});

test.runIf(onLinux)("threads are writers of their own, and one that was ended keeps nobody out", async () => {
  const { directory } = await prepared();
  const entry = new URL("../dist/lib/index.js", import.meta.url).href;
  const source = `
    const { parentPort, workerData } = require("node:worker_threads");
    import(workerData.entry).then(async ({ openStore }) => {
      const store = await openStore(workerData.directory);
      await store.session("s").append({ n: 1 });
      parentPort.postMessage("ready");
    });`;
  const worker = new Worker(source, { eval: true, workerData: { directory, entry } });
  await new Promise((resolve) => worker.once("message", resolve));
  expect(holderOf(directory, "s")).toMatchObject({ pid: process.pid, thread: worker.threadId });
  // It is alive, and gives way.
  const store = await stores.open({}, directory);
  const session = store.session("s");
  await session.append({ n: 2 });
  expect(holderOf(directory, "s").task).not.toBe(worker.threadId);
  await store.close();
  const again = new Worker(source, { eval: true, workerData: { directory, entry } });
  await new Promise((resolve) => again.once("message", resolve));
  await Promise.all([worker.terminate(), again.terminate()]);
  expect(tokensOf(directory, "s")).toHaveLength(1);
  const last = await stores.open({ busyTimeoutMs: 0 }, directory);
  await last.session("s").append({ n: 3 });
  expect((await last.session("s").history()).map(({ data }) => data.n)).toEqual([0, 1, 2, 1, 3]);
});
