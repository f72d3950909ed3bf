// What the trash of a store in a database lets go of, and what a collection of attachments takes.
import { afterEach, describe, expect, it } from "vitest";
import type { Store, StoreOptions } from "../lib/index.ts";
import { openSqlStore } from "../lib/sql.ts";
import { sqliteDatabase } from "./helpers/databases.ts";
import type { EmptyDatabase } from "./helpers/databases.ts";
import { collect } from "./helpers/stores.ts";

const made: EmptyDatabase[] = [];
const opened: Store<any, any>[] = [];

async function emptyDatabase(): Promise<EmptyDatabase> {
  const database = await sqliteDatabase();
  made.push(database);
  return database;
}

async function open(
  { target }: EmptyDatabase,
  options: Pick<StoreOptions, "restoreDays"> = {},
): Promise<Store<any, any>> {
  const store = await openSqlStore<any, any>(target, options);
  opened.push(store);
  return store;
}

async function textsIn(database: EmptyDatabase): Promise<string> {
  return JSON.stringify(await database.run("select text from line"));
}

afterEach(async () => {
  for (const store of opened.splice(0)) {
    expect(await collect(store.verify())).toEqual([]);
    await store.close();
  }
  for (const database of made.splice(0)) await database.drop();
});

describe("the trash of a store in a database", () => {
  it("keeps a deleted session for its days, in which another store brings it back", async () => {
    const database = await emptyDatabase();
    const store = await open(database);
    await (await store.createSession({ id: "one", title: "One" })).append({ text: "said" });
    await store.session("one").delete();
    const [trashed] = await collect(store.trash());
    expect(trashed).toMatchObject({ id: "one", title: "One" });
    expect(Date.parse(trashed?.expiresAt ?? "") - Date.parse(trashed?.deletedAt ?? "")).toBeLessThan(7.01 * 86_400_000);
    const other = await open(database);
    await other.session("one").restore();
    expect(await store.session("one").count()).toBe(1);
    expect(await collect(store.trash())).toEqual([]);
  });

  it("lets it go by itself when they are over, with all that was said in it", async () => {
    const database = await emptyDatabase();
    const store = await open(database);
    await (await store.createSession({ id: "one" })).append({ text: "said and gone" });
    await (await store.createSession({ id: "a".repeat(300) })).append({ text: "said and gone" });
    await store.session("one").delete();
    await store.session("a".repeat(300)).delete();
    expect(await textsIn(database)).toContain("said and gone");
    const later = await open(database, { restoreDays: 0 });
    await expect.poll(() => textsIn(database), { timeout: 20_000, interval: 100 }).not.toContain("said and gone");
    expect(await collect(later.trash())).toEqual([]);
    await expect(store.session("one").restore()).rejects.toMatchObject({ code: "NOT_FOUND" });
  });

  it("is emptied before that on demand, after a dry run that changes nothing", async () => {
    const database = await emptyDatabase();
    const store = await open(database);
    await (await store.createSession({ id: "one" })).append({ text: "said and gone" });
    await store.session("one").delete();
    const trial = await store.emptyTrash({ dryRun: true });
    expect(trial.sessions).toBe(1);
    expect(await textsIn(database)).toContain("said and gone");
    expect(await store.emptyTrash()).toEqual(trial);
    expect(await textsIn(database)).not.toContain("said and gone");
    expect((await store.stats()).trash).toEqual({ files: 0, bytes: 0 });
  });
});

describe("attachments in a database", () => {
  it("stay as long as a line names them, and go when nothing has for long", async () => {
    const database = await emptyDatabase();
    const store = await open(database, { restoreDays: 0 });
    const picture = (letter: string): string => Buffer.from(letter.repeat(50_000)).toString("base64");
    const session = await store.createSession({ id: "one" });
    await session.append({ id: "kept", picture: picture("k") });
    await session.append({ id: "gone", picture: picture("g") });
    // One that stands in a line too long for one field.
    await session.append({ id: "long", text: "l".repeat(2_000_000), picture: picture("l") });
    expect((await store.stats()).blobs).toEqual({ files: 3, bytes: 150_000 });
    await session.purge("gone");
    const { blobs } = await store.compact();
    expect(blobs).toMatchObject({ removed: 0 });
    expect((await store.stats()).blobs.files).toBe(2);
    expect((await session.message("kept"))?.data.picture).toBe(picture("k"));
    expect((await (await open(database)).session("one").message("long"))?.data.picture).toBe(picture("l"));
  });
});
