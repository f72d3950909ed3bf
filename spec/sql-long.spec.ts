// A session in a database that is too long to be fetched whole: what is read in passing comes when it is missed, and nothing that
// was written until then is written twice.
import { afterEach, describe, expect, it } from "vitest";
import { openSqlStore } from "../lib/sql.ts";
import type { Store } from "../lib/index.ts";
import { sqliteDatabase } from "./helpers/databases.ts";
import type { EmptyDatabase } from "./helpers/databases.ts";

interface Message {
  id: string;
  text: string;
}

const MESSAGES = 1200;
/** More than 8 MB in all. */
const TEXT = "x".repeat(9000);

function message(number: number): Message {
  return { id: `m${number}`, text: `${number} ${TEXT}` };
}

describe("a long session in a database", () => {
  const made: EmptyDatabase[] = [];
  const opened: Store<any, any>[] = [];
  const again = async (database: EmptyDatabase): Promise<Store<Message>> => {
    const store = await openSqlStore<Message>(database.target);
    opened.push(store);
    return store;
  };
  const long = async (): Promise<EmptyDatabase> => {
    const database = await sqliteDatabase();
    made.push(database);
    const store = await openSqlStore<Message>(database.target);
    const session = await store.createSession({ id: "long", title: "Long" });
    for (let first = 0; first < MESSAGES; first += 100)
      await session.append(Array.from({ length: 100 }, (_, index) => message(first + index)));
    await store.close();
    return database;
  };
  const idsOf = async (store: Store<Message>): Promise<string[]> => {
    const ids: string[] = [];
    for await (const id of store.session("long").messageIds()) ids.push(id);
    return ids;
  };

  afterEach(async () => {
    for (const store of opened.splice(0)) {
      // A store that a spec made is verified.
      for await (const problem of store.verify()) throw new Error(JSON.stringify(problem));
      await store.close();
    }
    for (const database of made.splice(0)) await database.drop();
  });

  it("gives its last messages, a page from its middle, and one by its id", async () => {
    const store = await again(await long());
    const session = store.session("long");
    const last: string[] = [];
    for await (const { id } of session.messages({ last: 3 })) last.push(id);
    expect(last).toEqual(["m1197", "m1198", "m1199"]);
    const page = await session.page({ limit: 3, around: "m600" });
    expect(page.items.map(({ id }) => id)).toEqual(["m599", "m600", "m601"]);
    expect((await session.message("m7"))?.data).toEqual(message(7));
    expect(await session.count()).toBe(MESSAGES);
  });

  it("takes appends, edits of old messages and truncations, each once", async () => {
    const database = await long();
    const store = await again(database);
    const session = store.session("long");
    await Promise.all([
      session.append(message(1200)),
      session.putMessage({ id: "m3", text: "edited" }),
      session.append(message(1201)),
    ]);
    await session.remove("m5");
    const ids = await idsOf(await again(database));
    expect(ids.length).toBe(MESSAGES + 1);
    expect(ids.slice(0, 6)).toEqual(["m0", "m1", "m2", "m3", "m4", "m6"]);
    expect(ids.slice(-2)).toEqual(["m1200", "m1201"]);
    expect((await session.message("m3"))?.data.text).toBe("edited");
    const { lines } = await session.stats();
    // A header, an info, the messages, two `open` at most, and what was written now.
    expect(lines).toBeLessThanOrEqual(MESSAGES + 2 + 2 + 4);
  });

  it("is compacted, deleted and brought back as any other", async () => {
    const database = await long();
    const store = await again(database);
    const session = store.session("long");
    await session.truncate({ keepLast: 1000 });
    const before = await idsOf(store);
    const { lines } = await session.compact();
    expect(lines).toBe(200);
    expect(await idsOf(await again(database))).toEqual(before);
    await session.delete();
    expect(await store.get("long")).toBeUndefined();
    await (await again(database)).session("long").restore();
    expect(await idsOf(store)).toEqual(before);
    await store.purge("long");
    expect(JSON.stringify(await database.run("select * from line"))).not.toContain("xxxx");
  });
});
