// A session that has logs in a folder that is adopted and in this machine's gets one log of them.
import { cpSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { filled, idsOf, lose, namesIn } from "./helpers/lost-machine.ts";
import { collect, filesIn, logsOf, useStores } from "./helpers/stores.ts";

const stores = useStores();

describe("a session with logs in two folders of this machine", () => {
  test("gets one log: every line of both, byte for byte, in the older folder", async () => {
    const { store, machine, directory } = await lose(stores);
    await store.session("s").append({ id: "x" });
    await store.session("s").update({ title: "new title" });
    await store.session("other").append({ id: "y" });
    const before = [...logsOf(directory)].filter(([path]) => path.endsWith("/s.jsonl"));
    expect(before).toHaveLength(2);
    const lines = before.flatMap(([, bytes]) => bytes.toString().trimEnd().split("\n"));
    const history = await store.session("s").history();
    expect(await store.adopt(machine)).toMatchObject({ sessions: 2, united: 2 });
    expect(namesIn(directory, machine).toSorted()).toEqual(["other.jsonl", "s.jsonl"]);
    expect(namesIn(directory, store.machine)).toEqual([]);
    const after = [...logsOf(directory)].find(([path]) => path.endsWith("/s.jsonl"));
    expect(after![1].toString()).toBe(`${[...new Set(lines)].toSorted().join("\n")}\n`);
    expect(await store.session("s").history()).toEqual(history);
    expect(await store.adopt(machine)).toEqual({ machine, sessions: 0, logs: 0, bytes: 0, united: 0 });
    await store.session("s").append({ id: "z" });
    expect(namesIn(directory, store.machine)).toEqual([]);
    expect((await store.session("s").info()).branches).toBe(1);
  });

  test("of which one is archived, or both are, has one log after it", async () => {
    const { store, machine, directory } = await lose(stores, async (each) => {
      for (const id of ["in use", "away", "put away by one"]) {
        const session = await each.createSession({ id });
        await session.append({ id: "a" });
        if (id !== "in use") await each.archive(id);
      }
    });
    for (const path of filesIn(join(directory, "sessions"))) if (path.endsWith(".old")) rmSync(path);
    for (const id of ["in use", "away", "put away by one"]) await store.session(id).append({ id: "b" });
    for (const id of ["in use", "away"]) await store.archive(id);
    expect(await store.adopt(machine)).toMatchObject({ sessions: 3 });
    for (const id of ["in use", "away", "put away by one"]) {
      expect(await idsOf(store, id)).toEqual(["a", "b"]);
      await store.session(id).append({ id: "c" });
    }
    expect(filesIn(join(directory, "archive"))).toEqual([]);
    expect(filesIn(join(directory, "sessions")).filter((path) => path.endsWith(".jsonl"))).toHaveLength(3);
  });

  test("that came back later is read as any, verify tells of it, and repair unites it", async () => {
    const directory = stores.unverified();
    const { store, machine } = await lose(stores, filled, directory);
    await store.session("s").append({ id: "x" });
    const own = join(directory, "sessions", store.machine);
    cpSync(own, `${directory}-kept`, { recursive: true });
    await store.adopt(machine);
    await store.session("s").append({ id: "y" });
    // A backup, or a sync, brings it back.
    cpSync(`${directory}-kept`, own, { recursive: true });
    rmSync(`${directory}-kept`, { recursive: true });
    await store.refresh();
    const expected = [...Array.from({ length: 10 }, (_, n) => `m${n}`), "x", "y"];
    expect(await idsOf(store)).toEqual(expected);
    expect(await collect(store.verify())).toMatchObject([{ code: "two-logs", isRepairable: true }]);
    expect((await store.repair()).left).toEqual([]);
    expect(await collect(store.verify())).toEqual([]);
    expect(await idsOf(store)).toEqual(expected);
    expect(namesIn(directory, machine)).toContain("s.jsonl");
    expect(namesIn(directory, store.machine)).toEqual([]);
  });

  test("that is damaged is left as it is, with a warning, and stops no other", async () => {
    const directory = stores.unverified();
    const { store, machine } = await lose(stores, filled, directory);
    await store.session("s").append({ id: "x" });
    await store.session("other").append({ id: "y" });
    const path = [...logsOf(directory).keys()].find((each) => each.includes(machine) && each.endsWith("/s.jsonl"))!;
    writeFileSync(path, readFileSync(path, "utf8").replace('"id":"s"', '"id":"t"'));
    const warnings: unknown[] = [];
    store.on("warning", (warning) => warnings.push(warning));
    expect(await store.adopt(machine)).toMatchObject({ sessions: 2, united: 1 });
    expect(warnings).toContainEqual(expect.objectContaining({ code: "upkeep", session: "s" }));
    expect(namesIn(directory, store.machine)).toEqual(["s.jsonl"]);
  });

  test.each([true, false])(
    "loses nothing that a store writes which has it open since before (lease: %s)",
    async (lease) => {
      const directory = stores.unverified();
      const { store, machine } = await lose(stores, filled, directory);
      const other = await stores.open({ lease }, directory);
      await other.session("s").append({ id: "x0" });
      const adopting = store.adopt(machine);
      const written = ["x0"];
      for (let n = 1; n <= 40; n++) {
        await other.session("s").append({ id: `x${n}` });
        written.push(`x${n}`);
        if (n % 4 === 0) await new Promise((resolve) => setImmediate(resolve));
      }
      await adopting;
      const expected = [...Array.from({ length: 10 }, (_, n) => `m${n}`), ...written];
      expect(await idsOf(other)).toEqual(expected);
      await other.close();
      await store.refresh();
      expect(await idsOf(store)).toEqual(expected);
      await store.adopt(machine);
      expect(await idsOf(store)).toEqual(expected);
      expect(namesIn(directory, store.machine).filter((name) => name.startsWith("s."))).toEqual([]);
      expect(await collect(store.verify())).toEqual([]);
    },
  );

  test("of which a crash left one under its old name gets one log by the next call", async () => {
    const directory = stores.unverified();
    const { store, machine } = await lose(stores, filled, directory);
    await store.session("s").append({ id: "x" });
    const path = [...logsOf(directory).keys()].find((each) => each.includes(store.machine))!;
    const content = readFileSync(path);
    await store.adopt(machine);
    writeFileSync(`${path}.old`, content);
    await store.refresh();
    expect(await collect(store.verify())).toMatchObject([{ code: "leftover", isRepairable: true }]);
    expect(await store.adopt(machine)).toMatchObject({ united: 1 });
    expect(await collect(store.verify())).toEqual([]);
    expect(await idsOf(store)).toEqual([...Array.from({ length: 10 }, (_, n) => `m${n}`), "x"]);
    writeFileSync(`${path}.old`, content);
    await store.refresh();
    expect((await store.repair()).left).toEqual([]);
    expect(await collect(store.verify())).toEqual([]);
    expect(namesIn(directory, store.machine)).toEqual([]);
  });
});
