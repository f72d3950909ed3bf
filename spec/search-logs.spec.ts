// A search reads logs of any length, narrowed as it is asked for, and changes nothing.
import { readdirSync, readFileSync, readlinkSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { openMemoryStore } from "../lib/index.ts";
import type { SearchProgress, Store } from "../lib/index.ts";
import { stateOf } from "./helpers/files.ts";
import { run } from "./helpers/processes.ts";
import { nextMs } from "./helpers/clock.ts";
import { idsFor, search } from "./helpers/search.ts";
import { collect, logsOf, onlyLog, useStores } from "./helpers/stores.ts";

const stores = useStores();
const MIB = 1024 * 1024;
const failing = (code: string): unknown => expect.objectContaining({ code });

type AnyStore = Store<any, any>;

describe("the bytes", () => {
  test("a needle that lies across the end of a chunk is found at every place", async () => {
    const directory = stores.directory();
    const store = await stores.open({}, directory);
    const session = await store.createSession({ id: "s" });
    const put = async (n: number, filler: string): Promise<void> =>
      void (await session.append({ id: `m${String(n).padStart(3, "0")}`, text: `${filler}Nédle${n}.` }));
    await put(0, "");
    const path = onlyLog(directory);
    const before = readFileSync(path);
    const inLine = before.indexOf("Nédle") - (before.lastIndexOf("\n", before.indexOf("Nédle")) + 1);
    for (let n = 1; n <= 12; n++) {
      // It begins n - 3 bytes before the end of a chunk.
      const { size } = statSync(path);
      const end = Math.ceil((size + inLine + 100) / MIB) * MIB;
      await put(n, "x".repeat(end - (n - 3) - (size + inLine)));
      expect(readFileSync(path).indexOf(`Nédle${n}.`)).toBe(end - (n - 3));
    }
    for (const each of [store, await stores.open({}, directory)]) {
      for (let n = 0; n <= 12; n++) {
        expect(await idsFor(each, `nÉDLE${n}.`)).toEqual([`m${String(n).padStart(3, "0")}`]);
      }
      expect((await search(each, "nédle")).length).toBe(13);
    }
  });

  test("a line longer than a chunk is searched, and its snippet is short", async () => {
    const store = await stores.open();
    const session = await store.createSession({ id: "s" });
    await session.append({ id: "long", text: `${"ab".repeat(3 * MIB)}needle${"cd".repeat(MIB)}` });
    await session.append({ id: "after", text: "needle" });
    const hits = await search(store, "needle");
    expect(hits.map(({ id }) => id)).toEqual(["after", "long"]);
    expect(hits[1]!.snippet).toEqual({ before: "ab".repeat(40), match: "needle", after: "cd".repeat(40) });
  });

  test("are found without vector instructions, too", async () => {
    const directory = stores.directory();
    const store = await stores.open({}, directory);
    await store.session("s", { create: true }).append({ id: "m", text: "Die Nadel, été" });
    await store.close();
    const child = run(
      `delete globalThis.WebAssembly;
       const store = await turnlog.openStore(args[0]);
       for await (const { id } of store.searchMessages("nadel, ÉT")) say(id);
       await store.close();`,
      directory,
    );
    expect((await child.lines.next()).value).toBe("m");
    expect(await child.ended).toBe(0);
  });

  test("of no log are changed, nor its times", async () => {
    const directory = stores.directory();
    const store = await stores.open({}, directory);
    await store.session("s", { create: true }).append({ text: "needle" });
    await store.close();
    const before = stateOf(join(directory, "sessions"));
    const again = await stores.open({}, directory);
    for (const hidden of [false, true]) expect((await search(again, "needle", { hidden })).length).toBe(1);
    await again.close();
    expect(stateOf(join(directory, "sessions"))).toEqual(before);
  });
});

describe("options", () => {
  const filled = async (): Promise<AnyStore> => {
    const store = await stores.open();
    for (const [id, project, parent] of [
      ["a", "x"],
      ["b", "y"],
      ["c", "x", "a"],
    ] as const) {
      await store.createSession({ id, project, parent });
      for (let n = 0; n < 3; n++) {
        nextMs();
        await store.session(id).append({ id: `${id}${n}`, text: "needle" });
      }
    }
    return store;
  };

  test("limit, ids, a filter of sessions and since narrow the search", async () => {
    const store = await filled();
    const all = ["c2", "c1", "c0", "b2", "b1", "b0", "a2", "a1", "a0"];
    expect(await idsFor(store, "needle")).toEqual(all);
    for (let limit = 0; limit <= 10; limit++)
      expect(await idsFor(store, "needle", { limit })).toEqual(all.slice(0, limit));
    expect(await idsFor(store, "needle", { ids: ["a", "b", "a"] })).toEqual(all.slice(3));
    expect(await idsFor(store, "needle", { ids: [] })).toEqual([]);
    expect(await idsFor(store, "needle", { sessions: { project: "x" } })).toEqual([
      ...all.slice(0, 3),
      ...all.slice(6),
    ]);
    expect(await idsFor(store, "needle", { sessions: { all: false } })).toEqual(all.slice(3));
    expect(await idsFor(store, "needle", { sessions: { parent: "a" } })).toEqual(all.slice(0, 3));
    const { at } = (await store.session("b").message("b1"))!;
    for (const since of [at.slice(0, 24), new Date(at.slice(0, 24)), Date.parse(at.slice(0, 24))]) {
      expect(await idsFor(store, "needle", { since })).toEqual(all.slice(0, 5));
    }
    expect(await idsFor(store, "needle", { sessions: { since: at.slice(0, 24) } })).toEqual(all.slice(0, 6));
    expect(await idsFor(store, "needle", { since: Date.now() + 1000 })).toEqual([]);
  });

  test("progress goes from nothing to all that there is", async () => {
    const store = await filled();
    const told: SearchProgress[] = [];
    await search(store, "nothing", { onProgress: (progress) => told.push(progress) });
    const totalBytes = [...logsOf(store.path).values()].reduce((sum, { length }) => sum + length, 0);
    expect(told.at(-1)).toEqual({ bytes: totalBytes, totalBytes, sessions: 3 });
    const bytes = told.map((each) => each.bytes);
    expect(bytes).toEqual(bytes.toSorted((a, b) => a - b));
  });

  test("a signal ends it, and so does closing the store", async () => {
    const store = await filled();
    await expect(search(store, "needle", { signal: AbortSignal.abort() })).rejects.toThrow("aborted");
    const abort = new AbortController();
    const hits = store.searchMessages("needle", { signal: abort.signal });
    await hits.next();
    abort.abort();
    await expect(hits.next()).rejects.toThrow("aborted");
    const others = store.searchMessages("needle");
    await others.next();
    await store.close();
    await expect(collect(others)).rejects.toThrow(failing("CLOSED"));
    await expect(search(store, "needle")).rejects.toThrow(failing("CLOSED"));
  });

  test("wrong ones are refused before anything is read", async () => {
    const store = await filled();
    for (const wrong of ["", "x".repeat(1001), "\ud83d", 5 as never]) {
      await expect(search(store, wrong)).rejects.toThrow(failing("INVALID_ARGUMENT"));
    }
    const options = [
      { limit: -1 },
      { since: "never" },
      { ids: "a" },
      { hidden: 1 },
      { ignoreCase: 0 },
      { sessions: { x: 1 } },
      { x: 1 },
    ];
    for (const each of options) {
      await expect(search(store, "x", each as never)).rejects.toThrow(failing("INVALID_ARGUMENT"));
    }
    await expect(search(store, "x", { ids: [""] })).rejects.toThrow(failing("INVALID_ID"));
    await expect(search(store, "x", { ids: ["a", "none"] })).rejects.toThrow(failing("NOT_FOUND"));
    expect(await search(store, "x".repeat(1000))).toEqual([]);
  });
});

describe("what happens meanwhile", () => {
  test("a log that grows while it is searched gives each hit once, and what was called before is seen", async () => {
    const store = await stores.open();
    const session = await store.createSession({ id: "s" });
    const done: Promise<unknown>[] = [];
    for (let n = 0; n < 50; n++) done.push(session.append({ id: `m${n}`, text: "needle" }));
    const ids: string[] = [];
    for await (const { id } of store.searchMessages("needle")) {
      ids.push(id);
      await session.append({ id: `later ${ids.length}`, text: "needle" });
      if (ids.length % 10 === 0) await session.putMessage({ id: "m0", text: `needle ${ids.length}` });
    }
    await Promise.all(done);
    expect(ids).toEqual(Array.from({ length: 50 }, (_, n) => `m${49 - n}`));
  });

  test("what was called before is seen, though nobody has waited for it", async () => {
    const store = await stores.open();
    const done = [store.session("new", { create: true }).append({ id: "m", text: "needle" })];
    expect(await idsFor(store, "needle")).toEqual(["m"]);
    await Promise.all(done);
  });

  test("a log that an editor changes in place gives what is left of it, each hit once", async () => {
    const directory = stores.unverified();
    const store = await stores.open({}, directory);
    const session = await store.createSession({ id: "s" });
    for (let n = 0; n < 6; n++) await session.append({ id: `m${n}`, text: "needle" });
    const hits = store.searchMessages("needle");
    const first = [(await hits.next()).value?.id, (await hits.next()).value?.id];
    const path = onlyLog(directory);
    const lines = readFileSync(path, "utf8").split("\n");
    writeFileSync(path, lines.filter((line) => !line.includes('"id":"m2"')).join("\n"));
    expect([...first, ...(await collect(hits)).map(({ id }) => id)]).toEqual(["m5", "m4", "m3", "m1", "m0"]);
  });

  test("no file is held when a search has ended, or was left", async () => {
    if (process.platform !== "linux") return;
    const directory = stores.directory();
    const store = await stores.open({}, directory);
    for (let n = 0; n < 20; n++) await store.session(`s${n}`, { create: true }).append({ text: "needle" });
    await store.close();
    const again = await stores.open({}, directory);
    expect((await search(again, "needle")).length).toBe(20);
    for await (const _ of again.searchMessages("needle")) break;
    for await (const { session } of again.searchMessages("needle")) if (session === "s7") break;
    expect(await search(again, "nothing")).toEqual([]);
    const held = readdirSync("/proc/self/fd").filter((fd) => {
      try {
        return readlinkSync(`/proc/self/fd/${fd}`).startsWith(join(directory, "sessions"));
      } catch {
        return false;
      }
    });
    expect(held).toEqual([]);
  });

  test("a store in memory is searched as one on a disk", async () => {
    const store = await openMemoryStore<any>();
    await store.session("s", { create: true }).append([
      { id: "a", text: "Needle" },
      { id: "b", text: "n".repeat(2 * MIB) },
    ]);
    expect(await idsFor(store, "needle")).toEqual(["a"]);
    await store.close();
  });
});
