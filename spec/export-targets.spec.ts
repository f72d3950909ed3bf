// Where exports go: files, directories, streams, and what of them is there when one is stopped.
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { expect, test } from "vitest";
import type { ExportFormat, Store } from "../lib/index.ts";
import { collect, filesIn, logsOf, useStores } from "./helpers/stores.ts";

const stores = useStores();
const ENDINGS = { json: ".json", ndjson: ".ndjson", markdown: ".md", html: ".html", "claude-code": ".jsonl" } as const;
const TEXTS = Object.keys(ENDINGS) as (keyof typeof ENDINGS)[];
const FOLDERS = ["markdown", "html", "claude-code", "picoclaw"] as const;

async function filled(): Promise<Store<any, any>> {
  const store = await stores.open();
  for (const id of ["one", "two"]) {
    const session = await store.createSession({ id });
    for (let n = 0; n < 3; n++)
      await session.append({ role: n % 2 === 0 ? "user" : "assistant", content: `${id} ${n}` });
  }
  return store;
}

test.each(TEXTS)("%s: a stream gets what a file gets", async (format) => {
  const store = await filled();
  const path = join(stores.unverified(), `x${ENDINGS[format]}`);
  const report = await store.exportTo(path, { format, ids: ["one"] });
  expect(report).toEqual({ sessions: 1, messages: 3, problems: [] });
  expect(statSync(path).mode & 0o777).toBe(process.platform === "win32" ? statSync(path).mode & 0o777 : 0o600);
  const stream = new PassThrough();
  const read = collect<Buffer>(stream);
  await store.exportTo(stream, { format, ids: ["one"] });
  stream.end();
  expect(Buffer.concat(await read).toString()).toBe(readFileSync(path, "utf8"));
});

test.each(FOLDERS)(
  "%s: any other path is a directory, which is made; one whose name looks like a file's, too",
  async (format) => {
    const store = await filled();
    const directory = stores.unverified();
    const path = join(directory, "a", "b");
    const progress: unknown[] = [];
    const report = await store.exportTo(path, { format, onProgress: (each) => progress.push(each) });
    expect(report).toEqual({ sessions: 2, messages: 6, problems: [] });
    expect(progress.at(-1)).toEqual({ sessions: 2, messages: 6 });
    const files = filesIn(path).map((file) => file.slice(path.length));
    const named = join(directory, "odd.html");
    mkdirSync(named);
    await store.exportTo(named, { format });
    expect(filesIn(named).map((file) => file.slice(named.length))).toEqual(files);
  },
);

test("what a format cannot be written to is a wrong call, and makes nothing", async () => {
  const store = await filled();
  const directory = stores.unverified();
  const wrong: [ExportFormat, string | PassThrough, string[] | undefined][] = [
    ["html", join(directory, "x.html"), undefined],
    ["html", join(directory, "x.HTML"), ["one", "two"]],
    ["claude-code", join(directory, "x.jsonl"), []],
    ["claude-code", new PassThrough(), undefined],
    ["picoclaw", new PassThrough(), ["one"]],
  ];
  for (const [format, target, ids] of wrong) {
    const exported = store.exportTo(target, { format, ids });
    await expect(exported, format).rejects.toThrow(
      expect.objectContaining({ name: "TypeError", code: "INVALID_ARGUMENT" }),
    );
  }
  for (const format of [...TEXTS, "picoclaw"] as const) {
    const none = store.exportTo(join(directory, "x"), { format, ids: ["none"] });
    await expect(none, format).rejects.toThrow(expect.objectContaining({ code: "NOT_FOUND" }));
  }
  expect(readdirSync(directory)).toEqual([]);
});

test("a signal leaves whole files, and nothing half", async () => {
  const store = await filled();
  for (const format of [...TEXTS, "picoclaw"] as const) {
    const path = join(stores.unverified(), "out");
    const controller = new AbortController();
    const stopped = store.exportTo(path, {
      format,
      signal: controller.signal,
      onProgress: ({ sessions }) => {
        if (sessions === 1) controller.abort(new Error("enough"));
      },
    });
    await expect(stopped, format).rejects.toThrow("enough");
    const isFolder = existsSync(path) && statSync(path).isDirectory();
    const left = isFolder ? filesIn(path).map((file) => file.slice(path.length)) : readdirSync(join(path, ".."));
    expect(
      left.filter((name) => /\/\.|^\./.test(name)),
      format,
    ).toEqual([]);
    if (!isFolder) expect(left).toEqual([]);
    else {
      // The index comes when all pages are there.
      expect(left).not.toContain("/index.html");
      const whole = join(stores.unverified(), "out");
      await store.exportTo(whole, { format });
      for (const name of left)
        expect(readFileSync(join(path, name), "utf8")).toBe(readFileSync(join(whole, name), "utf8"));
    }
  }
});

test("a directory that takes no file is an error of the system; what cannot be made likewise", async () => {
  const store = await filled();
  const directory = stores.unverified();
  writeFileSync(join(directory, "file"), "");
  for (const format of FOLDERS) {
    const exported = store.exportTo(join(directory, "file", "x"), { format });
    await expect(exported, format).rejects.toThrow(expect.objectContaining({ code: "IO" }));
  }
});

test("a damaged session is told and stops no other, in every format", async () => {
  const directory = stores.unverified();
  const store = await stores.open({}, directory);
  for (const id of ["good", "bad"]) await (await store.createSession({ id })).append({ role: "user", content: "hi" });
  await store.close();
  const path = [...logsOf(directory).keys()].find((each) => each.endsWith("/bad.jsonl"))!;
  writeFileSync(path, "no line at all\n");
  const again = await stores.open({}, directory);
  for (const format of [...TEXTS, "picoclaw"] as const) {
    const report = await again.exportTo(join(stores.unverified(), "out"), { format });
    expect(report, format).toMatchObject({ sessions: 1, messages: 1, problems: [{ id: "bad" }] });
  }
});

test("all that a long text needs fits into pieces: one of megabytes comes whole, in every format", async () => {
  const store = await stores.open();
  const session = await store.createSession({ id: "s" });
  const long = `${"é😀<b>`".repeat(100_000)}\nend`;
  await session.append([
    { role: "user", content: long },
    { role: "tool", tool_call_id: "c", content: long },
  ]);
  for (const format of [...TEXTS, "picoclaw"] as const) {
    const path = join(stores.unverified(), "out");
    expect(await store.exportTo(path, { format }), format).toMatchObject({ sessions: 1, problems: [] });
    const file = statSync(path).isDirectory() ? filesIn(path).find((each) => !/index|meta/.test(each))! : path;
    const text = readFileSync(file, "utf8");
    expect(text.includes("\ufffd"), format).toBe(false);
    expect(text.split("😀").length, format).toBeGreaterThanOrEqual(200_001);
  }
});
