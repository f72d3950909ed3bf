// Archived sessions: what can be asked of a session is answered as before, from a log that is packed and put away.
import { cpSync, existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import fc from "fast-check";
import { expect, test, vi } from "vitest";
import { openMemoryStore } from "../lib/index.ts";
import type { Session, Store } from "../lib/index.ts";
import { forgetAll, packedIn, settle, storeWith } from "./helpers/archives.ts";
import { openAt } from "./helpers/fault-checks.ts";
import { FaultVfs } from "./helpers/fault-vfs.ts";
import { step, take } from "./helpers/random-sessions.ts";
import { collect, filesIn, logsOf, onlyLog, useStores, verifyStores } from "./helpers/stores.ts";

const stores = useStores();

type Any = Session<any, any>;

/** The minute after which an archived log's old name goes is over. */
async function afterAMinute<T>(call: () => Promise<T>): Promise<T> {
  const now = Date.now.bind(Date);
  const clock = vi.spyOn(Date, "now").mockImplementation(() => now() + 120_000);
  try {
    return await call();
  } finally {
    clock.mockRestore();
  }
}

/** Another process writes to another session, a minute later, and clears up. */
async function sweep(directory: string): Promise<void> {
  await afterAMinute(async () => {
    const store = await stores.open({}, directory);
    await store.createSession();
    await store.close();
  });
}

/** All that can be asked of a session, without what an archived mark changes. */
async function answers(store: Store<any, any>, id: string): Promise<unknown> {
  const session: Any = store.session(id);
  const { archived: _archived, updatedAt: _updated, bytes: _bytes, ...info } = await session.info();
  const page = await session.page({ limit: 3 });
  return {
    info,
    history: await session.history(),
    branches: await session.branches(),
    ids: await collect(session.messageIds()),
    count: await session.count(),
    last: await collect(session.messages({ last: 2 })),
    page,
    before: page.previous === undefined ? [] : await session.page({ limit: 2, before: page.previous }),
    found: (await collect(store.searchMessages("x", { ids: [id], limit: 50 }))).map(({ id: message, at }) => [
      message,
      at,
    ]),
    skipped: (await session.stats()).skipped,
  };
}

/** What was deleted for good shows as a branch for a minute yet, and no longer when the log is archived before that. */
const kept = step.filter(({ kind }) => kind !== "revive");

test("an archived session answers as it did, from whatever cache, and comes back byte for byte", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(kept, { minLength: 1, maxLength: 12 }), fc.boolean(), async (steps, isSettled) => {
      const directory = stores.directory();
      const open = [await stores.open({}, directory), await stores.open({}, directory)];
      await open[0]!.createSession({ id: "s", title: "x" });
      let n = 0;
      for (const each of steps) await take(open[each.writer % 2]!.session("s", { create: true }), each, () => n++);
      const [one, two] = open as [Store<any, any>, Store<any, any>];
      const before = await answers(one, "s");
      await one.archive("s");
      const packed = packedIn(directory)[0]!;
      const bytes = gunzipSync(readFileSync(packed));
      if (isSettled) settle(directory);
      expect(await answers(one, "s")).toEqual(before);
      expect(await answers(two, "s")).toEqual(before);
      forgetAll(directory);
      const three = await stores.open({}, directory);
      expect(await answers(three, "s")).toEqual(before);
      expect((await three.session("s").info()).bytes).toBe(bytes.length);
      await three.unarchive("s");
      expect(packedIn(directory)).toEqual([]);
      expect(readFileSync(onlyLog(directory)).subarray(0, bytes.length).equals(bytes)).toBe(true);
      expect(await answers(three, "s")).toEqual(before);
      expect(await answers(one, "s")).toEqual(before);
      for (const store of [...open, three]) await store.close();
    }),
    { numRuns: process.env["TURNLOG_LONG"] ? 300 : 25 },
  );
});

