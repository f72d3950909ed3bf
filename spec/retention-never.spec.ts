// Retention surprises nobody: a law for each kind of session that never goes, and for clocks that lie.
import "./helpers/in-memory.ts";
import { cpSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, test, vi } from "vitest";
import { agedStore, daysAgo, FOUR, idsIn, planned } from "./helpers/aged.ts";
import { logsOf, useStores } from "./helpers/stores.ts";

const stores = useStores();

afterEach(() => {
  vi.useRealTimers();
});

describe("never goes", () => {
  test("a pinned session", async () => {
    const store = await stores.open(
      {},
      await agedStore(stores.directory(), [{ id: "p", days: 50, pinned: true }, ...FOUR]),
    );
    const plan = await store.retention.plan({ maxAgeDays: 35 });
    expect(plan.items.map(({ id }) => id)).toEqual(["d"]);
    expect(plan.kept).toEqual([{ id: "p", obstacle: "pinned" }]);
  });

  test("a session that was pinned, written to, deleted or got a child since the plan", async () => {
    const store = await stores.open({}, await agedStore(stores.directory(), [{ id: "e", days: 50 }, ...FOUR]));
    const plan = await store.retention.plan({ maxSessions: 0 });
    expect(plan.items).toHaveLength(5);
    await store.session("a").update({ pinned: true });
    await store.session("b").append({ id: "new" });
    await store.session("c").delete();
    await store.createSession({ id: "child", parent: "d" });
    await new Promise((resolve) => setTimeout(resolve, 1200));
    const report = await store.retention.apply(plan);
    expect(report.evicted.map(({ id }) => id)).toEqual(["e"]);
    expect(Object.fromEntries(report.skipped.map(({ id, why }) => [id, why]))).toEqual({
      a: "changed",
      b: "changed",
      c: "gone",
      d: "children",
    });
    expect(await idsIn(store)).toEqual(["a", "b", "child", "d"]);
  });

  test("a session that another store, or this one, is writing to", async () => {
    const directory = await agedStore(stores.directory(), FOUR);
    const store = await stores.open({}, directory);
    const other = await stores.open({}, directory);
    const plan = await store.retention.plan({ maxSessions: 0, by: "created" });
    await other.session("c").append({ id: "theirs" });
    await store.session("d").append({ id: "ours" });
    const again = await store.retention.plan({ maxSessions: 0, by: "created" });
    expect(again.items.map(({ id }) => id)).toEqual(["b", "a"]);
    expect(again.kept.toSorted((a, b) => (a.id < b.id ? -1 : 1))).toEqual([
      { id: "c", obstacle: "in use" },
      { id: "d", obstacle: "in use" },
    ]);
    const report = await store.retention.apply(plan);
    expect(report.skipped.map(({ id }) => id).toSorted()).toEqual(["c", "d"]);
    expect(await idsIn(store)).toEqual(["c", "d"]);
  });

  test("a session that another machine writes to as well", async () => {
    const directory = await agedStore(stores.directory(), FOUR);
    const other = await stores.open({ machine: "elsewhere" });
    const [own] = [...logsOf(directory).keys()].map((path) => path.split("/").at(-3)!);
    cpSync(join(directory, "sessions", own!), join(other.path, "sessions", own!), { recursive: true });
    await other.session("d").append({ id: "of another machine" });
    await other.createSession({ id: "theirs" });
    cpSync(join(other.path, "sessions", other.machine), join(directory, "sessions", other.machine), {
      recursive: true,
    });
    const store = await stores.open({}, directory);
    const plan = await store.retention.plan({ maxSessions: 0 });
    expect(plan.items.map(({ id }) => id)).toEqual(["c", "b", "a"]);
    expect(plan.kept.map(({ id, obstacle }) => `${id} ${obstacle}`).toSorted()).toEqual([
      "d machines",
      "theirs machines",
    ]);
  });

  test("a parent whose child stays; and with its last child it goes, behind it", async () => {
    const family = [
      { id: "root", days: 50 },
      { id: "mid", days: 45, parent: "root" },
      { id: "leaf", days: 5, parent: "mid" },
    ];
    const store = await stores.open({}, await agedStore(stores.directory(), [...FOUR, ...family]));
    const plan = await store.retention.plan({ maxAgeDays: 35 });
    expect(plan.items.map(({ id }) => id)).toEqual(["d"]);
    expect(plan.kept.map(({ id, obstacle }) => `${id} ${obstacle}`).toSorted()).toEqual([
      "mid children",
      "root children",
    ]);
    expect(await planned(store, { maxAgeDays: 4 })).toEqual(["leaf", "mid", "root", "d", "c", "b", "a"]);
    expect(await planned(store, { maxSessions: 2 })).toEqual(["d", "c", "b", "a", "leaf"]);
    // As a family they are as old as the newest of them.
    expect(await planned(store, { maxAgeDays: 7, children: true })).toEqual(["d", "c", "b", "a"]);
    expect(await planned(store, { maxAgeDays: 4, children: true })).toEqual([
      "d",
      "c",
      "b",
      "a",
      "leaf",
      "mid",
      "root",
    ]);
  });

  test("a family of which one is pinned", async () => {
    const family = [
      { id: "root", days: 50 },
      { id: "leaf", days: 45, parent: "root", pinned: true },
    ];
    const store = await stores.open({}, await agedStore(stores.directory(), [...FOUR, ...family]));
    const plan = await store.retention.plan({ maxAgeDays: 35, children: true });
    expect(plan.items.map(({ id }) => id)).toEqual(["d"]);
    expect(plan.kept).toEqual([{ id: "root", obstacle: "pinned" }]);
  });

  test("what the policy keeps: so many of the newest, these ids, or what a function picks", async () => {
    const store = await stores.open({}, await agedStore(stores.directory(), FOUR));
    expect(await planned(store, { maxAgeDays: 1, keep: 2 })).toEqual(["d", "c"]);
    expect(await planned(store, { maxAgeDays: 1, keep: ["d", "a"] })).toEqual(["c", "b"]);
    expect(await planned(store, { maxAgeDays: 1, keep: ({ title }) => title === "title of b" })).toEqual([
      "d",
      "c",
      "a",
    ]);
  });

  test("a session that cannot be read", async () => {
    const directory = await agedStore(stores.unverified(), FOUR);
    const store = await stores.open({}, directory);
    for (const path of logsOf(directory).keys()) if (path.endsWith("/d.jsonl")) writeFileSync(path, "nothing\n");
    const plan = await store.retention.plan({ maxSessions: 0 });
    expect(plan.items.map(({ id }) => id)).toEqual(["c", "b", "a"]);
    expect(plan.kept).toEqual([{ id: "d", obstacle: "damaged" }]);
  });
});

