// Sessions that come and go: exports, imports, and what another copy has.
import assert from "node:assert/strict";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { text } from "node:stream/consumers";
import type { TestedSession, TestedStore } from "./backend.ts";
import { group } from "./case.ts";
import type { Case } from "./case.ts";
import { collect, fails, idsOf, later, linesOf, named } from "./expect.ts";

/** A store with two sessions, one of which is the other's child. */
async function filled(create: () => Promise<TestedStore>): Promise<TestedStore> {
  const store = await create();
  const one = await store.createSession({ id: "one", title: "A title", tags: ["t"], metadata: { m: [1] } });
  await one.append([
    { id: "a", role: "user", content: "hi \u2028 漢字 😀" },
    { id: "b", role: "assistant", content: [{ type: "text", text: "x" }] },
  ]);
  await one.putPart("b", { id: "p", file: `data:image/png;base64,${Buffer.alloc(50_000, 7).toString("base64")}` });
  await one.putMessage({ id: "a", role: "user", content: "edited" });
  await later();
  const two = await store.createSession({ id: "two/ü", parent: "one" });
  await two.append({ n: 1 });
  return store;
}

/** What a place says of the time: an import has the times of its source, and a writer of its own. */
function timeOf(at: string): string {
  return at.slice(0, "2026-11-21T09:08:13.123Z".length);
}

/** All that is said of a session and in it, with its times. */
async function contentOf(store: TestedStore): Promise<unknown> {
  const sessions = [];
  for await (const shown of store.sessions({ all: true })) {
    assert.ok(!("damaged" in shown));
    const { id, title, parent, tags, metadata, createdAt, updatedAt, messages } = shown;
    const history = (await store.session(id).history()).map(({ at, data, parts }) => ({
      time: timeOf(at),
      data,
      parts: parts.map((part) => ({ time: timeOf(part.at), data: part.data })),
    }));
    sessions.push({ id, title, parent, tags, metadata, createdAt, updatedAt, messages, history });
  }
  return sessions;
}

