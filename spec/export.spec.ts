// An export is a JSON array of sessions, and its import gives them back.
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import fc from "fast-check";
import { expect, test } from "vitest";
import type { SessionInfo, Store } from "../lib/index.ts";
import { JsonPieces } from "../lib/importers/json-pieces.ts";
import { nextMs } from "./helpers/clock.ts";
import { isThere } from "./helpers/processes.ts";
import { step, storeAfter } from "./helpers/random-sessions.ts";
import { collect, logsOf, useStores } from "./helpers/stores.ts";

const stores = useStores();

/** What must come back: the history without the writers' names in its stamps, and what the session is called. */
async function shown(store: Store<any, any>): Promise<Record<string, unknown>> {
  const all: Record<string, unknown> = {};
  for await (const info of store.sessions({ all: true })) {
    const { bytes: _bytes, branches: _branches, machines: _machines, tip: _tip, ...rest } = info as SessionInfo;
    const history = await store.session(info.id).history();
    all[info.id] = {
      ...rest,
      history: history.map(({ id, at, data, parts }) => ({
        id,
        ms: at.slice(0, 24),
        data,
        parts: parts.map((part) => ({ id: part.id, ms: part.at.slice(0, 24), data: part.data })),
      })),
    };
  }
  return all;
}

async function filled(): Promise<{ store: Store<any, any>; directory: string; path: string }> {
  const directory = stores.directory();
  const store = await stores.open({}, directory);
  const session = await store.createSession({
    id: "s",
    title: 'A "title" \u2028 of lines\n',
    project: "p",
    directory: "/home/ann",
    tags: ["one", "two"],
    pinned: true,
    metadata: { a: { b: [1, null, "]}"] } },
    summary: "all of it",
  });
  await session.append([{ id: "a", text: 'said \\ " { [' }, { text: "without an id" }]);
  await session.append({ id: "c", n: 1 });
  await session.putPart("a", { id: "p1", text: "late" });
  await session.putPart("c", { n: "a part without an id" });
  await (await store.createSession({ id: "child", parent: "s" })).append({ id: "x" });
  await store.createSession({ id: "empty" });
  await (await store.createSession({ id: "old" })).append({ id: "y" });
  await store.archive("old");
  return { store, directory, path: join(stores.unverified(), "all.json") };
}

test("what any history and info became comes back, with its times, and a second import adds nothing", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 15 }), async (steps) => {
      const store = await storeAfter(stores, steps);
      const path = join(stores.unverified(), "all.json");
      const report = await store.exportTo(path, { format: "json" });
      const expected = await shown(store);
      expect(report).toMatchObject({ sessions: Object.keys(expected).length, problems: [] });
      const directory = stores.directory();
      const other = await stores.open({}, directory);
      expect((await other.importFrom("auto", { path })).problems).toEqual([]);
      expect(await shown(other)).toEqual(expected);
      const bytes = [...logsOf(directory)];
      const again = await other.importFrom("turnlog", { path });
      expect(again.sessions.every(({ status, added }) => status === "unchanged" && added === 0)).toBe(true);
      expect([...logsOf(directory)]).toEqual(bytes);
      const back = await store.importFrom("turnlog", { path });
      expect(back.sessions.map(({ status }) => status)).toEqual(back.sessions.map(() => "unchanged"));
      expect(await shown(store)).toEqual(expected);
      for (const each of [store, other]) await each.close();
    }),
    { numRuns: process.env["TURNLOG_LONG"] ? 300 : 20 },
  );
});

test("the array is what JSON.parse reads: what a listing shows of each session, and its messages", async () => {
  const { store, path } = await filled();
  const progress: unknown[] = [];
  const report = await store.exportTo(path, { format: "json", onProgress: (each) => progress.push(each) });
  expect(report).toEqual({ sessions: 4, messages: 5, problems: [] });
  expect(progress.at(-1)).toEqual({ sessions: 4, messages: 5 });
  const all = JSON.parse(readFileSync(path, "utf8")) as Record<string, unknown>[];
  expect(new Set(all.map(({ id }) => id))).toEqual(new Set(["child", "empty", "old", "s"]));
  const one = all.find(({ id }) => id === "s")!;
  expect(one["messages"]).toEqual(
    await store
      .session("s")
      .history()
      .then((entries) => entries.map(({ parts, ...entry }) => (parts.length > 0 ? { ...entry, parts } : entry))),
  );
  expect(one).toMatchObject({ project: "p", tags: ["one", "two"], metadata: { a: { b: [1, null, "]}"] } } });
  expect(all.find(({ id }) => id === "old")).toMatchObject({ archived: true });
  expect(readdirSync(join(path, ".."))).toEqual(["all.json"]);
});

