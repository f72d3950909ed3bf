// The library is a guest in the process: it leaves the process as it found it, while it holds a lease, too.
import { expect, test } from "vitest";
import { output, run } from "./helpers/processes.ts";
import { onlyLog, useStores } from "./helpers/stores.ts";
import { readFileSync } from "node:fs";

const stores = useStores();

/** Imports the package in a process of its own. `look` tells all that a guest could change. */
const LOOK = `
  import { createRequire } from "node:module";
  import fs from "node:fs";
  // What Node itself makes at first use is made now: with worker_threads it puts another process.chdir in place.
  await Promise.all(["worker_threads", "crypto", "zlib", "os", "path", "fs/promises"].map((name) => import("node:" + name)));
  // Two names that mean nothing to anybody else stay: signal-exit's mark, so that a second copy of it finds the first.
  const inert = new Set(["__signal_exit_emitter__"]);
  const functions = [fs, fs.promises, process, process.constructor.prototype, Object.getPrototypeOf(process.constructor.prototype)];
  // libuv opens /dev/null with the first stream, to have a file to close when no other can be opened.
  const nameOf = (file) => { try { return fs.readlinkSync("/proc/self/fd/" + file); } catch { return "gone"; } };
  const openFiles = () => process.platform === "linux" ? fs.readdirSync("/proc/self/fd").map(nameOf).filter((name) => !/^(gone|\\/dev\\/.*)$/.test(name)).toSorted() : [];
  const look = () => ({
    listeners: process.eventNames().map((name) => [String(name), process.listenerCount(name)]),
    names: functions.map((each) => Object.getOwnPropertyNames(each).filter((name) => !inert.has(name))),
    functions: functions.map((each) => Object.getOwnPropertyNames(each).map((name) => [name, Object.getOwnPropertyDescriptor(each, name).value])
      .filter(([, value]) => typeof value === "function")),
    globals: Object.getOwnPropertyNames(globalThis).toSorted(),
    cwd: [process.cwd, process.chdir, process.emit, process.reallyExit, fs.close, fs.closeSync],
    files: openFiles(),
    timers: process.getActiveResourcesInfo().filter((name) => name === "Timeout" || name === "FSWatcher"),
  });
  const differences = (a, b) => Object.keys(a).filter((key) => {
    if (key === "functions") return a.functions.some((list, at) => list.some(([name, value], n) => b.functions[at][n]?.[0] !== name || b.functions[at][n][1] !== value));
    if (key === "cwd") return a.cwd.some((value, at) => value !== b.cwd[at]);
    return JSON.stringify(a[key]) !== JSON.stringify(b[key]);
  });
  const turn = () => new Promise((resolve) => setImmediate(resolve));`;

/** The package is imported by `run` already: what importing it changes is package.spec's. */
async function told(script: string, ...args: unknown[]): Promise<unknown> {
  const child = run(`${LOOK}${script}`, ...args);
  const lines = await output(child);
  expect(await child.ended).toBe(0);
  return JSON.parse(lines.at(-1)!) as unknown;
}

test("during a lease and after close() it has no listener, no function of the process or of fs is another, no timer keeps it", async () => {
  const answers = (await told(
    `
    // The first open file of a process and the timer of its loop are Node's.
    await (await turnlog.openStore(args[0])).close();
    await turn();
    const before = look();
    const store = await turnlog.openStore(args[0]);
    const session = store.session("s", { create: true });
    await session.append({ n: 0 });
    const isHeld = fs.readdirSync(args[0] + "/.cache/leases/" + store.machine).includes("s.lock");
    await turn();
    const during = differences(before, look()).filter((key) => key !== "files");
    await store.close();
    await turn(); await turn();
    say(JSON.stringify({ isHeld, during, after: differences(before, look()) }));`,
    stores.directory(),
  )) as object;
  expect(answers).toEqual({ isHeld: true, during: [], after: [] });
});

test("what others had replaced and what others listen to stays theirs; their signal-exit works before and after", async () => {
  const answers = await told(
    `
    const lockfile = createRequire(args[1]).resolve("proper-lockfile");
    const theirs = createRequire(lockfile);
    const heard = [];
    // One that the program had in use before.
    if (args[2]) theirs("signal-exit")(() => heard.push("before"));
    const { close } = fs;
    const own = (...given) => close(...given);
    fs.close = own;
    const cwd = process.cwd;
    const ownCwd = () => cwd();
    process.cwd = ownCwd;
    process.on("SIGUSR2", () => undefined);
    const before = look();
    const store = await turnlog.openStore(args[0]);
    await store.session("s", { create: true }).append({ n: 0 });
    const during = differences(before, look()).filter((key) => key !== "files" && key !== "timers");
    await store.close();
    // One that the program uses after.
    theirs("signal-exit")(() => { heard.push("after"); say(JSON.stringify({ during, own: fs.close === own && process.cwd === ownCwd, heard })); });
    process.exit(0);`,
    stores.directory(),
    import.meta.url,
    true,
  );
  expect(answers).toEqual({ during: [], own: true, heard: ["before", "after"] });
});

test("a signal ends the process as it would without the library", async () => {
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    const child = run(
      `const store = await turnlog.openStore(args[0]);
       await store.session("s", { create: true }).append({ n: 0 });
       say("ready");
       setInterval(() => undefined, 1000);`,
      stores.directory(),
    );
    await child.lines.next();
    child.process.kill(signal);
    expect(await child.ended).toBe(signal);
  }
});

test("the process ends by itself while it holds a lease", async () => {
  const directory = stores.directory();
  const child = run(
    `const store = await turnlog.openStore(args[0]);
     await store.session("s", { create: true }).append({ n: 0 });
     say(String(performance.now()));
     process.on("exit", () => say(String(performance.now())));`,
    directory,
  );
  expect(await output(child)).toHaveLength(2);
  expect(await child.ended).toBe(0);
});

test("process.exit() on the line after an awaited append loses nothing", async () => {
  const directory = stores.directory();
  for (let n = 0; n < 3; n++) {
    const child = run(
      `const store = await turnlog.openStore(args[0]);
       const session = store.session("s", { create: true });
       for (let n = 0; n < 500; n++) await session.append({ n });
       process.exit(7);`,
      directory,
    );
    expect(await child.ended).toBe(7);
  }
  expect(readFileSync(onlyLog(directory), "utf8").match(/"type":"message"/g)).toHaveLength(1500);
});
