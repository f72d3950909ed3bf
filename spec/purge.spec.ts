// What is purged is gone: from every file of this machine, for every later merge, and on other machines when they have heard.
import { appendFileSync, cpSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test, vi } from "vitest";
import { settingsOf } from "../lib/base/options.ts";
import type { Session, Store } from "../lib/index.ts";
import { rooms } from "../lib/open.ts";
import { openOn } from "../lib/store/open-on.ts";
import { FaultVfs } from "./helpers/fault-vfs.ts";
import type { Operation } from "./helpers/fault-vfs.ts";
import { filesIn, filesWith, logsOf, useStores } from "./helpers/stores.ts";

const stores = useStores();
const failing = (code: string): unknown => expect.objectContaining({ code });

type Any = Session<any, any>;

/** A session with a needle in everything that can be said of one, all of it in the caches. */
async function fill(store: Store<any, any>, id: string): Promise<Any> {
  const session = await store.createSession({
    id,
    title: "NEEDLE title",
    summary: "NEEDLE summary",
    project: "NEEDLE project",
    tags: ["NEEDLE tag"],
    metadata: { NEEDLE: "NEEDLE metadata" },
  });
  await session.append({ id: "a", role: "user", content: "NEEDLE prompt" });
  await session.append([
    { id: "b", text: "NEEDLE b" },
    { id: "NEEDLE id", text: "c" },
  ]);
  await session.putPart("a", { id: "NEEDLE part", text: "NEEDLE text of a part" });
  await session.putPart("a", { id: "NEEDLE part", text: "NEEDLE text of a part, again" });
  await session.putMessage({ id: "b", text: "NEEDLE edited" });
  await session.checkout("a");
  await session.append({ id: "d", text: "NEEDLE on a branch" });
  await session.remove("d");
  await session.update({ title: "NEEDLE, renamed" });
  return session;
}

/** Brings all that is known into the caches. */
async function list(store: Store<any, any>): Promise<void> {
  await store.page({ limit: 10, all: true });
  await store.searchTitles("NEEDLE");
  await store.refresh();
}

test("after a purge of a session no file of this machine has anything of it", async () => {
  const directory = stores.directory();
  const store = await stores.open({}, directory);
  const other = await store.createSession({ id: "other", title: "something else" });
  await other.append({ id: "o", text: "stays" });
  const untitled = store.session("untitled", { create: true });
  await untitled.append({ id: "a", role: "user", content: "NEEDLE prompt of an untitled one" });
  for (let n = 0; n < 30; n++) await store.createSession({ id: `more-${n}` });
  const session = await fill(store, "s");
  await list(store);
  await store.close();
  const late = await stores.open({}, directory);
  await list(late);
  // It was deleted and restored, and deleted again: trash/ and lost+found/ have what there was.
  appendFileSync(
    [...logsOf(directory).keys()].find((path) => path.endsWith("/s.jsonl"))!,
    '{"at":"NEEDLE torn',
  );
  await late.session("s").delete();
  await late.session("s").restore();
  await late.session("s").append({ id: "e", text: "NEEDLE e" });
  await late.session("s").delete();
  await list(late);
  expect(filesWith(directory, "NEEDLE").some((path) => path.includes("/trash/"))).toBe(true);
  expect(filesWith(directory, "NEEDLE").some((path) => path.includes("/lost+found/"))).toBe(true);
  expect(filesWith(directory, "NEEDLE").some((path) => path.includes("/.cache/"))).toBe(true);

  const report = await late.purge("s");
  expect(report.erased).toBe(0);
  expect(report.heldBy).toEqual([]);
  expect((await late.purge("untitled")).erased).toBe(1);
  expect(filesWith(directory, "NEEDLE")).toEqual([]);
  await list(late);
  await late.close();
  expect(filesWith(directory, "NEEDLE")).toEqual([]);

  const last = await stores.open({}, directory);
  expect(await last.get("s")).toBeUndefined();
  await expect(last.session("s").restore()).rejects.toThrow(failing("NOT_FOUND"));
  expect(await last.session("other").history()).toHaveLength(1);
  expect(await last.count()).toBe(31);
  expect(session.id).toBe("s");
});

