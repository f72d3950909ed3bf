// What came out of archived logs lies in the cache, and is kept within bounds.
import { existsSync, mkdirSync, readFileSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { forgetAll, packedIn, settle, storeWith } from "./helpers/archives.ts";
import { filesIn, useStores } from "./helpers/stores.ts";

const stores = useStores();

test("it is believed only while the archived log is the one that it came out of", async () => {
  const directory = stores.directory();
  const store = await storeWith(stores, directory, "s");
  await store.archive("s");
  settle(directory);
  const reader = await stores.open({}, directory);
  expect(await reader.session("s").count()).toBe(2);
  const [packed] = packedIn(directory) as [string];
  const lines = gunzipSync(readFileSync(packed)).toString().split("\n");
  // A sync brings another one: without the second message, which one tool or another has left out.
  writeFileSync(packed, gzipSync(lines.filter((line) => !line.includes('"id":"b"')).join("\n")));
  await reader.refresh();
  expect((await reader.session("s").history()).map(({ id }) => id)).toEqual(["a"]);
  const later = await stores.open({}, directory);
  expect((await later.session("s").history()).map(({ id }) => id)).toEqual(["a"]);
});

test("it may go at any time", async () => {
  const directory = stores.directory();
  const store = await storeWith(stores, directory, "s");
  await store.archive("s");
  settle(directory);
  const reader = await stores.open({}, directory);
  for (let round = 0; round < 3; round++) {
    expect((await reader.session("s").history()).map(({ id }) => id)).toEqual(["a", "b"]);
    expect((await reader.session("s").page({ limit: 1 })).items).toHaveLength(1);
    forgetAll(directory);
  }
});

test("what nobody has asked for in a day goes, and the oldest of many, but not what is read now", async () => {
  const directory = stores.directory();
  const store = await storeWith(stores, directory, "s", "t");
  for (const id of ["s", "t"]) await store.archive(id);
  settle(directory);
  await store.close();
  const unpacked = join(directory, ".cache", "unpacked");
  mkdirSync(unpacked, { recursive: true });
  const now = Date.now() / 1000;
  const make = (name: string, age: number): void => {
    writeFileSync(join(unpacked, name), "");
    utimesSync(join(unpacked, name), now - age, now - age);
  };
  make("of-yesterday", 2 * 86_400);
  for (let n = 0; n < 80; n++) make(`of-today-${n}`, 60 + n);
  const reader = await stores.open({}, directory);
  expect(await reader.session("s").count()).toBe(2);
  expect(existsSync(join(unpacked, "of-yesterday"))).toBe(false);
  expect(existsSync(join(unpacked, "of-today-79"))).toBe(false);
  expect(existsSync(join(unpacked, "of-today-0"))).toBe(true);
  expect(filesIn(unpacked)).toHaveLength(64);
});
