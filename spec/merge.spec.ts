// merge(): laws, one each.
import { execFileSync } from "node:child_process";
import {
  appendFileSync,
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { openMemoryStore } from "../lib/index.ts";
import type { MergeReport, Session, Store } from "../lib/index.ts";
import { packedIn } from "./helpers/archives.ts";
import { collect, filesIn, filesWith, logPath, logsOf, useStores } from "./helpers/stores.ts";

const stores = useStores();

type Any = Store<any, any>;

const NOTHING: MergeReport = {
  sessions: { new: 0, grown: 0, unchanged: 0 },
  logs: { created: 0, replaced: 0, united: 0, unchanged: 0 },
  lines: 0,
  messages: 0,
  bytes: 0,
  attachments: { count: 0, bytes: 0 },
  healed: [],
  problems: [],
};
const PDF = `data:application/pdf;base64,${Buffer.from(`%PDF-1.7 ${"a fern, ".repeat(8000)}`).toString("base64")}`;

/** A store with a session "s" of three messages. */
async function filled(directory?: string): Promise<Any> {
  const store = await stores.open({}, directory);
  const session = await store.createSession({ id: "s", title: "first" });
  for (const id of ["a", "b", "c"]) await session.append({ id, text: `said ${id}` });
  return store;
}

/** The same logs, in another store. */
async function merged(...sources: Any[]): Promise<Any> {
  const store = await stores.open();
  for (const { path } of sources) expect((await store.merge(path)).problems).toEqual([]);
  return store;
}

async function ids(store: Any, session = "s"): Promise<string[]> {
  return (await store.session(session).history()).map(({ id }) => id);
}

/** The logs by their paths in the store. */
function contents(store: Any): Record<string, string> {
  const logs = [...logsOf(store.path)].filter(([path]) => path.endsWith(".jsonl"));
  return Object.fromEntries(logs.map(([path, bytes]) => [path.slice(store.path.length), String(bytes)]));
}

/** All that a file system tells of a directory. */
function traces(directory: string): Record<string, unknown> {
  return Object.fromEntries(
    filesIn(directory).map((path) => {
      const { ino, size, mtimeMs, ctimeMs } = statSync(path);
      return [path, [ino, size, mtimeMs, ctimeMs]];
    }),
  );
}

/** Where the log of a machine lies in another store. */
function copyOf(store: Any, of: Any, id = "s"): string {
  return store.path + logPath(of, id).slice(of.path.length);
}

describe("a merge", () => {
  test("brings what is not here, unites what both have, and then has nothing more to do", async () => {
    const one = await filled();
    const two = await stores.open();
    const lines = readFileSync(logPath(one, "s"), "utf8").trimEnd().split("\n").length;
    expect(await two.merge(one.path)).toEqual({
      ...NOTHING,
      sessions: { ...NOTHING.sessions, new: 1 },
      logs: { ...NOTHING.logs, created: 1 },
      lines,
      messages: 3,
      bytes: statSync(logPath(one, "s")).size,
    });
    expect(contents(two)).toEqual(contents(one));
    await one.session("s").append({ id: "d" });
    await two.session("s").append({ id: "e" });
    expect(await one.merge(two.path)).toMatchObject({
      sessions: { grown: 1 },
      logs: { created: 1, unchanged: 1 },
      messages: 1,
    });
    expect(await two.merge(one.path)).toMatchObject({
      sessions: { grown: 1 },
      logs: { replaced: 1, unchanged: 1 },
      messages: 1,
    });
    expect(contents(two)).toEqual(contents(one));
    expect(await two.session("s").history()).toEqual(await one.session("s").history());
    expect(await two.session("s").branches()).toEqual(await one.session("s").branches());
    const before = [traces(join(one.path, "sessions")), traces(join(two.path, "sessions"))];
    for (const [into, from] of [
      [one, two],
      [two, one],
    ] as const)
      expect(await into.merge(from.path)).toMatchObject({ sessions: { new: 0, grown: 0, unchanged: 1 }, lines: 0 });
    expect([traces(join(one.path, "sessions")), traces(join(two.path, "sessions"))]).toEqual(before);
  });

  test("of two clean copies is what `LC_ALL=C sort -u` writes", async () => {
    const one = await filled();
    const [two, three] = [await merged(one), await merged(one)];
    const path = copyOf(two, one);
    const lines = readFileSync(path, "utf8").trimEnd().split("\n");
    const half = (store: Any, keep: (index: number) => boolean): string => {
      const file = copyOf(store, one);
      writeFileSync(file, `${lines.filter((_, index) => index === 0 || keep(index)).join("\n")}\n`);
      return file;
    };
    const files = [half(two, (index) => index !== 2), half(three, (index) => index !== 3)];
    const sorted = execFileSync("sort", ["-u", ...files], { env: { ...process.env, LC_ALL: "C" } });
    expect(await two.merge(three.path)).toMatchObject({ logs: { united: 1 } });
    expect(readFileSync(path).equals(sorted)).toBe(true);
    expect(sorted.equals(readFileSync(logPath(one, "s")))).toBe(true);
  });

  test("changes nothing of its source, not even where that may not be written", async () => {
    const one = await filled();
    await one.session("s").append({ id: "pdf", url: PDF });
    await one.close();
    const before = traces(one.path);
    for (const path of filesIn(one.path)) chmodSync(path, 0o400);
    const changed = traces(one.path);
    const two = await stores.open();
    await two.merge(one.path);
    expect(traces(one.path)).toEqual(changed);
    expect(Object.keys(changed)).toEqual(Object.keys(before));
    for (const path of filesIn(one.path)) chmodSync(path, 0o600);
  });

  test("as a dry run tells the same and writes nothing", async () => {
    const one = await filled();
    await one.session("s").append({ id: "pdf", url: PDF });
    const two = await merged(one);
    await two.session("s").append({ id: "e" });
    await one.session("s").append({ id: "f", url: PDF.replace("fern", "tree") });
    await one.createSession({ id: "t" });
    await two.session("s").sync();
    const shown = (): unknown => Object.entries(traces(two.path)).filter(([path]) => !path.includes("/.cache/"));
    const before = shown();
    const told = await two.merge(one.path, { dryRun: true });
    expect(shown()).toEqual(before);
    expect(told.sessions).toEqual({ new: 1, grown: 1, unchanged: 0 });
    expect(await two.merge(one.path)).toEqual(told);
  });

  test("shows at once in the store that is open, and its sessions go on from it", async () => {
    const one = await filled();
    const two = await merged(one);
    expect(await collect(two.ids())).toEqual(["s"]);
    expect(await ids(two)).toEqual(["a", "b", "c"]);
    await one.session("s").append({ id: "d" });
    await one.session("s").update({ title: "second" });
    await one.createSession({ id: "t" });
    await two.merge(one.path);
    expect(await ids(two)).toEqual(["a", "b", "c", "d"]);
    expect((await collect(two.ids())).toSorted()).toEqual(["s", "t"]);
    expect(await two.get("s")).toMatchObject({ title: "second", messages: 4 });
    await two.session("s").append({ id: "e" });
    expect(await ids(two)).toEqual(["a", "b", "c", "d", "e"]);
    expect(await two.session("s").branches()).toHaveLength(1);
  });

  test("of a log of one's own that an older copy overwrote brings back what it had", async () => {
    const one = await filled();
    const path = logPath(one, "s");
    const older = readFileSync(path);
    await one.session("s").append([{ id: "d" }, { id: "e" }]);
    const two = await merged(one);
    await one.close();
    writeFileSync(path, older);
    const again = await stores.open({}, one.path);
    expect(again.machine).toBe(one.machine);
    await again.session("s").append({ id: "f" });
    const report = await again.merge(two.path);
    expect(report).toMatchObject({ logs: { united: 1 }, messages: 2, problems: [] });
    const all = (await again.session("s").branches()).map(({ id }) => id).toSorted();
    expect(all).toEqual(["e", "f"]);
    await two.merge(again.path);
    expect(contents(two)).toEqual(contents(again));
  });

  test("keeps what is appended to one's own log meanwhile", async () => {
    const one = await filled(stores.unverified());
    const two = await stores.open({}, stores.unverified());
    await two.merge(one.path);
    const path = copyOf(two, one);
    // The other copy has lines of this machine's log that it has not: a cloned id.
    const line = readFileSync(path, "utf8").trimEnd().split("\n").at(-1) as string;
    const other = line
      .replace(/-[a-z0-9]{8}"/, '-zzzzzzzz"')
      .replace(/,"crc":"[^"]*"/, "")
      .replace('"id":"c"', '"id":"z"');
    appendFileSync(path, `${other}\n`);
    const merging = one.merge(two.path);
    const appended = Array.from({ length: 20 }, (_, index) => one.session("s").append({ id: `n${index}` }));
    await Promise.all([merging, ...appended]);
    expect(readFileSync(logPath(one, "s"), "utf8")).toContain('"id":"z"');
    expect((await ids(one)).filter((id) => id.startsWith("n"))).toHaveLength(20);
    await two.merge(one.path);
    expect(readFileSync(path)).toEqual(readFileSync(logPath(one, "s")));
  });

  test("of a commit without an end keeps its lines: the end may come", async () => {
    const one = await filled();
    await one.session("s").append([{ id: "x" }, { id: "y" }, { id: "z" }]);
    const [whole, half] = [await merged(one), await merged(one)];
    const path = copyOf(half, one);
    const lines = readFileSync(path, "utf8").trimEnd().split("\n");
    writeFileSync(path, `${lines.slice(0, -1).join("\n")}\n`);
    const third = await merged(half);
    expect(readFileSync(copyOf(third, one))).toEqual(readFileSync(path));
    expect(await ids(third)).toEqual(["a", "b", "c"]);
    await third.merge(whole.path);
    expect(await ids(third)).toEqual(["a", "b", "c", "x", "y", "z"]);
    await half.merge(whole.path);
  });

  test("of an aborted one keeps what was merged until then", async () => {
    const one = await filled();
    for (const id of ["t", "u", "v"]) await one.createSession({ id });
    const two = await stores.open();
    const controller = new AbortController();
    const merging = two.merge(one.path, { signal: controller.signal, onProgress: () => controller.abort() });
    await expect(merging).rejects.toThrow("aborted");
    expect(logsOf(two.path).size).toBe(1);
    await two.merge(one.path);
    expect(contents(two)).toEqual(contents(one));
  });

  test("takes what a store in memory wants of a disk", async () => {
    const one = await filled();
    const memory = await openMemoryStore<any, any>();
    await memory.merge(one.path);
    expect(await memory.session("s").history()).toEqual(await one.session("s").history());
    await memory.close();
  });
});

describe("the source", () => {
  test("is a store, a copy of one without its marker, a log, or a packed one; nothing else is", async () => {
    const one = await filled();
    const [bare, file, packed] = ["bare", "a log.txt", "s.jsonl.gz"].map((name) => join(stores.unverified(), name)) as [
      string,
      string,
      string,
    ];
    cpSync(join(one.path, "sessions"), join(bare, "sessions"), { recursive: true });
    cpSync(logPath(one, "s"), file);
    writeFileSync(packed, gzipSync(readFileSync(logPath(one, "s"))));
    for (const source of [one.path, bare, file, packed]) {
      const store = await stores.open();
      expect((await store.merge(source)).problems).toEqual([]);
      expect(await ids(store), source).toEqual(["a", "b", "c"]);
    }
    const two = await stores.open();
    const nowhere = stores.unverified();
    const json = join(nowhere, "export.json");
    writeFileSync(json, "[]");
    writeFileSync(join(nowhere, "other.jsonl"), '{"role":"user"}\n');
    for (const [path, code] of [
      [nowhere, "NOT_A_STORE"],
      [json, "NOT_A_STORE"],
      [join(nowhere, "other.jsonl"), "NOT_A_STORE"],
      [join(nowhere, "none"), "NOT_FOUND"],
      [two.path, "INVALID_ARGUMENT"],
      [`${two.path}/../${basename(two.path)}`, "INVALID_ARGUMENT"],
      ["", "INVALID_ARGUMENT"],
    ])
      await expect(two.merge(path as string), path).rejects.toMatchObject({ code });
    await expect(two.merge(json)).rejects.toThrow("imported");
    expect(logsOf(two.path).size).toBe(0);
  });

  test("of a newer format is not touched, nor is a log of one", async () => {
    const one = await filled();
    const directory = stores.unverified();
    cpSync(one.path, directory, { recursive: true });
    const log = [...logsOf(directory).keys()][0] as string;
    const [first, ...rest] = readFileSync(log, "utf8").split("\n");
    writeFileSync(
      log,
      [
        String(first)
          .replace('"format":1', '"format":2')
          .replace(/,"crc":"[^"]*"/, ""),
        ...rest,
      ].join("\n"),
    );
    const two = await merged(one);
    const before = traces(join(two.path, "sessions"));
    const { problems } = await two.merge(directory);
    expect(problems).toMatchObject([{ path: log, session: "s", reason: "it has format 2; this version reads 1" }]);
    writeFileSync(join(directory, "turnlog.json"), '{"format":2}\n');
    await expect(two.merge(directory)).rejects.toMatchObject({ code: "NEWER_FORMAT" });
    expect(traces(join(two.path, "sessions"))).toEqual(before);
  });

  test("a log alone goes where that log is, or where its path says, or into this machine's own", async () => {
    const one = await filled();
    const two = await merged(one);
    await one.session("s").append({ id: "d" });
    const conflicted = join(dirname(copyOf(two, one)), "s (conflicted copy).jsonl");
    cpSync(logPath(one, "s"), conflicted);
    // It lies in our own store.
    expect(await two.merge(conflicted)).toMatchObject({ logs: { replaced: 1 }, messages: 1 });
    expect(existsSync(conflicted)).toBe(true);
    rmSync(conflicted);
    expect(contents(two)).toEqual(contents(one));
    const three = await stores.open();
    await three.merge(logPath(one, "s"));
    expect(contents(three)).toEqual(contents(one));
    const loose = join(stores.unverified(), "whatever");
    cpSync(logPath(one, "s"), loose);
    const four = await stores.open();
    expect(await four.merge(loose)).toMatchObject({ sessions: { new: 1 } });
    expect(readFileSync(logPath(four, "s"))).toEqual(readFileSync(loose));
    await four.session("s").append({ id: "e" });
    expect(await ids(four)).toEqual(["a", "b", "c", "d", "e"]);
    const five = await filled();
    await five.merge(loose);
    expect(Object.keys(contents(five))).toHaveLength(1);
    expect((await five.session("s").branches()).length).toBe(2);
  });
});

describe("copies that differ after all", () => {
  /** `spoil` changes the copy in the other store. -> what the first one has after the merge */
  const heal = async (
    spoil: (path: string, text: string) => void,
  ): Promise<{ report: MergeReport; path: string; one: Any }> => {
    const one = await filled();
    const two = await stores.open({}, stores.damaged());
    await two.merge(one.path);
    const path = copyOf(two, one);
    spoil(path, readFileSync(path, "utf8"));
    await one.session("s").append({ id: "d" });
    const third = await merged(one);
    const clean = readFileSync(logPath(one, "s"));
    // From the spoilt one nothing but lines comes, and the spoilt one is healed by the clean one.
    const before = traces(join(third.path, "sessions"));
    expect((await third.merge(two.path)).problems).toEqual([]);
    expect(traces(join(third.path, "sessions"))).toEqual(before);
    const report = await two.merge(one.path);
    expect(report.problems).toEqual([]);
    expect(readFileSync(path).equals(clean)).toBe(true);
    return { report, path, one: two };
  };

  test.each<[string, (path: string, text: string) => void, string, number]>([
    ["carriage returns", (path, text) => writeFileSync(path, text.replaceAll("\n", "\r\n")), "carriage returns", 0],
    ["a byte order mark", (path, text) => writeFileSync(path, `\ufeff${text}`), "byte order mark", 0],
    [
      "conflict markers",
      (path, text) => writeFileSync(path, `${text}<<<<<<< ours\n=======\n>>>>>>> theirs\n`),
      "conflict markers",
      3,
    ],
    ["NUL bytes", (path) => appendFileSync(path, "\0\0\0\0\n"), "NUL bytes", 1],
    ["a torn end of its own", (path) => appendFileSync(path, '{"at":"1999-1'), "fragments", 1],
    ["damage", (path) => appendFileSync(path, "some words\n"), "bytes that are no line", 1],
    [
      "lines in another order",
      (path, text) => writeFileSync(path, text.trimEnd().split("\n").reverse().join("\n")),
      "order",
      0,
    ],
    ["lines that stand twice", (path, text) => writeFileSync(path, text + text), "twice", 0],
  ])("heal: %s", async (_, spoil, reason, lost) => {
    const { report, one } = await heal(spoil);
    expect(report.healed).toMatchObject([{ session: "s", reason: expect.stringContaining(reason) }]);
    expect(filesIn(join(one.path, "lost+found"))).toHaveLength(lost);
  });

  test("a copy that was cut short is completed, and nothing of it is lost", async () => {
    const { one } = await heal((path, text) => truncateSync(path, text.length - 30));
    expect(filesIn(join(one.path, "lost+found"))).toEqual([]);
  });

  test("a conflicted copy beside a log is united with it, whatever it is called", async () => {
    const one = await filled();
    const two = await merged(one);
    const log = copyOf(two, one);
    const lines = readFileSync(log, "utf8").trimEnd().split("\n");
    for (const [name, keep] of [
      ["s (conflicted copy 2026-11-21).jsonl", 3],
      ["s.sync-conflict-20261121-090813-ABCDEFG.jsonl", 4],
    ] as const)
      writeFileSync(join(dirname(log), name), `${lines.slice(0, keep).join("\n")}\n`);
    writeFileSync(log, `${[lines[0], ...lines.slice(3)].join("\n")}\n`);
    const three = await stores.open();
    const { sessions, healed, problems } = await three.merge(two.path);
    expect(problems).toEqual([]);
    expect(sessions).toEqual({ new: 1, grown: 0, unchanged: 0 });
    expect(healed.map(({ reason }) => reason)).toEqual(["a copy under another name", "a copy under another name"]);
    expect(contents(three)).toEqual(contents(one));
    for (const name of readdirSync(dirname(log))) if (name !== "s.jsonl") rmSync(join(dirname(log), name));
    await two.merge(three.path);
  });

  test("a header that one side lost is the other's; where both lost it nothing is done", async () => {
    const one = await filled();
    const two = await stores.open({}, stores.unverified());
    await two.merge(one.path);
    const path = copyOf(two, one);
    const text = readFileSync(path, "utf8");
    const headless = text.slice(text.indexOf("\n") + 1);
    writeFileSync(path, headless);
    expect((await two.merge(one.path)).problems).toEqual([]);
    expect(contents(two)).toEqual(contents(one));
    writeFileSync(path, headless);
    const three = await stores.open();
    expect((await three.merge(two.path)).problems).toMatchObject([
      { session: "s", reason: expect.stringContaining("no header") },
    ]);
    expect(logsOf(three.path).size).toBe(0);
  });

  test("one that cannot be read stops no other", async () => {
    const one = await filled();
    for (const id of ["t", "u"]) await one.createSession({ id });
    await one.archive("u");
    await one.close();
    const packed = packedIn(one.path)[0] as string;
    const bytes = readFileSync(packed);
    writeFileSync(packed, bytes.subarray(0, 40));
    for (const path of filesIn(one.path)) if (path.endsWith(".old")) rmSync(path);
    const two = await stores.open();
    const { sessions, problems } = await two.merge(one.path);
    expect(sessions.new).toBe(2);
    expect(problems).toMatchObject([{ path: packed, reason: expect.stringContaining("damaged") }]);
    writeFileSync(packed, bytes);
    await two.merge(one.path);
    expect((await collect(two.ids())).toSorted()).toEqual(["s", "t", "u"]);
  });
});

describe("what is gone", () => {
  test("a purge erases in what comes, and what it names does not come back, whichever way", async () => {
    const one = await filled();
    const [two, three] = [await merged(one), await merged(one)];
    await two.session("s").append({ id: "d", text: "of two" });
    await two.session("s").purge(["b"]);
    expect(await two.merge(three.path)).toMatchObject({ problems: [] });
    expect(filesWith(two.path, "said b")).toEqual([]);
    await three.merge(two.path);
    expect(filesWith(three.path, "said b")).toEqual([]);
    await one.merge(two.path);
    expect(filesWith(one.path, "said b")).toEqual([]);
    expect(contents(one)).toEqual(contents(two));
    expect(contents(three)).toEqual(contents(two));
    expect(await ids(one)).toEqual(["a", "c", "d"]);
  });

  test("what comes from who has not heard of a purge is erased before it is written", async () => {
    const one = await filled();
    const two = await merged(one);
    await two.session("s").purge(["b"]);
    const three = await stores.open();
    await three.merge(two.path);
    await three.merge(one.path);
    expect(filesWith(three.path, "said b")).toEqual([]);
    const four = await stores.open();
    await four.merge(one.path);
    await four.merge(two.path);
    expect(contents(four)).toEqual(contents(three));
    await one.merge(two.path);
    expect(filesWith(one.path, "said b")).toEqual([]);
  });

  test("a deleted session stays deleted when an older copy comes, and is restored whole", async () => {
    const one = await filled();
    const two = await merged(one);
    await one.session("s").delete();
    await one.merge(two.path);
    expect(await one.get("s")).toBeUndefined();
    expect(await collect(one.ids())).toEqual([]);
    await two.merge(one.path);
    expect(await two.get("s")).toBeUndefined();
    await one.session("s").restore();
    expect(await ids(one)).toEqual(["a", "b", "c"]);
    expect(await one.get("s")).toMatchObject({ title: "first" });
    await two.merge(one.path);
    await one.merge(two.path);
    expect(await two.session("s").history()).toEqual(await one.session("s").history());
    expect(contents(two)).toEqual(contents(one));
  });

  test("a compacted log and one that is not are one session", async () => {
    const one = await filled();
    for (const text of ["draft", "final"]) await one.session("s").putMessage({ id: "c", text });
    const two = await merged(one);
    await one.session("s").compact();
    const history = await one.session("s").history();
    await two.merge(one.path);
    await one.merge(two.path);
    expect(await one.session("s").history()).toEqual(history);
    expect(await two.session("s").history()).toEqual(history);
    expect(contents(two)).toEqual(contents(one));
  });
});

describe("archived logs", () => {
  /** As when the minute is over. */
  const settle = (store: Any): void => {
    for (const path of filesIn(join(store.path, "sessions"))) if (path.endsWith(".old")) rmSync(path);
  };
  const unpacked = (store: Any): string[] => packedIn(store.path).map((path) => String(gunzipSync(readFileSync(path))));

  test("come as they are, and are united where both are packed", async () => {
    const one = await filled();
    const older = await merged(one);
    await one.session("s").append({ id: "d" });
    await one.archive("s");
    settle(one);
    const two = await stores.open();
    expect(await two.merge(one.path)).toMatchObject({ logs: { created: 1 }, messages: 4 });
    expect(logsOf(two.path).size).toBe(0);
    expect(unpacked(two)).toEqual(unpacked(one));
    expect(await ids(two)).toEqual(["a", "b", "c", "d"]);
    // An older one, packed on another machine.
    const target = packedIn(one.path)[0] as string;
    const packed = join(older.path, target.slice(one.path.length));
    mkdirSync(dirname(packed), { recursive: true });
    writeFileSync(packed, gzipSync(readFileSync(copyOf(older, one, "s"))));
    rmSync(copyOf(older, one, "s"));
    const before = traces(join(two.path, "archive"));
    await two.merge(older.path);
    expect(traces(join(two.path, "archive"))).toEqual(before);
    expect(await older.merge(two.path)).toMatchObject({ logs: { replaced: 1 }, messages: 1 });
    expect(unpacked(older)).toEqual(unpacked(one));
    expect(await ids(older)).toEqual(["a", "b", "c", "d"]);
  });

  test("are in use where either store has them in use, one's own among them", async () => {
    const one = await filled();
    const two = await merged(one);
    await one.archive("s");
    settle(one);
    await two.merge(one.path);
    expect(packedIn(two.path)).toEqual([]);
    const three = await stores.open();
    await three.merge(one.path);
    await three.merge(two.path);
    expect(packedIn(three.path)).toEqual([]);
    expect(contents(three)).toEqual(contents(two));
    await one.merge(two.path);
    expect(packedIn(one.path)).toEqual([]);
    settle(one);
    expect(contents(one)).toEqual(contents(two));
  });

  test("of this machine's own are united packed, and go there again", async () => {
    const one = await filled(stores.unverified());
    await one.archive("s");
    settle(one);
    const two = await stores.open({}, stores.unverified());
    await two.merge(one.path);
    const path = packedIn(two.path)[0] as string;
    const text = String(gunzipSync(readFileSync(path)));
    const line = text.split("\n")[2] as string;
    const more = line
      .replace(/-[a-z0-9]{8}"/, '-zzzzzzzz"')
      .replace(/,"crc":"[^"]*"/, "")
      .replace('"id":"a"', '"id":"z"');
    writeFileSync(path, gzipSync(`${text}${more}\n`));
    expect(await one.merge(two.path)).toMatchObject({ problems: [], lines: 1 });
    settle(one);
    expect(logsOf(one.path).size).toBe(0);
    await two.merge(one.path);
    expect(unpacked(one)).toEqual(unpacked(two));
  });
});

describe("attachments", () => {
  test("come with the logs that name them, each once, and to a copy that lacks them", async () => {
    const one = await filled();
    await one.session("s").append([
      { id: "x", url: PDF },
      { id: "y", url: PDF },
    ]);
    const two = await stores.open();
    const bytes = Buffer.from(PDF.split(",")[1] as string, "base64").length;
    expect((await two.merge(one.path)).attachments).toEqual({ count: 1, bytes });
    expect(await two.session("s").message("x")).toMatchObject({ data: { url: PDF } });
    rmSync(join(two.path, "blobs"), { recursive: true });
    expect(await two.merge(one.path)).toMatchObject({ lines: 0, attachments: { count: 1 } });
    expect(await two.session("s").message("y")).toMatchObject({ data: { url: PDF } });
  });

  test("that are not what their names say are told, and not taken", async () => {
    const one = await stores.open({}, stores.unverified());
    const session: Session<any, any> = await one.createSession({ id: "s" });
    await session.append({ id: "x", url: PDF });
    const blob = filesIn(join(one.path, "blobs"))[0] as string;
    writeFileSync(blob, "another");
    const two = await stores.open({}, stores.unverified());
    const { problems, attachments } = await two.merge(one.path);
    expect(attachments.count).toBe(0);
    expect(problems.map(({ path }) => path)).toEqual([blob, logPath(one, "s")]);
    expect(filesIn(join(two.path, "blobs"))).toEqual([]);
    expect(await ids(two)).toEqual(["x"]);
    renameSync(blob, `${blob}x`);
  });
});
