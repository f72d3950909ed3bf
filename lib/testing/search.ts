// Searching in what was said.
import assert from "node:assert/strict";
import type { SearchOptions } from "../index.ts";
import type { TestedStore } from "./backend.ts";
import { group } from "./case.ts";
import type { Bench, Case } from "./case.ts";
import { collect, fails, later } from "./expect.ts";

async function found(store: TestedStore, text: string, options?: SearchOptions): Promise<string> {
  const hits = await collect(store.searchMessages(text, options));
  return hits
    .map(({ session, id, part, hidden }) => `${session}/${id}${part ? `/${part}` : ""}${hidden ? "!" : ""}`)
    .join(" ");
}

async function filled({ create }: Bench): Promise<TestedStore> {
  const store = await create();
  const one = await store.createSession({ id: "one", project: "p" });
  await one.append([
    { id: "a", role: "user", content: "A needle, and 'quotes' \"of\" both\nkinds \\ 100%" },
    { id: "b", role: "assistant", content: [{ type: "text", text: "no such thing" }] },
  ]);
  await one.putPart("b", { id: "p", output: { deep: ["the NEEDLE again"] } });
  await later();
  const two = await store.createSession({ id: "two" });
  await two.append([
    { id: "a", text: "Needles É 漢字 😀" },
    { id: "b", needle: "only the key has it" },
  ]);
  return store;
}

export const search: Case[] = group("message search", (test) => {
  test("it finds texts in messages and parts, the newest session and message first", async (bench) => {
    const store = await filled(bench);
    assert.equal(await found(store, "needle"), "two/a one/b/p one/a");
    const hits = await collect(store.searchMessages("needle", { ids: ["one"] }));
    const entry = await store.session("one").message("a");
    assert.deepEqual(hits[1], {
      session: "one",
      id: "a",
      at: entry?.at,
      role: "user",
      snippet: { before: "A ", match: "needle", after: ", and 'quotes' \"of\" both\nkinds \\ 100%" },
    });
  });

  test("case is ignored unless it is asked for", async (bench) => {
    const store = await filled(bench);
    assert.equal(await found(store, "NEEDLE", { ignoreCase: false }), "one/b/p");
    assert.equal(await found(store, "é"), "two/a");
    assert.equal(await found(store, "é", { ignoreCase: false }), "");
  });

  test("a text is taken as it stands: quotes, line ends, signs and every script", async (bench) => {
    const store = await filled(bench);
    for (const text of ['"of" both\nkinds \\ 100%', "'quotes'", "\\ 1"])
      assert.equal(await found(store, text), "one/a");
    for (const text of ["漢字", "😀", "字 😀"]) assert.equal(await found(store, text), "two/a");
    for (const text of ["n%dle", "n_edle", "n.*e", "\\n"]) assert.equal(await found(store, text), "");
  });

  test("ids, a filter, a time and a limit narrow it", async (bench) => {
    const store = await filled(bench);
    assert.equal(await found(store, "needle", { limit: 2 }), "two/a one/b/p");
    assert.equal(await found(store, "needle", { ids: ["two"] }), "two/a");
    assert.equal(await found(store, "needle", { sessions: { project: "p" } }), "one/b/p one/a");
    assert.equal(await found(store, "needle", { since: Date.now() + 60_000 }), "");
    assert.equal(await found(store, "needle", { since: 0 }), "two/a one/b/p one/a");
  });

  test("what went from the histories is found with `hidden` alone, and marked", async (bench) => {
    const store = await filled(bench);
    const one = store.session("one");
    await one.putMessage({ id: "b", text: "no needle any more? yes" });
    await one.remove("a");
    assert.deepEqual((await found(store, "needle", { ids: ["one"] })).split(" ").toSorted(), ["one/b", "one/b/p"]);
    assert.match(await found(store, "needle", { ids: ["one"], hidden: true }), /one\/a!/);
    await one.truncate({ keepLast: 0 });
    assert.equal(await found(store, "needle", { ids: ["one"] }), "");
    assert.match(await found(store, "needle", { ids: ["one"], hidden: true }), /one\/b!/);
  });

  test("a deleted session is not searched", async (bench) => {
    const store = await filled(bench);
    await store.session("two").delete();
    assert.equal(await found(store, "needle"), "one/b/p one/a");
  });

  test("a wrong text or option is refused, a signal ends it", async (bench) => {
    const store = await filled(bench);
    for (const text of ["", "x".repeat(1001), 5 as unknown as string])
      await fails(() => collect(store.searchMessages(text)), "INVALID_ARGUMENT");
    await fails(() => collect(store.searchMessages("x", { id: "one" } as SearchOptions)), "INVALID_ARGUMENT");
    await fails(collect(store.searchMessages("x", { ids: ["none"] })), "NOT_FOUND");
    const reason = new Error("enough");
    await assert.rejects(collect(store.searchMessages("x", { signal: AbortSignal.abort(reason) })), reason);
  });
});
