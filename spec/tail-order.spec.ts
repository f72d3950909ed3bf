// The end of a log is not its newest part where lines came late, and hangs on what lies before it where writers mix.
import {
  appendFileSync,
  closeSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { openStore } from "../lib/index.ts";
import type { Session } from "../lib/index.ts";
import { LineBuffer } from "../lib/line/encode.ts";
import { advance, parseStamp } from "../lib/line/stamp.ts";
import { collect, logsOf, onlyLog, useStores } from "./helpers/stores.ts";

const stores = useStores();

async function cold<T>(directory: string, read: (session: Session<any, any>) => Promise<T>): Promise<T> {
  const store = await openStore<any, any>(directory);
  try {
    return await read(store.session("s"));
  } finally {
    await store.close();
  }
}

async function checkLast(directory: string, expected: readonly string[]): Promise<void> {
  for (let n = 1; n <= expected.length; n++) {
    const last = await cold(directory, (session) => collect(session.messages({ last: n })));
    expect(
      last.map(({ id }) => id),
      `the last ${n}`,
    ).toEqual(expected.slice(-n));
  }
}

test("a commit that began before the end that is read, and has no end itself, does not count", async () => {
  const directory = stores.damaged();
  const store = await stores.open({}, directory);
  const session = await store.createSession({ id: "s" });
  await session.append([{ id: "a" }, { id: "b" }, { id: "c" }]);
  await session.append(Array.from({ length: 30 }, (_, n) => ({ id: `half ${n}` })));
  await store.close();
  const path = onlyLog(directory);
  const lines = readFileSync(path, "utf8").trimEnd().split("\n");
  writeFileSync(path, `${lines.slice(0, -1).join("\n")}\n`);
  await checkLast(directory, ["a", "b", "c"]);
});

test("a writer that goes on without having seen the lines before its own does not follow them", async () => {
  const directory = stores.directory();
  const store = await stores.open({}, directory);
  const session = await store.createSession({ id: "s" });
  const { at } = await session.append({ id: "a" });
  await store.close();
  const root = parseStamp(at)!;
  const later = new LineBuffer();
  const theirs = { ...root, writer: "zzzzzzzz", ms: root.ms + 1 };
  later.add({ stamp: theirs, type: "open", after: root }, 0);
  for (let n = 1; n <= 8; n++)
    later.add({ stamp: { ...theirs, ms: theirs.ms + n }, type: "message", id: `z${n}`, json: "{}" }, 0);
  for (let n = 1; n <= 3; n++) {
    const stamp = { ...root, ms: root.ms + 20 + n, counter: 0 };
    later.add({ stamp, type: "message", id: `b${n}`, json: "{}" }, 0);
  }
  appendFileSync(onlyLog(directory), later.bytes.subarray(0, later.length));
  await checkLast(directory, ["a", "b1", "b2", "b3"]);
});

test("lines that were written again to a log that replaced theirs are not its newest", async () => {
  const directory = stores.unverified();
  const one = await stores.open({}, directory);
  const two = await stores.open({}, directory);
  await one.session("s", { create: true }).append({ id: "m1" });
  // Both in one turn: the other store's look at its own lines comes when ours have followed.
  await two.session("s").append([{ id: "m2" }, { id: "m3" }, { id: "m4" }, { id: "m5" }, { id: "m6" }]);
  await one.session("s").delete();
  await one.session("s").restore();
  await one.session("s").append({ id: "m7" });
  expect(await two.session("s").count()).toBe(7);
  for (const path of logsOf(directory).keys()) if (path.endsWith(".old")) rmSync(path);
  for (let n = 1; n <= 7; n++) {
    const last = await cold(directory, (session) => collect(session.messages({ last: n })));
    expect(
      last.map(({ id }) => id),
      `the last ${n}`,
    ).toEqual(["m1", "m2", "m3", "m4", "m5", "m6", "m7"].slice(-n));
  }
});

test("lines that were taken over late from a log that was replaced are not its newest", async () => {
  const directory = stores.unverified();
  const store = await stores.open({}, directory);
  const session = store.session("s", { create: true });
  const { at } = await session.append({ id: "m1" });
  await session.delete();
  // Another process has the log open, and no lease.
  const held = openSync(
    [...logsOf(directory).keys()].find((path) => path.endsWith(".jsonl"))!,
    "a",
  );
  await session.restore();
  const root = parseStamp(at)!;
  const late = new LineBuffer();
  late.add({ stamp: { ...advance(root, 1), writer: "zzzzzzzz" }, type: "open", after: root }, 5);
  for (let n = 2; n <= 5; n++) {
    const stamp = { ...advance(root, n), writer: "zzzzzzzz" };
    late.add({ stamp, type: "message", id: `late ${n}`, json: JSON.stringify({ n }) }, 0);
  }
  writeSync(held, late.bytes, 0, late.length);
  closeSync(held);
  // Under the lease a look serves for some milliseconds.
  await sleep(60);
  await session.append({ id: "m2" });
  await store.close();
  // More than a minute later, with what the next open store writes first, they are taken over.
  const records = join(directory, ".cache", "replaced");
  const record = join(records, readdirSync(records)[0]!);
  writeFileSync(record, JSON.stringify({ ...JSON.parse(readFileSync(record, "utf8")), replacedAt: 0 }));
  const next = await stores.open({}, directory);
  await next.session("other", { create: true }).append({ n: 1 });
  await next.close();
  const [path, ...others] = [...logsOf(directory).keys()].filter((each) => each.includes("s.jsonl"));
  const lines = readFileSync(path!, "utf8").trimEnd().split("\n");
  expect(lines.filter((line) => line.includes("late"))).toHaveLength(4);
  expect(lines).toEqual(lines.toSorted());
  // The log was put in order, so for a minute again an old one stands beside it.
  for (const other of others) rmSync(other);
  const all = await cold(directory, (each) => each.history());
  expect(all.map(({ id }) => id)).toEqual(["m1", "late 2", "late 3", "late 4", "late 5", "m2"]);
  for (let n = 1; n <= 6; n++) {
    expect(await cold(directory, (each) => collect(each.messages({ last: n })))).toEqual(all.slice(-n));
  }
});
