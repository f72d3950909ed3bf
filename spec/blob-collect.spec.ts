// What nothing has named for the whole restore window goes by way of the trash; what anything names stays.
import { createHash, randomBytes } from "node:crypto";
import { cpSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterEach, expect, test, vi } from "vitest";
import { settingsOf } from "../lib/base/options.ts";
import { NodeVfs } from "../lib/disk/node-vfs.ts";
import { collectBlobs } from "../lib/store/blobs/blob-collect.ts";
import type { BlobCollection } from "../lib/index.ts";
import type { CollectOptions } from "../lib/store/blobs/blob-collect.ts";
import { openState } from "../lib/store/open.ts";
import { FaultVfs } from "./helpers/fault-vfs.ts";
import { filesIn, logsOf, onlyLog, useStores } from "./helpers/stores.ts";

const stores = useStores();
const DAY_MS = 86_400_000;
const NOTHING = { trashed: 0, removed: 0, bytes: 0 };

afterEach(() => void vi.useRealTimers());

/** Collects as an open store of this directory does, so many days from now. */
async function collectAfter(
  directory: string,
  days: number,
  options: CollectOptions = {},
  vfs = new FaultVfs(),
): Promise<BlobCollection> {
  const state = await openState(vfs, directory, settingsOf({ restoreDays: 7 }));
  vi.useFakeTimers({ toFake: ["Date"], now: REAL_NOW + days * DAY_MS });
  try {
    return await collectBlobs(state, options);
  } finally {
    vi.useRealTimers();
    await state.close();
  }
}
const REAL_NOW = Date.now();

const attachment = (): string => randomBytes(40_000).toString("base64");

function here(directory: string): string[] {
  return filesIn(join(directory, "blobs"));
}

function trashedOf(directory: string, blob: string): string {
  return join(directory, "trash", ".blobs", basename(dirname(blob)), basename(blob));
}

/** A store with a session "s" that has one attachment. */
async function storeWithBlob(): Promise<{ directory: string; text: string; blob: string }> {
  const directory = stores.unverified();
  const store = await stores.open({}, directory);
  const text = attachment();
  await store.session("s", { create: true }).append({ id: "m", text });
  await store.close();
  return { directory, text, blob: here(directory)[0]! };
}

async function textIn(directory: string): Promise<string | undefined> {
  const store = await stores.open({}, directory);
  return (await store.session("s").message("m"))?.data.text;
}

test("what is named stays for ever; what is not is seen first, trashed after a window, and gone after another", async () => {
  const { directory, blob } = await storeWithBlob();
  for (const day of [0, 8, 100]) expect(await collectAfter(directory, day)).toEqual(NOTHING);
  const content = readFileSync(blob);
  rmSync(onlyLog(directory));
  expect(await collectAfter(directory, 100)).toEqual(NOTHING);
  expect(await collectAfter(directory, 106)).toEqual(NOTHING);
  expect(here(directory)).toEqual([blob]);
  expect(await collectAfter(directory, 107)).toEqual({ ...NOTHING, trashed: 1 });
  expect(here(directory)).toEqual([]);
  const away = trashedOf(directory, blob);
  expect(readFileSync(away).equals(content)).toBe(true);
  expect(await collectAfter(directory, 113)).toEqual(NOTHING);
  expect(await collectAfter(directory, 115)).toEqual({ trashed: 0, removed: 1, bytes: content.length });
  expect(existsSync(away)).toBe(false);
});

test.each(["another machine's log", "an old log", "an archive", "a log in the trash", "a log of a month ago"])(
  "%s keeps what it names",
  async (what) => {
    const { directory, blob } = await storeWithBlob();
    const log = onlyLog(directory);
    const to = {
      "another machine's log": join(directory, "sessions", "other-a1b2c3d4", "2025-01", "s.jsonl"),
      "an old log": `${log}.old`,
      "an archive": join(directory, "archive", "other-a1b2c3d4", "2025-01", "s.jsonl.gz"),
      "a log in the trash": join(directory, "trash", "s", "x.jsonl"),
      "a log of a month ago": join(dirname(dirname(log)), "2020-01", "s.jsonl"),
    }[what]!;
    mkdirSync(dirname(to), { recursive: true });
    const content = readFileSync(log);
    // The name far from where the pieces that are read begin, and across where they end.
    const long = Buffer.concat([Buffer.alloc(256 * 1024 - 300, "x\n"), content]);
    writeFileSync(to, what === "an archive" ? gzipSync(long) : long);
    rmSync(log);
    for (const day of [0, 8, 16]) expect(await collectAfter(directory, day)).toEqual(NOTHING);
    expect(here(directory)).toEqual([blob]);
  },
);

test("a file that a sync has brought before its lines counts from when it came, however old it is", async () => {
  const directory = stores.unverified();
  await (await stores.open({}, directory)).close();
  const content = randomBytes(50_000);
  const hash = createHash("sha256").update(content).digest("hex");
  const path = join(directory, "blobs", hash.slice(0, 2), hash);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
  utimesSync(path, 1, 1);
  expect(await collectAfter(directory, 0)).toEqual(NOTHING);
  expect(await collectAfter(directory, 6.9)).toEqual(NOTHING);
  // What was remembered is gone with the cache: it begins anew.
  rmSync(join(directory, ".cache"), { recursive: true });
  expect(await collectAfter(directory, 8)).toEqual(NOTHING);
  expect(await collectAfter(directory, 15)).toEqual({ ...NOTHING, trashed: 1 });
});

