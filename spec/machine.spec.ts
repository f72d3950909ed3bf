// Each machine has a folder of its own in a store, whatever becomes of the store's directory.
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { settingsOf } from "../lib/base/options.ts";
import { rooms } from "../lib/open.ts";
import { openOn } from "../lib/store/store.ts";
import { FaultVfs } from "./helpers/fault-vfs.ts";
import { output, run } from "./helpers/processes.ts";
import { collect, logsOf, useStores } from "./helpers/stores.ts";

const stores = useStores();

/** A store with one session of one message, closed. -> its machine */
async function used(directory: string, n = 1): Promise<string> {
  const store = await stores.open({}, directory);
  await store.session("s", { create: true }).append({ n });
  const { machine } = store;
  await store.close();
  return machine;
}

async function numbers(directory: string): Promise<unknown[]> {
  const store = await stores.open({}, directory);
  const history = await store.session("s").history();
  await store.close();
  return history.map(({ data }) => data.n);
}

test("a store that is opened again, or by another name of its directory, keeps its folder", async () => {
  const above = stores.directory();
  const directory = join(above, "store");
  const machine = await used(directory);
  expect(machine).toMatch(/-[a-z0-9]{8}$/);
  expect(await used(directory, 2)).toBe(machine);
  symlinkSync(directory, join(above, "other-name"));
  expect(await used(join(above, "other-name"), 3)).toBe(machine);
  expect(await used(join(above, ".", "store", "..", "store"), 4)).toBe(machine);
  rmSync(join(above, "other-name"));
  expect(readdirSync(join(directory, "sessions"))).toEqual([machine]);
  expect(await numbers(directory)).toEqual([1, 2, 3, 4]);
});

test("a store that was copied with its cache writes to a folder of its own", async () => {
  const directory = join(stores.directory(), "store");
  const copy = `${directory}-copy`;
  const machine = await used(directory);
  execFileSync("cp", ["-r", "--preserve=all", directory, copy]);
  const before = logsOf(copy);
  const other = await used(copy, 2);
  expect(other).not.toBe(machine);
  expect(readdirSync(join(copy, "sessions")).toSorted()).toEqual([machine, other].toSorted());
  for (const [path, content] of before) expect(readFileSync(path).equals(content)).toBe(true);
  // The two go on, each with its own, and each keeps it.
  expect(await used(directory, 3)).toBe(machine);
  expect(await used(copy, 4)).toBe(other);
  expect(await numbers(directory)).toEqual([1, 3]);
  expect(await numbers(copy)).toEqual([1, 2, 4]);
});

test("a copy that takes the place of its original writes to a folder of its own", async () => {
  const directory = join(stores.directory(), "store");
  const machine = await used(directory);
  execFileSync("cp", ["-r", directory, `${directory}-copy`]);
  rmSync(directory, { recursive: true });
  renameSync(`${directory}-copy`, directory);
  expect(await used(directory, 2)).not.toBe(machine);
  expect(await numbers(directory)).toEqual([1, 2]);
});

test("a store without its cache gets a new folder and reads all that it had", async () => {
  const directory = stores.directory();
  const first = await used(directory, 1);
  rmSync(join(directory, ".cache"), { recursive: true });
  const second = await used(directory, 2);
  rmSync(join(directory, ".cache"), { recursive: true });
  const third = await used(directory, 3);
  expect(new Set([first, second, third]).size).toBe(3);
  expect(await numbers(directory)).toEqual([1, 2, 3]);
  const store = await stores.open({}, directory);
  expect(await store.session("s").info()).toMatchObject({ branches: 1, machines: [first, second, third].toSorted() });
});

test("the cache may vanish under an open store", async () => {
  const directory = stores.directory();
  const store = await stores.open({}, directory);
  const session = await store.createSession({ id: "s" });
  await session.append({ n: 1 });
  rmSync(join(directory, ".cache"), { recursive: true });
  await session.append({ n: 2 });
  const other = await store.createSession({ id: "other" });
  await other.append({ n: 1 });
  await session.delete();
  await session.restore();
  expect((await session.history()).map(({ data }) => data.n)).toEqual([1, 2]);
  expect((await collect(store.ids())).toSorted()).toEqual(["other", "s"]);
});

