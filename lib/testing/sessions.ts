// Listing sessions.
import assert from "node:assert/strict";
import type { CreateSessionOptions, SessionFilter } from "../index.ts";
import type { TestedSession, TestedStore } from "./backend.ts";
import { group } from "./case.ts";
import type { Bench, Case } from "./case.ts";
import { collect, fails, later, named } from "./expect.ts";

async function listed(store: TestedStore, filter?: SessionFilter): Promise<string> {
  return (await collect(store.sessions(filter))).map(({ id }) => id).join(" ");
}

/** Makes a session that is newer than all before it. */
async function make(store: TestedStore, options: CreateSessionOptions): Promise<TestedSession> {
  await later();
  return await store.createSession(options);
}

/** Five sessions, of which the last that was made comes first. */
async function filled({ create }: Bench): Promise<TestedStore> {
  const store = await create();
  await make(store, { id: "a", title: "Alpha", project: "one", tags: ["x", "y"] });
  await make(store, { id: "b", title: "Beta", project: "one", directory: "/d", pinned: true });
  await make(store, { id: "c", title: "Alpha", project: "two", tags: ["x"], archived: true });
  await make(store, { id: "d", parent: "a", project: "one" });
  await make(store, { id: "e", parent: "d" });
  return store;
}

export const sessions: Case[] = group("sessions", (test) => {
  test("an empty store has none", async ({ create }) => {
    const store = await create();
    assert.equal(await listed(store), "");
    assert.deepEqual(await collect(store.ids()), []);
    assert.equal(await store.count(), 0);
    assert.deepEqual(await store.page({ limit: 5 }), { items: [] });
    assert.equal(await store.get("none"), undefined);
  });

  test("those without a parent are listed, the newest first, and all on request", async (bench) => {
    const store = await filled(bench);
    assert.equal(await listed(store), "c b a");
    assert.equal(await listed(store, { all: true }), "e d c b a");
    assert.deepEqual((await collect(store.ids())).toSorted(), ["a", "b", "c", "d", "e"]);
  });

  test("children are those of one parent", async (bench) => {
    const store = await filled(bench);
    const ids = async (id: string): Promise<string[]> => (await collect(store.children(id))).map((each) => each.id);
    assert.deepEqual(await ids("a"), ["d"]);
    assert.deepEqual(await ids("d"), ["e"]);
    assert.deepEqual(await ids("e"), []);
    assert.equal(await listed(store, { parent: "a" }), "d");
    await store.session("d").update({ parent: null });
    assert.deepEqual(await ids("a"), []);
    assert.equal(await listed(store), "d c b a");
  });

  for (const [filter, expected] of [
    [{ project: "one" }, "b a"],
    [{ project: "one", all: true }, "d b a"],
    [{ directory: "/d" }, "b"],
    [{ archived: true }, "c"],
    [{ archived: false }, "b a"],
    [{ pinned: true }, "b"],
    [{ pinned: false }, "c a"],
    [{ title: "Alpha" }, "c a"],
    [{ title: "alpha" }, ""],
    [{ tags: ["x"] }, "c a"],
    [{ tags: ["y", "x"] }, "a"],
    [{ tags: [] }, "c b a"],
    [{ title: "Alpha", project: "two" }, "c"],
    [{ project: "none" }, ""],
  ] as [SessionFilter, string][])
    test(`the filter ${JSON.stringify(filter)} takes its sessions, counts and pages them`, async (bench) => {
      const store = await filled(bench);
      assert.equal(await listed(store, filter), expected);
      assert.equal(await store.count(filter), expected.split(" ").filter(Boolean).length);
      const page = await store.page({ limit: 1, ...filter });
      assert.equal(page.items[0]?.id ?? "", expected.split(" ")[0]);
      assert.equal(page.next !== undefined, expected.includes(" "));
    });

  test("since takes what was active then or later, as a date, a number or a text", async (bench) => {
    const store = await filled(bench);
    const info = await store.session("c").info();
    await store.session("a").append(named("m"));
    const updated = Date.parse((await store.session("a").info()).updatedAt);
    for (const since of [0, new Date(0), info.createdAt]) assert.ok((await listed(store, { since })).includes("a"));
    assert.equal(await listed(store, { since: updated }), "a");
    assert.equal(await listed(store, { since: updated + 1 }), "");
    assert.equal(await listed(store, { since: new Date(updated + 60_000).toISOString() }), "");
    await fails(collect(store.sessions({ since: "no time" })), "INVALID_ARGUMENT");
  });

  test("what is written to comes to the front, but not in the order of creation", async (bench) => {
    const store = await filled(bench);
    await later();
    await store.session("a").append(named("m"));
    assert.equal(await listed(store), "a c b");
    assert.equal(await listed(store, { order: "created" }), "c b a");
    await later();
    await store.session("b").update({ title: "Gamma" });
    assert.equal(await listed(store, { order: "updated" }), "b a c");
    await fails(collect(store.sessions({ order: "title" as "created" })), "INVALID_ARGUMENT");
  });

  for (const order of ["updated", "created"] as const)
    test(`pages lead through the list and back, by ${order}`, async ({ create }) => {
      const store = await create();
      const ids = Array.from({ length: 25 }, (_, n) => `s${String(n).padStart(2, "0")}`);
      for (const id of ids) await make(store, { id });
      const forwards: string[][] = [];
      let page = await store.page({ limit: 10, order });
      const show = (): string[] => page.items.map(({ id }) => id);
      assert.equal(page.previous, undefined);
      for (forwards.push(show()); page.next !== undefined; forwards.push(show()))
        page = await store.page({ limit: 10, order, after: page.next });
      assert.deepEqual(forwards.flat(), ids.toReversed());
      assert.deepEqual(
        forwards.map(({ length }) => length),
        [10, 10, 5],
      );
      const backwards = [show()];
      for (; page.previous !== undefined; backwards.unshift(show()))
        page = await store.page({ limit: 10, order, before: page.previous });
      assert.deepEqual(backwards, forwards);
    });

  test("a cursor of a list holds when sessions come and go", async ({ create }) => {
    const store = await create();
    for (const id of "abcdef") await make(store, { id });
    const first = await store.page({ limit: 2 });
    await make(store, { id: "g" });
    await store.session("e").delete();
    const second = await store.page({ limit: 2, after: first.next });
    assert.deepEqual(
      second.items.map(({ id }) => id),
      ["d", "c"],
    );
  });

  test("a wrong option or cursor of a list is refused", async (bench) => {
    const store = await filled(bench);
    for (const wrong of [{}, { limit: 0 }, { limit: 1, name: "x" }, { limit: 1, before: "x", after: "y" }])
      await fails(() => store.page(wrong as { limit: number }), "INVALID_ARGUMENT");
    await fails(store.page({ limit: 1, after: "x" }), "INVALID_CURSOR");
    await fails(() => collect(store.sessions({ name: "x" } as SessionFilter)), "INVALID_ARGUMENT");
    await fails(() => store.count({ name: "x" } as SessionFilter), "INVALID_ARGUMENT");
  });

  test("a listing shows each session as info() does", async (bench) => {
    const store = await filled(bench);
    await store.session("b").append(named("m", "n"));
    await store.session("b").remove("m");
    for await (const shown of store.sessions({ all: true }))
      assert.deepEqual(shown, await store.session(shown.id).info());
  });
});