test("laid out anew, in other pieces or by jq, it is read the same", async () => {
  const { store, path } = await filled();
  await store.exportTo(path, { format: "json" });
  const expected = await shown(store);
  const all = JSON.parse(readFileSync(path, "utf8")) as Record<string, unknown>[];
  const forms = [
    JSON.stringify(all),
    JSON.stringify(all, null, "\t"),
    `\uFEFF${JSON.stringify(all.map(reversed))}\r\n`,
  ];
  if (isThere("jq")) forms.push(execFileSync("jq", ["-S", "--indent", "7", ".", path]).toString());
  for (const form of forms) {
    writeFileSync(path, form);
    const other = await stores.open();
    expect((await other.importFrom("auto", { path })).source).toBe("turnlog");
    expect(await shown(other)).toEqual(expected);
  }
});

/** With its keys the other way round. */
function reversed(session: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(session).reverse());
}

test("pieces are found as JSON.parse finds them, wherever the bytes are cut", () => {
  const sessions = fc.array(
    fc.record({ id: fc.string(), title: fc.jsonValue(), messages: fc.array(fc.jsonValue()), more: fc.jsonValue() }),
  );
  fc.assert(
    fc.property(sessions, fc.array(fc.nat({ max: 40 }), { minLength: 1 }), fc.nat({ max: 3 }), (all, cuts, indent) => {
      const bytes = Buffer.from(JSON.stringify(all, null, indent));
      const read = (from: number, withMessages: boolean): any[] => {
        const pieces = new JsonPieces({ from: withMessages ? "list" : "start", messages: withMessages });
        const found: unknown[] = [];
        for (let at = from, n = 0; at < bytes.length; n++) {
          const end = Math.min(bytes.length, at + 1 + (cuts[n % cuts.length] as number));
          // Each chunk is overwritten by the next one, as a file's are.
          const chunk = Buffer.from(bytes.subarray(at, end));
          found.push(...pieces.feed(chunk, at));
          chunk.fill(0);
          at = end;
          if (withMessages && found.some((piece: any) => piece.kind === "messages end")) break;
        }
        if (!withMessages) expect(pieces.isWhole).toBe(true);
        return found;
      };
      const heads = read(0, false);
      const members = heads.filter(({ kind }) => kind === "member").map(({ key, text }) => [key, JSON.parse(text)]);
      expect(members).toEqual(
        JSON.parse(JSON.stringify(all)).flatMap(({ id, title, more }: any) => [
          ["id", id],
          ["title", title],
          ["more", more],
        ]),
      );
      const lists = heads
        .filter(({ kind }) => kind === "messages")
        .map(({ offset }) =>
          read(offset, true)
            .filter(({ kind }) => kind === "message")
            .map(({ text }) => JSON.parse(text)),
        );
      expect(lists).toEqual(JSON.parse(JSON.stringify(all)).map(({ messages }: any) => messages));
    }),
  );
});

test("only the sessions that are named; one that is none makes no file", async () => {
  const { store, path } = await filled();
  await store.exportTo(path, { format: "json", ids: ["old", "old"] });
  expect(JSON.parse(readFileSync(path, "utf8"))).toMatchObject([{ id: "old" }]);
  const before = readFileSync(path, "utf8");
  const none = store.exportTo(path, { format: "json", ids: ["none"] });
  await expect(none).rejects.toThrow(expect.objectContaining({ code: "NOT_FOUND" }));
  expect(readFileSync(path, "utf8")).toBe(before);
  await store.exportTo(path, { format: "json", ids: [] });
  expect(JSON.parse(readFileSync(path, "utf8"))).toEqual([]);
  expect((await (await stores.open()).importFrom("auto", { path })).sessions).toEqual([]);
  await expect(store.exportTo(path, { format: "csv" as "json" })).rejects.toThrow(TypeError);
  await expect(store.exportTo(7 as any, { format: "json" })).rejects.toThrow(TypeError);
});

test("a stream of Node and one of the web get the same, and stay open", async () => {
  const { store, path } = await filled();
  await store.exportTo(path, { format: "json" });
  const expected = readFileSync(path, "utf8");
  const stream = new PassThrough();
  const read = collect<Buffer>(stream);
  await store.exportTo(stream, { format: "json" });
  stream.end("more");
  expect(Buffer.concat(await read).toString()).toBe(`${expected}more`);
  const web = new TransformStream<Uint8Array, Uint8Array>();
  const text = new Response(web.readable).text();
  await store.exportTo(web.writable, { format: "json" });
  await web.writable.close();
  expect(await text).toBe(expected);
});

