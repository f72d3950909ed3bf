// Retention surprises nobody: what goes, why, and all that never goes.
import { cpSync, existsSync, readFileSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, test, vi } from "vitest";
import type { EvictedSession, RetentionPolicy, Store } from "../lib/index.ts";
import { filesIn, logsOf, useStores } from "./helpers/stores.ts";

const stores = useStores();
const failing = (code: string): unknown => expect.objectContaining({ code });
const DAY = 86_400_000;

afterEach(() => {
  vi.useRealTimers();
});

/** Sets the clock to so many days before now. */
function daysAgo(days: number, now = Date.now()): void {
  vi.useFakeTimers({ toFake: ["Date"], now: now - days * DAY });
}

interface Given {
  readonly id: string;
  readonly days: number;
  readonly parent?: string;
  readonly pinned?: boolean;
  readonly bytes?: number;
}

/** A closed store with sessions that were written to so many days ago. */
async function made(given: readonly Given[], directory: string = stores.directory()): Promise<string> {
  const now = Date.now();
  for (const { id, days, bytes = 100, ...info } of given) {
    daysAgo(days, now);
    const store = await stores.open({}, directory);
    await store.createSession({ id, title: `title of ${id}`, ...info });
    await store.session(id).append({ id: "a", text: "x".repeat(bytes) });
    await store.close();
  }
  vi.useRealTimers();
  return directory;
}

async function planned(store: Store<any, any>, policy: RetentionPolicy): Promise<string[]> {
  return (await store.retention.plan(policy)).items.map(({ id }) => id);
}

async function left(store: Store<any, any>): Promise<string[]> {
  const ids: string[] = [];
  for await (const id of store.ids()) ids.push(id);
  return ids.sort();
}

const FOUR = [
  { id: "d", days: 40, bytes: 1000 },
  { id: "a", days: 10, bytes: 3000 },
  { id: "c", days: 30, bytes: 2000 },
  { id: "b", days: 20, bytes: 500 },
];

test("each limit takes the oldest by the times in the lines, whatever the files' times are", async () => {
  const directory = await made(FOUR);
  const old = new Date(Date.now() - 400 * DAY);
  for (const path of logsOf(directory).keys()) if (path.endsWith("/a.jsonl")) utimesSync(path, old, old);
  const store = await stores.open({}, directory);
  expect(await planned(store, {})).toEqual([]);
  expect(await planned(store, { maxAgeDays: 25 })).toEqual(["d", "c"]);
  expect(await planned(store, { maxSessions: 1 })).toEqual(["d", "c", "b"]);
  expect(await planned(store, { maxSessions: 0 })).toEqual(["d", "c", "b", "a"]);
  const all = [...logsOf(directory).values()].reduce((sum, { length }) => sum + length, 0);
  const most = (bytes: number): RetentionPolicy => ({ maxSizeMB: bytes / 1024 / 1024 });
  expect(await planned(store, most(all))).toEqual([]);
  expect(await planned(store, most(all - 1))).toEqual(["d"]);
  expect(await planned(store, most(all - 2000))).toEqual(["d", "c"]);
  const plan = await store.retention.plan({ maxAgeDays: 35, maxSessions: 2 });
  expect(plan.items.map(({ id, title, reason }) => [id, title, reason])).toEqual([
    ["d", "title of d", "age"],
    ["c", "title of c", "sessions"],
  ]);
  expect(plan.left.sessions).toBe(2);
  expect(plan.left.bytes + plan.bytes).toBe(all);
  expect(plan.bytes).toBe(plan.items.reduce((sum, { bytes }) => sum + bytes, 0));
});

