// A source that is still being written: wherever the first import found its end, the second one adds just the rest.
import "./helpers/in-memory.ts";
import { appendFileSync, cpSync, readFileSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { expect, test } from "vitest";
import { openMemoryStore } from "../lib/index.ts";
import type { ImportSource, Store } from "../lib/index.ts";
import { importedOf } from "./helpers/imports.ts";
import { filesOf } from "./helpers/files.ts";
import { useStores } from "./helpers/stores.ts";

const stores = useStores();
const FIXTURES = new URL("../fixtures/import", import.meta.url).pathname;
const TOOLS: readonly ImportSource[] = ["claude-code", "codex", "pi", "openclaw", "gemini-cli"];

const FILES = TOOLS.flatMap((source) =>
  filesOf(join(FIXTURES, source))
    .filter((path) => /(?:sessions|chats|projects)\/.*\.jsonl(?:\.reset\..*)?$/.test(path))
    .map((path) => [source, relative(join(FIXTURES, source), path)] as const),
);

async function withStore(use: (store: Store<any, any>) => Promise<void>): Promise<void> {
  const store = await openMemoryStore<any, any>();
  try {
    await use(store);
  } finally {
    await store.close();
  }
}

test("there are files of every tool", () => {
  expect(new Set(FILES.map(([source]) => source))).toEqual(new Set(TOOLS));
});

test.each(FILES)("%s: %s, cut after any line, grows to what it is", async (source, file) => {
  const directory = stores.unverified();
  cpSync(join(FIXTURES, source), directory, { recursive: true });
  const path = join(directory, file);
  const text = readFileSync(path, "utf8");
  const lines = text.split("\n").slice(0, -1);
  await withStore(async (whole) => {
    const [session] = (await whole.importFrom(source, { path })).sessions;
    const expected = await importedOf(whole, session!.id);
    for (let cut = 1; cut < lines.length; cut++) {
      writeFileSync(path, `${lines.slice(0, cut).join("\n")}\n`);
      await withStore(async (store) => {
        await store.importFrom(source, { path });
        writeFileSync(path, text);
        await store.importFrom(source, { path });
        expect(await importedOf(store, session!.id), `cut after line ${cut}`).toEqual(expected);
        const { sessions } = await store.importFrom(source, { path });
        // A file can have more than one session.
        expect(new Set(sessions.map(({ status }) => status)), `cut after line ${cut}`).toEqual(new Set(["unchanged"]));
      });
    }
    // The source went back to its beginning: what it said before stays.
    writeFileSync(path, `${lines.slice(0, Math.ceil(lines.length / 2)).join("\n")}\n`);
    await whole.importFrom(source, { path });
    const { history } = await importedOf(whole, session!.id);
    writeFileSync(path, text);
    await whole.importFrom(source, { path });
    expect(await importedOf(whole, session!.id)).toEqual(expected);
    expect(new Set(history.map(([id]: any) => id)).size).toBe(history.length);
  });
});

test.each(FILES)("%s: %s grows line by line, with a torn one at any time", async (source, file) => {
  const directory = stores.unverified();
  cpSync(join(FIXTURES, source), directory, { recursive: true });
  const path = join(directory, file);
  const lines = readFileSync(path, "utf8").split("\n").slice(0, -1);
  await withStore(async (whole) => {
    const [session] = (await whole.importFrom(source, { path })).sessions;
    await withStore(async (store) => {
      writeFileSync(path, `${lines[0]!}\n`);
      for (const line of lines.slice(1)) {
        const half = Math.floor(line.length / 2);
        appendFileSync(path, line.slice(0, half));
        const torn = await store.importFrom(source, { path });
        expect(torn.problems.filter(({ line: number }) => number !== undefined)).toMatchObject([
          { reason: "a torn line at the end" },
        ]);
        appendFileSync(path, `${line.slice(half)}\n`);
        await store.importFrom(source, { path });
      }
      await store.importFrom(source, { path });
      expect(await importedOf(store, session!.id)).toEqual(await importedOf(whole, session!.id));
    });
  });
});
