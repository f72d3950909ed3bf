// The built package, as its users have it: importing it does nothing, and closing a store leaves nothing.
import { execFileSync } from "node:child_process";
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect, test } from "vitest";
import { output, run } from "./helpers/processes.ts";
import { onlyLog, useStores } from "./helpers/stores.ts";

const stores = useStores();
const root = dirname(dirname(fileURLToPath(import.meta.url)));
const scratch = mkdtempSync(join(tmpdir(), "turnlog-package-"));
afterAll(() => rmSync(scratch, { recursive: true }));

/** What a script prints, as the last thing that it does, as JSON. */
async function told(script: string, ...args: unknown[]): Promise<any> {
  const child = run(script, ...args);
  const lines = await output(child);
  expect(await child.ended).toBe(0);
  return JSON.parse(lines.at(-1)!);
}

/**
 * Runs a script with the built package alone beside it: none of its dependencies can be found, as none may be needed.
 * `before` runs before the package is imported.
 */
function alone(before: string, after: string): unknown {
  const directory = mkdtempSync(join(scratch, "alone-"));
  cpSync(join(root, "dist", "lib"), join(directory, "lib"), { recursive: true });
  writeFileSync(join(directory, "package.json"), '{"type":"module"}');
  writeFileSync(join(directory, "main.mjs"), `${before}\nconst turnlog = await import("./lib/index.js");\n${after}`);
  return JSON.parse(execFileSync(process.execPath, [join(directory, "main.mjs")], { encoding: "utf8" })) as unknown;
}

test("importing it loads none of its dependencies: it is imported where there are none", () => {
  expect(alone("", "console.log(JSON.stringify(Object.keys(turnlog)))")).toEqual(
    expect.arrayContaining(["openStore", "openMemoryStore", "StoreError"]),
  );
  // The package has some, and they would be missed.
  const { dependencies } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { dependencies: object };
  const names = Object.keys(dependencies);
  const found = alone(
    "",
    `
    const look = (name) => import(name).then(() => "found", (error) => error.code);
    console.log(JSON.stringify(await Promise.all(${JSON.stringify(names)}.map(look))))`,
  );
  expect(found).toEqual(names.map(() => "ERR_MODULE_NOT_FOUND"));
});

test("titles are searched where flexsearch cannot be loaded", async () => {
  const directory = stores.directory();
  const store = await stores.open({}, directory);
  for (const title of ["Fix the parser", "The parser again"]) await store.createSession({ title });
  await store.close();
  const answers = alone(
    "",
    `
    const store = await turnlog.openStore(${JSON.stringify(directory)});
    const hits = await store.searchTitles("parser");
    await store.close();
    console.log(JSON.stringify(hits.map(({ text }) => text)));`,
  );
  expect(answers).toEqual(["The parser again", "Fix the parser"]);
});

test("importing it starts no timer, adds no listener, and patches nothing", () => {
  const before = `
    import * as events from "node:events";
    import fs from "node:fs";
    const look = () => ({
      active: process.getActiveResourcesInfo().filter((name) => !/Req|Wrap/.test(name)),
      listeners: process.eventNames().map((name) => [String(name), process.listenerCount(name)]),
      globals: Object.getOwnPropertyNames(globalThis).toSorted(),
      functions: [fs, fs.promises, process, events.EventEmitter.prototype, Array.prototype, Object.prototype].map((each) =>
        Object.getOwnPropertyNames(each).map((name) => [name, Object.getOwnPropertyDescriptor(each, name)?.value])),
      environment: JSON.stringify(process.env),
    });
    // What Node itself makes at first use is made now.
    await Promise.all(["buffer", "crypto", "zlib", "os", "path", "fs/promises"].map((name) => import("node:" + name)));
    const { readFile } = await import("node:fs/promises");
    await readFile(process.execPath + "-none").catch(() => undefined);
    const first = look();`;
  const after = `
    const second = look();
    const same = first.functions.every((list, index) => list.every(([name, value], at) => second.functions[index][at][1] === value));
    delete first.functions; delete second.functions;
    console.log(JSON.stringify({ first, second, same }));`;
  const { first, second, same } = alone(before, after) as { first: unknown; second: unknown; same: boolean };
  expect(second).toEqual(first);
  expect(same).toBe(true);
});

