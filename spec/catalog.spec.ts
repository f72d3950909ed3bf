// The catalog of sessions: a base that is read in parts, a journal that several processes write, and walks over both.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { MemoryVfs } from "../lib/disk/memory-vfs.ts";
import { NodeVfs } from "../lib/disk/node-vfs.ts";
import { DamagedIndexError } from "../lib/indexes/blocks.ts";
import { Catalog } from "../lib/indexes/catalog/catalog.ts";
import { compareMarks, encodeEntry, markOf } from "../lib/indexes/catalog/entry.ts";
import type { CatalogEntry, Mark, Order } from "../lib/indexes/catalog/entry.ts";
import { formatStamp } from "../lib/line/stamp.ts";
import { useStores } from "./helpers/stores.ts";

const stores = useStores();
const MONTHS = ["a-12345678/2026-10", "a-12345678/2026-11", "b-12345678/2026-11"];

/** Few names and times, so that sessions change and times are equal. */
const name = fc.nat(40).map((number) => `s${number}`);
const stamp = fc
  .record({ ms: fc.nat(30), counter: fc.nat(1), writer: fc.constantFrom("aaaaaaaa", "bbbbbbbb") })
  .map((each) => formatStamp(each));
const log = fc.record({ directory: fc.constantFrom(...MONTHS), ino: fc.nat(1e9), size: fc.nat(1e6) });
const info = fc.record(
  {
    title: fc.constantFrom("one", "two", "größer", ""),
    project: fc.constantFrom("acme", "other"),
    parent: fc.constantFrom("s0", "s1"),
    archived: fc.boolean(),
    pinned: fc.boolean(),
    tags: fc.subarray(["a", "b", "c"]),
  },
  { requiredKeys: [] },
);

const entry: fc.Arbitrary<CatalogEntry> = fc
  .record({
    name,
    kind: fc.constantFrom("session" as const, "session" as const, "damaged" as const, "deleted" as const),
    updated: fc.oneof(stamp, fc.constant("")),
    created: stamp,
    logs: fc.uniqueArray(log, { maxLength: 2, selector: ({ directory }) => directory }),
    info,
  })
  .map(({ logs, ...rest }) => ({
    ...rest,
    id: rest.name,
    prompt: undefined,
    logs: logs.map(({ directory, ino, size }) => ({
      directory,
      file: `${rest.name}.jsonl`,
      print: { dev: 1, ino, size, mtimeMs: 1.25, ctimeMs: 2.5 },
    })),
  }));

function walked(catalog: Catalog, order: Order, direction: 1 | -1 = 1, mark?: Mark): CatalogEntry[] {
  return [...catalog.view().walk(order, direction, mark)].filter((each) => each !== undefined);
}

function sorted(known: ReadonlyMap<string, CatalogEntry>, order: Order): CatalogEntry[] {
  return [...known.values()]
    .filter(({ logs }) => logs.length > 0)
    .sort((a, b) => compareMarks(markOf(a, order), markOf(b, order)));
}

function open(vfs: MemoryVfs | NodeVfs, directory = "/c"): Catalog {
  const catalog = new Catalog(vfs, directory, `${directory}-aside`);
  catalog.load();
  return catalog;
}

