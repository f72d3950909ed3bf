// Random histories of three machines: whatever they did apart and in whichever order they merged, in the end all have the same.
import "./helpers/in-memory.ts";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import type { Store } from "../lib/index.ts";
import { KINDS, MergeWorld } from "./helpers/merge-world.ts";
import type { Step } from "./helpers/merge-world.ts";

/** So many batches of so many histories each. */
const [BATCHES, RUNS] = process.env["TURNLOG_LONG"] === undefined ? [1, 100] : [40, 250];
const LAW_BATCHES = Math.ceil(BATCHES / 4);
const LONG_MS = 3_600_000;

const step = fc.record({
  machine: fc.nat({ max: 2 }),
  session: fc.nat({ max: 9 }).map((n) => (n < 8 ? 0 : 1)),
  kind: fc.oneof(
    ...Object.entries(KINDS).map(([kind, often]) => ({ arbitrary: fc.constant(kind), weight: often * 10 })),
  ),
  a: fc.nat({ max: 11 }),
  b: fc.nat({ max: 5 }),
  ms: fc.constantFrom(0, 0, 1, 5, 100),
}) as fc.Arbitrary<Step>;
const history = fc.array(step, { minLength: 8, maxLength: 32, size: "max" });
const skews = fc.array(fc.integer({ min: -60_000, max: 60_000 }), { minLength: 3, maxLength: 3 });

beforeAll(() => vi.useFakeTimers({ toFake: ["Date"] }));
afterAll(() => vi.useRealTimers());

async function within(skews: readonly number[], steps: readonly Step[], check: (world: MergeWorld) => Promise<void>) {
  const world = await MergeWorld.open(skews);
  try {
    for (const each of steps) await world.run(each);
    await check(world);
    for (const { problems } of world.reports) expect(problems).toEqual([]);
  } finally {
    await world.close();
  }
}

/** The first takes in the others', and they take in its; then nothing changes any more. */
async function settle(world: MergeWorld): Promise<void> {
  for (let round = 0; ; round++) {
    const before = world.stores.map(({ path }) => world.contents(path));
    for (const other of [1, 2]) await world.merge(0, other);
    for (const other of [1, 2]) await world.merge(other, 0);
    const after = world.stores.map(({ path }) => world.contents(path));
    if (round > 0 && after.every((each, number) => isSame(each, before[number]))) return;
    if (round === 5) expect(after, "it comes to no end").toEqual(before);
  }
}

function isSame(a: ReadonlyMap<string, string>, b: ReadonlyMap<string, string> | undefined): boolean {
  return a.size === b?.size && [...a].every(([path, text]) => b.get(path) === text);
}

async function shownBy(store: Store<any, any>): Promise<unknown> {
  const shown: Record<string, unknown> = {};
  for await (const id of store.ids()) {
    const { bytes: _, ...info } = await store.session(id).info();
    shown[id] = [info, await store.session(id).history(), await store.session(id).branches()];
  }
  return Object.fromEntries(Object.entries(shown).sort(([a], [b]) => (a < b ? -1 : 1)));
}

describe("machines that merge one another", () => {
  test.each(Array.from({ length: BATCHES }, (_, batch) => batch))(
    "have the same bytes and the same histories in the end, and every message that nobody hid (%i)",
    async () => {
      await fc.assert(
        fc.asyncProperty(skews, history, async (skews, steps) => {
          await within(skews, steps, async (world) => {
            await settle(world);
            const [first, ...others] = world.stores as [Store<any, any>, ...Store<any, any>[]];
            const [contents, shown] = [world.contents(first.path), await shownBy(first)];
            for (const store of others) {
              expect(world.contents(store.path)).toEqual(contents);
              expect(await shownBy(store)).toEqual(shown);
            }
            for (const [id, places] of world.acknowledged) {
              const read = world.read(first.path, id);
              expect(world.purgedIn(first.path, id), "what was purged").toEqual([]);
              if (read?.deleted === true) continue;
              const alive = new Set(read?.alive);
              const missing = [...places].filter((place) => !world.hidden.has(place) && !alive.has(place));
              expect(missing, `of session ${id}`).toEqual([]);
              expect(await first.session(id).history()).toEqual(read?.history);
            }
          });
        }),
        { numRuns: RUNS },
      );
    },
    LONG_MS,
  );
});

describe("a merge of stores that are nobody's own", () => {
  test.each(Array.from({ length: LAW_BATCHES }, (_, batch) => batch))(
    "is commutative, associative and idempotent, byte for byte (%i)",
    async () => {
      await fc.assert(
        fc.asyncProperty(skews, history, async (skews, steps) => {
          await within(skews, steps, async (world) => {
            let number = 0;
            const copyOf = async (root: string): Promise<Store<any, any>> => {
              const to = `/copy-${number++}`;
              world.copy(root, to);
              return await world.openAt(to, "copy");
            };
            // What was purged here and stands in another machine's log yet is erased in what is merged, and a session that only
            // one of them has is merged in one direction: so all begin without it.
            const roots: string[] = [];
            for (const { path } of world.stores) {
              const store = await world.openAt(`/copy-${number++}`, "copy");
              await store.merge(path);
              roots.push(store.path);
            }
            const [a, b, c] = roots as [string, string, string];
            const merged = async (...roots: string[]): Promise<Store<any, any>> => {
              const [first, ...others] = roots as [string, ...string[]];
              const store = await copyOf(first);
              for (const other of others) await store.merge((await copyOf(other)).path);
              return store;
            };
            const [ab, bc] = [await merged(a, b), await merged(b, c)];
            expect(world.contents((await merged(b, a)).path)).toEqual(world.contents(ab.path));
            const all = await merged(ab.path, c);
            expect(world.contents((await merged(a, bc.path)).path)).toEqual(world.contents(all.path));
            for (const id of world.acknowledged.keys()) expect(world.purgedIn(all.path, id)).toEqual([]);
            const inodes = world.inodes(all.path);
            for (const root of [a, b, c, ab.path, bc.path]) {
              const { logs } = await all.merge((await copyOf(root)).path);
              expect(logs).toMatchObject({ created: 0, replaced: 0, united: 0 });
            }
            expect(world.inodes(all.path)).toEqual(inodes);
          });
        }),
        { numRuns: RUNS / 2 },
      );
    },
    LONG_MS,
  );
});