test("importing it reads its own modules, and touches no other file", () => {
  const before = `
    import fs from "node:fs";
    import { createRequire, syncBuiltinESMExports } from "node:module";
    const calls = [];
    // Whoever gets at the file system from here on is seen. Node's loader has functions of its own.
    for (const target of [fs, fs.promises]) {
      for (const name of Object.keys(target)) {
        const original = target[name];
        if (typeof original !== "function" || /^[A-Z_]/.test(name)) continue;
        const seen = function (...given) {
          calls.push([name, String(given[0])]);
          return original.apply(this, given);
        };
        target[name] = Object.assign(seen, original);
      }
    }
    syncBuiltinESMExports();
    calls.length = 0;`;
  const after = "const seen = [...calls]; console.log(JSON.stringify(seen));";
  const calls = alone(before, after) as [string, string][];
  // A later Node's loader shows; it reads what it has opened by number.
  const isModule = (path: string): boolean => /lib\/.*\.js$|package\.json$|\/lib$|alone-\w+$|^\d+$/.test(path);
  expect(calls.filter(([, path]) => !isModule(path))).toEqual([]);
  // The look is not blind: to open a store is seen.
  const opened = alone(
    before,
    `
    calls.length = 0;
    const store = await turnlog.openStore(new URL("store", import.meta.url).pathname);
    await store.close();
    console.log(JSON.stringify(calls));`,
  ) as [string, string][];
  expect(opened.map(([name]) => name)).toEqual(expect.arrayContaining(["mkdirSync", "openSync", "renameSync"]));
});

test("the process ends by itself, with no store closed: timers keep nobody waiting", async () => {
  const directory = stores.directory();
  const child = run(
    `const store = await turnlog.openStore(args[0]);
     const session = await store.createSession({ id: "s" });
     await session.append({ n: 1 });
     await session.delete();
     await session.restore();
     say("done");`,
    directory,
  );
  expect(await output(child)).toEqual(["done"]);
  expect(await child.ended).toBe(0);
  const store = await stores.open({}, directory);
  expect(await store.session("s").count()).toBe(1);
});

test("close() leaves nothing behind: no file, no timer, no listener", async () => {
  const script = `
    import { readdirSync } from "node:fs";
    const files = () => process.platform === "linux" ? readdirSync("/proc/self/fd").length : 0;
    const look = () => ({
      files: files(),
      active: process.getActiveResourcesInfo().filter((name) => !/Req|Wrap/.test(name)),
      listeners: process.eventNames().map((name) => [String(name), process.listenerCount(name)]),
    });
    const use = async (directory) => {
      const store = await turnlog.openStore(directory);
      store.on("warning", () => undefined);
      const session = await store.createSession();
      await session.append([{ n: 1 }, { n: 2 }]);
      const stream = session.messages();
      await stream.next();
      await stream.return();
      for await (const each of session.messages()) if (each.data.n === 1) break;
      await session.fork();
      await session.delete();
      await session.restore();
      for await (const each of store.sessions()) void each;
      void session.append({ n: 3 });
      await store.close();
    };
    // A turn of the event loop that is under way is nothing that stays.
    const turn = () => new Promise((resolve) => setImmediate(resolve));
    await use(args[0]);
    await turn();
    await turn();
    const first = look();
    for (let round = 0; round < 10; round++) await use(args[0]);
    await turn();
    await turn();
    say(JSON.stringify([first, look()]));`;
  const [first, last] = await told(script, stores.directory());
  expect(last).toEqual(first);
  expect(first.active.filter((name: string) => name === "Timeout" || name === "FSWatcher")).toEqual([]);
});

test("close() waits for what was called, and for the disk", async () => {
  const directory = stores.directory();
  const count = await told(
    `const store = await turnlog.openStore(args[0]);
     const session = await store.createSession({ id: "s" });
     for (let n = 0; n < 50; n++) void session.append({ n });
     const reading = session.count();
     await store.close();
     say(String(await reading));
     process.kill(process.pid, 0);`,
    directory,
  );
  expect(count).toBe(50);
  expect(readFileSync(onlyLog(directory), "utf8").match(/"type":"message"/g)).toHaveLength(50);
});

test("a store is disposed of at the end of its block", async () => {
  const directory = stores.directory();
  const store = await stores.open({}, directory);
  await store.session("s", { create: true }).append({ n: 1 });
  await store[Symbol.asyncDispose]();
  await expect(store.count()).rejects.toThrow(expect.objectContaining({ code: "CLOSED" }));
  await store[Symbol.asyncDispose]();
});

test("its types are there for every file of the source, and its code as few files", () => {
  const names = (directory: string, ending: RegExp): string[] =>
    readdirSync(join(root, directory), { recursive: true, encoding: "utf8" })
      .filter((name) => ending.test(name))
      .map((name) => name.replace(ending, ""))
      .toSorted();
  const source = names("lib", /(?<!\.d)\.ts$/);
  expect(source).toContain("index");
  expect(names("dist/lib", /\.d\.ts$/)).toEqual(source);
  const code = names("dist/lib", /\.js$/);
  // Each is a file that an import waits for, or one that comes with a first use.
  expect(code).toContain("index");
  expect(code.length).toBeLessThan(source.length / 5);
});

test("what comes with a first use is no part of what an import loads", () => {
  const [, name] = /from "\.\/(library-.*?)"/.exec(readFileSync(join(root, "dist/lib/index.js"), "utf8")) ?? [];
  const library = readFileSync(join(root, "dist/lib", String(name)), "utf8");
  expect(library).toContain("lib/store/store.ts");
  for (const later of [
    "lib/importers/picoclaw.ts",
    "lib/indexes/titles/title-index.ts",
    "lib/store/search/search-messages.ts",
  ])
    expect(library).not.toContain(later);
});
