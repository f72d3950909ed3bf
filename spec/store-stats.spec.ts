// What a store takes on disk, and warnings before that is much.
import { statSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, test, vi } from "vitest";
import type { StoreWarning } from "../lib/index.ts";
import { agedStore } from "./helpers/aged.ts";
import { filesIn, useStores } from "./helpers/stores.ts";

const stores = useStores();
const failing = (code: string): unknown => expect.objectContaining({ code });

afterEach(() => {
  vi.useRealTimers();
});

function bytesIn(directory: string): { files: number; bytes: number } {
  const files = filesIn(directory);
  return { files: files.length, bytes: files.reduce((sum, path) => sum + statSync(path).size, 0) };
}

test("all bytes are told, by place, by machine, by month, and the largest first", async () => {
  const given = [3000, 10, 20, 5000, 30, 40, 50, 60, 70, 80, 90, 100].map((bytes, n) => ({
    id: `s${n}`,
    days: n * 40,
    bytes,
  }));
  const directory = await agedStore(stores.directory(), given);
  const store = await stores.open({}, directory);
  await store.session("s0").delete();
  await store.session("s1").delete({ trash: false });
  await store.refresh();
  const stats = await store.stats();
  expect(stats.sessions).toBe(10);
  expect(stats.deleted.sessions).toBe(2);
  expect(stats.logs).toEqual(bytesIn(join(directory, "sessions")));
  expect(stats.trash).toEqual(bytesIn(join(directory, "trash")));
  expect([stats.blobs, stats.archive, stats.lostAndFound]).toEqual(
    Array.from({ length: 3 }, () => ({ files: 0, bytes: 0 })),
  );
  expect(stats.machines).toEqual({
    [store.machine]: { own: true, logs: stats.logs.files, bytes: stats.logs.bytes, updatedAt: expect.any(String) },
  });
  expect(stats.largest).toHaveLength(10);
  expect(stats.largest[0]).toMatchObject({ id: "s3", title: "title of s3", messages: 1 });
  const sizes = stats.largest.map(({ bytes }) => bytes);
  expect(sizes).toEqual([...sizes].sort((a, b) => b - a));
  const months = stats.growth.map(({ month }) => month);
  expect(months).toEqual([...new Set(months)].sort());
  for (const kind of ["created", "active"] as const) {
    expect(stats.growth.reduce((sum, each) => sum + each[kind].sessions, 0)).toBe(10);
    const bytes = stats.growth.reduce((sum, each) => sum + each[kind].bytes, 0);
    expect(bytes + stats.deleted.bytes).toBe(stats.logs.bytes);
  }
  expect(stats.lines).toBeUndefined();
});

test("with lines, live and dead bytes and all types are those of the sessions together", async () => {
  const store = await stores.open();
  for (const id of ["a", "b"]) {
    const session = store.session(id, { create: true });
    await session.append([{ id: "m" }, { id: "n" }]);
    await session.putMessage({ id: "m", text: "again" });
    await session.putPart("n", { id: "p" });
  }
  await store.session("gone", { create: true }).append({ id: "x" });
  await store.session("gone").delete({ trash: false });
  const progress: number[] = [];
  const { lines, logs } = await store.stats({ lines: true, onProgress: ({ sessions }) => progress.push(sessions) });
  expect(lines?.types["message"]).toMatchObject({ lines: 6 });
  expect(lines?.types["part"]).toMatchObject({ lines: 2 });
  expect(lines?.types["delete"]).toMatchObject({ lines: 1 });
  expect((lines?.liveBytes ?? 0) + (lines?.deadBytes ?? 0)).toBe(logs.bytes);
  expect(lines?.deadBytes).toBeGreaterThan(0);
  expect(progress).toEqual([1, 2, 3]);
});

test("an archived log counts for its machine", async () => {
  const store = await stores.open();
  for (const id of ["a", "b"]) await store.session(id, { create: true }).append({ id: "m", text: "x".repeat(1000) });
  await store.archive("a");
  const { machines, logs, archive } = await store.stats();
  expect(archive.files).toBe(1);
  // Another writer may still have the log that went to the archive: it stays for a minute.
  const used = machines[store.machine]!.bytes;
  expect(Object.keys(machines)).toEqual([store.machine]);
  expect([logs.bytes, logs.bytes + archive.bytes]).toContain(used);
});

test("a signal ends it", async () => {
  const store = await stores.open();
  await store.session("a", { create: true }).append({ id: "m" });
  await expect(store.stats({ signal: AbortSignal.abort(new Error("enough")) })).rejects.toThrow("enough");
  await expect(store.stats({ all: true } as any)).rejects.toThrow(failing("INVALID_ARGUMENT"));
});

test("each size that a session, or the store, grows beyond is told once", async () => {
  const MB = 1024 * 1024;
  const directory = stores.directory();
  const store = await stores.open({ warnSessionMB: [1, 2, 4], warnStoreMB: [3] }, directory);
  const told: string[] = [];
  store.on("warning", ({ code, session, message }: StoreWarning) => {
    if (code === "size") told.push(`${session ?? "store"}: ${message.split(", ")[1]}`);
  });
  await new Promise((resolve) => setTimeout(resolve, 700));
  const session = store.session("s", { create: true });
  await session.append({ text: "x".repeat(MB / 2) });
  const other = store.session("t", { create: true });
  const grow = async (bytes: number): Promise<void> => {
    await session.append({ text: "x".repeat(bytes) });
    await new Promise((resolve) => setTimeout(resolve, 700));
  };
  await grow(MB / 4);
  expect(told).toEqual([]);
  await grow(MB);
  await grow(10);
  expect(told).toEqual(["s: more than 1"]);
  await other.append({ text: "x".repeat(0.9 * MB) });
  await grow(0.5 * MB);
  expect(told.toSorted()).toEqual(["s: more than 1", "s: more than 2", "store: more than 3"]);
  await store.close();
  const late = await stores.open({ warnStoreMB: [0.5, 1] }, directory);
  const again: StoreWarning[] = [];
  late.on("warning", (warning) => again.push(warning));
  await vi.waitFor(() => expect(again.map(({ code }) => code)).toEqual(["size"]), { timeout: 5000 });
  expect(again[0]?.message).toContain("more than 1");
  await expect(stores.open({ warnStoreMB: [0] })).rejects.toThrow(failing("INVALID_ARGUMENT"));
});
