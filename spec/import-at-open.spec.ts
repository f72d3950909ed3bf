// A store that imports by itself: in the background, just what is new, and nobody waits for it.
import { appendFileSync, cpSync, mkdirSync, readdirSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { ImportReport, StoreOptions, StoreWarning } from "../lib/index.ts";
import { openMemoryStore } from "../lib/index.ts";
import { filesOf, stateOf } from "./helpers/files.ts";
import { output, run } from "./helpers/processes.ts";
import { collect, logsOf, useStores } from "./helpers/stores.ts";
import "./helpers/built.ts";

const stores = useStores();
const FIXTURES = new URL("../fixtures/import", import.meta.url).pathname;

/** Sessions of picoclaw, each with so many messages. */
function writePicoclaw(directory: string, sessions: number, messages: number): string {
  mkdirSync(directory, { recursive: true });
  for (let n = 0; n < sessions; n++) {
    const all = Array.from({ length: messages }, (_, at) => ({
      role: at % 2 ? "assistant" : "user",
      content: `${n} ${at}`,
    }));
    const created = "2026-02-01T10:00:00Z";
    writeFileSync(
      join(directory, `s${n}.json`),
      JSON.stringify({ key: `s${n}`, messages: all, created, updated: created }),
    );
  }
  return directory;
}

test("what is named comes in after the store was opened; the next time just what is new", async () => {
  const pi = stores.unverified();
  cpSync(join(FIXTURES, "pi"), pi, { recursive: true });
  const before = stateOf(pi);
  const chat = join(stores.unverified(), "chat.json");
  writeFileSync(chat, JSON.stringify([{ role: "user", content: "Hello" }]));
  const options: StoreOptions = {
    importFrom: [
      { source: "pi", path: pi },
      { source: "auto", path: chat },
    ],
  };
  const store = await stores.open(options);
  expect(await collect(store.ids())).toEqual([]);
  const told: ImportReport[] = [];
  store.on("imported", (report) => told.push(report));
  const reports = await store.imported();
  expect(reports.map(({ source, sessions }) => [source, sessions.length])).toEqual([
    ["pi", 3],
    ["messages", 1],
  ]);
  expect(await store.imported()).toBe(reports);
  expect(told).toEqual(reports);
  expect(await store.session("chat").count()).toBe(1);
  await store.close();
  expect(stateOf(pi)).toEqual(before);
  writeFileSync(
    chat,
    JSON.stringify([
      { role: "user", content: "Hello" },
      { role: "assistant", content: "Hi" },
    ]),
  );
  const again = await stores.open(options, store.path);
  const sessions = (await again.imported()).flatMap((report) => report.sessions);
  expect(sessions.map(({ status, added }) => [status, added])).toEqual([
    ...[1, 2, 3].map(() => ["unchanged", 0]),
    ["grown", 1],
  ]);
});

test("it begins by itself, and what it brings shows", async () => {
  const path = writePicoclaw(join(stores.unverified(), "sessions"), 2, 3);
  const store = await stores.open({ importFrom: [{ source: "picoclaw", path }] });
  const report = await new Promise<ImportReport>((resolve) => store.on("imported", resolve));
  expect(report.sessions.map(({ id, status }) => [id, status])).toEqual([
    ["s0", "created"],
    ["s1", "created"],
  ]);
  expect((await collect(store.ids())).toSorted()).toEqual(["s0", "s1"]);
});

test("what is wrong with a source is a warning; the others come in, and the store is as open as any", async () => {
  const directory = stores.unverified();
  const log = join(directory, "log.jsonl");
  writeFileSync(log, '{"role":"user","content":"x"}\nno json\n{"role":"us');
  const store = await stores.open({
    importFrom: [
      { source: "codex", path: join(directory, "none") },
      { source: "messages", path: log },
    ],
  });
  const warnings: StoreWarning[] = [];
  store.on("warning", (warning) => warnings.push(warning));
  expect((await store.imported()).map(({ source }) => source)).toEqual(["messages"]);
  expect(warnings).toMatchObject([
    { code: "import", path: join(directory, "none"), message: expect.stringContaining("nothing to import") },
    { code: "import", path: log, message: expect.stringContaining("(and 1 more)") },
  ]);
  await (await store.createSession({ id: "own" })).append({ role: "user", content: "y" });
  expect(await store.count()).toBe(2);
});

test("closing the store ends it, leaves nothing behind, and the next open goes on", async () => {
  const path = writePicoclaw(join(stores.unverified(), "sessions"), 200, 20);
  const importFrom = [{ source: "picoclaw", path }] as const;
  const store = await stores.open({ importFrom });
  const reports = store.imported();
  while (logsOf(store.path).size < 3) await new Promise((resolve) => setTimeout(resolve, 1));
  await store.close();
  const done = logsOf(store.path);
  expect(done.size).toBeLessThan(200);
  expect(await reports).toEqual([]);
  expect(readdirSync(join(store.path, ".cache", "aside"))).toEqual([]);
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(logsOf(store.path)).toEqual(done);
  const again = await stores.open({ importFrom }, store.path);
  await again.imported();
  expect(await again.count()).toBe(200);
  for (const [file, bytes] of done) expect(logsOf(store.path).get(file)).toEqual(bytes);
  // Who closes at once never begins.
  const short = await stores.open({ importFrom });
  await short.close();
  expect(logsOf(short.path).size).toBe(0);
});

test("a process that has nothing else to do is not kept alive by it; one that waits for it gets it", async () => {
  const path = writePicoclaw(join(stores.unverified(), "sessions"), 2, 3);
  const [one, two] = [stores.directory(), stores.directory()];
  const child = run(
    `await turnlog.openStore(args[0], { importFrom: [{ source: "picoclaw", path: args[2] }] });
     const store = await turnlog.openStore(args[1], { importFrom: [{ source: "picoclaw", path: args[2] }] });
     const [{ sessions }] = await store.imported();
     say(sessions.length);`,
    one,
    two,
    path,
  );
  expect(await output(child)).toEqual(["2"]);
  expect(await child.ended).toBe(0);
  expect([logsOf(one).size, logsOf(two).size]).toEqual([0, 2]);
});

test("a path is what it was when the store was opened, wherever the process goes", async () => {
  const directory = stores.unverified();
  writePicoclaw(join(directory, "sessions"), 1, 3);
  const child = run(
    `process.chdir(args[0]);
     const store = await turnlog.openStore(args[1], { importFrom: [{ source: "picoclaw", path: "sessions" }] });
     process.chdir("/");
     say((await store.imported()).map(({ sessions }) => sessions.length).join());
     await store.close();`,
    directory,
    stores.directory(),
  );
  expect(await output(child)).toEqual(["1"]);
});

test("two stores that import the same at once have it once", async () => {
  const path = writePicoclaw(join(stores.unverified(), "sessions"), 20, 20);
  const importFrom = [{ source: "picoclaw", path }] as const;
  const directory = stores.directory();
  const [one, two] = [await stores.open({ importFrom }, directory), await stores.open({ importFrom }, directory)];
  const both = await Promise.all([one.imported(), two.imported()]);
  expect(both.flat().flatMap(({ problems }) => problems)).toEqual([]);
  for (const id of await collect(one.ids())) expect(await two.session(id).count()).toBe(20);
  expect(logsOf(directory).size).toBe(20);
});

test("a source that is renamed or moved is noticed; one that went leaves what came from it", async () => {
  const directory = stores.unverified();
  cpSync(join(FIXTURES, "pi"), directory, { recursive: true });
  const importFrom = [{ source: "pi", path: directory }] as const;
  const store = await stores.open({ importFrom });
  await store.imported();
  await store.close();
  const [first, ...others] = filesOf(directory).filter((path) => path.endsWith(".jsonl"));
  renameSync(first!, join(directory, "moved.jsonl"));
  appendFileSync(others[0]!, "\n");
  const again = await stores.open({ importFrom }, store.path);
  const [report] = await again.imported();
  expect(report!.sessions.map(({ status }) => status)).toEqual(["unchanged", "unchanged", "unchanged"]);
});

test("wrong requests are refused when the store is opened; none are no import; memory stores import, too", async () => {
  const path = writePicoclaw(join(stores.unverified(), "sessions"), 1, 3);
  for (const importFrom of [
    "none",
    "auto",
    "messages",
    [{ source: "turnlog" }],
    [{ source: "pi", path: "" }],
    [{ source: "pi", from: 1 }],
    7,
    [null],
  ])
    await expect(openMemoryStore({ importFrom: importFrom as never })).rejects.toThrow(
      expect.objectContaining({ code: "INVALID_ARGUMENT" }),
    );
  const none = await openMemoryStore({ importFrom: [] });
  expect(await none.imported()).toEqual([]);
  await none.close();
  const store = await openMemoryStore({ importFrom: [{ source: "picoclaw", path }] });
  expect(await store.imported()).toMatchObject([{ sessions: [{ status: "created" }] }]);
  await store.close();
});