test("what is in the trash is read there, and comes back with the line that names it", async () => {
  const { directory, text, blob } = await storeWithBlob();
  const log = onlyLog(directory);
  renameSync(log, join(directory, "away"));
  await collectAfter(directory, 0);
  await collectAfter(directory, 8);
  expect(here(directory)).toEqual([]);
  renameSync(join(directory, "away"), log);
  expect(await textIn(directory)).toBe(text);
  expect(await collectAfter(directory, 30)).toEqual(NOTHING);
  expect(here(directory)).toEqual([blob]);
  expect(await textIn(directory)).toBe(text);
});

test("who stores a content again that nothing names keeps it from being collected before the line is there", async () => {
  const { directory, text, blob } = await storeWithBlob();
  const log = onlyLog(directory);
  renameSync(log, join(directory, "away"));
  utimesSync(blob, 1, 1);
  await collectAfter(directory, -8);
  const vfs = new FaultVfs();
  vfs.fault = (operation, path) => {
    // Between the look and the move.
    if (operation === "rename" && path.includes("trash")) utimesSync(blob, new Date(), new Date());
    return undefined;
  };
  expect(await collectAfter(directory, 0, {}, vfs)).toEqual(NOTHING);
  expect(here(directory)).toEqual([blob]);
  utimesSync(blob, 1, 1);
  const store = await stores.open({}, directory);
  await store.session("t", { create: true }).append({ text });
  expect(await collectAfter(directory, 1)).toEqual(NOTHING);
  expect(here(directory)).toEqual([blob]);
});

test("two processes that collect at once do no harm", async () => {
  const { directory, blob } = await storeWithBlob();
  rmSync(onlyLog(directory));
  await collectAfter(directory, 0);
  const vfs = new FaultVfs();
  const away = trashedOf(directory, blob);
  vfs.fault = (operation, path) => {
    if (operation === "rename" && path === away) renameSync(blob, away);
    return undefined;
  };
  expect(await collectAfter(directory, 8, {}, vfs)).toEqual(NOTHING);
  expect(existsSync(away)).toBe(true);
});

test("what cannot be read may name it: nothing is collected", async () => {
  const { directory, blob } = await storeWithBlob();
  await collectAfter(directory, 0);
  const other = await stores.open({}, directory);
  await other.session("t", { create: true }).append({ id: "x" });
  rmSync([...logsOf(directory).keys()].find((path) => path.endsWith("/s.jsonl"))!);
  await collectAfter(directory, 0);
  for (const operation of ["open", "readLater", "streamNames"] as const) {
    const vfs = new FaultVfs(new NodeVfs());
    vfs.fault = (each, path) => (each === operation && path.includes("sessions") ? "EIO" : undefined);
    await expect(collectAfter(directory, 30, {}, vfs)).rejects.toMatchObject({ code: "EIO" });
    expect(here(directory)).toEqual([blob]);
  }
  mkdirSync(join(directory, "archive"));
  writeFileSync(join(directory, "archive", "broken.jsonl.gz"), gzipSync(randomBytes(50_000)).subarray(0, 30_000));
  await expect(collectAfter(directory, 30)).rejects.toThrow("unexpected end of file");
  rmSync(join(directory, "archive"), { recursive: true });
  expect(await collectAfter(directory, 30)).toEqual({ ...NOTHING, trashed: 1 });
});

test("what is erased goes at once, from the trash as well, unless something names it", async () => {
  const { directory, text, blob } = await storeWithBlob();
  const hash = basename(blob);
  const erase = new Set([hash]);
  cpSync(onlyLog(directory), join(directory, "sessions", "other-a1b2c3d4", "2025-01", "s.jsonl"), { recursive: true });
  rmSync([...logsOf(directory).keys()].find((path) => !path.includes("other"))!);
  expect(await collectAfter(directory, 0, { erase })).toEqual(NOTHING);
  rmSync(join(directory, "sessions"), { recursive: true });
  mkdirSync(dirname(trashedOf(directory, blob)), { recursive: true });
  cpSync(blob, trashedOf(directory, blob));
  const bytes = Buffer.from(text, "base64").length * 2;
  expect(await collectAfter(directory, 0, { erase })).toEqual({ trashed: 0, removed: 2, bytes });
  expect([...here(directory), ...filesIn(join(directory, "trash"))]).toEqual([]);
});

test("a crash at any operation leaves each file in one of its two places", async () => {
  const { directory, text } = await storeWithBlob();
  const log = onlyLog(directory);
  const away = join(directory, "away");
  renameSync(log, away);
  await collectAfter(directory, 0);
  const trial = stores.unverified();
  const run = async (days: number, vfs: FaultVfs): Promise<void> => {
    rmSync(trial, { recursive: true });
    cpSync(directory, trial, { recursive: true, preserveTimestamps: true });
    await collectAfter(trial, days, {}, vfs).catch(() => undefined);
  };
  const whole = new FaultVfs();
  await run(8, whole);
  const { length } = whole.calls;
  for (let stop = 0; stop < length; stop++) {
    const vfs = new FaultVfs();
    // From there on nothing is done any more.
    vfs.fault = () => (vfs.calls.length > stop ? "EIO" : undefined);
    await run(8, vfs);
    cpSync(away, log.replace(directory, trial), { recursive: true });
    expect(await textIn(trial), `stopped at ${stop}`).toBe(text);
  }
});