test("a plan is data, and writes nothing: no byte, no time of a file", async () => {
  const directory = await made(FOUR);
  const store = await stores.open({}, directory);
  await store.refresh();
  const state = (): string[] =>
    filesIn(directory)
      .filter((path) => !path.includes("/.cache/"))
      .map((path) => `${path} ${statSync(path).mtimeMs} ${statSync(path).ctimeMs} ${readFileSync(path, "hex")}`);
  const before = state();
  const plan = await store.retention.plan({ maxSessions: 1, maxAgeDays: 15, children: true, by: "created" });
  expect(plan.items).toHaveLength(3);
  expect(state()).toEqual(before);
  const report = await store.retention.apply(JSON.parse(JSON.stringify(plan)));
  expect(report.evicted.map(({ id }) => id)).toEqual(["d", "c", "b"]);
});

test("what goes lies in the trash, with an event and a line, and comes back", async () => {
  const directory = await made(FOUR);
  const store = await stores.open({}, directory);
  const before = await store.session("d").history();
  const events: EvictedSession[] = [];
  store.on("evicted", (event) => events.push(event));
  const report = await store.retention.apply(await store.retention.plan({ maxSessions: 2 }));
  await Promise.resolve();
  expect(report.skipped).toEqual([]);
  expect(events).toEqual(report.evicted);
  expect(await left(store)).toEqual(["a", "b"]);
  for (const { path } of events) expect(existsSync(path)).toBe(true);
  const lines = readFileSync(join(directory, "trash", "evictions.jsonl"), "utf8")
    .trimEnd()
    .split("\n");
  expect(lines.map((line) => JSON.parse(line))).toEqual(
    events.map(({ id, title, reason, bytes }) => expect.objectContaining({ id, title, reason, bytes })),
  );
  const trashed = [];
  for await (const each of store.trash()) trashed.push([each.id, each.title]);
  expect(trashed).toEqual([
    ["c", "title of c"],
    ["d", "title of d"],
  ]);
  await store.session("d").restore();
  expect(await store.session("d").history()).toEqual(before);
  expect((await store.session("d").info()).title).toBe("title of d");
  await store.purge("c");
  expect(readFileSync(join(directory, "trash", "evictions.jsonl"), "utf8")).not.toContain("title of c");
});