export const transfer: Case[] = group("export and import", (test) => {
  for (const format of ["json", "ndjson"] as const)
    test(`what is exported as ${format} comes in again as it was, and once`, async ({ create, directory }) => {
      const store = await filled(create);
      const path = join(await directory(), `all.${format}`);
      const report = await store.exportTo(path, { format });
      assert.deepEqual(report, { sessions: 2, messages: 3, problems: [] });
      const other = await create();
      const imported = await other.importFrom("turnlog", { path });
      assert.deepEqual(imported.problems, []);
      assert.deepEqual(imported.sessions.map(({ id, status, added }) => `${id} ${status} ${added}`).toSorted(), [
        "one created 2",
        "two/ü created 1",
      ]);
      assert.deepEqual(await contentOf(other), await contentOf(store));
      const again = await other.importFrom("auto", { path });
      assert.deepEqual(
        again.sessions.map(({ status }) => status),
        ["unchanged", "unchanged"],
      );
      assert.deepEqual(await contentOf(other), await contentOf(store));
    });

  test("an import into where it came from adds nothing", async ({ create, directory }) => {
    const store = await filled(create);
    const path = join(await directory(), "all.json");
    await store.exportTo(path, { format: "json" });
    const before = [await contentOf(store), await linesOf(store.session("one"))];
    await store.importFrom("turnlog", { path });
    assert.deepEqual([await contentOf(store), await linesOf(store.session("one"))], before);
  });

  test("an import adds what is new in its source, and leaves what went here", async ({ create, directory }) => {
    const store = await filled(create);
    const path = join(await directory(), "all.ndjson");
    await store.exportTo(path, { format: "ndjson" });
    const other = await create();
    await other.importFrom("turnlog", { path });
    await other.session("one").remove("a");
    await later();
    await store.session("one").append(named("c"));
    await store.exportTo(path, { format: "ndjson" });
    const { sessions } = await other.importFrom("turnlog", { path });
    assert.equal(sessions.find(({ id }) => id === "one")?.added, 1);
    assert.deepEqual(await idsOf(other.session("one")), ["b", "c"]);
    await other.session("one").delete();
    const again = (await other.importFrom("turnlog", { path })).sessions.find(({ id }) => id === "one");
    assert.equal(again?.status, "deleted");
    assert.equal(await other.get("one"), undefined);
  });

  test("a dry run says what would come, and writes nothing", async ({ create, directory }) => {
    const store = await filled(create);
    const path = join(await directory(), "all.json");
    await store.exportTo(path, { format: "json" });
    const other = await create();
    const { sessions } = await other.importFrom("turnlog", { path, dryRun: true });
    assert.equal(sessions.length, 2);
    assert.equal(await other.count({ all: true }), 0);
  });

  test("messages of a program come in word for word, and are found by their text", async ({ create, directory }) => {
    const path = join(await directory(), "chat.json");
    const messages = [
      { role: "user", content: "Where is the parser?" },
      { role: "assistant", content: null, tool_calls: [{ id: "c1", function: { name: "f", arguments: "{}" } }] },
      { role: "tool", tool_call_id: "c1", content: "lib/line" },
    ];
    await writeFile(path, JSON.stringify(messages));
    const store = await create();
    await store.importFrom("messages", { path, id: "chat" });
    assert.deepEqual(
      (await store.session("chat").history()).map(({ data }) => data),
      messages,
    );
    assert.equal((await collect(store.searchMessages("parser"))).length, 1);
    await store.session("chat").append({ role: "user", content: "more" });
    assert.equal(await store.session("chat").count(), 4);
  });

  test("an export goes to a stream, of some sessions, and for people", async ({ create, directory }) => {
    const store = await filled(create);
    const stream = new PassThrough();
    const read = text(stream);
    await store.exportTo(stream, { format: "ndjson", ids: ["two/ü"] });
    stream.end();
    const lines = (await read).trimEnd().split("\n");
    assert.deepEqual(
      lines.map((line) => (JSON.parse(line) as { type: string }).type),
      ["session", "message"],
    );
    const notes = join(await directory(), "notes.md");
    await store.exportTo(notes, { format: "markdown", ids: ["one"] });
    assert.match(await readFile(notes, "utf8"), /A title[^]*edited/);
    const page = join(await directory(), "page.html");
    await store.exportTo(page, { format: "html", ids: ["one"] });
    assert.match(await readFile(page, "utf8"), /A title[^]*edited/);
    await fails(store.exportTo(notes, { format: "json", ids: ["none"] }), "NOT_FOUND");
    await fails(store.importFrom("turnlog", { path: join(await directory(), "none") }), "NOT_FOUND");
    await fails(() => store.exportTo(notes, { format: "yaml" as "json" }), "INVALID_ARGUMENT");
    await fails(() => store.importFrom("yaml" as "turnlog", { path: notes }), "INVALID_ARGUMENT");
  });

  test("what is written after lines of a later time comes after them, whatever the clock says", async (bench) => {
    const store = await bench.create();
    await (await store.createSession({ id: "s" })).append(named("a", "b"));
    const path = join(await bench.directory(), "all.ndjson");
    await store.exportTo(path, { format: "ndjson" });
    // The clock of whoever wrote this is an hour ahead of ours; or ours has gone back by an hour.
    const ahead = new Date(Date.now() + 3_600_000).toISOString();
    const exported = await readFile(path, "utf8");
    await writeFile(path, exported.replaceAll(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/g, ahead));
    const other = await bench.create();
    await other.importFrom("turnlog", { path });
    const session = other.session("s");
    const [imported] = (await session.history()).slice(-1);
    assert.ok(imported?.at.startsWith(ahead.slice(0, 19)));
    const first = await session.append({ id: "c" });
    const second = await session.append({ id: "d" });
    await session.putMessage({ id: "a", text: "edited" });
    await session.remove("b");
    assert.ok((imported?.at ?? "") < first.at && first.at < second.at);
    assert.deepEqual(await idsOf(session), ["a", "c", "d"]);
    assert.deepEqual((await session.message("a"))?.data, { id: "a", text: "edited" });
    // No listing takes a time as later than now.
    await later();
    await other.createSession({ id: "now" });
    assert.equal(await other.count(), 2);
  });
});

