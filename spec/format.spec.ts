// The promise to every log that was ever written: fixtures/format/v1 was made once and is never made anew, so what
// reads it reads what is on people's disks. fixtures/torn has what crashes and tools leave of a log.
import { cpSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { expect, test } from "vitest";
import { encodeName } from "../lib/disk/names.ts";
import type { Entry, SessionInfo, Store } from "../lib/index.ts";
import { foldNaively, readLog, readNaively } from "./helpers/naive-reader.ts";
import type { NaiveSession } from "./helpers/naive-reader.ts";
import { collect, logsOf, useStores } from "./helpers/stores.ts";

type Expected = { deleted: true } | { damaged: true } | { info: SessionInfo; otherTips: string[]; history: Entry[] };

/** What the line types of format 1 are, and no other is in a log of ours. */
const TYPES = "session open head message part info truncate remove purge purged delete restore".split(" ");
const FIXTURES = join(import.meta.dirname, "..", "fixtures");
const TORN = readdirSync(join(FIXTURES, "torn")).filter((name) => name.endsWith(".jsonl"));

const stores = useStores();

/** A copy of the store of format 1: opening a store makes a cache in it. */
function copyOfFormat1(name = "v1"): string {
  const directory = stores.unverified();
  cpSync(join(FIXTURES, "format", name), directory, { recursive: true });
  return directory;
}

/** A store of this one log, which another machine wrote. */
function storeOf(session: string, log: Buffer | string): string {
  const directory = stores.unverified();
  const month = join(directory, "sessions", "laptop-a1b2c3d4", "2025-06");
  mkdirSync(month, { recursive: true });
  writeFileSync(join(directory, "turnlog.json"), '{"format":1}\n');
  writeFileSync(join(month, `${encodeName(session)}.jsonl`), log);
  return directory;
}

function readJson(...path: string[]): unknown {
  return JSON.parse(readFileSync(join(FIXTURES, ...path), "utf8"));
}

/** What was said of a session, without what is computed from its lines. */
function given(info: SessionInfo): Partial<SessionInfo> {
  const computed = new Set(["id", "createdAt", "updatedAt", "messages", "branches", "machines", "tip"]);
  return Object.fromEntries(Object.entries(info).filter(([key]) => !computed.has(key)));
}

async function expectSession(store: Store<any, any>, id: string, expected: Expected, naive?: NaiveSession) {
  const session = store.session(id);
  if (!("history" in expected)) {
    const code = "deleted" in expected ? "NOT_FOUND" : "DAMAGED";
    await expect(session.history(), id).rejects.toThrow(expect.objectContaining({ code }));
    const info = await store.get(id);
    if ("damaged" in expected) expect(info, id).toEqual({ id, damaged: expect.any(String) });
    else expect([info, naive?.deleted], id).toEqual([undefined, true]);
    return;
  }
  const { history, info, otherTips } = expected;
  expect(await session.history(), id).toEqual(history);
  // The end of a log may be read without the rest of it.
  const page = await (await stores.open({}, store.path)).session(id).page({ limit: 2 });
  expect(page.items, id).toEqual(history.slice(-2));
  const { bytes: _, ...said } = await session.info();
  expect(said, id).toEqual(info);
  const others = (await session.branches()).filter(({ current }) => !current);
  expect(
    others.map(({ at }) => at),
    id,
  ).toEqual(otherTips);
  expect(info.branches, id).toBe(otherTips.length + 1);
  expect([naive?.history, naive?.tips, naive?.deleted], id).toEqual([history, otherTips, false]);
  expect(given(info), id).toEqual({ archived: false, ...naive?.info });
}

test("the store of format 1 reads as it did when it was written", async () => {
  const directory = copyOfFormat1();
  const expected = readJson("format", "v1.json") as Record<string, Expected>;
  const naive = readNaively(directory);
  const store = await stores.open({}, directory);
  for (const [id, session] of Object.entries(expected)) await expectSession(store, id, session, naive.get(id));
  const isListed = (id: string): boolean => !("deleted" in expected[id]!);
  expect((await collect(store.ids())).toSorted()).toEqual(Object.keys(expected).filter(isListed).toSorted());
});

test("the store with attachments reads as it did when it was written", async () => {
  const directory = copyOfFormat1("blobs");
  const expected = readJson("format", "blobs.json") as Record<string, Entry[]>;
  const store = await stores.open({}, directory);
  for (const [id, history] of Object.entries(expected)) {
    expect(await store.session(id).history()).toEqual(history);
    expect((await store.session(id).page({ limit: 3 })).items).toEqual(history.slice(-3));
    const naive = history.map(({ missing: _, ...entry }) => entry);
    expect(readNaively(directory).get(id)?.history).toEqual(naive);
  }
  expect((await collect(store.verify())).map(({ code }) => code)).toEqual(["blob-missing"]);
});

test("the store of format 1 has every type of line, and types that are not known yet", () => {
  const types = [...logsOf(join(FIXTURES, "format", "v1")).values()].flatMap((log) => readLog(log));
  const found = new Set(types.map(({ type }) => type));
  expect([...found].filter((type) => TYPES.includes(type)).toSorted()).toEqual(TYPES.toSorted());
  expect(found.size).toBeGreaterThan(TYPES.length);
});

/** Every file that is not this machine's own, with all that a read must leave as it is. */
function filesOf(directory: string): [path: string, ...state: unknown[]][] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.parentPath.startsWith(join(directory, ".cache")))
    .map((entry) => join(entry.parentPath, entry.name))
    .toSorted()
    .map((path) => {
      const { ino, size, mtimeNs, ctimeNs } = statSync(path, { bigint: true });
      return [path, ino, size, mtimeNs, ctimeNs, readFileSync(path, "latin1")];
    });
}