test("a session that lives is deleted and erased by its purge, and begins anew with a message", async () => {
  const directory = stores.directory();
  const store = await stores.open({}, directory);
  await fill(store, "s");
  await list(store);
  const { erased } = await store.purge("s");
  // All that was said: 3 messages and an edit, one more on a branch, 2 versions of a part, 2 infos.
  expect(erased).toBe(9);
  expect(filesWith(directory, "NEEDLE")).toEqual([]);
  expect(await store.get("s")).toBeUndefined();
  expect(await store.purge("s")).toEqual({ erased: 0, heldBy: [] });
  await store.session("s", { create: true }).append({ id: "a", text: "new" });
  expect((await store.session("s").history()).map(({ data }) => data)).toEqual([{ id: "a", text: "new" }]);
});

test("after a purge of messages no file has anything of them, and the others are what they were", async () => {
  const directory = stores.directory();
  const store = await stores.open({}, directory);
  const session = await store.createSession({ id: "s" });
  await session.append({ id: "a", role: "user", content: "NEEDLE prompt" });
  await session.append([
    { id: "b", text: "kept" },
    { id: "c", text: "NEEDLE c" },
  ]);
  await session.putPart("a", { id: "p", text: "NEEDLE part" });
  await session.putPart("b", { id: "q", text: "kept part" });
  await session.putMessage({ id: "c", text: "NEEDLE again" });
  await session.append({ id: "d", text: "kept, too" });
  await session.append({ id: "e", text: "NEEDLE removed" });
  await session.remove("e");
  await list(store);
  const kept = (await session.history()).filter(({ id }) => id === "b" || id === "d");
  expect(await session.purge(["a", "c", "e"])).toEqual({ erased: 5, heldBy: [] });
  expect(filesWith(directory, "NEEDLE")).toEqual([]);
  expect(await session.history()).toEqual(kept);
  await list(store);
  await store.close();
  expect(filesWith(directory, "NEEDLE")).toEqual([]);
  const late = await stores.open({}, directory);
  expect(await late.session("s").history()).toEqual(kept);
  expect((await late.session("s").stats()).types["purged"]).toMatchObject({ lines: 5 });
});

test("one id that never was, and nothing is purged", async () => {
  const directory = stores.directory();
  const store = await stores.open({}, directory);
  const session = store.session("s", { create: true });
  await session.append([{ id: "a" }, { id: "b" }]);
  const before = [...logsOf(directory).values()].map(String);
  await expect(session.purge(["a", "x"])).rejects.toThrow(failing("NOT_FOUND"));
  await expect(session.purge([])).rejects.toThrow(failing("INVALID_ARGUMENT"));
  await expect(store.purge("none")).rejects.toThrow(failing("NOT_FOUND"));
  expect([...logsOf(directory).values()].map(String)).toEqual(before);
});

test("a purge makes no other branch the history", async () => {
  const store = await stores.open();
  const session = store.session("s", { create: true });
  for (const id of ["a", "b", "c"]) await session.append({ id });
  await session.checkout("a");
  for (const id of ["d", "e"]) await session.append({ id });
  const places = new Map((await session.history()).map(({ id, at }) => [id, at]));
  await session.checkout("c");
  await session.append({ id: "f" });
  await session.purge("f");
  expect((await session.history()).map(({ id }) => id)).toEqual(["a", "b", "c"]);
  await session.append({ id: "g" });
  expect((await session.history()).map(({ id }) => id)).toEqual(["a", "b", "c", "g"]);
  await session.purge(places.get("e")!);
  expect(await session.branches()).toHaveLength(2);
});

/** Copies one machine's logs to another's store, as a sync does. */
function sync(from: Store<any, any>, to: Store<any, any>): void {
  cpSync(join(from.path, "sessions", from.machine), join(to.path, "sessions", from.machine), {
    recursive: true,
    preserveTimestamps: true,
  });
}

/** The store of a machine, opened anew, to which a sync has brought that another one has purged "a" of "s". */
async function afterPurgeElsewhere(): Promise<Store<any, any>> {
  const a = await stores.open({ machine: "a" });
  const b = await stores.open({ machine: "b" });
  await a.session("s", { create: true }).append([{ id: "a", content: "NEEDLE" }, { id: "b" }]);
  sync(a, b);
  await b.refresh();
  await b.session("s").purge("a");
  sync(b, a);
  await a.close();
  return await stores.open({ machine: "a" }, a.path);
}

