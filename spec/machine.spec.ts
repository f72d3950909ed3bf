// Each machine has a folder of its own in a store, whatever becomes of the store's directory.
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { settingsOf } from "../lib/base/options.ts";
import { NodeVfs } from "../lib/disk/node-vfs.ts";
import type { FileStat } from "../lib/disk/vfs.ts";
import { rooms } from "../lib/open.ts";
import { openOn } from "../lib/store/open-on.ts";
import { FaultVfs } from "./helpers/fault-vfs.ts";
import { isThere, output, run } from "./helpers/processes.ts";
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

test("two checkouts of one repository write to folders of their own, clones and worktrees alike", async () => {
  if (!isThere("git")) return;
  const above = stores.directory();
  const git = (directory: string, ...args: string[]): unknown =>
    execFileSync("git", ["-c", "user.name=n", "-c", "user.email=e@localhost", "-C", directory, ...args], {
      stdio: "pipe",
    });
  const first = join(above, "first");
  const machine = await used(join(first, "sessions"));
  git(first, "init", "--quiet");
  git(first, "add", ".");
  git(first, "commit", "--quiet", "--message", "sessions");
  git(first, "clone", "--quiet", first, join(above, "clone"));
  git(first, "worktree", "add", "--quiet", join(above, "worktree"));
  const machines = [machine];
  for (const [n, name] of ["clone", "worktree"].entries()) {
    const directory = join(above, name, "sessions");
    expect(await numbers(directory)).toEqual([1]);
    machines.push(await used(directory, n + 2));
    expect(await numbers(directory)).toEqual([1, n + 2]);
    expect(await used(directory, n + 2)).toBe(machines.at(-1));
  }
  expect(new Set(machines).size).toBe(3);
  expect(await used(join(first, "sessions"), 9)).toBe(machine);
  for (const name of ["clone", "worktree"]) {
    const branch = join(above, name);
    git(branch, "add", ".");
    git(branch, "commit", "--quiet", "--message", name);
  }
  // What each wrote comes together without a conflict.
  git(first, "add", ".");
  git(first, "commit", "--quiet", "--message", "more");
  git(first, "merge", "--quiet", "--no-edit", "worktree");
  git(first, "pull", "--quiet", "--no-rebase", "--no-edit", join(above, "clone"));
  expect(readdirSync(join(first, "sessions", "sessions")).toSorted()).toEqual(machines.toSorted());
});

test("a disk image that is restored writes to a folder of its own, and the one from before can be adopted", async () => {
  const directory = join(stores.directory(), "store");
  const machine = await used(directory);
  // The same path and the same files, times and all, on a file system that was made anew.
  execFileSync("cp", ["-r", "--preserve=all", directory, `${directory}-image`]);
  rmSync(directory, { recursive: true });
  execFileSync("cp", ["-r", "--preserve=all", `${directory}-image`, directory]);
  rmSync(`${directory}-image`, { recursive: true });
  const store = await stores.open({}, directory);
  expect(store.machine).not.toBe(machine);
  await store.adopt(machine);
  await store.session("s").append({ n: 2 });
  expect(readdirSync(join(directory, "sessions"))).toEqual([machine]);
});

test("of a record with several folders the first is for new logs; a line that is none ends it", async () => {
  const directory = stores.directory();
  const machine = await used(directory);
  const [record] = readdirSync(join(directory, ".cache", "machines")) as [string];
  for (const [rest, machines] of [
    ["other-aaaaaaaa\n", [machine, "other-aaaaaaaa"]],
    ["other-aaaaaaaa", [machine, "other-aaaaaaaa"]],
    [`${machine}\nother-aaaaaaaa\n`, [machine, "other-aaaaaaaa"]],
    ["\0\0\0\0\0\0\0", [machine]],
    ["other-aaaaaaaa\n../../elsewhere\nthird-aaaaaaaa\n", [machine, "other-aaaaaaaa"]],
  ] as const) {
    writeFileSync(join(directory, ".cache", "machines", record), `${machine}\n${rest}`);
    const store = await stores.open({}, directory);
    expect([store.machine, store.machines]).toEqual([machine, machines]);
    await store.close();
  }
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

describe("the tick in which a store's directory is made, where its birth looks like its last change,", () => {
  /** A clock that does not go on until something is changed later. */
  class Ticking extends NodeVfs {
    isOver = false;

    override stat(path: string): FileStat | undefined {
      const stat = super.stat(path);
      return stat === undefined || this.isOver ? stat : { ...stat, ctimeMs: stat.birthtimeMs };
    }

    override setTime(path: string, timeMs: number): void {
      this.isOver = true;
      super.setTime(path, timeMs);
    }
  }

  test("gives the one who makes it the folder that it has later", async () => {
    const directory = join(stores.directory(), "store");
    const store = await openOn<any, any>(new Ticking(), directory, settingsOf({}), rooms);
    await store.close();
    expect(await used(directory)).toBe(store.machine);
  });

  test("gives whoever looked in it, and opens it later, that folder, too", async () => {
    const directory = join(stores.directory(), "store");
    const machine = await used(directory);
    const store = await openOn<any, any>(new Ticking(), directory, settingsOf({}), rooms);
    expect(store.machine).toBe(machine);
    await store.close();
  });
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
