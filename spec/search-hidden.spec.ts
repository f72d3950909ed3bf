// What a log has and a history has not is found when it is asked for, and marked.
import { cpSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { idsFor, search, sync } from "./helpers/search.ts";
import { useStores } from "./helpers/stores.ts";

const stores = useStores();

describe("what is hidden", () => {
  test("is found only when it is asked for, and marked", async () => {
    const store = await stores.open();
    const session = await store.createSession({ id: "s" });
    await session.append(
      ["truncated", "first", "removed", "edited", "branch", "with part"].map((id) => ({ id, text: `word ${id}` })),
    );
    await session.clear();
    await session.append(["first", "removed", "edited"].map((id) => ({ id, text: `word ${id}` })));
    await session.remove("removed");
    await session.putMessage({ id: "edited", text: "another" });
    await session.append({ id: "branch", text: "word branch" });
    await session.checkout("edited");
    await session.append({ id: "last", text: "word last" });
    expect(await idsFor(store, "word")).toEqual(["last", "first"]);
    const hits = await search(store, "word", { hidden: true });
    const now = hits.slice(0, 5).map(({ id, hidden }) => [id, hidden]);
    expect(now).toEqual([
      ["last", undefined],
      ["branch", true],
      ["edited", true],
      ["removed", true],
      ["first", undefined],
    ]);
    expect(hits.slice(5).every(({ hidden }) => hidden)).toBe(true);
    expect(hits.length).toBe(11);
    expect(await search(store, "word", { hidden: true, limit: 3 })).toEqual(hits.slice(0, 3));
  });

  test("of a deleted session is what still stands in a log; a restored one is found again", async () => {
    const above = stores.directory();
    const one = await stores.open({}, join(above, "one"));
    const session = await one.createSession({ id: "s" });
    await session.append({ id: "m", text: "word" });
    cpSync(join(above, "one"), join(above, "two"), { recursive: true, preserveTimestamps: true });
    const two = await stores.open({}, join(above, "two"));
    await two.session("s").delete();
    // What the other machine wrote stands in its own log, which nobody else may change.
    sync([one, two]);
    await one.refresh();
    expect(await search(one, "word")).toEqual([]);
    expect(await search(one, "word", { hidden: true })).toMatchObject([{ id: "m", hidden: true }]);
    await one.session("s").restore();
    expect(await search(one, "word")).toMatchObject([{ id: "m" }]);
    expect(await search(one, "word", { hidden: true })).toHaveLength(1);
  });
});
