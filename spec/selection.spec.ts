// A filter over the catalog's columns, which are looked at in parts: what it passes over is what a look at every entry
// would pass over.
import fc from "fast-check";
import { expect, test } from "vitest";
import { MemoryVfs } from "../lib/disk/memory-vfs.ts";
import { Catalog } from "../lib/indexes/catalog/catalog.ts";
import { compareMarks, markOf } from "../lib/indexes/catalog/entry.ts";
import type { CatalogEntry } from "../lib/indexes/catalog/entry.ts";
import { ROWS_A_PART } from "../lib/indexes/catalog/selection.ts";
import type { Narrowing } from "../lib/indexes/catalog/selection.ts";
import { formatStamp, parseStamp } from "../lib/line/stamp.ts";

/** Of the rare there is one in so many: most parts have none. */
function entryOf(number: number, rarity: number, seed: number): CatalogEntry {
  const random = (salt: number, count: number): number =>
    ((Math.imul(number + 1, 0x9e3779b1) ^ Math.imul(salt + seed, 0x85ebca6b)) >>> 7) % count;
  const isRare = random(1, rarity) === 0;
  const at = (salt: number): string =>
    formatStamp({ ms: 1_000_000 + random(salt, 50_000), counter: 0, writer: "aaaaaaaa" });
  return {
    name: `s${number}`,
    id: `s${number}`,
    kind: random(2, 40) === 0 ? "deleted" : random(3, 40) === 0 ? "damaged" : "session",
    updated: at(4),
    created: at(5),
    logs: [{ directory: "a-12345678/2026-11", file: `s${number}.jsonl`, print: printOf(number) }],
    info: {
      project: isRare ? "rare" : "often",
      title: isRare ? `title ${number % 3}` : "title",
      ...(random(6, 3) === 0 && { parent: "s0" }),
      ...(isRare && { pinned: true, tags: ["a"] }),
      ...(random(7, 5) === 0 && { archived: true }),
    },
    prompt: undefined,
    own: undefined,
  };
}

function printOf(ino: number): CatalogEntry["logs"][number]["print"] {
  return { dev: 1, ino, size: 10, mtimeMs: 1.25, ctimeMs: 2.5 };
}

function isWanted({ kind, info, updated }: CatalogEntry, wanted: Narrowing): boolean {
  const { project, parent, all, archived, pinned, title, tags, sinceMs } = wanted;
  const isWide = [project, parent, archived, pinned, title, tags].every((each) => each === undefined);
  if (kind !== "session") return kind === "damaged" && isWide;
  return (
    (project === undefined || info["project"] === project) &&
    (title === undefined || info["title"] === title) &&
    (parent === undefined && all === true ? true : info["parent"] === parent) &&
    (archived === undefined || (info["archived"] ?? false) === archived) &&
    (pinned === undefined || (info["pinned"] ?? false) === pinned) &&
    (tags ?? []).every((tag) => (info["tags"] as string[] | undefined)?.includes(tag) === true) &&
    (parseStamp(updated)?.ms ?? 0) >= (sinceMs ?? 0)
  );
}

/** One thing or two that are asked for: of more at once hardly a session is left. */
const narrowing: fc.Arbitrary<Narrowing> = fc
  .record({
    asked: fc.record({
      project: fc.constantFrom("often", "rare", "none"),
      title: fc.constantFrom("title", "title 1"),
      parent: fc.constant("s0"),
      archived: fc.boolean(),
      pinned: fc.boolean(),
      tags: fc.constant(["a"]),
      sinceMs: fc.constantFrom(1_000_000, 1_020_000, 1_049_000),
    }),
    keys: fc.subarray(["project", "title", "parent", "archived", "pinned", "tags", "sinceMs"] as const, {
      maxLength: 2,
    }),
    all: fc.boolean(),
  })
  .map(({ asked, keys, all }) => ({ all, ...Object.fromEntries(keys.map((key) => [key, asked[key]])) }));

test("a narrow walk gives what a look at every entry gives, in either order, both ways, from any place", async () => {
  const count = fc.constantFrom(0, 1, ROWS_A_PART, 2 * ROWS_A_PART + 1, 3 * ROWS_A_PART + 500);
  const rarity = fc.constantFrom(2, 50, 3000);
  await fc.assert(
    fc.asyncProperty(
      count,
      rarity,
      fc.nat(1000),
      fc.array(narrowing, { minLength: 8, maxLength: 8 }),
      async (count, rarity, seed, all) => {
        const catalog = new Catalog(new MemoryVfs(), "/c", "/aside");
        catalog.load();
        const entries = Array.from({ length: count }, (_, number) => entryOf(number, rarity, seed));
        catalog.put(entries);
        await catalog.merge();
        catalog.load();
        // What is younger than the base stands for what the base has of it.
        const young = entries.slice(0, 5).map((each) => ({ ...each, info: { ...each.info, archived: true } }));
        catalog.put(young);
        const known = [...young, ...entries.slice(5)];
        const view = catalog.view();
        for (const wanted of all) {
          const found = known.filter((each) => isWanted(each, wanted));
          for (const order of ["updated", "created"] as const) {
            const sorted = found.toSorted((a, b) => compareMarks(markOf(a, order), markOf(b, order)));
            const named = (direction: 1 | -1, from?: CatalogEntry): string[] =>
              [...view.walk(order, direction, from && markOf(from, order), wanted)]
                .filter((each) => each !== undefined && isWanted(each, wanted))
                .map((each) => (each as CatalogEntry).name);
            const names = sorted.map(({ name }) => name);
            const from = sorted[seed % Math.max(1, sorted.length)];
            const at = from === undefined ? 0 : names.indexOf(from.name);
            expect(named(1)).toEqual(names);
            expect(named(-1)).toEqual(names.toReversed());
            expect(named(1, from)).toEqual(from === undefined ? [] : names.slice(at + 1));
            expect(named(-1, from)).toEqual(names.slice(0, at).toReversed());
          }
          const counting = view.count(wanted, (each) => isWanted(each, wanted));
          let step = counting.next();
          while (step.done !== true) step = counting.next();
          if (step.value !== undefined && wanted.tags === undefined && wanted.sinceMs === undefined)
            expect(step.value).toBe(found.length);
        }
        catalog.close();
      },
    ),
    { numRuns: 20 },
  );
});