test("the mark: archive() sets it, unarchive() takes it away, and so does a new message; other writes leave it", async () => {
  const directory = stores.directory();
  const store = await storeWith(stores, directory, "s", "other");
  const isMarked = async (): Promise<boolean> => (await store.session("s").info()).archived;
  await store.archive("s");
  await store.archive("s");
  expect(await isMarked()).toBe(true);
  expect(packedIn(directory)).toHaveLength(1);
  expect((await collect(store.sessions({ archived: true }))).map(({ id }) => id)).toEqual(["s"]);
  expect((await collect(store.sessions({ archived: false }))).map(({ id }) => id)).toEqual(["other"]);
  expect(await store.count()).toBe(2);
  expect((await store.searchTitles("about s")).map(({ id, archived }) => [id, archived])).toEqual([["s", true]]);
  await store.session("s").update({ title: "renamed" });
  expect(await isMarked()).toBe(true);
  expect(packedIn(directory)).toEqual([]);
  await store.archive("s");
  await store.unarchive("s");
  await store.unarchive("s");
  expect(await isMarked()).toBe(false);
  await store.archive("s");
  settle(directory);
  await store.session("s").append({ id: "c" });
  expect(await isMarked()).toBe(false);
  expect((await store.session("s").history()).map(({ id }) => id)).toEqual(["a", "b", "c"]);
  expect(packedIn(directory)).toEqual([]);
  await store.session("s").update({ archived: true });
  expect(packedIn(directory)).toEqual([]);
  await expect(store.archive("none")).rejects.toThrow(expect.objectContaining({ code: "NOT_FOUND" }));
  await expect(store.unarchive("none")).rejects.toThrow(expect.objectContaining({ code: "NOT_FOUND" }));
});

test("an archived session is there: it is not made again, it can be forked, and deleted, and it comes back from the trash", async () => {
  const directory = stores.directory();
  const store = await storeWith(stores, directory, "s");
  await store.archive("s");
  settle(directory);
  await expect(store.createSession({ id: "s" })).rejects.toThrow(expect.objectContaining({ code: "EXISTS" }));
  expect(packedIn(directory)).toHaveLength(1);
  const fork = await store.session("s").fork();
  expect((await fork.history()).map(({ id }) => id)).toEqual(["a", "b"]);
  expect(packedIn(directory)).toHaveLength(1);
  await store.session("s").delete();
  expect(await store.get("s")).toBeUndefined();
  await expect(store.archive("s")).rejects.toThrow(expect.objectContaining({ code: "NOT_FOUND" }));
  await store.session("s").restore();
  expect((await store.session("s").history()).map(({ id }) => id)).toEqual(["a", "b"]);
});

test("nothing is unpacked to list what was archived, at once and when the old name has gone", async () => {
  const directory = stores.directory();
  const store = await storeWith(stores, directory, "s", "t");
  const unpacked = (): string[] => filesIn(join(directory, ".cache", "unpacked"));
  await store.archive("s");
  await store.archive("t");
  const expected = await collect(store.sessions());
  await store.close();
  const later = await stores.open({}, directory);
  expect(await collect(later.sessions())).toEqual(expected);
  await later.close();
  expect(unpacked()).toEqual([]);
  await sweep(directory);
  expect([...logsOf(directory).keys()].filter((path) => path.endsWith(".old"))).toEqual([]);
  const last = await stores.open({}, directory);
  expect((await collect(last.sessions({ archived: true }))).map(({ id }) => id).sort()).toEqual(["s", "t"]);
  expect(await last.count({ archived: true })).toBe(2);
  expect(unpacked()).toEqual([]);
  expect(await last.session("s").count()).toBe(2);
  expect(unpacked()).toHaveLength(1);
});

test("an id that its file's name does not tell is found in what was packed", async () => {
  const id = "long ".repeat(100);
  const directory = stores.directory();
  const store = await storeWith(stores, directory, id);
  await store.archive(id);
  settle(directory);
  rmSync(join(directory, ".cache"), { recursive: true });
  const again = await stores.open({}, directory);
  expect(await collect(again.ids())).toEqual([id]);
  expect(await again.session(id).count()).toBe(2);
});

