// Machines that went on with a session apart: reading is the merge, and nothing is lost.
import { cpSync, readdirSync, readFileSync, utimesSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { Session, Store, StoreWarning } from "../lib/index.ts";
import { logsOf, useStores, verifyStores } from "./helpers/stores.ts";

const stores = useStores();

type Any = Session<any, any>;

/** What is written next is later than what was written. */
function nextMs(): void {
  for (const now = Date.now(); Date.now() === now;);
}

async function ids(session: Any): Promise<string[]> {
  return (await session.history()).map(({ id }) => id);
}

describe("two machines that went on apart", () => {
  /** Brings the folders that each machine wrote to the other: what rsync, Syncthing and git do. */
  const sync = (from: Store, to: Store): void => {
    cpSync(join(from.path, "sessions", from.machine), join(to.path, "sessions", from.machine), { recursive: true });
    nextMs();
  };
  const apart = async (): Promise<{ one: Store<any, any>; two: Store<any, any> }> => {
    const above = stores.directory();
    const one = await stores.open({}, join(above, "one"));
    const session = await one.createSession({ id: "s" });
    await session.append([{ id: "a" }, { id: "b" }]);
    cpSync(join(above, "one"), join(above, "two"), { recursive: true, preserveTimestamps: true });
    const two = await stores.open({}, join(above, "two"));
    expect(two.machine).not.toBe(one.machine);
    return { one, two };
  };
  const warningsOf = (store: Store<any, any>): StoreWarning[] => {
    const warnings: StoreWarning[] = [];
    store.on("warning", (warning) => warnings.push(warning));
    return warnings;
  };

  test("the newest is the history, the other a branch, and a warning tells", async () => {
    const { one, two } = await apart();
    await one.session("s").append([{ id: "one 1" }, { id: "one 2" }]);
    nextMs();
    await two.session("s").append({ id: "two 1" });
    sync(one, two);
    sync(two, one);
    for (const store of [one, two]) {
      const again = await stores.open({}, store.path);
      const warnings = warningsOf(again);
      const session = again.session("s");
      expect(await ids(session)).toEqual(["a", "b", "two 1"]);
      expect(await session.branches()).toMatchObject([
        { id: "two 1", current: true, messages: 3, machine: two.machine },
        { id: "one 2", current: false, messages: 2, machine: one.machine, forkedAt: (await session.message("b"))!.at },
      ]);
      expect((await session.info()).machines).toEqual([one.machine, two.machine].toSorted());
      expect(warnings).toMatchObject([{ code: "diverged", session: "s", message: expect.any(String) }]);
      // Whoever has it open sees it, too.
      await store.refresh();
      expect(await ids(store.session("s"))).toEqual(["a", "b", "two 1"]);
    }
    await one.session("s").checkout("one 2");
    await one.session("s").append({ id: "one 3" });
    sync(one, two);
    await two.refresh();
    expect(await ids(two.session("s"))).toEqual(["a", "b", "one 1", "one 2", "one 3"]);
    expect(await ids(one.session("s"))).toEqual(await ids(two.session("s")));
  });

  test("either takes up what the other wrote: by checkout, and as a session of its own by a fork", async () => {
    const { one, two } = await apart();
    await one.session("s").append([{ id: "one 1" }, { id: "one 2" }]);
    nextMs();
    await two.session("s").append({ id: "two 1" });
    sync(one, two);
    await two.refresh();
    const [, theirs] = await two.session("s").branches();
    expect(theirs).toMatchObject({ id: "one 2", machine: one.machine });
    const fork = await two.session("s").fork({ branch: theirs!.id, at: "one 1", id: "fork" });
    expect(await ids(fork)).toEqual(["a", "b", "one 1"]);
    expect((await fork.info()).machines).toEqual([two.machine]);
    await two.session("s").checkout(theirs!.at);
    await two.session("s").append({ id: "two 2" });
    const expected = ["a", "b", "one 1", "one 2", "two 2"];
    expect(await ids(two.session("s"))).toEqual(expected);
    sync(two, one);
    await one.refresh();
    expect(await ids(one.session("s"))).toEqual(expected);
    expect(await one.session("s").branches()).toMatchObject([
      { id: "two 2", machine: two.machine, messages: 5, current: true },
      { id: "two 1", machine: two.machine, messages: 1, current: false },
    ]);
    expect(await ids(one.session("fork"))).toEqual(["a", "b", "one 1"]);
    // Nobody left the history unseen any more: the next message of either follows it.
    await one.session("s").append({ id: "one 3" });
    sync(one, two);
    await two.refresh();
    expect(await ids(two.session("s"))).toEqual([...expected, "one 3"]);
    expect((await two.session("s").branches()).map(({ id, machine }) => [id, machine])).toEqual([
      ["one 3", one.machine],
      ["two 1", two.machine],
    ]);
  });

  test("the listing says that there are branches, and no more when the session has one again", async () => {
    const { one, two } = await apart();
    await one.session("s").append({ id: "one 1" });
    nextMs();
    await two.session("s").append({ id: "two 1" });
    const listed = async (store: Store<any, any>): Promise<unknown> => (await store.page({ limit: 1 })).items[0];
    expect(await listed(one)).toMatchObject({ branches: 1, machines: [one.machine] });
    sync(two, one);
    await one.refresh();
    expect(await listed(one)).toMatchObject({ branches: 2, machines: [one.machine, two.machine].toSorted() });
    await one.session("s").checkout("one 1");
    await one.session("s").truncate({ after: "b" });
    expect(await listed(one)).toMatchObject({ branches: 2 });
    await one.session("s").checkout("two 1");
    expect(await listed(one)).toMatchObject({ branches: 1 });
  });

  test("a user's title beats an automatic one of the other machine, whatever their times", async () => {
    const { one, two } = await apart();
    await one.session("s").update({ title: "mine", tags: ["one"] });
    nextMs();
    await two.session("s").update({ title: "made up", titleSource: "auto", tags: ["two"], pinned: true });
    sync(one, two);
    sync(two, one);
    for (const store of [one, two]) {
      await store.refresh();
      const expected = { title: "mine", titleSource: "user", tags: ["two"], pinned: true };
      expect(await store.session("s").info()).toMatchObject(expected);
      expect(await store.get("s")).toMatchObject(expected);
    }
  });

  test("no machine writes to the folder of the other", async () => {
    const { one, two } = await apart();
    const theirs = [...logsOf(join(two.path)).entries()];
    await two.session("s").append({ id: "c" });
    await two.session("s").truncate({ keepLast: 2 });
    await two.session("s").delete();
    await two.session("s").restore();
    await two.session("s").update({ title: "t" });
    for (const [path, content] of theirs) {
      expect(path).toContain(one.machine);
      expect(readFileSync(path).equals(content)).toBe(true);
    }
    expect(readdirSync(join(two.path, "sessions")).toSorted()).toEqual([one.machine, two.machine].toSorted());
    expect(await ids(two.session("s"))).toEqual(["b", "c"]);
  });

  test("one that follows the other is no branch, and no warning tells", async () => {
    const { one, two } = await apart();
    const warnings = [warningsOf(one), warningsOf(two)];
    for (let turn = 0; turn < 4; turn++) {
      await two.session("s").append({ id: `two ${turn}` });
      sync(two, one);
      await one.refresh();
      await one.session("s").append({ id: `one ${turn}` });
      sync(one, two);
      await two.refresh();
    }
    const expected = ["a", "b", ...[0, 1, 2, 3].flatMap((turn) => [`two ${turn}`, `one ${turn}`])];
    for (const store of [one, two]) {
      expect(await ids(store.session("s"))).toEqual(expected);
      expect((await store.session("s").info()).branches).toBe(1);
    }
    expect(warnings).toEqual([[], []]);
  });

  test("a truncation hides only what its machine had seen", async () => {
    const { one, two } = await apart();
    await two.session("s").append({ id: "unseen" });
    nextMs();
    await one.session("s").append({ id: "c" });
    await one.session("s").clear();
    sync(two, one);
    await one.refresh();
    expect(await ids(one.session("s"))).toEqual([]);
    expect(await one.session("s").branches()).toMatchObject([{ id: "unseen", current: false, messages: 1 }]);
    await one.session("s").checkout("unseen");
    expect(await ids(one.session("s"))).toEqual(["unseen"]);
    await verifyStores(one.path);
  });

  test("what either says of the session counts, the latest of each key; a removal counts for both", async () => {
    const { one, two } = await apart();
    await one.session("s").update({ title: "one", project: "p" });
    await one.session("s").putMessage({ id: "a", by: "one" });
    nextMs();
    await two.session("s").update({ title: "two", summary: "s" });
    await two.session("s").remove("b");
    sync(one, two);
    sync(two, one);
    for (const store of [one, two]) {
      await store.refresh();
      expect(await store.session("s").info()).toMatchObject({ title: "two", project: "p", summary: "s" });
      expect((await store.session("s").history()).map(({ data }) => data)).toEqual([{ id: "a", by: "one" }]);
    }
  });

  test("what a sync brought is seen after refresh(), though a look for another session met it before", async () => {
    const { one, two } = await apart();
    await two.session("s").append({ id: "two 1" });
    // A copy that keeps the times: nothing here is younger than what was seen.
    const keepTimes = (machine: string): void => {
      const folder = join(one.path, "sessions", machine);
      for (const month of readdirSync(folder)) utimesSync(join(folder, month), 1e9, 1e9);
    };
    keepTimes(one.machine);
    await one.refresh();
    expect(await ids(one.session("s"))).toEqual(["a", "b"]);
    sync(two, one);
    keepTimes(two.machine);
    expect(await one.get("another")).toBeUndefined();
    await one.refresh();
    expect(await ids(one.session("s"))).toEqual(["a", "b", "two 1"]);
  });

  test("what a sync brought is seen after refresh(), and in the next turn of the event loop without it", async () => {
    const { one, two } = await apart();
    await two.session("s").append({ id: "two" });
    for (let round = 0; round < 60; round++) {
      await one.session("s").append({ id: `one ${round}` });
      // Now their log grows between our last look and the next.
      await two.session("s").append({ id: `two ${round}` });
      cpSync(join(one.path, "sessions", one.machine), join(two.path, "sessions", one.machine), { recursive: true });
      if (round % 2 === 0) await two.refresh();
      else await new Promise((resolve) => setImmediate(resolve));
      const branches = await two.session("s").branches();
      expect(
        branches.some(({ id }) => id === `one ${round}`),
        `round ${round}`,
      ).toBe(true);
    }
  });
});
