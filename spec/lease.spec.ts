// One writer at a time for a session and machine.
import { readdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, expect, test, vi } from "vitest";
import { openMemoryStore } from "../lib/index.ts";
import { holderOf, leasesIn, tokensOf } from "./helpers/leases.ts";
import { run } from "./helpers/processes.ts";
import type { Child } from "./helpers/processes.ts";
import { logsOf, onlyLog, useStores } from "./helpers/stores.ts";

const stores = useStores();
const children: Child[] = [];
afterEach(() => {
  for (const { process } of children.splice(0)) process.kill("SIGKILL");
});

/** Appends, says "ready", and appends again for each line of its stdin. */
const WRITER = `
  import { createInterface } from "node:readline";
  const store = await turnlog.openStore(args[0], args[1] ?? {});
  const session = store.session("s", { create: true });
  await session.append({ by: "child", n: 0 });
  say("ready");
  let n = 1;
  for await (const line of createInterface({ input: process.stdin })) {
    if (line === "close") { await store.close(); break; }
    await session.append({ by: "child", n: n++ }).then(() => say("appended"), (error) => say(error.code));
  }`;

async function writer(directory: string, options: object = {}): Promise<Child> {
  const child = run(WRITER, directory, options);
  children.push(child);
  expect(await child.lines.next()).toMatchObject({ value: "ready" });
  return child;
}

const busy = expect.objectContaining({ name: "StoreError", code: "SESSION_BUSY", session: "s", written: "no" });

test("it is taken with the first append, kept while appends come, and given up when none comes and at close()", async () => {
  const directory = stores.directory();
  const store = await stores.open({}, directory);
  const session = store.session("s", { create: true });
  await session.append({ n: 0 });
  const tokens = tokensOf(directory, "s");
  expect(tokens).toHaveLength(1);
  for (let n = 1; n < 20; n++) {
    await session.append({ n });
    await sleep(5);
  }
  expect(tokensOf(directory, "s")).toEqual(tokens);
  await vi.waitFor(() => expect(tokensOf(directory, "s")).toEqual([]), 10_000);
  await session.append({ n: 20 });
  expect(tokensOf(directory, "s")).not.toEqual(tokens);
  await store.close();
  expect(
    readdirSync(leasesIn(directory), { recursive: true }).filter((name) => String(name).includes("s.lock")),
  ).toEqual([]);
});

test("reading takes none, nor does a store that has nothing on disk", async () => {
  const directory = stores.directory();
  const store = await stores.open({}, directory);
  await store.session("s", { create: true }).append({ n: 0 });
  await store.close();
  rmSync(leasesIn(directory), { recursive: true });
  const reader = await stores.open({}, directory);
  expect(await reader.session("s").history()).toHaveLength(1);
  expect(await reader.session("s").info()).toMatchObject({ messages: 1 });
  expect(await reader.count()).toBe(1);
  await reader.close();
  expect(readdirSync(join(directory, ".cache", "leases"))).toEqual([]);
  const memory = await openMemoryStore();
  await memory.session("s", { create: true }).append({ n: 0 });
  expect(await memory.session("s").breakLease()).toBeUndefined();
  await memory.close();
});

test("who comes second waits until the first is asked and gives it up, and goes on without a branch", async () => {
  const directory = stores.directory();
  const child = await writer(directory);
  const store = await stores.open({}, directory);
  const session = store.session("s");
  for (let n = 0; n < 5; n++) {
    await session.append({ by: "us", n });
    child.process.stdin!.write("\n");
    expect(await child.lines.next()).toMatchObject({ value: "appended" });
  }
  const history = await session.history();
  expect(history.map(({ data }) => data.by)).toEqual(["child", ..."us child ".repeat(5).trim().split(" ")]);
  expect(await session.branches()).toHaveLength(1);
  expect(readdirSync(join(leasesIn(directory), "asked"))).toEqual([]);
});