describe("never goes", () => {
  test("a pinned session", async () => {
    const store = await stores.open({}, await made([{ id: "p", days: 50, pinned: true }, ...FOUR]));
    const plan = await store.retention.plan({ maxAgeDays: 35 });
    expect(plan.items.map(({ id }) => id)).toEqual(["d"]);
    expect(plan.kept).toEqual([{ id: "p", obstacle: "pinned" }]);
  });

  test("a session that was pinned, written to, deleted or got a child since the plan", async () => {
    const store = await stores.open({}, await made([{ id: "e", days: 50 }, ...FOUR]));
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
    expect(await left(store)).toEqual(["a", "b", "child", "d"]);
  });

  test("a session that another store, or this one, is writing to", async () => {
    const directory = await made(FOUR);
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
    expect(await left(store)).toEqual(["c", "d"]);
  });

  test("a session that another machine writes to as well", async () => {
    const directory = await made(FOUR);
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
    expect(plan.kept.map(({ id, obstacle }) => [id, obstacle]).toSorted()).toEqual([
      ["d", "machines"],
      ["theirs", "machines"],
    ]);
  });

  test("a parent whose child stays; and with its last child it goes, behind it", async () => {
    const family = [
      { id: "root", days: 50 },
      { id: "mid", days: 45, parent: "root" },
      { id: "leaf", days: 5, parent: "mid" },
    ];
    const store = await stores.open({}, await made([...FOUR, ...family]));
    const plan = await store.retention.plan({ maxAgeDays: 35 });
    expect(plan.items.map(({ id }) => id)).toEqual(["d"]);
    expect(plan.kept.map(({ id, obstacle }) => [id, obstacle]).toSorted()).toEqual([
      ["mid", "children"],
      ["root", "children"],
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
    const store = await stores.open({}, await made([...FOUR, ...family]));
    const plan = await store.retention.plan({ maxAgeDays: 35, children: true });
    expect(plan.items.map(({ id }) => id)).toEqual(["d"]);
    expect(plan.kept).toEqual([{ id: "root", obstacle: "pinned" }]);
  });

  test("what the policy keeps: so many of the newest, these ids, or what a function picks", async () => {
    const store = await stores.open({}, await made(FOUR));
    expect(await planned(store, { maxAgeDays: 1, keep: 2 })).toEqual(["d", "c"]);
    expect(await planned(store, { maxAgeDays: 1, keep: ["d", "a"] })).toEqual(["c", "b"]);
    expect(await planned(store, { maxAgeDays: 1, keep: ({ title }) => title === "title of b" })).toEqual([
      "d",
      "c",
      "a",
    ]);
  });

  test("a session that cannot be read", async () => {
    const directory = await made(FOUR, stores.unverified());
    const store = await stores.open({}, directory);
    for (const path of logsOf(directory).keys()) if (path.endsWith("/d.jsonl")) writeFileSync(path, "nothing\n");
    const plan = await store.retention.plan({ maxSessions: 0 });
    expect(plan.items.map(({ id }) => id)).toEqual(["c", "b", "a"]);
    expect(plan.kept).toEqual([{ id: "d", obstacle: "damaged" }]);
  });
});

describe("a clock that lies", () => {
  test("ten years in the future deletes nothing: not by a policy, not from the trash", async () => {
    const directory = await made(FOUR);
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
    expect(await left(again)).toEqual(["a", "b", "d", "new"]);
    await again.close();
    vi.useRealTimers();
    const back = await stores.open(options, directory);
    expect((await back.retention.plan()).doubt).toBeUndefined();
    await back.session("c").restore();
    expect(await left(back)).toEqual(["a", "b", "c", "d", "new"]);
  });

  test("a leap that lasts is believed after a week, one more is not", async () => {
    const directory = await made(FOUR);
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
    const directory = await made([...FOUR, { id: "future", days: -5000 }]);
    const store = await stores.open({}, directory);
    expect(await planned(store, { maxSessions: 1 })).toEqual(["d", "c", "b", "a"]);
    expect((await store.retention.plan({ maxSessions: 0 })).items.at(-1)!.at <= new Date().toISOString()).toBe(true);
  });
});

test("a policy is kept without being asked, and a store without one takes nothing", async () => {
  const directory = await made(FOUR);
  const plain = await stores.open({}, directory);
  await new Promise((resolve) => setTimeout(resolve, 800));
  expect(await left(plain)).toHaveLength(4);
  await plain.close();
  const store = await stores.open({ retention: { maxSessions: 2 } }, directory);
  const events: EvictedSession[] = [];
  store.on("evicted", (event) => events.push(event));
  await vi.waitFor(() => expect(events.map(({ id }) => id)).toEqual(["d", "c"]), { timeout: 5000 });
  expect(await left(store)).toEqual(["a", "b"]);
});

test("what a store wrote itself a moment ago is left alone by its own policy", async () => {
  const directory = await made(FOUR);
  const store = await stores.open({ retention: { maxSessions: 0, by: "created" } }, directory);
  await store.session("d").append({ id: "in the middle of it" });
  await vi.waitFor(async () => expect(await left(store)).toEqual(["d"]), { timeout: 5000 });
  await new Promise((resolve) => setTimeout(resolve, 1500));
  expect(await left(store)).toEqual(["d"]);
});

test("a policy that is wrong is refused before anything is done", async () => {
  const store = await stores.open();
  for (const policy of [
    { maxAge: 3 },
    { maxSessions: -1 },
    { maxSessions: 1.5 },
    { by: "size" },
    { keep: {} },
    3,
    null,
  ])
    await expect(store.retention.plan(policy as any)).rejects.toThrow(failing("INVALID_ARGUMENT"));
  await expect(store.retention.plan()).rejects.toThrow(failing("INVALID_ARGUMENT"));
  await expect(store.retention.apply({} as any)).rejects.toThrow(failing("INVALID_ARGUMENT"));
  await expect(stores.open({ retention: { maxAge: 3 } as any })).rejects.toThrow(failing("INVALID_ARGUMENT"));
});