/** A store as a machine with the name `other` leaves it. */
async function storeOf(directory: string, lines: readonly object[]): Promise<string> {
  const month = join(directory, "sessions", "other-aaaaaaaa", "2026-01");
  await mkdir(month, { recursive: true });
  await writeFile(join(directory, "turnlog.json"), '{"format":1}\n');
  const log = join(month, "merged.jsonl");
  await writeFile(log, lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
  return log;
}

const at = (second: number, counter = 0): string => `2026-01-02T03:04:0${second}.000Z-000${counter}-aaaaaaaa`;
const HEADER = [
  { at: at(0), type: "session", batch: 2, id: "merged", data: { format: 1 } },
  { at: at(0, 1), type: "info", data: { title: "From elsewhere", titleSource: "user" } },
];
const MESSAGES = ["a", "b"].map((id, n) => ({
  at: at(n + 1),
  type: "message",
  id,
  data: { id, text: `text of ${id}` },
}));

export const merging: Case[] = group("merge", (test) => {
  test("what a directory has comes in, once", async ({ create, directory }) => {
    const path = await directory();
    await storeOf(path, [...HEADER, ...MESSAGES]);
    const store = await create();
    const dry = await store.merge(path, { dryRun: true });
    assert.deepEqual([dry.sessions.new, dry.messages, await store.count()], [1, 2, 0]);
    const report = await store.merge(path);
    assert.deepEqual(report.problems, []);
    assert.deepEqual([report.sessions.new, report.lines, report.messages], [1, 4, 2]);
    const session = store.session("merged");
    assert.deepEqual(
      (await session.history()).map((entry) => [entry.at, entry.data]),
      MESSAGES.map((line) => [line.at, line.data]),
    );
    assert.equal((await session.info()).title, "From elsewhere");
    assert.equal((await session.info()).createdAt, "2026-01-02T03:04:00.000Z");
    const again = await store.merge(path);
    assert.deepEqual([again.sessions.unchanged, again.lines], [1, 0]);
    await session.append(named("c"));
    assert.deepEqual(await idsOf(session), ["a", "b", "c"]);
  });

  test("one log comes in, too, and later what it has grown by", async ({ create, directory }) => {
    const path = await directory();
    const log = await storeOf(path, [...HEADER, ...MESSAGES.slice(0, 1)]);
    const store = await create();
    await store.merge(log);
    assert.deepEqual(await idsOf(store.session("merged")), ["a"]);
    await storeOf(path, [...HEADER, ...MESSAGES]);
    const report = await store.merge(log);
    assert.deepEqual([report.sessions.grown, report.messages], [1, 1]);
    assert.deepEqual(await idsOf(store.session("merged")), ["a", "b"]);
  });

  test("what was written here and there apart are two branches, the newest is the history", async (bench) => {
    const path = await bench.directory();
    await storeOf(path, [...HEADER, ...MESSAGES.slice(0, 1)]);
    const store = await bench.create();
    await store.merge(path);
    const session: TestedSession = store.session("merged");
    await session.append(named("x", "y"));
    await storeOf(path, [...HEADER, ...MESSAGES]);
    await store.merge(path);
    assert.deepEqual(await idsOf(session), ["a", "x", "y"]);
    assert.deepEqual(
      (await session.branches()).map(({ id, messages }) => [id, messages]),
      [
        ["y", 3],
        ["b", 1],
      ],
    );
  });

  test("what was removed and deleted here stays so", async ({ create, directory }) => {
    const path = await directory();
    await storeOf(path, [...HEADER, ...MESSAGES]);
    const store = await create();
    await store.merge(path);
    await store.session("merged").remove("a");
    await store.merge(path);
    assert.deepEqual(await idsOf(store.session("merged")), ["b"]);
    await store.session("merged").delete();
    await store.merge(path);
    assert.equal(await store.get("merged"), undefined);
  });

  test("what is nothing of ours is refused", async ({ create, directory }) => {
    const path = await directory();
    const store = await create();
    await fails(store.merge(join(path, "none")), "NOT_FOUND");
    await fails(store.merge(path), "NOT_A_STORE");
    await fails(() => store.merge(""), "INVALID_ARGUMENT");
    await fails(() => store.merge(path, { dry: true } as object), "INVALID_ARGUMENT");
  });
});