describe("a clock that lies", () => {
  test("ten years in the future deletes nothing: not by a policy, not from the trash", async () => {
    const directory = await agedStore(stores.directory(), FOUR);
    const first = await stores.open({}, directory);
    await first.session("c").delete();
    await first.close();
    daysAgo(-3650);
    const options = { retention: { maxAgeDays: 100 } };
    const store = await stores.open(options, directory);
    const plan = await store.retention.plan();
    expect(plan.items).toEqual([]);
    expect(plan.doubt).toContain("365");
    await store.session("new", { create: true }).append({ id: "a" });
    await new Promise((resolve) => setTimeout(resolve, 900));
    await store.close();
    // Nor does what was written by then make the others old.
    daysAgo(-3652);
    const again = await stores.open(options, directory);
    await new Promise((resolve) => setTimeout(resolve, 900));
    expect(await planned(again, { maxAgeDays: 100 })).toEqual([]);
    expect(await idsIn(again)).toEqual(["a", "b", "d", "new"]);
    await again.close();
    vi.useRealTimers();
    const back = await stores.open(options, directory);
    expect((await back.retention.plan()).doubt).toBeUndefined();
    await back.session("c").restore();
    expect(await idsIn(back)).toEqual(["a", "b", "c", "d", "new"]);
  });

  test("a leap that lasts is believed after a week, one more is not", async () => {
    const directory = await agedStore(stores.directory(), FOUR);
    const plans: string[][] = [];
    for (const days of [0, 3650, 3656, 3656 + 3650, 3656 + 3655, 3656 + 3660]) {
      daysAgo(-days);
      const store = await stores.open({}, directory);
      await new Promise((resolve) => setTimeout(resolve, 800));
      plans.push(await planned(store, { maxAgeDays: 100 }));
      await store.close();
      vi.useRealTimers();
    }
    expect(plans).toEqual([[], [], [], [], [], ["d", "c", "b", "a"]]);
  });

  test("a session from the future is the newest, and no more", async () => {
    const directory = await agedStore(stores.directory(), [...FOUR, { id: "future", days: -5000 }]);
    const store = await stores.open({}, directory);
    expect(await planned(store, { maxSessions: 1 })).toEqual(["d", "c", "b", "a"]);
    expect((await store.retention.plan({ maxSessions: 0 })).items.at(-1)!.at <= new Date().toISOString()).toBe(true);
  });
});
