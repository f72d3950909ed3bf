// A base is made in the background: meanwhile titles are searched, come, change and go.
import { setImmediate } from "node:timers/promises";
import { expect, test } from "vitest";
import { TitleIndex } from "../lib/indexes/titles/title-index.ts";
import type { Title } from "../lib/indexes/titles/title.ts";
import { newestFirst, searchNaively } from "./helpers/naive-titles.ts";
import { manyTitles } from "./helpers/titles.ts";

const one: Title = { id: "one", text: "the first", isPrompt: false, archived: false, at: 1, tie: "" };
const two: Title = { ...one, id: "two", text: "the second", at: 2 };
const TEXTS = ["fix", "解析", "the parser", "changed", "0193a0"];

function ids(index: TitleIndex, text: string): string[] {
  return index.search(text, { limit: Infinity }).map(({ id }) => id);
}

function compare(index: TitleIndex, titles: ReadonlyMap<string, Title>): void {
  const all = newestFirst(titles.values());
  expect(index.size).toBe(all.length);
  for (const text of TEXTS) expect(index.search(text), text).toEqual(searchNaively(all, text));
}

test.each(["merge", "rebuild"] as const)("%s() gives way, and what changes meanwhile stays changed", async (kind) => {
  const titles = new Map(manyTitles(8000, 1).map((title) => [title.id, title]));
  const index = new TitleIndex();
  for (const title of titles.values()) index.set(title);
  const source = newestFirst(titles.values());
  const { base } = index;
  const making = kind === "merge" ? index.merge() : index.rebuild(source);
  let turns = 0;
  for (let number = 0; index.base === base; number++) {
    const known = source[(number * 7919) % source.length] as Title;
    const changes = [
      () => titles.delete(known.id),
      () => titles.set(known.id, { ...known, text: `changed ${known.text}` }),
      () => titles.set(known.id, { ...known, at: known.at + 100_000 }),
      // And back to what it was.
      () => titles.set(known.id, known),
      () => titles.set(`new-${number}`, { ...known, id: `new-${number}` }),
    ];
    changes[number % changes.length]?.();
    for (const id of [known.id, `new-${number}`]) {
      const title = titles.get(id);
      if (title === undefined) index.delete(id);
      else index.set(title);
    }
    if (number % 3 === 0) await setImmediate();
    if (number % 3 === 0) turns++;
    if (number % 500 === 0) compare(index, titles);
  }
  await making;
  expect(turns).toBeGreaterThan(3);
  expect(index.base.size).toBeGreaterThan(7000);
  compare(index, titles);
  await index.merge();
  compare(index, titles);
});

test("rebuild() forgets what its titles do not have, and keeps what was set after the call", async () => {
  const index = new TitleIndex();
  index.set(one);
  index.set(two);
  const three = { ...one, id: "three", at: 3 };
  const making = index.rebuild([{ ...one, text: "renamed" }]);
  index.set(three);
  await making;
  expect(ids(index, "")).toEqual(["three", "one"]);
  expect(ids(index, "renamed")).toEqual(["one"]);
});

test("what is set back to what it was, while titles that have it otherwise come in, is as it was set", async () => {
  const index = new TitleIndex();
  await index.rebuild([one]);
  const making = index.rebuild([{ ...one, text: "for a moment" }, two]);
  index.set(one);
  index.delete("two");
  await making;
  expect(ids(index, "")).toEqual(["one"]);
  expect(index.get("one")).toEqual(one);
});

test("two bases asked for at once are made one after the other, and lose nothing", async () => {
  const index = new TitleIndex();
  index.set(one);
  const first = index.merge();
  const second = index.rebuild([two]);
  const third = index.merge();
  index.set({ ...one, text: "again" });
  const bases = await Promise.all([first, second, third]);
  expect(index.base).toBe(bases[2]);
  expect(ids(index, "")).toEqual(["two", "one"]);
  expect(ids(index, "again")).toEqual(["one"]);
});