test("a record that a crash left empty is made anew", async () => {
  for (const content of ["", "\n", "\0\0\0\0\0\0\0\0"]) {
    const directory = stores.unverified();
    await used(directory);
    const records = join(directory, ".cache", "machines");
    const [record] = readdirSync(records) as [string];
    writeFileSync(join(records, record), content);
    const machine = await used(directory, 2);
    expect(machine).toMatch(/^[a-z0-9._%-]+-[a-z0-9]{8}$/);
    expect(await used(directory, 3)).toBe(machine);
    expect(await numbers(directory)).toEqual([1, 2, 3]);
  }
});

test("processes that make a store at the same moment agree on its folder", async () => {
  const directory = join(stores.directory(), "store");
  const script = `
    process.stdin.once("data", async () => {
      const store = await turnlog.openStore(args[0]);
      await store.session("s", { create: true }).append({ n: args[1] });
      say(store.machine);
      await store.close();
      process.stdin.destroy();
    });
    say("ready");`;
  const children = Array.from({ length: 4 }, (_, n) => run(script, directory, n));
  for (const child of children) expect((await child.lines.next()).value).toBe("ready");
  for (const child of children) child.process.stdin!.write("go\n");
  const machines = (await Promise.all(children.map(output))).flat();
  for (const child of children) expect(await child.ended).toBe(0);
  expect(machines).toHaveLength(4);
  expect(new Set(machines)).toEqual(new Set(readdirSync(join(directory, "sessions"))));
  expect(new Set(machines).size).toBe(1);
});

test("of two that open a new store at once, who comes second takes the folder of the first", async () => {
  const directory = stores.directory();
  await used(directory);
  const records = join(directory, ".cache", "machines");
  const [record] = readdirSync(records) as [string];
  rmSync(join(records, record));
  const vfs = new FaultVfs();
  // Between our look and our writing another process writes its own.
  vfs.fault = (operation, path) => {
    if (operation === "link" && path.endsWith(record)) writeFileSync(path, "theirs-aaaaaaaa\n");
    return undefined;
  };
  const store = await openOn<any, any>(vfs, directory, settingsOf({}), rooms);
  expect(store.machine).toBe("theirs-aaaaaaaa");
  await store.close();
});

test("a folder's name is the machine's, encoded as ids are, or the host's", async () => {
  const plain = await stores.open();
  expect(plain.machine).toMatch(/^[a-z0-9._%-]{1,100}-[a-z0-9]{8}$/);
  expect(decodeURIComponent(plain.machine.slice(0, -9)).slice(0, 30)).toBe(hostname().slice(0, 30));
  for (const [machine, encoded] of [
    ["laptop", "laptop"],
    ["Laptop", "%4captop"],
    ["my laptop", "my%20laptop"],
    ["a/../../b", "a%2f..%2f..%2fb"],
    ["..", "%2e%2e"],
    ["CON", "%43%4f%4e"],
    ["漢", "%e6%bc%a2"],
    [".hidden", "%2ehidden"],
  ] as const) {
    const directory = stores.directory();
    const store = await stores.open({ machine }, directory);
    expect(store.machine.replace(/-[a-z0-9]{8}$/, "")).toBe(encoded);
    await store.session("s", { create: true }).append({ n: 1 });
    expect(readdirSync(join(directory, "sessions"))).toEqual([store.machine]);
  }
  for (const machine of ["x".repeat(300), "漢".repeat(300), "a".repeat(99) + "漢"]) {
    const store = await stores.open({ machine });
    expect(store.machine.length).toBeLessThanOrEqual(109);
    expect(() => decodeURIComponent(store.machine)).not.toThrow(TypeError);
    expect(existsSync(join(store.path, "sessions"))).toBe(true);
    await store.session("s", { create: true }).append({ n: 1 });
  }
});
