// Titles: whatever came, changed, went and was merged, a search answers as if it had looked at every session.
import fc from "fast-check";
import { expect, test } from "vitest";
import { decodeBase, encodeBase } from "../lib/indexes/titles/base-file.ts";
import { TitleIndex } from "../lib/indexes/titles/title-index.ts";
import type { Title } from "../lib/indexes/titles/title.ts";
import { newestFirst, searchNaively } from "./helpers/naive-titles.ts";
import { manyTitles, word } from "./helpers/titles.ts";

const ROUNDS = process.env["TURNLOG_LONG"] ? 3000 : 100;

const text = fc.oneof(
  { weight: 6, arbitrary: fc.array(word, { maxLength: 6 }).map((words) => words.join(" ")) },
  { weight: 2, arbitrary: fc.array(word, { maxLength: 6 }).map((words) => words.join("")) },
  fc.string({ unit: "binary", maxLength: 30 }),
  fc.string({
    unit: fc.constantFrom("a", "b", " ", "\ud83d", "\ude80", "\u0301", "가", "会"),
    maxLength: 600,
    size: "max",
  }),
);
const id = fc.constantFrom(
  ...Array.from({ length: 30 }, (_, number) => `0193a${number % 3}-${number}`),
  ..."S1 s1 fix Проект-1 ПРОЕКТ-1 parser-2 会话 a".split(" "),
);
const title: fc.Arbitrary<Title> = fc.record({
  id,
  text,
  isPrompt: fc.boolean(),
  archived: fc.boolean(),
  at: fc.oneof(fc.nat({ max: 20 }), fc.constant(Number.NEGATIVE_INFINITY)),
  tie: fc.constantFrom("0000-a", "0000-b", "0001-a", ""),
});

/** A part of what is there, as somebody would type it; or anything. */
const query = fc.record({
  of: fc.oneof({ weight: 3, arbitrary: fc.constantFrom("text", "words") }, fc.constantFrom("id", "other", "blank")),
  which: fc.nat({ max: 40 }),
  start: fc.nat({ max: 20 }),
  length: fc.oneof(fc.integer({ min: 1, max: 3 }), fc.nat({ max: 12 })),
  isLoud: fc.boolean(),
  other: fc.oneof(word, text),
  limit: fc.constantFrom(1, 2, 5, 50, 1200, Infinity),
  order: fc.constantFrom("updated" as const, "best" as const),
});
type Query = typeof query extends fc.Arbitrary<infer Value> ? Value : never;

const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant("set" as const), title }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("touch" as const), id, at: fc.nat({ max: 30 }) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("delete" as const), id }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant("work" as const), work: fc.constantFrom("merge", "feed", "load") }),
  },
  { weight: 8, arbitrary: fc.record({ kind: fc.constant("search" as const), query }) },
);

function textOf({ of, which, start, length, isLoud, other }: Query, titles: readonly Title[]): string {
  const found = titles[which % Math.max(1, titles.length)];
  if (of === "blank") return " \t\u3000".slice(0, start % 4);
  if (of === "other" || found === undefined) return other;
  if (of === "id") return isLoud ? found.id.toUpperCase() : found.id.slice(0, length + 2);
  const from = start % Math.max(1, found.text.length);
  const part = found.text.slice(from, from + length);
  const typed = of === "text" ? part : `${part} ${found.text.slice(0, 2)}`;
  return isLoud ? typed.toUpperCase() : typed;
}

/** What is asked of an index and of all titles. */
function check(index: TitleIndex, titles: ReadonlyMap<string, Title>, asked: Query): void {
  const all = newestFirst(titles.values());
  const typed = textOf(asked, all);
  const { limit, order } = asked;
  expect(index.search(typed, { limit, order })).toEqual(searchNaively(all, typed, { limit, order }));
}

/** Texts are held up to so many characters, and such as UTF-8 has. */
function held(given: Title): Title {
  return { ...given, text: given.text.slice(0, 500).toWellFormed() };
}

test("at any time a search answers as a look at every session does", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60, size: "max" }), async (steps) => {
      let index = new TitleIndex();
      const titles = new Map<string, Title>();
      for (const given of steps) {
        if (given.kind === "set") {
          index.set(given.title);
          titles.set(given.title.id, held(given.title));
        } else if (given.kind === "touch") {
          const known = titles.get(given.id);
          if (known === undefined) continue;
          index.set({ ...known, at: given.at });
          titles.set(given.id, { ...known, at: given.at });
        } else if (given.kind === "delete") {
          index.delete(given.id);
          titles.delete(given.id);
        } else if (given.kind === "work" && given.work === "merge") {
          await index.merge();
        } else if (given.kind === "work" && given.work === "feed") {
          await index.feed();
        } else if (given.kind === "work") {
          const base = await index.merge();
          const bytes = Buffer.concat(await encodeBase(base, "tag"));
          index = new TitleIndex((await decodeBase(bytes))?.base);
        } else if (given.kind === "search") {
          check(index, titles, given.query);
        }
        expect(index.size).toBe(titles.size);
      }
      for (const [id, title] of titles) expect(index.get(id)).toEqual(title);
    }),
    { numRuns: ROUNDS },
  );
});

function searchesFor(titles: readonly Title[]): string[] {
  const parts = titles
    .filter((_, number) => number % 97 === 0)
    .flatMap(({ id, text }, number) => [
      text,
      text.slice(number % 5, (number % 5) + 1 + (number % 4)),
      `${text.slice(0, 3)} ${text.slice(-3)}`,
      id.slice(0, 4 + (number % 8)),
      id,
    ]);
  return [...parts, "a", "fix", "nowhere", "0193", ""];
}

const OPTIONS = [{ limit: 7 }, { limit: 20, order: "best" as const }, { limit: 200 }];

test("among thousands, beside hundreds of young ones, fed or not, nothing is missed", async () => {
  const titles = new Map(manyTitles(3000, 1).map((title) => [title.id, title]));
  const index = new TitleIndex();
  await index.rebuild(titles.values());
  const change = (list: readonly Title[]): void => {
    for (const [number, title] of list.entries()) {
      const known = [...titles.values()][(number * 31) % titles.size];
      if (known === undefined) continue;
      if (number % 4 === 0) titles.delete(known.id);
      else if (number % 4 === 1) titles.set(known.id, { ...known, at: known.at + 5000 });
      else if (number % 4 === 2) titles.set(known.id, { ...known, text: title.text });
      else titles.set(title.id, title);
      for (const { id } of [known, title]) {
        const now = titles.get(id);
        if (now === undefined) index.delete(id);
        else index.set(now);
      }
    }
  };
  const compare = (): void => {
    const all = newestFirst(titles.values());
    for (const [number, text] of searchesFor(all).entries()) {
      const options = OPTIONS[number % OPTIONS.length];
      expect(index.search(text, options), JSON.stringify(text)).toEqual(searchNaively(all, text, options));
    }
  };
  compare();
  change(manyTitles(600, 2));
  compare();
  expect(index.needsFeed).toBe(true);
  await index.feed();
  expect(index.needsFeed).toBe(false);
  compare();
  change(manyTitles(300, 3));
  compare();
  await index.merge();
  expect(index.size).toBe(titles.size);
  compare();
});
