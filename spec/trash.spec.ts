// What is deleted can be restored until its restore window ends; then it goes by itself.
import { existsSync, readdirSync, utimesSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, test, vi } from "vitest";
import type { Store, TrashedSession } from "../lib/index.ts";
import { daysAgo, idsIn } from "./helpers/aged.ts";
import { collect, filesIn, logsOf, useStores } from "./helpers/stores.ts";

const stores = useStores();
const failing = (code: string): unknown => expect.objectContaining({ code });
const DAY = 86_400_000;

afterEach(() => {
  vi.useRealTimers();
});

function trashed(directory: string): string[] {
  return filesIn(join(directory, "trash")).filter((path) => path.endsWith(".jsonl"));
}

async function listed(store: Store<any, any>): Promise<TrashedSession[]> {
  return await collect(store.trash());
}

/** A store with a deleted session, closed. */
async function withDeleted(directory: string = stores.directory()): Promise<string> {
  const store = await stores.open({}, directory);
  await store.createSession({ id: "s", title: "a title" });
  await store.session("s").append({ id: "a", text: "words" });
  await store.session("s").delete();
  await store.close();
  return directory;
}

test("the trash lists what is in it: what it was called, when it was deleted, until when, how much", async () => {
  const store = await stores.open();
  expect(await listed(store)).toEqual([]);
  const before = Date.now();
  for (const id of ["Ä/1", "plain"]) {
    await store.createSession({ id, title: `title of ${id}` });
    await store.session(id).append({ id: "a" });
    await store.session(id).delete();
  }
  await store.session("plain").restore();
  await store.session("plain").update({ title: "another" });
  await store.session("plain").delete();
  const found = await listed(store);
  expect(found.map(({ id, title }) => [id, title]).toSorted((a, b) => (a[0]! < b[0]! ? -1 : 1))).toEqual([
    ["plain", "another"],
    ["Ä/1", "title of Ä/1"],
  ]);
  for (const { deletedAt, expiresAt, bytes, path } of found) {
    expect(Date.parse(deletedAt)).toBeGreaterThanOrEqual(before);
    expect(Math.round((Date.parse(expiresAt) - Date.parse(deletedAt)) / DAY)).toBe(7);
    expect(bytes).toBeGreaterThan(100);
    expect(existsSync(path)).toBe(true);
  }
});

test("until the window ends a session comes back; then it does not, and the trash empties itself", async () => {
  const directory = await withDeleted();
  daysAgo(-6.9);
  const store = await stores.open({}, directory);
  await new Promise((resolve) => setTimeout(resolve, 700));
  expect(trashed(directory)).toHaveLength(1);
  await store.session("s").restore();
  expect((await store.session("s").history()).map(({ id }) => id)).toEqual(["a"]);
  await store.session("s").delete();
  await store.close();
  daysAgo(-14.1);
  const late = await stores.open({}, directory);
  // Whether the trash was emptied by then is nobody's to know.
  await expect(late.session("s").restore()).rejects.toThrow(failing("NOT_FOUND"));
  await vi.waitFor(() => expect(trashed(directory)).toEqual([]), { timeout: 5000 });
  expect(readdirSync(join(directory, "trash"))).toEqual([]);
  await expect(late.session("s").restore()).rejects.toThrow(failing("NOT_FOUND"));
  expect(await idsIn(late)).toEqual([]);
});

test("the window is an option, and a process that ends at once empties the trash, too", async () => {
  const directory = await withDeleted();
  daysAgo(-2);
  const longer = await stores.open({ restoreDays: 3 }, directory);
  await longer.session("other", { create: true }).append({ id: "a" });
  await longer.close();
  expect(trashed(directory)).toHaveLength(1);
  daysAgo(-2.1);
  const shorter = await stores.open({ restoreDays: 1 }, directory);
  expect((await listed(shorter)).map(({ expiresAt }) => Date.parse(expiresAt) < Date.now())).toEqual([true]);
  await shorter.session("other").append({ id: "b" });
  await shorter.close();
  expect(trashed(directory)).toEqual([]);
  for (const restoreDays of [-1, Number.NaN, "7"])
    await expect(stores.open({ restoreDays: restoreDays as number })).rejects.toThrow(failing("INVALID_ARGUMENT"));
});

test("neither an old time of the file nor a slow clock at the deletion shortens the window", async () => {
  // The file looks old, the deletion is not.
  const touched = await withDeleted();
  const old = new Date(Date.now() - 30 * DAY);
  for (const path of trashed(touched)) utimesSync(path, old, old);
  // The clock was a month slow when it was deleted.
  daysAgo(30);
  const slow = await withDeleted();
  vi.useRealTimers();
  for (const directory of [touched, slow]) {
    const store = await stores.open({}, directory);
    await new Promise((resolve) => setTimeout(resolve, 700));
    expect(trashed(directory)).toHaveLength(1);
    await store.session("s").restore();
    expect((await store.session("s").history()).map(({ id }) => id)).toEqual(["a"]);
  }
});

test("emptyTrash removes all of it now, and its trial nothing", async () => {
  const directory = await withDeleted();
  const store = await stores.open({}, directory);
  const [{ bytes }] = (await listed(store)) as [TrashedSession];
  expect(await store.emptyTrash({ dryRun: true })).toEqual({ sessions: 1, bytes });
  expect(trashed(directory)).toHaveLength(1);
  expect(await store.emptyTrash()).toEqual({ sessions: 1, bytes });
  expect(await store.emptyTrash()).toEqual({ sessions: 0, bytes: 0 });
  await expect(store.session("s").restore()).rejects.toThrow(failing("NOT_FOUND"));
});

test("what a stub keeps to make another writer's commit whole is not restored", async () => {
  const directory = stores.directory();
  const first = await stores.open({}, directory);
  await first.session("s", { create: true }).append({ id: "a" });
  await first.close();
  const store = await stores.open({}, directory);
  await store.session("s").delete();
  await store.emptyTrash();
  await expect(store.session("s").restore()).rejects.toThrow(failing("NOT_FOUND"));
  expect(await store.get("s")).toBeUndefined();
});

test("without the trash the bytes are gone at once", async () => {
  const directory = stores.directory();
  const store = await stores.open({}, directory);
  for (const id of ["s", "t"]) await store.session(id, { create: true }).append({ id: "a", text: "x".repeat(500_000) });
  const used = (): number => [...filesIn(directory)].reduce((sum, path) => sum + sizeOf(path), 0);
  const sizeOf = (path: string): number => logsOf(directory).get(path)?.length ?? 0;
  expect(used()).toBeGreaterThan(1_000_000);
  await store.session("s").delete({ trash: false });
  expect(used()).toBeLessThan(510_000);
  expect([...logsOf(directory).keys()].filter((path) => path.endsWith(".old"))).toEqual([]);
});
