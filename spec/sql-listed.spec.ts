// What a listing shows of a session in a database, counted on from append to append, is what its lines tell.
import fc from "fast-check";
import { afterAll, expect, it } from "vitest";
import { openSqlStore } from "../lib/sql.ts";
import type { Store } from "../lib/index.ts";
import { sqliteDatabase } from "./helpers/databases.ts";

const database = await sqliteDatabase();
afterAll(async () => await database.drop());

type Session = ReturnType<Store<any, any>["session"]>;

let made = 0;

const message = fc.record({ text: fc.string({ maxLength: 20 }) });
const step: fc.Arbitrary<(session: Session) => Promise<unknown>> = fc.oneof(
  { weight: 4, arbitrary: message.map((each) => (session: Session) => session.append(each)) },
  fc.array(message, { maxLength: 3 }).map((all) => (session: Session) => session.append(all)),
  fc.nat(5).map((id) => (session: Session) => session.putMessage({ id: `m${id}`, text: "put" })),
  fc.nat(5).map((id) => async (session: Session) => {
    await session.putMessage({ id: `m${id}`, text: "whole" });
    await session.putPart(`m${id}`, { id: "p", text: "part" });
  }),
  fc.nat(4).map((keepLast) => (session: Session) => session.truncate({ keepLast })),
  fc.nat(3).map((back) => async (session: Session) => {
    const all = await session.history();
    const at = all.at(-1 - back);
    if (at !== undefined) await session.checkout(at.at);
  }),
  fc
    .constantFrom<object>({ title: "Title" }, { title: null }, { archived: true }, { pinned: true }, { tags: ["a"] })
    .map((patch) => (session: Session) => session.update(patch)),
  fc.constant((session: Session) => session.compact()),
  fc.constant(async (session: Session) => {
    await session.delete();
    await session.restore();
  }),
);

it("after any steps of two stores", async () => {
  const stores = [await openSqlStore<any, any>(database.target), await openSqlStore<any, any>(database.target)];
  try {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(step, fc.nat(1)), { minLength: 1, maxLength: 15 }), async (steps) => {
        const id = `session ${made++}`;
        await (stores[0] as Store<any, any>).createSession({ id });
        for (const [run, number] of steps) {
          await run((stores[number] as Store<any, any>).session(id));
          const [store, other] = [stores[number], stores[1 - number]] as [Store<any, any>, Store<any, any>];
          expect(await store.get(id)).toEqual(await other.session(id).info());
        }
      }),
      { numRuns: 40 },
    );
  } finally {
    for (const store of stores) await store.close();
  }
});

it("a session in which nobody has asked anything is found by the first words that come to one of its first messages", async () => {
  const store = await openSqlStore<any, any>(database.target);
  try {
    const session = await store.createSession({ id: "silent" });
    for (let n = 0; n < 9; n++) await session.append({ id: `m${n}`, n });
    const found = async (): Promise<string[]> => {
      const ids: string[] = [];
      for (const { id } of await store.searchTitles("needle")) ids.push(id);
      return ids;
    };
    await session.append({ text: "a needle that comes too late" });
    expect([await found(), (await store.get("silent")) as object]).toEqual([
      [],
      expect.objectContaining({ messages: 10 }),
    ]);
    await session.putPart("m7", { text: "a needle in a part" });
    expect(await found()).toEqual(["silent"]);
  } finally {
    await store.close();
  }
});