describe("with two machines", () => {
  test.each([
    ["a session", (store: Store<any, any>) => store.purge("s"), 0],
    ["messages", (store: Store<any, any>) => store.session("s").purge(["a", "b"]), 1],
  ])("a purge of %s names the other one, which erases it when it has heard of it", async (_, purge, left) => {
    const a = await stores.open({ machine: "a" });
    const b = await stores.open({ machine: "b" });
    const session = a.session("s", { create: true });
    await session.append([
      { id: "a", role: "user", content: "NEEDLE 1" },
      { id: "b", content: "NEEDLE 2" },
    ]);
    if (left === 0) await session.update({ title: "NEEDLE title" });
    await list(a);
    sync(a, b);
    await b.refresh();
    await b.session("s").append({ id: "c", content: "of b" });
    await list(b);
    const report = await purge(b);
    expect(report).toEqual({ erased: left === 0 ? 1 : 0, heldBy: [a.machine] });
    // What the other one wrote is not ours to touch.
    const isOfA = (path: string): boolean => path.includes(`/${a.machine}/`);
    expect(filesWith(b.path, "NEEDLE").every(isOfA)).toBe(true);
    expect(filesWith(b.path, "NEEDLE")).not.toEqual([]);
    sync(b, a);
    const directory = a.path;
    await a.close();
    const late = await stores.open({ machine: "a" }, directory);
    await vi.waitFor(() => expect(filesWith(directory, "NEEDLE")).toEqual([]), { timeout: 10_000, interval: 50 });
    if (left === 0) expect(await late.get("s")).toBeUndefined();
    else expect((await late.session("s").history()).map(({ id }) => id)).toEqual(["c"]);
    await late.close();
    expect(filesWith(directory, "NEEDLE")).toEqual([]);
    // It comes back with no sync.
    const again = await stores.open({ machine: "b" }, b.path);
    rmSync(join(b.path, "sessions", late.machine), { recursive: true });
    sync(late, again);
    expect(filesWith(again.path, "NEEDLE")).toEqual([]);
    expect(
      (
        await again
          .session("s")
          .history()
          .catch(() => [])
      ).map(({ id }) => id),
    ).toEqual(left === 0 ? [] : ["c"]);
  });

  test("a process that only reads the session has erased it when it is closed", async () => {
    const late = await afterPurgeElsewhere();
    const { path } = late;
    expect((await late.session("s").history()).map(({ id }) => id)).toEqual(["b"]);
    await late.close();
    expect(filesWith(path, "NEEDLE")).toEqual([]);
  });

  test("what was written a moment before it erases stands in the log once, and no old log beside that", async () => {
    const late = await afterPurgeElsewhere();
    const { path, machine } = late;
    await late.session("s").append({ id: "c" });
    await late.close();
    const [log, ...others] = filesIn(join(path, "sessions", machine));
    expect(others).toEqual([]);
    const stamps = readFileSync(log!, "utf8").match(/(?<=^\{"at":")[^"]+/gm)!;
    expect(stamps).toEqual([...new Set(stamps)]);
  });
});

test("a purge that fails at any step is gone on with by the next open, even without the cache", async () => {
  const isChange = (operation: Operation): boolean =>
    ["open", "write", "sync", "link", "rename", "remove", "syncDirectory"].includes(operation);
  const stride = process.env["TURNLOG_LONG"] ? 1 : 5;
  let steps = 0;
  for (let step = 1, isDone = false; !isDone; step += stride) {
    const directory = stores.unverified();
    const vfs = new FaultVfs();
    const store = await openOn<any, any>(vfs, directory, settingsOf({ busyTimeoutMs: 200 }), rooms);
    const session = await store.createSession({ id: "s" });
    await session.append([{ id: "a", role: "user", content: "NEEDLE" }, { id: "b" }]);
    await session.putMessage({ id: "a", role: "user", content: "NEEDLE, too" });
    await store.page({ limit: 1 });
    let calls = 0;
    vfs.fault = (operation) => (isChange(operation) && ++calls >= step ? "EIO" : undefined);
    const error: unknown = await session.purge("a").then(
      () => undefined,
      (reason: unknown) => reason,
    );
    isDone = calls < step;
    expect(error === undefined, `step ${step}`).toBe(isDone);
    await store.close();
    const isCacheGone = step % 2 === 0;
    // Without its id in there the machine would be another one.
    const caches = isCacheGone ? readdirSync(join(directory, ".cache")).filter((name) => name !== "machines") : [];
    for (const name of caches) rmSync(join(directory, ".cache", name), { recursive: true });
    const late = await stores.open({}, directory);
    const ids = (await late.session("s").history()).map(({ id }) => id);
    await late.close();
    if (ids.includes("a")) expect(ids).toEqual(["a", "b"]);
    else expect(filesWith(directory, "NEEDLE"), `step ${step}`).toEqual([]);
    steps = step;
  }
  expect(steps).toBeGreaterThan(20);
}, 120_000);
