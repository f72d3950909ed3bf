// follow(): every line that anybody writes is told once, in order, through whatever becomes of the files.
import { copyFileSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { expect, test, vi } from "vitest";
import { listen } from "./helpers/listen.ts";
import type { Change } from "./helpers/listen.ts";
import { output, run } from "./helpers/processes.ts";
import { logsOf, onlyLog, useStores } from "./helpers/stores.ts";

const stores = useStores();
const IS_LONG = process.env["TURNLOG_LONG"] !== undefined;

const numbers = (changes: readonly Change[]): number[] => changes.map(({ entry }) => entry?.data.n);

test("every kind of change is told, with the message as it is now", async () => {
  const store = await stores.open();
  const session = await store.createSession({ id: "s" });
  const ear = await listen(session);
  await session.append({ id: "a", n: 1 });
  await session.putPart("a", { id: "p", text: "one" });
  await session.update({ title: "Birds" });
  await ear.reached(3);
  await session.append({ id: "b", n: 2 });
  await session.remove("a", "p");
  await session.remove("b");
  await ear.reached(6);
  await session.append({ id: "c", n: 3 });
  await session.truncate({ keepLast: 1 });
  await session.delete();
  await session.restore();
  const told = await ear.reached(12);
  expect(await ear.stop()).toBe("aborted");
  expect(told.map(({ kind }) => kind)).toEqual([
    "message",
    "part",
    "info",
    "message",
    "remove",
    "remove",
    "message",
    "truncate",
    "info",
    "delete",
    "restore",
    "info",
  ]);
  expect(told[0]).toMatchObject({ id: "a", place: told[0]!.at });
  expect(told[1]).toMatchObject({ id: "a", place: told[0]!.at });
  expect(told[2]!.info).toMatchObject({ id: "s", title: "Birds" });
  expect(told[4]).toMatchObject({ id: "a", entry: { parts: [] } });
  expect(told[5]).toMatchObject({ id: "b", place: told[3]!.at });
  expect(told[5]!.entry).toBeUndefined();
  const stamps = told.map(({ at }) => at);
  expect(stamps).toEqual(stamps.toSorted());
});

test("what other processes write is told once, in each one's order", async () => {
  const directory = stores.directory();
  const store = await stores.open({}, directory);
  const session = await store.createSession({ id: "s" });
  const ear = await listen(session);
  const each = IS_LONG ? 2000 : 100;
  const writers = [0, 1, 2].map((writer) =>
    run(
      `const [directory, writer, each] = args;
       const store = await turnlog.openStore(directory);
       for (let n = 0; n < each; n++) {
         await store.session("s").append(n % 7 ? { writer, n } : [{ writer, n }, { writer, n: -n }]);
         if (n % 10 === 0) await new Promise((resolve) => setTimeout(resolve, 2));
       }
       await store.close();`,
      directory,
      writer,
      each,
    ),
  );
  for (const writer of writers) {
    await output(writer);
    expect(await writer.ended).toBe(0);
  }
  const expected = 3 * (each + Math.ceil(each / 7));
  const told = await ear.reached(expected);
  await ear.stop();
  const messages = told.filter(({ kind }) => kind === "message");
  expect(messages).toHaveLength(expected);
  expect(new Set(messages.map(({ at }) => at)).size).toBe(expected);
  const names = new Set(messages.map(({ at }) => at.slice(-8)));
  expect(names.size).toBe(3);
  for (const name of names) {
    const stamps = messages.map(({ at }) => at).filter((at) => at.endsWith(name));
    expect(stamps).toEqual(stamps.toSorted());
  }
});

test("it goes on from a stamp: what was written since comes first, and nothing twice", async () => {
  const store = await stores.open();
  const session = await store.createSession({ id: "s" });
  const receipts = await session.append([1, 2, 3, 4].map((n) => ({ n })));
  const ear = await listen(session, receipts[1]!.at);
  await session.append({ n: 5 });
  expect(numbers(await ear.reached(3))).toEqual([3, 4, 5]);
  await ear.stop();
  await expect(session.follow({ from: "yesterday" }).next()).rejects.toThrow(
    expect.objectContaining({ code: "INVALID_CURSOR" }),
  );
});

test("a log that is replaced by the same, longer, sorted or compacted, tells only what is new", async () => {
  const directory = stores.unverified();
  const store = await stores.open({}, directory);
  const session = await store.createSession({ id: "s" });
  for (let n = 0; n < 5; n++) await session.append({ id: `m${n}`, n });
  const ear = await listen(session);
  const log = onlyLog(directory);
  const replaceBy = (change: (lines: string[]) => string[]): void => {
    const lines = readFileSync(log, "utf8").split("\n").slice(0, -1);
    writeFileSync(
      `${log}.new`,
      change(lines)
        .map((line) => `${line}\n`)
        .join(""),
    );
    renameSync(`${log}.new`, log);
  };
  replaceBy((lines) => lines);
  await session.append({ n: 5 });
  expect(numbers(await ear.reached(1))).toEqual([5]);
  // As a compaction does: a line that nobody sees goes.
  await session.putMessage({ id: "m1", n: 11 });
  await ear.reached(2);
  replaceBy((lines) => lines.filter((line) => !line.includes('"data":{"id":"m1","n":1}')));
  await session.append({ n: 6 });
  await ear.reached(3);
  replaceBy((lines) => [lines[0]!, ...lines.slice(1).toReversed()]);
  await session.append({ n: 7 });
  expect(numbers(await ear.reached(4))).toEqual([5, 11, 6, 7]);
  await new Promise((resolve) => setTimeout(resolve, 300));
  expect(numbers(ear.told)).toEqual([5, 11, 6, 7]);
  await ear.stop();
});

test("a commit is told when it is whole, and not at all if it never is", async () => {
  const directory = stores.unverified();
  const store = await stores.open({}, directory);
  const session = await store.createSession({ id: "s" });
  await session.append([{ n: 1 }, { n: 2 }, { n: 3 }]);
  await session.append({ n: 4 });
  await store.close();
  const log = onlyLog(directory);
  const whole = readFileSync(log);
  const lines = whole.toString().split("\n");
  const cut = lines.slice(0, -4).join("\n").length + 1 + 20;
  writeFileSync(log, whole.subarray(0, cut));
  const reader = await stores.open({}, directory);
  const ear = await listen(reader.session("s"));
  // The write goes on, piece by piece, as another process's large one does.
  for (let end = cut; end < whole.length; end += 150) {
    writeFileSync(log, whole.subarray(0, Math.min(whole.length, end + 150)), { flag: "r+" });
    await new Promise((resolve) => setTimeout(resolve, 30));
  }
  expect(numbers(await ear.reached(4))).toEqual([1, 2, 3, 4]);
  await ear.stop();
});

test("the first commit of a log, the one with its header, is told when it is whole, and not before", async () => {
  const directory = stores.unverified();
  const store = await stores.open({}, directory);
  await store.session("s", { create: true }).append([{ n: 1 }, { n: 2 }, { n: 3 }]);
  await store.close();
  const log = onlyLog(directory);
  const lines = readFileSync(log, "utf8").split(/(?<=\n)/);
  writeFileSync(log, lines[0]!);
  const reader = await stores.open({}, directory);
  const session = reader.session("s");
  expect(await session.history()).toEqual([]);
  const ear = await listen(session);
  for (const line of lines.slice(1, -1)) {
    writeFileSync(log, line, { flag: "a" });
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(ear.told).toEqual([]);
    expect(await session.history()).toEqual([]);
  }
  // The clock is held: what this read has seen serves for the rest of the turn, but not for what one has heard of since.
  vi.useFakeTimers({ toFake: ["Date"] });
  try {
    await session.history();
    writeFileSync(log, lines.at(-1)!, { flag: "a" });
    expect(numbers(await ear.reached(3))).toEqual([1, 2, 3]);
  } finally {
    vi.useRealTimers();
  }
  expect((await session.history()).map(({ data }) => data.n)).toEqual([1, 2, 3]);
  await ear.stop();
});

test("a commit that never ends stands in nobody's way", async () => {
  const directory = stores.unverified();
  const store = await stores.open({}, directory);
  const session = await store.createSession({ id: "s" });
  await session.append([{ n: 1 }, { n: 2 }]);
  await store.close();
  const log = onlyLog(directory);
  const lines = readFileSync(log, "utf8").split("\n");
  writeFileSync(log, `${lines.slice(0, -2).join("\n")}\n`);
  const reader = await stores.open({}, directory);
  const ear = await listen(reader.session("s"));
  await reader.session("s").append({ n: 3 });
  expect(numbers(await ear.reached(1))).toEqual([3]);
  // Its writer is heard again after all: the log came late, not the end of its commit.
  writeFileSync(log, `${lines.at(-2)}\n`, { flag: "a" });
  const told = await ear.reached(3);
  expect(told.map(({ at }) => at)).toEqual([told[0]!.at, ...lines.slice(-3, -1).map((line) => line.slice(7, 45))]);
  await ear.stop();
});

test("what a sync brings from another machine is told, though its stamps lie before what was told", async () => {
  const directory = stores.unverified();
  const other = stores.unverified();
  const store = await stores.open({ machine: "here" }, directory);
  const session = await store.createSession({ id: "s" });
  await session.append({ n: 1 });
  const elsewhere = await stores.open({ machine: "there" }, other);
  const [own] = logsOf(directory).keys();
  const copy = own!.replace(directory, other);
  mkdirSync(dirname(copy), { recursive: true });
  copyFileSync(own!, copy);
  await elsewhere.session("s").append({ n: 2 });
  const ear = await listen(session);
  await session.append({ n: 3 });
  await ear.reached(1);
  const theirs = [...logsOf(other).keys()].find((path) => path.includes(elsewhere.machine))!;
  const target = theirs.replace(other, directory);
  mkdirSync(dirname(target), { recursive: true });
  copyFileSync(theirs, target);
  const told = await ear.reached(2);
  await ear.stop();
  expect(told.map(({ kind, id, entry }) => [kind, id !== undefined, entry?.data.n])).toEqual([
    ["message", true, 3],
    // Another branch is no part of the history.
    ["message", true, undefined],
  ]);
  expect(told[1]!.at < told[0]!.at).toBe(true);
});