test("titles may come in any order, one by one, and twice: the newer counts", async () => {
  const titles = manyTitles(3000, 4);
  const index = new TitleIndex();
  async function* source(): AsyncGenerator<Title> {
    for (const title of titles) {
      if (title.at % 3 === 0) yield { ...title, text: "changed", at: title.at - 1 };
      yield title;
      if (title.at % 4 === 0) yield { ...title, text: "changed", at: title.at - 0.5 };
      if (title.at % 500 === 0) await setImmediate();
    }
  }
  await index.rebuild(source());
  compare(index, new Map(titles.map((title) => [title.id, title])));
  expect([...(await new TitleIndex(index.base).merge()).columns.at]).toEqual([...index.base.columns.at]);
});

test("a base whose making fails or is given up leaves everything as it was", async () => {
  const index = new TitleIndex();
  index.set(one);
  await index.merge();
  index.set(two);
  const { base } = index;
  const failing = function* (): Generator<Title> {
    yield one;
    throw new Error("no more");
  };
  await expect(index.rebuild(failing())).rejects.toThrow("no more");
  const given = new AbortController();
  const making = index.rebuild(manyTitles(20_000, 1), given.signal);
  given.abort(new Error("given up"));
  await expect(making).rejects.toThrow("given up");
  expect(index.base).toBe(base);
  expect(ids(index, "")).toEqual(["two", "one"]);
  await index.merge();
  expect(ids(index, "")).toEqual(["two", "one"]);
});

test("a merge is due when many have changed, not before", async () => {
  const titles = manyTitles(10_000, 5);
  const index = new TitleIndex();
  for (const title of titles) index.set(title);
  expect(index.needsMerge).toBe(false);
  // A scan of all does: there is nothing to feed.
  expect(index.needsFeed).toBe(false);
  index.set(one);
  expect(index.needsMerge).toBe(true);
  await index.merge();
  for (const title of titles) index.set(title);
  expect(index.needsMerge).toBe(false);
  const touch = (count: number, by: number): void => {
    for (const title of titles.slice(0, count)) index.set({ ...title, at: title.at + by });
  };
  touch(4000, 1);
  touch(4000, 2);
  expect(index.needsMerge).toBe(false);
  touch(4200, 3);
  expect(index.needsMerge).toBe(true);
  await index.merge();
  for (const { id } of titles.slice(0, 4200)) index.delete(id);
  expect(index.needsMerge).toBe(true);
});

test("titles that are renamed again and again make a merge due: what flexsearch keeps of them is bounded", async () => {
  const index = new TitleIndex();
  await index.rebuild(manyTitles(1000, 6));
  let count = 0;
  for (; !index.needsMerge; count++) {
    index.set({ ...one, text: `title <${count}>` });
    await index.feed();
  }
  expect(count).toBeLessThan(5000);
  expect(ids(index, `title <${count - 1}>`)).toEqual(["one"]);
  expect(ids(index, "title <0>")).toEqual([]);
});

test("two feeds at once, changes between their slices, and a merge in the middle", async () => {
  const titles = new Map(manyTitles(3000, 7).map((title) => [title.id, title]));
  const index = new TitleIndex();
  await index.rebuild([...titles.values()].slice(0, 10));
  for (const title of titles.values()) index.set(title);
  const feeding = [index.feed(), index.feed()];
  const list = [...titles.values()];
  for (let number = 0; number < 300; number++) {
    const title = list[number * 10] as Title;
    if (number % 2 === 0) titles.delete(title.id);
    else titles.set(title.id, { ...title, text: `changed ${number}` });
    if (number % 2 === 0) index.delete(title.id);
    else index.set(titles.get(title.id) as Title);
    if (number % 20 === 0) await setImmediate();
    if (number === 200) feeding.push(index.merge().then(() => undefined));
  }
  compare(index, titles);
  await Promise.all(feeding);
  await index.feed();
  compare(index, titles);
});