export const titles: Case[] = group("title search", (test) => {
  const found = async (store: TestedStore, text: string, options?: object): Promise<string> =>
    (await store.searchTitles(text, options)).map(({ id }) => id).join(" ");

  test("every word must be somewhere in the title, whatever the case, width and diacritics", async ({ create }) => {
    const store = await create();
    await make(store, { id: "s1", title: "Fix the Parser" });
    await make(store, { id: "s2", title: "Café parsing, ＷＩＤＥ" });
    await make(store, { id: "s3", title: "Something else 漢字" });
    assert.equal(await found(store, "pars"), "s2 s1");
    assert.equal(await found(store, "parser fix"), "s1");
    assert.equal(await found(store, "PARS CAFE"), "s2");
    assert.equal(await found(store, "wide"), "s2");
    assert.equal(await found(store, "漢字"), "s3");
    assert.equal(await found(store, "parser else"), "");
    assert.equal(await found(store, "%"), "");
    assert.equal(await found(store, "_ix"), "");
    assert.equal(await found(store, ""), "s3 s2 s1");
  });

  test("untitled sessions are found by their first prompt, all by the beginning of their id", async ({ create }) => {
    const store = await create();
    const untitled = await make(store, { id: "0193-abcd" });
    await untitled.append([{ role: "user", content: "How is the weather?" }]);
    await make(store, { id: "other", title: "Weather, titled", parent: "0193-abcd" });
    assert.equal(await found(store, "weather"), "other 0193-abcd");
    const [, hit] = await store.searchTitles("weather");
    assert.deepEqual([hit?.text, hit?.isPrompt, hit?.archived], ["How is the weather?", true, false]);
    assert.equal(await found(store, "0193"), "0193-abcd");
    assert.equal(await found(store, "019"), "");
  });

  test("it follows renames, deletions and the archive", async ({ create }) => {
    const store = await create();
    for (const id of ["s1", "s2", "s3"]) await make(store, { id, title: `Old title of ${id}` });
    await store.session("s1").update({ title: "New" });
    await store.session("s2").delete();
    await store.session("s3").update({ archived: true });
    assert.equal(await found(store, "old"), "s3");
    assert.equal(await found(store, "new"), "s1");
    assert.equal((await store.searchTitles("old"))[0]?.archived, true);
  });

  test("limit and order", async ({ create }) => {
    const store = await create();
    await make(store, { id: "s1", title: "parser first" });
    await make(store, { id: "s2", title: "the parser" });
    await make(store, { id: "s3", title: "reparsers" });
    assert.equal(await found(store, "parser"), "s3 s2 s1");
    assert.equal(await found(store, "parser", { order: "best" }), "s1 s2 s3");
    assert.equal(await found(store, "parser", { limit: 2 }), "s3 s2");
    await fails(() => store.searchTitles("x", { order: "worst" as "best" }), "INVALID_ARGUMENT");
    await fails(() => store.searchTitles(5 as unknown as string), "INVALID_ARGUMENT");
  });
});
