// Archived logs that were damaged, and what a crash leaves of one that was on its way.
import "./helpers/in-memory.ts";
import { appendFileSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { gunzipSync, gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { packedIn, settle, storeWith } from "./helpers/archives.ts";
import { collect, onlyLog, useStores } from "./helpers/stores.ts";

const stores = useStores();

test.each([
  ["cut", (bytes: Buffer) => bytes.subarray(0, bytes.length - 5)],
  ["empty", () => Buffer.alloc(0)],
  [
    "changed in its middle",
    (bytes: Buffer) => Buffer.from(bytes.map((byte, at) => (at === bytes.length >> 1 ? byte ^ 4 : byte))),
  ],
  ["no gzip at all", () => Buffer.from("hello, this is a text")],
])("an archived log that is %s is listed as damaged, and hides nothing else", async (_, damage) => {
  const directory = stores.unverified();
  const store = await stores.open({}, directory);
  for (const id of ["s", "t"]) await (await store.createSession({ id })).append({ id: "a" });
  await store.archive("s");
  await store.archive("t");
  settle(directory);
  await store.close();
  const packed = packedIn(directory).find((path) => path.endsWith("/s.jsonl.gz"))!;
  const damaged = damage(readFileSync(packed));
  writeFileSync(packed, damaged);
  const again = await stores.open({}, directory);
  const listed = await collect(again.sessions());
  expect(listed).toContainEqual({ id: "s", damaged: expect.stringContaining("the archived log is damaged: ") });
  expect(listed.find(({ id }) => id === "t")).toMatchObject({ archived: true, messages: 1 });
  const isDamaged = expect.objectContaining({ code: "DAMAGED", path: packed });
  await expect(again.session("s").history()).rejects.toThrow(isDamaged);
  await expect(again.session("s").append({ id: "b" })).rejects.toThrow(isDamaged);
  await expect(again.unarchive("s")).rejects.toThrow(isDamaged);
  expect(await again.session("t").count()).toBe(1);
  const problems = await collect(again.verify());
  expect(problems).toMatchObject([{ code: "archive-damaged", severity: "error", file: packed, isRepairable: false }]);
  expect((await again.repair()).left).toMatchObject([{ code: "archive-damaged" }]);
  expect(readFileSync(packed).equals(damaged)).toBe(true);
});

test("an archived log that is being written at this moment, as by git, is waited for", async () => {
  const directory = stores.directory();
  const store = await stores.open({}, directory);
  for (const id of ["s", "t"]) await (await store.createSession({ id })).append({ id: "a" });
  for (const id of ["s", "t"]) await store.archive(id);
  settle(directory);
  await store.close();
  const packed = packedIn(directory);
  const whole = packed.map((path) => readFileSync(path));
  packed.forEach((path, n) => writeFileSync(path, (whole[n] as Buffer).subarray(0, n * 20)));
  const again = await stores.open({}, directory);
  const reading = Promise.all(["s", "t"].map(async (id) => await again.session(id).count()));
  await sleep(100);
  packed.forEach((path, n) => appendFileSync(path, (whole[n] as Buffer).subarray(n * 20)));
  expect(await reading).toEqual([1, 1]);
});

test("what is wrong in a packed log is told with the place of the packed one", async () => {
  const directory = stores.damaged();
  const store = await stores.open({}, directory);
  await (await store.createSession({ id: "s" })).append([{ id: "a" }, { id: "b" }]);
  await store.archive("s");
  settle(directory);
  await store.close();
  const [packed] = packedIn(directory) as [string];
  const log = gunzipSync(readFileSync(packed));
  writeFileSync(packed, gzipSync(Buffer.concat([log, Buffer.from('{"at":"2026-11-21T09')])));
  const again = await stores.open({}, directory);
  const warnings: unknown[] = [];
  again.on("warning", (warning) => warnings.push(warning));
  expect(await again.session("s").count()).toBe(2);
  expect(warnings).toMatchObject([{ code: "torn", path: packed, offset: log.length }]);
  const problems = await collect(again.verify());
  expect(problems).toMatchObject([{ code: "torn", file: packed, offset: log.length, isRepairable: false }]);
});

describe("an archived log and the log in use, as a crash leaves them", () => {
  const both = async (): Promise<{ directory: string; log: string; packed: string }> => {
    const directory = stores.directory();
    const store = await storeWith(stores, directory, "s");
    const log = onlyLog(directory);
    await store.archive("s");
    await store.close();
    const [packed] = packedIn(directory) as [string];
    settle(directory);
    return { directory, log, packed };
  };

  test("are one session, whose lines count once; the next write lets the packed one go", async () => {
    const { directory, log, packed } = await both();
    writeFileSync(log, gunzipSync(readFileSync(packed)));
    const store = await stores.open({}, directory);
    expect(await store.count()).toBe(1);
    expect((await store.session("s").history()).map(({ id }) => id)).toEqual(["a", "b"]);
    expect((await store.session("s").info()).bytes).toBe(readFileSync(log).length);
    await store.session("s").append({ id: "c" });
    expect(packedIn(directory)).toEqual([]);
    expect((await store.session("s").info()).archived).toBe(false);
  });

  test("come together, where each has lines that the other has not", async () => {
    const { directory, log, packed } = await both();
    const bytes = gunzipSync(readFileSync(packed));
    const lines = bytes.toString().split("\n");
    writeFileSync(log, [...lines.slice(0, 2), ...lines.slice(3)].join("\n"));
    const store = await stores.open({}, directory);
    await store.unarchive("s");
    expect(packedIn(directory)).toEqual([]);
    expect(readFileSync(log).subarray(0, bytes.length).equals(bytes)).toBe(true);
  });

  test("are one archived session again, if it is archived", async () => {
    const { directory, log, packed } = await both();
    const bytes = gunzipSync(readFileSync(packed));
    writeFileSync(log, bytes);
    const store = await stores.open({}, directory);
    await store.archive("s");
    expect(existsSync(log)).toBe(false);
    expect(gunzipSync(readFileSync(packed)).equals(bytes)).toBe(true);
  });
});