describe("a catalog", () => {
  test("walks in any order and direction, from any place, as a sorted list would", async () => {
    const parts = fc.array(fc.array(entry, { maxLength: 30 }), { minLength: 1, maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(parts, stamp, name, async (batches, cursorStamp, cursorName) => {
        const vfs = new MemoryVfs();
        const catalog = open(vfs);
        const known = new Map<string, CatalogEntry>();
        for (const [index, batch] of batches.entries()) {
          catalog.put(batch);
          for (const each of batch) known.set(each.name, each);
          // Some of it is in the base, the rest is younger.
          if (index < batches.length - 1) await catalog.merge();
          catalog.load();
        }
        for (const order of ["updated", "created"] as const) {
          const all = sorted(known, order);
          const mark = { stamp: cursorStamp, name: cursorName };
          expect(walked(catalog, order)).toEqual(all);
          expect(walked(catalog, order, -1)).toEqual(all.toReversed());
          const behind = all.filter((each) => compareMarks(markOf(each, order), mark) > 0);
          const before = all.filter((each) => compareMarks(markOf(each, order), mark) < 0);
          expect(walked(catalog, order, 1, mark)).toEqual(behind);
          expect(walked(catalog, order, -1, mark)).toEqual(before.toReversed());
        }
        for (const each of known.values()) {
          expect(catalog.find(each.name)).toEqual(each.logs.length === 0 ? undefined : each);
          for (const { directory } of each.logs) expect([...catalog.view().namesIn(directory)]).toContain(each.name);
        }
        catalog.close();
      }),
      { numRuns: 60 },
    );
  });

  test("what a narrowed walk leaves out is what the filter excludes, or may be", async () => {
    const narrowing = fc.record(
      {
        project: fc.constantFrom("acme", "none"),
        parent: fc.constantFrom("s0", "s9"),
        all: fc.boolean(),
        archived: fc.boolean(),
        pinned: fc.boolean(),
        title: fc.constantFrom("one", "größer"),
        tags: fc.subarray(["a", "b"]),
      },
      { requiredKeys: [] },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(entry, { maxLength: 60 }), narrowing, async (entries, wanted) => {
        const catalog = open(new MemoryVfs());
        catalog.put(entries);
        await catalog.merge();
        catalog.load();
        const found = new Set([...catalog.view().walk("updated", 1, undefined, wanted)].map((each) => each?.name));
        for (const each of walked(catalog, "updated")) {
          const { project, parent, archived, pinned, title, tags } = each.info;
          const isWanted =
            each.kind === "session" &&
            (wanted.project === undefined || project === wanted.project) &&
            (wanted.all === true && wanted.parent === undefined ? true : parent === wanted.parent) &&
            (wanted.archived === undefined || (archived ?? false) === wanted.archived) &&
            (wanted.pinned === undefined || (pinned ?? false) === wanted.pinned) &&
            (wanted.title === undefined || title === wanted.title) &&
            (wanted.tags ?? []).every((tag) => ((tags ?? []) as string[]).includes(tag));
          if (isWanted) expect(found).toContain(each.name);
          if (each.kind === "deleted") expect(found).not.toContain(each.name);
        }
        catalog.close();
      }),
      { numRuns: 100 },
    );
  });

  test("processes that write and merge in any order know the same in the end, and lose nothing", async () => {
    const step = fc.oneof(
      {
        weight: 6,
        arbitrary: fc.record({
          do: fc.constant("put" as const),
          by: fc.nat(2),
          entries: fc.array(entry, { minLength: 1, maxLength: 4 }),
        }),
      },
      { weight: 2, arbitrary: fc.record({ do: fc.constant("touch" as const), by: fc.nat(2), name }) },
      {
        weight: 1,
        arbitrary: fc.record({
          do: fc.constant("rest" as const),
          by: fc.nat(2),
          entries: fc.array(entry, { minLength: 1, maxLength: 2 }),
        }),
      },
      { weight: 2, arbitrary: fc.record({ do: fc.constant("load" as const), by: fc.nat(2) }) },
      {
        weight: 2,
        arbitrary: fc.record({ do: fc.constant("merge" as const), by: fc.nat(2), isWaitedFor: fc.boolean() }),
      },
      { weight: 1, arbitrary: fc.record({ do: fc.constant("reopen" as const), by: fc.nat(2) }) },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
        const vfs = new MemoryVfs();
        const catalogs = [0, 1, 2].map(() => open(vfs));
        const known = new Map<string, CatalogEntry>();
        const live = new Map<string, Set<number>>();
        const merges: Promise<void>[] = [];
        for (const each of steps) {
          const catalog = catalogs[each.by] as Catalog;
          if (each.do === "load") catalog.load();
          if (each.do === "merge") {
            const merging = catalog.merge();
            merges.push(merging);
            if (each.isWaitedFor) await merging;
          }
          if (each.do === "reopen") catalogs[each.by] = open(vfs);
          if (each.do === "touch") {
            catalog.touch(each.name, `w${each.by}`, 1);
            live.set(each.name, (live.get(each.name) ?? new Set()).add(each.by));
          }
          if (each.do === "put" || each.do === "rest") {
            if (each.do === "put") catalog.put(each.entries);
            else catalog.rest(each.entries, `w${each.by}`);
            for (const one of each.entries) known.set(one.name, one);
            if (each.do === "rest") for (const one of each.entries) live.get(one.name)?.delete(each.by);
          }
        }
        await Promise.all(merges);
        const names = [...live].filter(([, writers]) => writers.size > 0).map(([each]) => each);
        for (const catalog of [...catalogs, open(vfs)]) {
          catalog.load();
          expect(walked(catalog, "updated")).toEqual(sorted(known, "updated"));
          expect(catalog.live.names().toSorted()).toEqual(names.toSorted());
          expect(catalog.isDoubtful).toBe(false);
          catalog.close();
        }
      }),
      { numRuns: 150 },
    );
  });

  test("a flipped or missing byte is noticed, and no entry is given that was not put", async () => {
    const directory = join(stores.unverified(), "catalog");
    const vfs = new NodeVfs();
    const known = new Map<string, CatalogEntry>();
    const catalog = open(vfs, directory);
    const put = (entries: CatalogEntry[]): void => {
      catalog.put(entries);
      for (const each of entries) known.set(each.name, each);
    };
    const samples = fc.sample(entry, 200).map((each, index) => ({ ...each, name: `n${index}`, id: `n${index}` }));
    put(samples.slice(0, 150));
    await catalog.merge();
    catalog.load();
    put(samples.slice(150));
    catalog.close();
    const texts = new Set([...known.values()].map((each) => JSON.stringify(encodeEntry(each))));
    const files = ["base", "journal-1"].map((file) => ({
      path: join(directory, file),
      bytes: readFileSync(join(directory, file)),
    }));
    let noticed = 0;
    for (let round = 0; round < 300; round++) {
      const { path, bytes } = files[round % 2] as (typeof files)[number];
      const at = Math.floor((bytes.length * round) / 300);
      const damaged = round % 3 === 0 ? bytes.subarray(0, at) : Buffer.from(bytes);
      if (round % 3 !== 0) damaged[at] = (damaged[at] as number) ^ (1 << (round % 8));
      writeFileSync(path, damaged);
      const reader = open(vfs, directory);
      try {
        const found = walked(reader, "updated");
        for (const each of found) expect(texts).toContain(JSON.stringify(encodeEntry(each)));
        if (found.length < sorted(known, "updated").length) noticed++;
      } catch (error) {
        expect(error).toBeInstanceOf(DamagedIndexError);
        noticed++;
      } finally {
        reader.close();
        writeFileSync(path, bytes);
      }
    }
    expect(noticed).toBeGreaterThan(50);
    const again = open(vfs, directory);
    expect(walked(again, "created")).toEqual(sorted(known, "created"));
    again.close();
  });
});
