// Wrong input gets a clear error with a stable code, and nothing is written. Odd input simply works.
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { collect, logsOf, onlyLog, useStores } from "./helpers/stores.ts";

const stores = useStores();
const failing = (code: string): unknown => expect.objectContaining({ code });

describe("wrong ids, messages and calls", () => {
  test("ids", async () => {
    const store = await stores.open();
    for (const id of ["", "a\0b", "\ud800", 5, null, {}]) {
      expect(() => store.session(id as string)).toThrow(failing("INVALID_ID"));
      if (id !== null) await expect(store.createSession({ id: id as string })).rejects.toThrow(failing("INVALID_ID"));
    }
    const session = await store.createSession();
    for (const id of ["", "a\0b", "\ud800"])
      await expect(session.append({ id })).rejects.toThrow(failing("INVALID_ID"));
    await expect(session.putPart("none", { n: 1 })).rejects.toThrow(failing("NOT_FOUND"));
    await expect(session.putMessage({ n: 1 })).rejects.toThrow(failing("INVALID_MESSAGE"));
    expect(await session.count()).toBe(0);
  });

  test("messages: a TypeError that names the path, before a byte is written", async () => {
    const directory = stores.directory();
    const store = await stores.open({ maxLineBytes: 10_000 }, directory);
    const session = await store.createSession();
    const before = readFileSync(onlyLog(directory));
    const cycle: any = { content: [] };
    cycle.content.push(cycle);
    let deep: unknown = 1;
    for (let level = 0; level < 10_000; level++) deep = { deep };
    for (const wrong of [null, undefined, 5, "text", [[]], () => 1, { big: 1n }, cycle, deep, new Map(), new Date()]) {
      const appending = session.append(Array.isArray(wrong) ? (wrong as object[]) : (wrong as object));
      await expect(appending).rejects.toThrow(TypeError);
      await expect(session.append([{ fine: true }, wrong as object])).rejects.toThrow(failing("INVALID_MESSAGE"));
    }
    await expect(session.append({ text: "x".repeat(10_000) })).rejects.toThrow(failing("LINE_TOO_LONG"));
    await expect(session.append({ text: "漢".repeat(3_300) })).rejects.toThrow(failing("LINE_TOO_LONG"));
    await expect(session.append({ a: { b: [1n] } })).rejects.toThrow("$.a.b[0] is a BigInt");
    expect(readFileSync(onlyLog(directory)).equals(before)).toBe(true);
    await session.append({ text: "x".repeat(9_600) });
  });

  test("an id that lives is refused with other content, and is nothing with the same", async () => {
    const directory = stores.directory();
    const store = await stores.open({}, directory);
    const session = await store.createSession();
    const first = await session.append({ id: "m", a: 1, b: { c: [2] } });
    const before = readFileSync(onlyLog(directory));
    expect(await session.append({ b: { c: [2] }, a: 1, id: "m" })).toEqual(first);
    await expect(session.append({ id: "m", a: 2 })).rejects.toThrow(failing("EXISTS"));
    await expect(session.append([{ n: 1 }, { id: "m", a: 2 }])).rejects.toThrow(failing("EXISTS"));
    await expect(
      session.append([
        { id: "n", n: 1 },
        { id: "n", n: 2 },
      ]),
    ).rejects.toThrow(failing("EXISTS"));
    expect(await session.putMessage({ id: "m", b: { c: [2] }, a: 1 })).toEqual(first);
    await session.update({ title: undefined });
    expect(readFileSync(onlyLog(directory)).equals(before)).toBe(true);
    expect(await session.count()).toBe(1);
  });

  test("info", async () => {
    const store = await stores.open();
    const session = await store.createSession({ title: "t" });
    for (const wrong of [
      null,
      [],
      { titel: "x" },
      { title: 5 },
      { tags: "a" },
      { tags: [1] },
      { pinned: "yes" },
      { metadata: [] },
      { titleSource: "robot" },
      { titleSource: null },
      { parent: "" },
      { parent: session.id },
    ]) {
      await expect(session.update(wrong as object), JSON.stringify(wrong)).rejects.toThrow(TypeError);
    }
    expect((await session.info()).title).toBe("t");
  });

  test("calls", async () => {
    const store = await stores.open();
    const session = await store.createSession();
    const other = await store.createSession();
    await session.append([{ n: 1 }, { n: 2 }, { n: 3 }]);
    await other.append([{ n: 1 }, { n: 2 }, { n: 3 }]);
    const { previous } = await other.page({ limit: 1 });
    await expect(session.page({ limit: 1, before: previous! })).rejects.toThrow(failing("INVALID_CURSOR"));
    await expect(session.page({ limit: 1, before: "2026-11-21T09:08:13.123Z-0000-nobodyyy" })).rejects.toThrow(
      failing("INVALID_CURSOR"),
    );
    await expect(session.page({ limit: 1, before: "no such id" })).rejects.toThrow(failing("NOT_FOUND"));
    await expect(session.page({ limit: 0 })).rejects.toThrow(failing("INVALID_ARGUMENT"));
    await expect(session.page({ limit: 1, before: "a", after: "b" })).rejects.toThrow(failing("INVALID_ARGUMENT"));
    await expect(session.page({ limit: 1, offset: 5 } as never)).rejects.toThrow(failing("INVALID_ARGUMENT"));
    await expect(collect(session.messages({ first: 1 } as never))).rejects.toThrow(failing("INVALID_ARGUMENT"));
    await expect(collect(session.messages({ last: -1 }))).rejects.toThrow(failing("INVALID_ARGUMENT"));
    for (const range of [{}, { keepLast: -1 }, { keepLast: 1.5 }, { keepLast: 1, before: "x" }, null, { before: 5 }]) {
      await expect(session.truncate(range as never)).rejects.toThrow(failing("INVALID_ARGUMENT"));
    }
    await expect(session.truncate({ before: "none" })).rejects.toThrow(failing("NOT_FOUND"));
    await expect(session.remove("none")).rejects.toThrow(failing("NOT_FOUND"));
    await expect(session.checkout("none")).rejects.toThrow(failing("NOT_FOUND"));
    await expect(session.fork({ at: "none" })).rejects.toThrow(failing("NOT_FOUND"));
    await expect(session.fork({ id: other.id })).rejects.toThrow(failing("EXISTS"));
    await expect(session.commit(async (commit) => commit.append({ n: 9 }))).rejects.toThrow(
      failing("INVALID_ARGUMENT"),
    );
    await expect(store.page({ limit: 1, after: "x" })).rejects.toThrow(failing("INVALID_CURSOR"));
    await expect(store.page({ limit: 1, since: "yesterday" })).rejects.toThrow(failing("INVALID_ARGUMENT"));
    await expect(collect(store.sessions({ projekt: "x" } as never))).rejects.toThrow(failing("INVALID_ARGUMENT"));
    expect(await session.message("none")).toBeUndefined();
    expect(await session.count()).toBe(3);
  });

  test("a session that is not there", async () => {
    const directory = stores.directory();
    const store = await stores.open({}, directory);
    const session = store.session("none");
    const calls = [
      () => session.append({ n: 1 }),
      () => session.history(),
      () => session.info(),
      () => session.truncate({ keepLast: 1 }),
      () => session.delete(),
      () => session.restore(),
      () => session.fork(),
      () => session.update({ title: "t" }),
      () => session.branches(),
      () => session.page({ limit: 1 }),
      () => collect(session.messages({ last: 1 })),
    ];
    for (const call of calls) await expect(call()).rejects.toThrow(failing("NOT_FOUND"));
    expect(await store.get("none")).toBeUndefined();
    expect(logsOf(directory).size).toBe(0);
  });

  test("use after close", async () => {
    const store = await stores.open();
    const session = await store.createSession();
    await session.append({ n: 1 });
    const reading = session.messages();
    await store.close();
    await store.close();
    await expect(session.append({ n: 2 })).rejects.toThrow(failing("CLOSED"));
    await expect(session.history()).rejects.toThrow(failing("CLOSED"));
    await expect(store.createSession()).rejects.toThrow(failing("CLOSED"));
    await expect(store.page({ limit: 1 })).rejects.toThrow(failing("CLOSED"));
    await expect(reading.next()).rejects.toThrow(failing("CLOSED"));
    expect(() => store.session("x")).toThrow(failing("CLOSED"));
  });
});

