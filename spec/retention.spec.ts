// Retention: what goes, and why.
import { existsSync, readFileSync, statSync, utimesSync } from "node:fs";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import type { EvictedSession, RetentionPolicy } from "../lib/index.ts";
import { agedStore, DAY, FOUR, idsIn, planned } from "./helpers/aged.ts";
import { filesIn, logsOf, useStores } from "./helpers/stores.ts";

const stores = useStores();
const failing = (code: string): unknown => expect.objectContaining({ code });

test("each limit takes the oldest by the times in the lines, whatever the files' times are", async () => {
  const directory = await agedStore(stores.directory(), FOUR);
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
  const directory = await agedStore(stores.directory(), FOUR);
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
  const directory = await agedStore(stores.directory(), FOUR);
  const store = await stores.open({}, directory);
  const before = await store.session("d").history();
  const events: EvictedSession[] = [];
  store.on("evicted", (event) => events.push(event));
  const report = await store.retention.apply(await store.retention.plan({ maxSessions: 2 }));
  await Promise.resolve();
  expect(report.skipped).toEqual([]);
  expect(events).toEqual(report.evicted);
  expect(await idsIn(store)).toEqual(["a", "b"]);
  for (const { path } of events) expect(existsSync(path)).toBe(true);
  const lines = readFileSync(join(directory, "trash", ".evictions.jsonl"), "utf8")
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
  expect(readFileSync(join(directory, "trash", ".evictions.jsonl"), "utf8")).not.toContain("title of c");
});

test("a policy is kept without being asked, and a store without one takes nothing", async () => {
  const directory = await agedStore(stores.directory(), FOUR);
  const plain = await stores.open({}, directory);
  await new Promise((resolve) => setTimeout(resolve, 800));
  expect(await idsIn(plain)).toHaveLength(4);
  await plain.close();
  const store = await stores.open({ retention: { maxSessions: 2 } }, directory);
  const events: EvictedSession[] = [];
  store.on("evicted", (event) => events.push(event));
  await vi.waitFor(() => expect(events.map(({ id }) => id)).toEqual(["d", "c"]), { timeout: 5000 });
  expect(await idsIn(store)).toEqual(["a", "b"]);
});

test("what a store wrote itself a moment ago is left alone by its own policy", async () => {
  const directory = await agedStore(stores.directory(), FOUR);
  const store = await stores.open({ retention: { maxSessions: 0, by: "created" } }, directory);
  await store.session("d").append({ id: "in the middle of it" });
  await vi.waitFor(async () => expect(await idsIn(store)).toEqual(["d"]), { timeout: 5000 });
  await new Promise((resolve) => setTimeout(resolve, 1500));
  expect(await idsIn(store)).toEqual(["d"]);
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