test("reading changes no byte and no mtime", async () => {
  const torn = TORN.map((name) => storeOf(name.slice(0, -6), readFileSync(join(FIXTURES, "torn", name))));
  for (const directory of [copyOfFormat1(), ...torn]) {
    const before = filesOf(directory);
    const store = await stores.open({}, directory);
    for (const { id } of await collect(store.sessions({ all: true }))) {
      const session = store.session(id);
      const reads = [
        () => session.history(),
        () => session.page({ limit: 2 }),
        () => collect(session.messages({ last: 1 })),
        () => collect(session.messageIds()),
        () => session.message("m1"),
        () => session.branches(),
        () => session.count(),
        () => session.info(),
        () => store.get(id),
        () => collect(store.children(id)),
      ];
      for (const read of reads) {
        await read().catch((error: unknown) => expect(error).toMatchObject({ code: "DAMAGED" }));
      }
    }
    await store.page({ limit: 5, order: "created" });
    await store.close();
    expect(filesOf(directory)).toEqual(before);
  }
});

interface ExpectedTorn {
  problems: { code: string; offset: number }[];
  skipped: number;
  otherTips: string[];
  history: Entry[];
}

test.each(TORN)("each torn log gives what is whole, and tells of the rest: %s", async (name) => {
  const id = name.slice(0, -6);
  const log = readFileSync(join(FIXTURES, "torn", name));
  const expected = readJson("torn", `${id}.expected.json`) as ExpectedTorn;
  const store = await stores.open({}, storeOf(id, log));
  const problems: unknown[] = [];
  store.on("warning", ({ code, offset }) => problems.push(offset === undefined ? { code } : { code, offset }));
  const session = store.session(id);
  expect(await session.history()).toEqual(expected.history);
  expect(problems).toEqual(expected.problems);
  expect((await session.page({ limit: 100 })).skipped).toBe(expected.skipped);
  const naive = foldNaively([readLog(log)]);
  expect([naive.history, naive.tips]).toEqual([expected.history, expected.otherTips]);
  expect((await session.info()).branches).toBe(expected.otherTips.length + 1);
});

/** The text of the page's code block in this language. */
function blockOf(page: string, language: string): string {
  const found = new RegExp(`\n\`\`\`${language}\n(.*?)\n\`\`\`\n`, "s").exec(page)?.[1];
  if (found === undefined) throw new Error(`format.md has no ${language}`);
  return found;
}

test("the worked example of format.md is true", async () => {
  const page = readFileSync(join(import.meta.dirname, "format.md"), "utf8");
  const log = blockOf(page, "jsonl");
  const lines = log.split("\n").slice(0, -1);
  expect(lines.length).toBeGreaterThanOrEqual(10);
  for (const line of lines) {
    const body = line.slice(0, line.lastIndexOf(',"crc"'));
    expect(line).toBe(`${body},"crc":"${crc32(body).toString(16).padStart(8, "0")}"}`);
  }
  const expected = JSON.parse(blockOf(page, "json")) as { info: SessionInfo; history: Entry[] };
  const store = await stores.open({}, storeOf(expected.info.id, log));
  const session = store.session(expected.info.id);
  expect(await session.history()).toEqual(expected.history);
  expect(await session.info()).toMatchObject(expected.info);
  const naive = foldNaively([readLog(Buffer.from(log))]);
  expect(naive.history).toEqual(expected.history);
  expect(naive.tips.length + 1).toBe(expected.info.branches);
  expect(expected.info).toMatchObject(naive.info);
});

test("the names of format.md are the names that are written", () => {
  const page = readFileSync(join(import.meta.dirname, "format.md"), "utf8");
  const names = [...page.matchAll(/`([^`\n]+)` -> `([^`\n]+)`/g)];
  expect(names.length).toBeGreaterThanOrEqual(4);
  for (const [, id, name] of names) expect(encodeName(id!)).toBe(name);
});
