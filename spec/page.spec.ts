// Pages of a history: walked either way they show each message once, and their cursors stay good.
import fc from "fast-check";
import { expect, test } from "vitest";
import type { Entry, Session } from "../lib/index.ts";
import { collect, useStores } from "./helpers/stores.ts";

const stores = useStores();
const failing = (code: string): unknown => expect.objectContaining({ code });

type Any = Session<any, any>;

/** A session in which messages were edited and removed, and have parts. */
async function used(session: Any, count: number): Promise<Entry<any, any>[]> {
  for (let n = 0; n < count; n += 3) {
    await session.append([{ id: `m${n}`, n }, { n: n + 1 }, { id: `m${n + 2}`, n: n + 2 }]);
    await session.putPart(`m${n}`, { id: "p", n });
    await session.putPart(`m${n}`, { text: "second" });
    if (n % 4 === 0) await session.putMessage({ id: `m${n + 2}`, edited: true });
    if (n % 5 === 0) await session.remove(`m${n}`, "p");
    if (n % 9 === 0) await session.remove(`m${n + 2}`);
  }
  return await session.history();
}

test("pages walked both ways show each message once", async () => {
  const store = await stores.open();
  const session = await store.createSession();
  const all = await used(session, 24);
  for (let limit = 1; limit <= all.length + 1; limit++) {
    const back: Entry<any, any>[][] = [];
    let page = await session.page({ limit });
    for (; page.previous !== undefined; page = await session.page({ limit, before: page.previous }))
      back.push(page.items);
    back.push(page.items);
    expect(back.toReversed().flat(), `back by ${limit}`).toEqual(all);
    expect(back.slice(0, -1).every((items) => items.length === limit)).toBe(true);
    const forth = [page.items];
    while (page.next !== undefined) forth.push((page = await session.page({ limit, after: page.next })).items);
    expect(forth.flat(), `forth by ${limit}`).toEqual(all);
    expect(page.skipped).toBe(0);
  }
});

test("a page around a message has it in its middle, and leads on both ways", async () => {
  const store = await stores.open();
  const session = await store.createSession();
  const all = await used(session, 24);
  for (let limit = 1; limit <= all.length + 1; limit += 3) {
    for (const [index, { id, at }] of all.entries()) {
      const page = await session.page({ limit, around: index % 2 === 0 ? id : at });
      const first = Math.max(0, Math.min(index - Math.floor(limit / 2), all.length - limit));
      expect(page.items).toEqual(all.slice(first, first + limit));
      const next = page.next === undefined ? [] : (await session.page({ limit: 99, after: page.next })).items;
      const previous =
        page.previous === undefined ? [] : (await session.page({ limit: 99, before: page.previous })).items;
      expect([...previous, ...page.items, ...next]).toEqual(all);
    }
  }
});

test("a walk goes on where it was, whatever is appended and taken away meanwhile", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 6 }),
      fc.array(fc.constantFrom("append", "keepLast", "after", "remove", "edit", "none", "none"), {
        minLength: 3,
        maxLength: 12,
      }),
      fc.boolean(),
      async (limit, changes, isBackwards) => {
        const store = await stores.open();
        const session = await store.createSession();
        await session.append(Array.from({ length: 20 }, (_, n) => ({ id: `m${n}`, n })));
        const seen: string[] = [];
        let added = 0;
        let page = await session.page(isBackwards ? { limit } : { limit, after: "m0" });
        for (let step = 0; step < 40; step++) {
          const ids = page.items.map(({ id }) => id);
          seen.push(...(isBackwards ? ids.toReversed() : ids));
          const cursor = isBackwards ? page.previous : page.next;
          if (cursor === undefined) break;
          const change = changes[step];
          const living = await collect(session.messageIds());
          if (change === "append") await session.append({ id: `added${++added}` });
          else if (change === "keepLast") await session.truncate({ keepLast: Math.max(1, living.length - 3) });
          else if (change === "after") await session.truncate({ after: living.at(-2)! });
          else if (change === "remove") await session.remove(ids.at(isBackwards ? 0 : -1)!);
          else if (change === "edit") await session.putMessage({ id: living[0]!, edited: step });
          page = await session.page({ limit, ...(isBackwards ? { before: cursor } : { after: cursor }) });
        }
        expect(new Set(seen).size).toBe(seen.length);
        const order = (id: string): number => (id.startsWith("m") ? Number(id.slice(1)) : 1000 + Number(id.slice(5)));
        const sorted = seen.toSorted((a, b) => order(a) - order(b));
        expect(seen).toEqual(isBackwards ? sorted.toReversed() : sorted);
        // What lives to the end, and was there all the time, was seen.
        const rest = (await collect(session.messageIds())).filter((id) => id !== "m0" || isBackwards);
        expect(rest.filter((id) => id.startsWith("m") && !seen.includes(id))).toEqual([]);
        if (!isBackwards) expect(rest.filter((id) => !seen.includes(id))).toEqual([]);
        await store.close();
      },
    ),
    { numRuns: process.env["TURNLOG_LONG"] ? 1000 : 60 },
  );
});

test("a page beyond either end is empty, and leads back", async () => {
  const store = await stores.open();
  const session = await store.createSession();
  expect(await session.page({ limit: 5 })).toEqual({ items: [], skipped: 0 });
  await session.append([{ id: "a" }, { id: "b" }, { id: "c" }]);
  const ids = ({ items }: { items: Entry[] }): string[] => items.map(({ id }) => id);
  const behind = await session.page({ limit: 2, after: "c" });
  expect([ids(behind), behind.next]).toEqual([[], undefined]);
  expect(ids(await session.page({ limit: 2, before: behind.previous! }))).toEqual(["b", "c"]);
  const ahead = await session.page({ limit: 2, before: "a" });
  expect([ids(ahead), ahead.previous]).toEqual([[], undefined]);
  expect(ids(await session.page({ limit: 2, after: ahead.next! }))).toEqual(["a", "b"]);
  // A poll for what is new: the same place, until there is something.
  await session.append({ id: "d" });
  expect(ids(await session.page({ limit: 2, after: "c" }))).toEqual(["d"]);
});

test("a cursor of another session is refused, also where both have the same messages", async () => {
  const store = await stores.open();
  const one = await store.createSession();
  await one.append([{ id: "a" }, { id: "b" }, { id: "c" }]);
  const two = await one.fork();
  const { previous } = await one.page({ limit: 2 });
  const { at } = (await one.message("b"))!;
  for (const reference of [previous!, at]) {
    for (const key of ["before", "after", "around"] as const) {
      await expect(two.page({ limit: 1, [key]: reference })).rejects.toThrow(failing("INVALID_CURSOR"));
      if (key === "around") continue;
      await expect(collect(two.messages({ [key]: reference }))).rejects.toThrow(failing("INVALID_CURSOR"));
      expect(await collect(one.messages({ [key]: reference }))).not.toHaveLength(0);
    }
  }
});
