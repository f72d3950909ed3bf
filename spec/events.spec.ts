// What a store tells without being asked, and what listeners can do to it: nothing.
import { appendFileSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { Store, StoreWarning } from "../lib/index.ts";
import { output, run } from "./helpers/processes.ts";
import { collect, onlyLog, useStores } from "./helpers/stores.ts";

const stores = useStores();

/** Warnings come when the operation that tells them is through. */
async function told(store: Store<any, any>, operation: () => Promise<unknown>): Promise<StoreWarning[]> {
  const warnings: StoreWarning[] = [];
  const off = store.on("warning", (warning) => warnings.push(warning));
  await operation();
  await new Promise((resolve) => setImmediate(resolve));
  off();
  return warnings;
}

/** A store with a session of three messages, closed. -> its log */
async function used(directory: string): Promise<string> {
  const store = await stores.open({}, directory);
  const session = await store.createSession({ id: "s" });
  await session.append([{ n: 1 }, { n: 2 }]);
  await session.append({ n: 3 });
  await store.close();
  return onlyLog(directory);
}

test("a warning says what was found in which session, in which file and where", async () => {
  const directory = stores.unverified();
  const path = await used(directory);
  const size = readFileSync(path).length;
  appendFileSync(path, '{"at":"2026-11-21T09:08');
  const store = await stores.open({}, directory);
  const [warning, ...others] = await told(store, () => store.session("s").history());
  expect(warning).toEqual({ code: "torn", message: expect.any(String), session: "s", path, offset: size });
  expect(others).toEqual([]);
});

test.each<[string, (log: string) => string, string[]]>([
  ["a torn end", (log) => log.slice(0, -10), ["torn"]],
  ["a piece that is no line", (log) => log.replace("\n", "\nno line\n"), ["damaged"]],
  ["a line glued to a torn one", (log) => log.replace("\n", '\n{"at":"2026-'), ["damaged", "glued"]],
  ["a line that was changed", (log) => log.replace('{"n":1}', '{"n":7}'), ["altered"]],
  ["a conflict marker", (log) => log.replace("\n", "\n<<<<<<< HEAD\n"), ["conflict"]],
  ["a commit without its end", (log) => log.split("\n").slice(0, 2).join("\n") + "\n", ["incomplete"]],
  ["nothing", (log) => log, []],
])("%s is told once, by whichever call meets it", async (_, spoil, codes) => {
  const directory = stores.unverified();
  const path = await used(directory);
  writeFileSync(path, spoil(readFileSync(path, "utf8")));
  // Nobody remembers what it was.
  rmSync(join(directory, ".cache"), { recursive: true });
  for (const call of [
    (store: Store<any, any>) => store.session("s").history(),
    (store: Store<any, any>) => store.session("s").page({ limit: 2 }),
    (store: Store<any, any>) => store.get("s"),
    (store: Store<any, any>) => store.count(),
  ]) {
    const store = await stores.open({}, directory);
    expect((await told(store, () => call(store))).map(({ code }) => code)).toEqual(codes);
    await store.close();
  }
  const store = await stores.open({}, directory);
  const first = await told(store, () => store.session("s").history());
  expect(first.map(({ code }) => code)).toEqual(codes);
  // What was told is not told again, while the log is as it was.
  expect(await told(store, () => store.session("s").history())).toEqual([]);
  expect(await told(store, () => store.session("s").count())).toEqual([]);
});

test("lines from the future are told, also where only the end of the log is read", async () => {
  const directory = stores.unverified();
  const path = await used(directory);
  const log = readFileSync(path, "utf8").replaceAll(/,"crc":"\w+"/g, "");
  writeFileSync(path, log.replaceAll(/"at":"\d{4}/g, '"at":"2099'));
  for (const last of [Infinity, 1]) {
    const store = await stores.open({}, directory);
    const read = (): Promise<unknown> => collect(store.session("s").messages(last === 1 ? { last } : {}));
    expect(
      (await told(store, read)).map(({ code }) => code),
      `last ${last}`,
    ).toEqual(["future"]);
  }
});

test("of a log that goes on, only what is new is told", async () => {
  const directory = stores.unverified();
  const path = await used(directory);
  appendFileSync(path, "no line\n");
  const store = await stores.open({}, directory);
  const session = store.session("s");
  const codes = async (operation: () => Promise<unknown>): Promise<string[]> =>
    (await told(store, operation)).map(({ code }) => code);
  expect(await codes(() => session.count())).toEqual(["damaged"]);
  expect(await codes(() => session.append({ n: 4 }))).toEqual([]);
  appendFileSync(path, "no line again\n");
  // Within one millisecond of one turn a store looks once.
  for (const now = Date.now(); Date.now() === now;);
  expect(await codes(() => session.count())).toEqual(["damaged"]);
  expect(await session.count()).toBe(4);
});

test("every listener hears, until it is taken off, and one that came late hears what follows", async () => {
  const store = await stores.open();
  const session = await store.createSession();
  const heard: string[] = [];
  const one = store.on("warning", () => heard.push("one"));
  const two = store.on("warning", () => heard.push("two"));
  await session.append({ text: "\ud800" });
  await new Promise((resolve) => setImmediate(resolve));
  one();
  one();
  store.on("warning", () => heard.push("three"));
  await session.append({ text: "\ud800" });
  await new Promise((resolve) => setImmediate(resolve));
  two();
  await session.append({ text: "\ud800" });
  await new Promise((resolve) => setImmediate(resolve));
  expect(heard).toEqual(["one", "two", "two", "three", "three"]);
});

test("a listener that takes itself off, or calls the store, disturbs nobody", async () => {
  const store = await stores.open();
  const session = await store.createSession();
  const heard: string[] = [];
  const off = store.on("warning", () => {
    off();
    heard.push("once");
    void session.append({ from: "listener" });
  });
  store.on("warning", () => heard.push("other"));
  await session.append([{ text: "\ud800" }, { n: 1 }]);
  await session.append({ text: "\ud800" });
  await new Promise((resolve) => setImmediate(resolve));
  expect(heard).toEqual(["once", "other", "other"]);
  expect((await session.history()).filter(({ data }) => data.from === "listener")).toHaveLength(1);
});

test("a listener that throws spoils no operation and no other listener: the process hears of it, as of any error", async () => {
  const directory = stores.directory();
  const child = run(
    `process.on("uncaughtException", (error) => say("uncaught " + error.message));
     const store = await turnlog.openStore(args[0]);
     const session = await store.createSession({ id: "s" });
     store.on("warning", () => { throw new Error("listener"); });
     store.on("warning", ({ code }) => say("heard " + code));
     await session.append({ n: 1, text: "\\ud800" });
     say("appended");
     await session.append({ n: 2 });
     say(String(await session.count()));
     await store.close();
     say("closed");`,
    directory,
  );
  const lines = await output(child);
  expect(await child.ended).toBe(0);
  expect(lines.toSorted()).toEqual(["2", "appended", "closed", "heard surrogate", "uncaught listener"]);
  const store = await stores.open({}, directory);
  expect((await store.session("s").history()).map(({ data }) => data.n)).toEqual([1, 2]);
});

test("a listener is called after the operation that tells has written", async () => {
  const directory = stores.directory();
  const store = await stores.open({}, directory);
  const session = await store.createSession();
  let found = "";
  store.on("warning", () => (found = readFileSync(onlyLog(directory), "utf8")));
  await session.append({ text: "odd \ud800" });
  await new Promise((resolve) => setImmediate(resolve));
  expect(found).toContain("odd");
});
