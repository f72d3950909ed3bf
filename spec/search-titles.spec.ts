// Titles of all sessions, searched as somebody types: what is found is what a look at every session would find, whoever
// wrote it, and whatever becomes of the cache.
import "./helpers/in-memory.ts";
import { mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import fc from "fast-check";
import { describe, expect, test, vi } from "vitest";
import type { Store } from "../lib/index.ts";
import { encodeName } from "../lib/disk/names.ts";
import { checksum } from "../lib/line/codec.ts";
import { fold } from "../lib/line/searched.ts";
import { formatStamp } from "../lib/line/stamp.ts";
import { useStores } from "./helpers/stores.ts";

const stores = useStores();
type AnyStore = Store<any, any>;
const idsOf = (list: readonly { id: string }[]): string[] => list.map(({ id }) => id);

/** Titles and first prompts, newest first, by a look at every session. */
async function naively(store: AnyStore, text: string, limit = 50): Promise<string[]> {
  const words = fold(text)
    .split(/\s+/)
    .filter((word) => word !== "");
  const found: string[] = [];
  for await (const session of store.sessions({ all: true })) {
    if ("damaged" in session) continue;
    const { id, title } = session;
    const [first] = title === undefined ? await store.session(id).history() : [];
    const words_ = fold(title ?? (first?.data as { content?: string } | undefined)?.content ?? "");
    if (words.every((word) => words_.includes(word))) found.push(id);
  }
  return found.slice(0, limit);
}

/** What the other store wrote shows a moment later: then what is found is what there is. */
async function settled(both: readonly AnyStore[], store: AnyStore): Promise<void> {
  const settled = async (): Promise<void> => {
    for (const other of both) expect(await naively(store, "")).toEqual(await naively(other, ""));
    for (const text of ["pars", "er", "解", "the parse", ""])
      expect(idsOf(await store.searchTitles(text))).toEqual(await naively(store, text));
  };
  await vi.waitFor(settled, { timeout: 30_000, interval: 10 });
}

describe("searchTitles()", () => {
  test("finds parts of titles in any script, case and width, by all words, and untitled sessions by their first prompt", async () => {
    const store = await stores.open();
    const make = async (id: string, title?: string): Promise<void> => {
      await store.createSession({ id, title });
    };
    await make("one", "Fix the Parser");
    await make("two", "修正解析器的错误");
    await make("three", "Ｆｕｌｌ Ｗｉｄｔｈ parser");
    await make("four", "Größe der Straße");
    await make("five");
    await store.session("five").append({ role: "system", content: "You are a parser" });
    await store.session("five").append({ role: "user", content: [{ type: "text", text: "why does Parsing fail?" }] });
    await store.session("six", { create: true }).append({ role: "user", content: "hello" });
    // In the next millisecond: within one the order is by the counters of the stamps.
    await sleep(2);
    await store.session("one").update({ archived: true });
    expect(idsOf(await store.searchTitles("pars"))).toEqual(["one", "five", "three"]);
    expect(idsOf(await store.searchTitles("PARSER fix"))).toEqual(["one"]);
    expect(idsOf(await store.searchTitles("解析"))).toEqual(["two"]);
    expect(idsOf(await store.searchTitles("full width"))).toEqual(["three"]);
    expect(idsOf(await store.searchTitles("strasse GROSSE"))).toEqual(["four"]);
    expect(idsOf(await store.searchTitles("you are"))).toEqual([]);
    expect(await store.searchTitles("hello")).toMatchObject([{ id: "six", text: "hello", isPrompt: true }]);
    expect((await store.searchTitles("fix the"))[0]).toMatchObject({ archived: true, isPrompt: false });
    expect(idsOf(await store.searchTitles("", { limit: 2 }))).toEqual(["one", "six"]);
    expect(idsOf(await store.searchTitles("p", { order: "best" }))).toEqual(["one", "five", "three"]);
  });

  test("refuses what is no query", async () => {
    const store = await stores.open();
    for (const wrong of [
      store.searchTitles(1 as never),
      store.searchTitles("a", { limit: 0 }),
      store.searchTitles("a", { order: "newest" as never }),
      store.searchTitles("a", { most: 1 } as never),
    ])
      await expect(wrong).rejects.toThrow(TypeError);
  });

  test("equals a look at every session after any changes, in this store and in another one", async () => {
    const id = fc.nat(12).map((number) => `s${number}`);
    const title = fc.constantFrom("Parser", "parse the tree", "größer", "解析器", "a", undefined);
    const step = fc.oneof(
      fc.record({ do: fc.constant("title" as const), id, title, by: fc.nat(1) }),
      fc.record({ do: fc.constant("say" as const), id, by: fc.nat(1) }),
      fc.record({ do: fc.constant("delete" as const), id, by: fc.nat(1) }),
      fc.record({ do: fc.constant("search" as const), id, by: fc.nat(1) }),
      fc.record({ do: fc.constant("cache" as const), id, by: fc.nat(1) }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
        const directory = stores.directory();
        const both = [await stores.open({}, directory), await stores.open({}, directory)] as const;
        for (const each of steps) {
          const store = both[each.by as 0 | 1];
          const session = store.session(each.id, { create: true });
          if (each.do === "title") await session.update({ title: each.title ?? null });
          if (each.do === "say") await session.append({ role: "user", content: "how to parse this?" });
          if (each.do === "delete" && (await store.get(each.id)) !== undefined) await session.delete();
          if (each.do === "search") await settled(both, store);
          if (each.do === "cache") rmSync(join(directory, ".cache", "catalog"), { recursive: true, force: true });
        }
        for (const store of both) await settled(both, store);
        for (const store of both) await store.close();
      }),
      { numRuns: 12 },
    );
  });

  test("the index of many titles is kept, fits what was kept, and is made anew where it does not", async () => {
    const directory = stores.unverified();
    const store = await stores.open({}, directory);
    await store.createSession({ id: "first", title: "the first of all" });
    const month = join(directory, "sessions", store.machine, "2025-01");
    mkdirSync(month, { recursive: true });
    for (let number = 0; number < 10_050; number++) writeLog(month, `n${number}`, `title number-${number}`, number);
    await store.refresh();
    expect(idsOf(await store.searchTitles("number-10049"))).toEqual(["n10049"]);
    expect(idsOf(await store.searchTitles("number", { limit: 3 }))).toEqual(["n10049", "n10048", "n10047"]);
    await store.close();

    const check = async (): Promise<void> => {
      const again = await stores.open({}, directory);
      await again.session("n7").update({ title: "renamed" });
      expect(idsOf(await again.searchTitles("renamed"))).toEqual(["n7"]);
      expect(idsOf(await again.searchTitles("number-7", { limit: 1 }))).toEqual(["n7999"]);
      await again.session("n8000").update({ title: "number-7, too" });
      expect(idsOf(await again.searchTitles("number-7", { limit: 2 }))).toEqual(["n8000", "n7999"]);
      await again.session("n8000").update({ title: "title number-8000" });
      expect(idsOf(await again.searchTitles("number-9999"))).toEqual(["n9999"]);
      await again.close();
    };
    await check();
    const cache = join(directory, ".cache");
    expect(readdirSync(cache)).toContain("titles");
    await check();
    writeFileSync(join(cache, "titles"), "garbage");
    await check();
    rmSync(join(cache, "titles"));
    await check();
    rmSync(join(cache, "catalog"), { recursive: true });
    await check();
  });
});

function writeLog(month: string, id: string, title: string, number: number): void {
  const line = (counter: number, rest: object, batch?: number): string => {
    const at = formatStamp({ ms: Date.UTC(2025, 0, 2) + number, counter, writer: "abcdefgh" });
    const text = JSON.stringify({ at, type: "type" in rest ? rest.type : "", batch, ...rest }).slice(0, -1);
    return `${text},"crc":"${checksum(text)}"}\n`;
  };
  const lines = line(0, { type: "session", id, data: { format: 1 } }, 2) + line(1, { type: "info", data: { title } });
  writeFileSync(join(month, `${encodeName(id)}.jsonl`), lines);
}