test("SESSION_BUSY names who writes, and waits no longer than it is told", async () => {
  const directory = stores.directory();
  const child = await writer(directory);
  // Stopped, it is alive: whatever the clocks say, it is not out.
  child.process.kill("SIGSTOP");
  for (const busyTimeoutMs of [0, 200]) {
    const store = await stores.open({ busyTimeoutMs }, directory);
    const before = performance.now();
    const error = await store
      .session("s")
      .append({ n: 1 })
      .catch((reason: unknown) => reason);
    expect(performance.now() - before).toBeGreaterThanOrEqual(busyTimeoutMs);
    expect(error).toEqual(busy);
    const { host, pid, thread, since } = holderOf(directory, "s");
    expect(error).toMatchObject({ holder: { host, pid, thread, since } });
    expect(pid).toBe(child.process.pid);
    expect((error as Error).message).toContain(`process ${pid} on ${host}, since ${since}`);
    // Who reads asks nobody.
    expect(await store.session("s").count()).toBe(1);
    await store.close();
  }
});

test("each verb that writes asks for it", async () => {
  const directory = stores.directory();
  const child = await writer(directory);
  child.process.kill("SIGSTOP");
  const store = await stores.open({ busyTimeoutMs: 0 }, directory);
  const session = store.session("s");
  const { id } = (await session.history())[0]!;
  const calls: [string, () => Promise<unknown>][] = [
    ["append", () => session.append({ n: 1 })],
    ["commit", () => session.commit((c) => c.append({ n: 1 }))],
    ["putMessage", () => session.putMessage({ id: "m" })],
    ["putPart", () => session.putPart(id, { id: "p" })],
    ["remove", () => session.remove(id)],
    ["update", () => session.update({ title: "t" })],
    ["truncate", () => session.truncate({ keepLast: 0 })],
    ["replace", () => session.replace([{ n: 1 }])],
    ["checkout", () => session.checkout(id)],
    ["delete", () => session.delete()],
    ["restore", () => session.restore()],
    ["compact", () => session.compact()],
  ];
  for (const [verb, call] of calls) await expect(call(), verb).rejects.toThrow(busy);
  expect(await session.count()).toBe(1);
});

test.each(["SIGKILL", "SIGTERM", "exit"])("who ended without giving it up (%s) keeps nobody out", async (how) => {
  const directory = stores.directory();
  const child = await writer(directory);
  if (how === "exit") {
    const other = run(
      `
      const store = await turnlog.openStore(args[0]);
      await store.session("s").append({ by: "other" });
      process.exit(0);`,
      directory,
    );
    expect(await other.ended).toBe(0);
    expect(holderOf(directory, "s").pid).toBe(other.process.pid);
  } else {
    child.process.kill(how as NodeJS.Signals);
    await child.ended;
    expect(tokensOf(directory, "s")).toHaveLength(1);
  }
  const store = await stores.open({ busyTimeoutMs: 0 }, directory);
  await store.session("s").append({ by: "us" });
  expect((await store.session("s").history()).map(({ data }) => data.by)).toEqual(
    how === "exit" ? ["child", "other", "us"] : ["child", "us"],
  );
  expect(await store.session("s").branches()).toHaveLength(1);
});

test.runIf(process.platform === "linux")(
  "nor does one that was killed and that nobody has asked for its exit code",
  async () => {
    const directory = stores.directory();
    // The shell becomes a sleep, which does not wait for the child that it inherits.
    const parent = run(
      `
    import { spawn } from "node:child_process";
    const script = \`import(\${JSON.stringify(args[1])}).then(async ({ openStore }) => {
      const store = await openStore(\${JSON.stringify(args[0])});
      await store.session("s", { create: true }).append({ by: "child" });
      process.kill(process.pid, "SIGKILL");
    })\`;
    const command = "'" + process.execPath + "' -e '" + script + "' & exec sleep 60";
    const shell = spawn("/bin/sh", ["-c", command], { stdio: "inherit" });
    process.on("SIGTERM", () => { shell.kill("SIGKILL"); process.exit(); });
    say("started");`,
      directory,
      new URL("../dist/lib/index.js", import.meta.url).href,
    );
    children.push(parent);
    await parent.lines.next();
    await vi.waitFor(() => expect(tokensOf(directory, "s")).toHaveLength(1), 20_000);
    const { pid } = holderOf(directory, "s");
    await vi.waitFor(() => expect(onlyLog(directory)).toBeDefined(), 10_000);
    const store = await stores.open({ busyTimeoutMs: 10_000 }, directory);
    await store.session("s").append({ by: "us" });
    expect(statSync(`/proc/${pid}`).isDirectory()).toBe(true);
    expect((await store.session("s").history()).map(({ data }) => data.by)).toEqual(["child", "us"]);
    parent.process.kill("SIGTERM");
    await parent.ended;
  },
);

