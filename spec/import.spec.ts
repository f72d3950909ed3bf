// What holds for every import: it can be repeated, it can be cut off, it brings back nothing and changes no source.
import "./helpers/in-memory.ts";
import { appendFileSync, cpSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { expect, test } from "vitest";
import type { ImportProgress } from "../lib/index.ts";
import { filesOf, stateOf } from "./helpers/files.ts";
import { run } from "./helpers/processes.ts";
import { collect, logsOf, useStores } from "./helpers/stores.ts";

const stores = useStores();
const FIXTURES = new URL("../fixtures/import", import.meta.url).pathname;
const SOURCES = ["picoclaw", "claude-code", "codex", "pi", "openclaw", "gemini-cli", "messages", "turnlog"] as const;
const ID = "7d3c1f52-8a40-4b6e-9d17-2f60c5a9e1b4";

/** What is imported of a directory with what a tool left: all of it, or the one file. */
function pathIn(directory: string, source: (typeof SOURCES)[number]): string {
  return source === "turnlog" ? join(directory, "sessions.json") : directory;
}

/** Logs by their file names: what two machines have in common. */
function contentOf(directory: string): Map<string, string> {
  return new Map([...logsOf(directory)].map(([path, bytes]) => [basename(path), bytes.toString("utf8")]));
}

/** A picoclaw store with many sessions, some of them long. */
function largeSource(sessions: number, messages: number): string {
  const directory = stores.unverified();
  for (let session = 0; session < sessions; session++) {
    const lines = Array.from({ length: messages }, (_, n) => {
      const created_at = new Date(Date.UTC(2026, 0, 1) + session * 3_600_000 + n * 1000).toISOString();
      return `${JSON.stringify({ role: n % 2 ? "assistant" : "user", content: `${n} ${"x".repeat(n % 500)}`, created_at })}\n`;
    });
    writeFileSync(join(directory, `chat_${session}.jsonl`), lines.join(""));
    writeFileSync(
      join(directory, `chat_${session}.meta.json`),
      JSON.stringify({ key: `chat:${session}`, summary: "", skip: 0, count: messages }),
    );
  }
  return directory;
}

test.each(SOURCES)(
  "%s: a second import changes no byte and no time, of the store and of the source",
  async (source) => {
    const path = stores.unverified();
    cpSync(join(FIXTURES, source), path, { recursive: true });
    const sourceBefore = stateOf(path);
    const directory = stores.directory();
    const store = await stores.open({}, directory);
    await store.importFrom(source, { path: pathIn(path, source) });
    await store.close();
    const before = stateOf(join(directory, "sessions"));
    const again = await stores.open({}, directory);
    const { sessions } = await again.importFrom(source, { path: pathIn(path, source) });
    expect(sessions.every(({ status, added }) => (status === "unchanged" || status === "alias") && added === 0)).toBe(
      true,
    );
    await again.close();
    expect(stateOf(join(directory, "sessions"))).toEqual(before);
    expect(stateOf(path)).toEqual(sourceBefore);
  },
);

test.each(SOURCES)("%s: two machines write the same lines", async (source) => {
  const one = await stores.open({ machine: "one" });
  const two = await stores.open({ machine: "two" });
  for (const store of [one, two]) await store.importFrom(source, { path: pathIn(join(FIXTURES, source), source) });
  expect(contentOf(one.path)).toEqual(contentOf(two.path));
  // Synced together, each line counts once.
  const both = stores.directory();
  for (const store of [one, two]) cpSync(join(store.path, "sessions"), join(both, "sessions"), { recursive: true });
  const warnings: string[] = [];
  const merged = await stores.open({}, both);
  merged.on("warning", ({ code }) => warnings.push(code));
  for await (const { id } of one.sessions({ all: true }))
    expect(await merged.session(id).history()).toEqual(await one.session(id).history());
  expect(warnings).toEqual([]);
  const { sessions } = await merged.importFrom(source, { path: pathIn(join(FIXTURES, source), source) });
  expect(sessions.filter(({ status }) => status !== "alias").every(({ status }) => status === "unchanged")).toBe(true);
});

test("killed at any moment of the first import, the second completes it: the same lines as without the kill", async () => {
  const path = largeSource(3, 2500);
  const whole = await stores.open();
  await whole.importFrom("picoclaw", { path });
  const expected = contentOf(whole.path);
  for (let round = 0; round < 3; round++) {
    const directory = stores.directory();
    const child = run(
      `const store = await turnlog.openStore(args[0]);
       say("begun");
       await store.importFrom("picoclaw", { path: args[1], onProgress: ({ sessions, messages }) => say(sessions + " " + messages) });
       process.exit(0);`,
      directory,
      path,
    );
    // A moment that the import itself names: after so many thousand messages.
    for (let step = 0; step <= round * 3; step++) await child.lines.next();
    child.process.kill("SIGKILL");
    expect(await child.ended).toBe("SIGKILL");
    const store = await stores.open({}, directory);
    await store.importFrom("picoclaw", { path });
    expect(contentOf(directory)).toEqual(expected);
  }
}, 60_000);

test("killed while a grown session is brought up to date, the next import goes on", async () => {
  const path = largeSource(1, 20_000);
  const directory = stores.directory();
  const log = filesOf(path).find((each) => each.endsWith(".jsonl"))!;
  const lines = readFileSync(log, "utf8").split("\n");
  writeFileSync(log, `${lines.slice(0, 10).join("\n")}\n`);
  const first = await stores.open({}, directory);
  await first.importFrom("picoclaw", { path });
  await first.close();
  appendFileSync(log, lines.slice(10).join("\n"));
  const child = run(
    `const store = await turnlog.openStore(args[0]);
     await store.importFrom("picoclaw", { path: args[1], onProgress: ({ messages }) => say(messages) });`,
    directory,
    path,
  );
  for (let step = 0; step < 8; step++) await child.lines.next();
  child.process.kill("SIGKILL");
  await child.ended;
  const store = await stores.open({}, directory);
  const [session] = (await store.importFrom("picoclaw", { path })).sessions;
  expect(session!.messages).toBe(20_000);
  const texts = (await collect(store.session("chat:0").messages())).map(({ data }) => data.content);
  expect(texts).toEqual(lines.filter((line) => line !== "").map((line) => JSON.parse(line).content));
}, 60_000);

test("a signal stops an import between two messages, and a dry run writes nothing", async () => {
  const path = largeSource(4, 1500);
  const directory = stores.directory();
  const store = await stores.open({}, directory);
  const report = await store.importFrom("picoclaw", { path, dryRun: true });
  expect(report.sessions.map(({ status, added }) => [status, added])).toEqual(
    Array.from({ length: 4 }, () => ["created", 1500]),
  );
  expect(logsOf(directory).size).toBe(0);
  const controller = new AbortController();
  const seen: ImportProgress[] = [];
  const onProgress = (progress: ImportProgress): void => {
    seen.push(progress);
    if (progress.sessions === 2) controller.abort();
  };
  await expect(store.importFrom("picoclaw", { path, signal: controller.signal, onProgress })).rejects.toThrow(
    expect.objectContaining({ name: "AbortError" }),
  );
  expect(logsOf(directory).size).toBe(2);
  expect(seen.at(-1)).toMatchObject({ sessions: 2, found: 4, messages: 3000 });
  const { sessions } = await store.importFrom("picoclaw", { path });
  expect(sessions.map(({ status }) => status)).toEqual(["unchanged", "unchanged", "created", "created"]);
});

test("what was deleted, cut, edited or renamed here stays so", async () => {
  const path = join(FIXTURES, "claude-code", "projects", "-home-ann-birdsong");
  const store = await stores.open();
  await store.importFrom("claude-code", { path });
  const session = store.session(ID);
  const [first, second] = await session.history();
  await session.update({ title: "My own title" });
  await session.putMessage({ ...first!.data, id: first!.id, content: "edited" });
  await session.remove(second!.id);
  await session.append({ role: "user", content: "and now here" });
  const before = await session.history();
  const { sessions } = await store.importFrom("claude-code", { path });
  expect(sessions.map(({ status }) => status)).toEqual(["unchanged", "unchanged"]);
  expect(await session.history()).toEqual(before);
  expect((await session.info()).title).toBe("My own title");
  await session.delete();
  const after = await store.importFrom("claude-code", { path });
  expect(after.sessions.map(({ id, status }) => [id, status])).toEqual([
    [ID, "deleted"],
    [`${ID}.agent-a1`, "unchanged"],
  ]);
  expect(await store.get(ID)).toBeUndefined();
});

test("an unknown source, a path with nothing in it, and a wrong option are errors", async () => {
  const store = await stores.open();
  const empty = stores.unverified();
  const failing = (code: string): unknown => expect.objectContaining({ code });
  await expect(store.importFrom("other" as never, { path: empty })).rejects.toThrow(failing("INVALID_ARGUMENT"));
  await expect(store.importFrom("auto", { path: empty })).rejects.toThrow(failing("INVALID_ARGUMENT"));
  await expect(store.importFrom("auto")).rejects.toThrow(failing("INVALID_ARGUMENT"));
  await expect(store.importFrom("picoclaw", { path: join(empty, "none") })).rejects.toThrow(failing("NOT_FOUND"));
  await expect(store.importFrom("claude-code", { path: empty, markMigrated: true })).rejects.toThrow(
    failing("INVALID_ARGUMENT"),
  );
  await expect(store.importFrom("picoclaw", { path: empty, dry: true } as never)).rejects.toThrow(
    failing("INVALID_ARGUMENT"),
  );
  expect((await store.importFrom("picoclaw", { path: empty })).sessions).toEqual([]);
  await store.close();
  await expect(store.importFrom("picoclaw", { path: empty })).rejects.toThrow(failing("CLOSED"));
});