describe("odd input that works", () => {
  const IDS = [
    "a/b",
    "..",
    ".",
    "../../../etc/passwd",
    "CON",
    "con",
    "nul.txt",
    "A",
    "a",
    "😀",
    "e\u0301",
    "\u00e9",
    "x".repeat(300),
    "漢".repeat(300),
    " ",
    "a.",
    ".a",
    "~",
    "%2f",
    '*?<>|":\\',
    "a\nb",
    "turnlog.json",
    "agent:main:telegram:direct:user123",
  ];

  test("ids of any kind are sessions of their own", async () => {
    const directory = stores.directory();
    const store = await stores.open({}, directory);
    for (const id of IDS) await store.session(id, { create: true }).append({ id });
    for (const id of IDS) expect((await store.session(id).history()).map(({ data }) => data.id)).toEqual([id]);
    expect((await collect(store.ids())).toSorted()).toEqual(IDS.toSorted());
    const again = await stores.open({}, directory);
    for (const id of IDS) expect((await again.get(id))?.id).toBe(id);
    expect(logsOf(directory).size).toBe(IDS.length);
  });

  test("message ids of any kind are found", async () => {
    const store = await stores.open();
    const session = await store.createSession();
    const ids = [...IDS, "\u2028", '"quoted"', "back\\slash", "constructor", "__proto__"];
    for (const id of ids) await session.append({ id, n: 1 });
    for (const id of ids) {
      await session.putMessage({ id, n: 2 });
      expect((await session.message(id))?.data).toEqual({ id, n: 2 });
    }
    expect(await collect(session.messageIds())).toEqual(ids);
  });

  test("messages of any kind come back as they were given", async () => {
    const warnings: string[] = [];
    const store = await stores.open();
    store.on("warning", ({ code }) => warnings.push(code));
    const session = await store.createSession();
    const odd = [
      JSON.parse('{"__proto__":{"polluted":true},"constructor":1,"toString":"x"}'),
      { text: 'line\nbreak \u2028\u2029\u0085 \0 NUL "quote" \\ {"at":"2026' },
      { emoji: "😀", bidi: "\u202e\u05d0", zero: -1.5e-300, big: 2 ** 60, list: [[], {}, [null]], "": "empty key" },
      { blob: "QUJD".repeat(20_000) },
    ];
    await session.append(odd);
    const history = await session.history();
    expect(history.map(({ data }) => data)).toEqual(odd);
    expect(Object.getPrototypeOf(history[0]!.data)).toBe(Object.prototype);
    expect(Object.keys(history[0]!.data)).toContain("__proto__");
    expect(warnings).toEqual([]);
    await session.append({ cut: "a\ud83d" });
    expect((await session.history()).at(-1)!.data).toEqual({ cut: "a\ufffd" });
    await Promise.resolve();
    expect(warnings).toEqual(["surrogate"]);
  });

  test("every line that is written is read by jq", async () => {
    const directory = stores.directory();
    const store = await stores.open({}, directory);
    const session = await store.createSession({ title: "\ud83d \u2028" });
    // jq 1.6 counts an object twice, so it stops at 128 of them; later versions stop at 10,000 levels.
    let lists: unknown = "deepest";
    for (let level = 0; level < 199; level++) lists = [lists];
    let objects: unknown = "deepest";
    for (let level = 0; level < 120; level++) objects = { objects };
    await session.append([{ lists }, { objects }, { text: "\ud83d\u2028\0" }, { n: 1e300 }]);
    const lines = readFileSync(onlyLog(directory), "utf8").trimEnd().split("\n").length;
    let counted: string;
    try {
      counted = execFileSync("jq", ["-c", ".type", onlyLog(directory)], { encoding: "utf8" });
    } catch (error) {
      if ((error as { code?: string }).code === "ENOENT") return;
      throw error;
    }
    expect(counted.trimEnd().split("\n")).toHaveLength(lines);
  });

  test("60 MB of text in one message", async () => {
    const store = await stores.open();
    const session = await store.createSession();
    const text = "x".repeat(60_000_000);
    await session.append({ n: 1 });
    await session.append({ text });
    await session.append({ n: 2 });
    const [entry] = await collect(session.messages({ last: 2, limit: 1 }));
    expect((entry!.data as { text: string }).text === text).toBe(true);
    expect((await collect(store.session(session.id).messages({ last: 1 })))[0]!.data).toEqual({ n: 2 });
  });
});