test("a holder that was stopped and lost it sees that before it writes: nothing is lost, and there is no branch", async () => {
  const directory = stores.directory();
  const child = await writer(directory);
  child.process.stdin!.write("\n");
  expect(await child.lines.next()).toMatchObject({ value: "appended" });
  child.process.kill("SIGSTOP");
  const store = await stores.open({ busyTimeoutMs: 1000 }, directory);
  const session = store.session("s");
  await expect(session.append({ by: "us" })).rejects.toThrow(busy);
  const { host, pid, thread, since } = holderOf(directory, "s");
  expect(await session.breakLease()).toEqual({ host, pid, thread, since });
  for (let n = 0; n < 3; n++) await session.append({ by: "us" });
  // All that it is told to do, it finds when it goes on.
  for (let n = 0; n < 3; n++) child.process.stdin!.write("\n");
  const own = tokensOf(directory, "s");
  // Longer than a look serves.
  await sleep(60);
  child.process.kill("SIGCONT");
  for (let n = 0; n < 3; n++) expect(await child.lines.next()).toMatchObject({ value: "appended" });
  expect(tokensOf(directory, "s")).not.toEqual(own);
  await session.append({ by: "us" });
  expect((await session.history()).map(({ data }) => data.by)).toEqual(
    "child child us us us child child child us".split(" "),
  );
  expect(await session.branches()).toHaveLength(1);
  child.process.stdin!.end("close\n");
  expect(await child.ended).toBe(0);
});

test("breakLease() tells who had it, and nobody where nobody had", async () => {
  const directory = stores.directory();
  const store = await stores.open({}, directory);
  const session = store.session("s", { create: true });
  expect(await session.breakLease()).toBeUndefined();
  await session.append({ n: 0 });
  expect(await session.breakLease()).toMatchObject({ pid: process.pid, thread: 0 });
  expect(await session.breakLease()).toBeUndefined();
  await session.append({ n: 1 });
  expect(await session.count()).toBe(2);
});

test("stores in one process are writers of their own, and hand it over at once", async () => {
  const directory = stores.directory();
  const [one, two] = [
    await stores.open({ busyTimeoutMs: 0 }, directory),
    await stores.open({ busyTimeoutMs: 0 }, directory),
  ];
  for (let n = 0; n < 50; n++) {
    await one.session("s", { create: true }).append({ n });
    await two.session("s").append({ n: n + 0.5 });
  }
  expect((await one.session("s").history()).map(({ data }) => data.n)).toEqual(
    Array.from({ length: 100 }, (_, n) => n / 2),
  );
  expect(await two.session("s").branches()).toHaveLength(1);
});

test("processes that make one session at once make one log, without a branch", async () => {
  const directory = stores.directory();
  const script = `
    const store = await turnlog.openStore(args[0]);
    await store.session("s", { create: true }).append({ by: args[1] });
    await store.session("t", { create: true }).append({ by: args[1] });
    await store.close();`;
  const all = [1, 2, 3].map((n) => run(script, directory, n));
  for (const child of all) expect(await child.ended).toBe(0);
  const store = await stores.open({}, directory);
  for (const id of ["s", "t"]) {
    const said = (await store.session(id).history()).map(({ data }) => data.by);
    expect(said.toSorted((a, b) => a - b)).toEqual([1, 2, 3]);
    expect(await store.session(id).branches()).toHaveLength(1);
  }
  expect(logsOf(directory).size).toBe(2);
});