test("a signal, and a directory that takes no file, leave what was there, and nothing beside it", async () => {
  const { store, path } = await filled();
  writeFileSync(path, "before");
  const controller = new AbortController();
  const stopped = store.exportTo(path, {
    format: "json",
    signal: controller.signal,
    onProgress: () => controller.abort(new Error("enough")),
  });
  await expect(stopped).rejects.toThrow("enough");
  expect(readFileSync(path, "utf8")).toBe("before");
  expect(readdirSync(join(path, ".."))).toEqual(["all.json"]);
  const nowhere = store.exportTo(join(path, "..", "none", "all.json"), { format: "json" });
  await expect(nowhere).rejects.toThrow(expect.objectContaining({ code: "IO" }));
});

test("a damaged session is told and stops no other", async () => {
  const directory = stores.unverified();
  const store = await stores.open({}, directory);
  for (const id of ["good", "bad"]) await (await store.createSession({ id })).append({ id: "a" });
  await store.close();
  const path = [...logsOf(directory).keys()].find((each) => each.endsWith("/bad.jsonl"))!;
  writeFileSync(path, "no line at all\n");
  const again = await stores.open({}, directory);
  const target = join(directory, "all.json");
  const report = await again.exportTo(target, { format: "json" });
  expect(report).toMatchObject({ sessions: 1, problems: [{ id: "bad" }] });
  expect(JSON.parse(readFileSync(target, "utf8"))).toMatchObject([{ id: "good" }]);
});

test("a file that ends early, or has what is no message, gives the rest, and tells", async () => {
  const { store, path } = await filled();
  await store.exportTo(path, { format: "json", ids: ["s", "old", "child"] });
  const text = readFileSync(path, "utf8");
  writeFileSync(path, text.slice(0, text.lastIndexOf('{"id":"child"') + 30));
  const other = await stores.open();
  const report = await other.importFrom("turnlog", { path });
  expect(report.sessions.map(({ id }) => id)).toEqual(["s", "old"]);
  expect(report.problems).toMatchObject([{ reason: expect.stringContaining("it ends in the middle") }]);
  writeFileSync(path, '[{"id":"s","messages":[{"id":"a","data":{"n":1}},7,{"id":"b"}]},{"messages":[]}]');
  const third = await stores.open();
  const told = await third.importFrom("auto", { path });
  expect(told.problems).toHaveLength(3);
  expect((await third.session("s").history()).map(({ id }) => id)).toEqual(["a"]);
  writeFileSync(path, '[{"id":"s","messages":[]} this is none');
  const none = await stores.open();
  expect((await none.importFrom("turnlog", { path })).problems).toMatchObject([
    { reason: expect.stringContaining("from byte 26 on") },
  ]);
  expect(existsSync(path)).toBe(true);
});

test("a grown export adds what is new, with edits of what an import wrote; what was changed here stays", async () => {
  const { store, path } = await filled();
  await store.exportTo(path, { format: "json", ids: ["s"] });
  const other = await stores.open();
  await other.importFrom("turnlog", { path });
  await other.session("s").remove("c");
  nextMs();
  const session = store.session("s");
  await session.append({ id: "new" });
  await session.putMessage({ id: "a", text: "edited" });
  await session.putPart("a", { id: "p1", text: "edited, too" });
  await session.update({ title: "renamed" });
  await store.exportTo(path, { format: "json", ids: ["s"] });
  const { sessions } = await other.importFrom("turnlog", { path });
  expect(sessions).toMatchObject([{ status: "grown", added: 1 }]);
  const history = await other.session("s").history();
  expect(history.map(({ id }) => id)).not.toContain("c");
  expect(history.find(({ id }) => id === "a")).toMatchObject({
    data: { text: "edited" },
    parts: [{ id: "p1", data: { text: "edited, too" } }],
  });
  expect(history.filter(({ id }) => id === "new")).toHaveLength(1);
  expect(await other.get("s")).toMatchObject({ title: "renamed" });
});

test("an import into an archived session brings it back only if it has something new", async () => {
  const { store, path } = await filled();
  await store.exportTo(path, { format: "json", ids: ["s"] });
  const directory = stores.directory();
  const other = await stores.open({}, directory);
  await other.importFrom("turnlog", { path });
  await other.archive("s");
  expect((await other.importFrom("turnlog", { path })).sessions).toMatchObject([{ status: "unchanged" }]);
  expect([...logsOf(directory).keys()].filter((log) => log.endsWith(".jsonl"))).toEqual([]);
  await store.session("s").append({ id: "new" });
  await store.exportTo(path, { format: "json", ids: ["s"] });
  expect((await other.importFrom("turnlog", { path })).sessions).toMatchObject([{ status: "grown", added: 1 }]);
  expect(await other.session("s").count()).toBe(4);
});
