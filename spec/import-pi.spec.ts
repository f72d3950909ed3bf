// pi's sessions, versions 1 to 3, and openclaw's, which are of the same kind.
import { cpSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { filesOf } from "./helpers/files.ts";
import { everyEntry, importedOf, sketch } from "./helpers/imports.ts";
import { useStores } from "./helpers/stores.ts";

const stores = useStores();
const FIXTURES = new URL("../fixtures/import", import.meta.url).pathname;
const PI = join(FIXTURES, "pi", "agent");
const [THIRD, FIRST, SECOND] = [1, 2, 3].map((n) => `019a8b10-000${n}-7000-8000-0000000000${"abc"[n - 1]}${n}`) as [
  string,
  string,
  string,
];
const [MAIN, CHILD, RESET] = [1, 2, 3].map((n) => `0c1a000${n}-0000-4000-8000-00000000000${n}`) as [
  string,
  string,
  string,
];

function fileOf(directory: string, id: string): string {
  return filesOf(directory).find((path) => path.includes(id))!;
}

function linesOf(path: string): any[] {
  return readFileSync(path, "utf8")
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
}

function write(path: string, lines: readonly object[]): void {
  writeFileSync(path, lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
}

/** As pi rewrites a file of an older version. */
function migrate(path: string, ids = "0123456789abcdef"): void {
  const lines = linesOf(path);
  const [header, ...entries] = lines;
  const isFirst = header.version === undefined;
  header.version = 3;
  for (const [index, entry] of entries.entries()) {
    if (isFirst) {
      entry.id = ids[index]!.repeat(8);
      entry.parentId = index === 0 ? null : ids[index - 1]!.repeat(8);
      if (typeof entry.firstKeptEntryIndex === "number") {
        entry.firstKeptEntryId = ids[entry.firstKeptEntryIndex - 1]!.repeat(8);
        delete entry.firstKeptEntryIndex;
      }
    }
    if (entry.message?.role === "hookMessage") entry.message.role = "custom";
  }
  write(path, lines);
}

test("all versions come in, with names, directories, parents and times", async () => {
  const store = await stores.open();
  const { sessions, problems } = await store.importFrom("pi", { path: PI });
  expect(problems).toEqual([]);
  expect(new Set(sessions.map(({ id, messages, parts }) => [id, messages, parts]))).toEqual(
    new Set([
      [THIRD, 12, 8],
      [FIRST, 6, 2],
      [SECOND, 3, 1],
    ]),
  );
  expect(await store.get(THIRD)).toMatchObject({
    title: "Wren or robin",
    titleSource: "user",
    directory: "/home/ann/birdsong",
    project: "birdsong",
    createdAt: "2026-09-15T07:00:00.000Z",
    metadata: { source: "pi" },
  });
  expect(await store.get(SECOND)).toMatchObject({ parent: THIRD, title: "Go on.", titleSource: "auto" });
  expect((await store.session(FIRST).history()).map(({ data }) => sketch(data))).toEqual([
    "user: Hello",
    "assistant: Hello!",
    "user: Hello",
    "user: Hello",
    "system: They said hello.",
    "assistant: Hello again!",
  ]);
});

test("a tree is a tree: branches, summaries, labels on other branches, and where it goes on from", async () => {
  const store = await stores.open();
  await store.importFrom("pi", { path: PI });
  const session = store.session(THIRD);
  const sketches = async (): Promise<string[]> => (await session.history()).map(({ data }) => sketch(data));
  const start = ['user: <file name="/hom', "assistant: Listen first. + bash", "tool: (a song)", "assistant: A wren."];
  expect(await sketches()).toEqual([...start, "user: And in b.wav?", "assistant: A robin."]);
  const [, other] = await session.branches();
  const labelled = (await session.history())[1]!;
  expect(labelled.parts.map(({ data }) => data.record.label)).toEqual(["here it listens"]);
  await session.checkout(other!.id);
  expect((await sketches()).slice(start.length)).toEqual([
    "system: b.wav was asked ",
    "user: Are you sure?",
    "assistant: Yes.",
    "system: a.wav has a wren",
    "user: a.wav\nb.wav\n",
    "user: The user has lis",
  ]);
});

test("every line can be given back as it was", async () => {
  const store = await stores.open();
  await store.importFrom("pi", { path: PI });
  for (const id of [FIRST, SECOND, THIRD]) {
    const lines: unknown[] = [];
    for (const { data, parts } of (await everyEntry(store.session(id))).values()) {
      const { role, content, record, type, ...fields } = data;
      const { message: own, ...envelope } = record;
      const words = own?.role === "bashExecution" ? { output: content } : { content };
      if (record.type === "message") lines.push({ ...envelope, message: { role, ...fields, ...words, ...own } });
      else
        lines.push(record.type === "custom_message" ? { ...record, content } : { type, ...record, summary: content });
      lines.push(...parts.map((part) => part.record));
    }
    const byTime = (a: any, b: any): number =>
      JSON.stringify([a.timestamp, a.id]) < JSON.stringify([b.timestamp, b.id]) ? -1 : 1;
    expect(lines.toSorted(byTime)).toEqual(linesOf(fileOf(PI, id)).toSorted(byTime));
  }
});

test("a file that pi has migrated is the same session, and goes on", async () => {
  const directory = stores.unverified();
  cpSync(PI, directory, { recursive: true });
  const store = await stores.open();
  await store.importFrom("pi", { path: directory });
  for (const id of [FIRST, SECOND]) {
    const path = fileOf(directory, id);
    const before = await importedOf(store, id);
    migrate(path);
    const { sessions } = await store.importFrom("pi", { path });
    expect(sessions).toMatchObject([{ id, added: 0 }]);
    const names = ({ history }: typeof before): unknown[] => history.map((entry: any) => entry[0]);
    const after = await importedOf(store, id);
    expect(names(after)).toEqual(names(before));
    expect(after.branches).toEqual(before.branches);
    expect((await store.importFrom("pi", { path })).sessions).toMatchObject([{ status: "unchanged" }]);
    const lines = linesOf(path);
    const next = { type: "message", id: "eeeeeeee", parentId: lines.at(-1).id, timestamp: "2026-09-30T07:00:00.000Z" };
    write(path, [...lines, { ...next, message: { role: "user", content: "On" } }]);
    expect((await store.importFrom("pi", { path })).sessions).toMatchObject([{ added: 1 }]);
    expect(names(await importedOf(store, id))).toEqual([...names(before), "eeeeeeee"]);
  }
});

test("openclaw: names and parents are in its list, what was reset is there, its credentials are not", async () => {
  const path = join(FIXTURES, "openclaw");
  const store = await stores.open();
  const { source, sessions, problems } = await store.importFrom("auto", { path });
  expect([source, problems]).toEqual(["openclaw", []]);
  expect(new Set(sessions.map(({ id, messages }) => [id, messages]))).toEqual(
    new Set([
      [MAIN, 6],
      [CHILD, 2],
      [RESET, 1],
    ]),
  );
  expect(await store.get(MAIN)).toMatchObject({
    title: "ann on telegram",
    metadata: { source: "openclaw", key: "agent:main:main" },
  });
  expect(await store.get(CHILD)).toMatchObject({ title: "count the files", parent: MAIN });
  // A parent that nobody knows is the message before; a prompt that stands twice beside itself is two branches.
  expect((await store.session(MAIN).history()).map(({ data }) => sketch(data))).toEqual([
    "user: List files",
    "assistant: Running ls now. + exec",
    "tool: a.wav\n",
    "user: Thanks",
    "assistant: Gladly.",
  ]);
  expect((await store.session(MAIN).branches()).length).toBe(2);
  // The same file as one of pi's adds nothing.
  expect((await store.importFrom("pi", { path: fileOf(path, RESET.slice(0, 8)) })).sessions.length).toBe(0);
  expect((await store.importFrom("pi", { path: fileOf(path, MAIN) })).sessions).toMatchObject([{ added: 0 }]);
});

test("of two files of one session the newer one is read, and the other is told of", async () => {
  const directory = stores.unverified();
  const path = fileOf(PI, SECOND);
  const [older, newer] = [join(directory, "a.jsonl"), join(directory, "b.jsonl")];
  cpSync(path, newer);
  write(older, linesOf(path).slice(0, 2));
  const store = await stores.open();
  const first = await store.importFrom("pi", { path: directory });
  expect(first.sessions.length).toBe(1);
  expect(first.problems).toMatchObject([{ reason: expect.stringContaining("it is not read") }]);
  renameSync(newer, join(directory, "renamed.jsonl"));
  expect((await store.importFrom("pi", { path: directory })).problems.length).toBe(1);
});

test("a session whose first line is damaged is told of, and the others come in", async () => {
  const directory = stores.unverified();
  cpSync(PI, directory, { recursive: true });
  const path = filesOf(directory).find((file) => file.includes("0000000000a1"))!;
  writeFileSync(path, readFileSync(path, "utf8").replace('{"type":"session"', '{"type":"sess'));
  const store = await stores.open();
  const { sessions, problems } = await store.importFrom("pi", { path: directory });
  expect(sessions).toHaveLength(2);
  expect(problems).toEqual([{ path, reason: "no session: it does not begin as one" }]);
});