test("two machines: each puts its own log away, and both read all of it", async () => {
  const above = stores.directory();
  const one = await stores.open({}, join(above, "one"));
  await (await one.createSession({ id: "s" })).append({ id: "a" });
  cpSync(join(above, "one"), join(above, "two"), { recursive: true });
  const two = await stores.open({}, join(above, "two"));
  await two.session("s").append({ id: "b" });
  await two.archive("s");
  const bring = (from: Store, to: Store): void => {
    for (const room of ["sessions", "archive"]) {
      const folder = join(room, from.machine);
      rmSync(join(to.path, folder), { recursive: true, force: true });
      if (existsSync(join(from.path, folder)))
        cpSync(join(from.path, folder), join(to.path, folder), { recursive: true });
    }
  };
  const ids = async (store: Store<any, any>): Promise<string[]> =>
    (await store.session("s").history()).map(({ id }) => id);
  bring(two, one);
  await one.refresh();
  expect(await ids(one)).toEqual(["a", "b"]);
  expect((await one.session("s").info()).machines).toEqual([one.machine, two.machine].sort());
  expect(readdirSync(join(one.path, "archive"))).toEqual([two.machine]);
  // Its own log is in use there; the other's stays as it is.
  await one.session("s").append({ id: "c" });
  expect(await ids(one)).toEqual(["a", "b", "c"]);
  expect(readdirSync(join(one.path, "archive", two.machine))).toHaveLength(1);
  await one.archive("s");
  expect(readdirSync(join(one.path, "archive")).sort()).toEqual([one.machine, two.machine].sort());
  expect(await ids(one)).toEqual(["a", "b", "c"]);
  bring(one, two);
  await two.refresh();
  expect(await ids(two)).toEqual(["a", "b", "c"]);
  await two.unarchive("s");
  expect(packedIn(two.path).filter((path) => path.includes(two.machine))).toEqual([]);
  expect(await ids(two)).toEqual(["a", "b", "c"]);
});

test("where the cache takes nothing an archived session is read all the same, and nothing is left behind", async () => {
  const directory = stores.directory();
  const store = await storeWith(stores, directory, "s");
  await store.archive("s");
  settle(directory);
  await store.close();
  rmSync(join(directory, ".cache", "unpacked"), { recursive: true, force: true });
  const vfs = new FaultVfs();
  const made: string[] = [];
  vfs.fault = (operation, path) => {
    if (operation === "makeDirectory") made.push(path);
    return operation === "makeDirectory" && path.startsWith(join(directory, ".cache")) ? "EROFS" : undefined;
  };
  const full = await openAt(vfs, directory);
  expect(await full.session("s").count()).toBe(2);
  expect((await full.session("s").history()).map(({ id }) => id)).toEqual(["a", "b"]);
  await full.close();
  const elsewhere = made.filter((path) => !path.startsWith(directory));
  expect(elsewhere.length).toBeGreaterThan(0);
  expect(elsewhere.filter((path) => existsSync(path))).toEqual([]);
});

test("in memory a session is archived, read and brought back, too", async () => {
  const store = await openMemoryStore<any, any>();
  await (await store.createSession({ id: "s" })).append({ id: "a" });
  await store.archive("s");
  expect((await store.session("s").history()).map(({ id }) => id)).toEqual(["a"]);
  await store.unarchive("s");
  await store.session("s").append({ id: "b" });
  expect((await store.session("s").history()).map(({ id }) => id)).toEqual(["a", "b"]);
  await store.close();
});

test("the second reader reads the archive", async () => {
  const directory = stores.directory();
  const store = await storeWith(stores, directory, "s", "t");
  await store.archive("s");
  settle(directory);
  await store.close();
  await verifyStores(directory);
});
