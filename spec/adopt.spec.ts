// A machine id that was lost leaves logs that nobody may change. adopt() makes them this machine's.
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { settingsOf } from "../lib/base/options.ts";
import { openMemoryStore } from "../lib/index.ts";
import { rooms } from "../lib/open.ts";
import { openOn } from "../lib/store/open-on.ts";
import { FaultVfs } from "./helpers/fault-vfs.ts";
import { DEAD, holder, plant } from "./helpers/leases.ts";
import { filled, idsOf, lose, namesIn } from "./helpers/lost-machine.ts";
import { collect, filesIn, filesWith, logsOf, useStores } from "./helpers/stores.ts";

const stores = useStores();
const failing = (code: string): unknown => expect.objectContaining({ code });

describe("an adopted folder", () => {
  test("is this machine's at once and at every later open: its sessions go on in their logs", async () => {
    const { store, machine, directory } = await lose(stores);
    expect(store.machine).not.toBe(machine);
    expect(store.machines).toEqual([store.machine]);
    const found = [...logsOf(directory).values()].reduce((sum, bytes) => sum + bytes.length, 0);
    expect(await store.adopt(machine)).toEqual({ machine, sessions: 2, logs: 2, bytes: found, united: 0 });
    expect(store.machines).toEqual([store.machine, machine]);
    await store.session("s").append({ id: "x" });
    await store.createSession({ id: "new" });
    expect(namesIn(directory, machine).toSorted()).toEqual(["other.jsonl", "s.jsonl"]);
    expect(namesIn(directory, store.machine)).toEqual(["new.jsonl"]);
    const first = store.machine;
    await store.close();
    const again = await stores.open({}, directory);
    expect(again.machines).toEqual([first, machine]);
    expect(again.machine).toBe(first);
    await again.session("s").append({ id: "y" });
    expect((await again.session("s").info()).machines).toEqual([machine]);
    expect((await idsOf(again)).slice(-2)).toEqual(["x", "y"]);
  });

  test("that a session in memory lies in is written to by it from the next call on", async () => {
    const { store, machine, directory } = await lose(stores);
    const session = store.session("s");
    await session.history();
    await session.count();
    const adopting = store.adopt(machine);
    const appending = Array.from({ length: 20 }, (_, n) => session.append({ id: `x${n}` }));
    await Promise.all([adopting, ...appending]);
    await session.append({ id: "last" });
    await store.adopt(machine);
    expect(await idsOf(store)).toEqual([
      ...Array.from({ length: 10 }, (_, n) => `m${n}`),
      ...Array.from({ length: 20 }, (_, n) => `x${n}`),
      "last",
    ]);
    expect(namesIn(directory, machine)).toContain("s.jsonl");
    expect(namesIn(directory, store.machine)).not.toContain("s.jsonl");
  });

  test("is compacted, and its old log goes", async () => {
    const { store, machine } = await lose(stores);
    await store.session("s").truncate({ keepLast: 1 });
    await store.adopt(machine);
    const { bytesBefore, bytesAfter } = await store.session("s").compact();
    expect(bytesAfter).toBeLessThan(bytesBefore);
    expect(await idsOf(store)).toEqual(["m9"]);
    expect((await store.session("s").info()).machines).toEqual([machine]);
  });

  test("is purged, deleted, restored, archived and brought back", async () => {
    const { store, machine, directory } = await lose(stores);
    await store.adopt(machine);
    expect(await store.session("s").purge(["m3"])).toEqual({ erased: 1, heldBy: [] });
    expect(filesWith(directory, "text of m3")).toEqual([]);
    await store.archive("s");
    expect(filesIn(join(directory, "archive", machine))).toHaveLength(1);
    await store.unarchive("s");
    expect(filesIn(join(directory, "archive"))).toEqual([]);
    expect(namesIn(directory, machine)).toContain("s.jsonl");
    await store.session("s").delete();
    expect(await store.get("s")).toBeUndefined();
    await store.session("s").restore();
    expect(await idsOf(store)).toEqual(["m0", "m1", "m2", "m4", "m5", "m6", "m7", "m8", "m9"]);
    expect(readdirSync(join(directory, "sessions"))).toEqual([machine]);
    await store.archive("s");
    await store.session("s").append({ id: "x" });
    expect((await store.session("s").info()).archived).toBe(false);
    expect(readdirSync(join(directory, "sessions"))).toEqual([machine]);
  });

  test("counts as this machine's for retention, and what lies in others does not", async () => {
    const { store, machine } = await lose(stores);
    const policy = { maxSessions: 0 };
    expect((await store.retention.plan(policy)).kept).toHaveLength(2);
    await store.adopt(machine);
    const plan = await store.retention.plan(policy);
    expect(plan.items).toHaveLength(2);
    expect((await store.retention.apply(plan)).evicted).toHaveLength(2);
    expect(await collect(store.ids())).toEqual([]);
  });

  test("is repaired", async () => {
    const directory = stores.unverified();
    const { store, machine } = await lose(stores, filled, directory);
    const path = [...logsOf(directory).keys()].find((each) => each.endsWith("/s.jsonl"));
    writeFileSync(path!, Buffer.concat([readFileSync(path!), Buffer.from("no line\n")]));
    expect(await collect(store.verify())).toMatchObject([{ code: "damaged", isRepairable: false }]);
    await store.adopt(machine);
    expect(await collect(store.verify())).toMatchObject([{ code: "damaged", isRepairable: true }]);
    expect(await store.repair()).toMatchObject({ actions: [{ code: "damaged" }], left: [] });
    expect(await collect(store.verify())).toEqual([]);
    expect(readdirSync(join(directory, "lost+found", "s"))).toMatchObject([expect.stringContaining(machine)]);
  });

  test("loses what another machine had purged while it was nobody's", async () => {
    const above = stores.directory();
    const one = join(above, "one");
    const { store, machine } = await lose(stores, filled, one);
    // The one that has no id of its own any more hears of a purge, and may not obey it.
    cpSync(one, join(above, "two"), { recursive: true });
    const two = await stores.open({}, join(above, "two"));
    expect((await two.session("s").purge(["m3"])).heldBy).toEqual([machine]);
    cpSync(join(two.path, "sessions", two.machine), join(one, "sessions", two.machine), { recursive: true });
    await store.refresh();
    expect(await idsOf(store)).not.toContain("m3");
    await store.session("s").append({ id: "x" });
    await store.close();
    const again = await stores.open({}, one);
    await again.session("s").history();
    await again.close();
    expect(filesWith(one, "text of m3")).not.toEqual([]);
    const third = await stores.open({}, one);
    await third.adopt(machine);
    await third.close();
    expect(filesWith(one, "text of m3")).toEqual([]);
    rmSync(join(above, "two"), { recursive: true });
  });
});

describe("adopt()", () => {
  test("with dryRun tells what would be, and changes nothing", async () => {
    const { store, machine, directory } = await lose(stores);
    await store.session("s").append({ id: "x" });
    const before = logsOf(directory);
    const report = await store.adopt(machine, { dryRun: true });
    expect(report).toMatchObject({ machine, sessions: 2, logs: 2, united: 1 });
    expect(logsOf(directory)).toEqual(before);
    expect(store.machines).toEqual([store.machine]);
    expect(await store.adopt(machine)).toEqual(report);
  });

  test("refuses what is no folder, what is not there, and a store that cannot be written", async () => {
    const { store, machine, directory } = await lose(stores);
    for (const wrong of ["", ".", "..", "../x-aaaaaaaa", "a/b-aaaaaaaa", "laptop", "Laptop-aaaaaaaa", 7])
      await expect(store.adopt(wrong as string), String(wrong)).rejects.toThrow(failing("INVALID_ARGUMENT"));
    await expect(store.adopt(machine, { dryRun: "no" as never })).rejects.toThrow(failing("INVALID_ARGUMENT"));
    await expect(store.adopt(machine, { other: 1 } as never)).rejects.toThrow(failing("INVALID_ARGUMENT"));
    await expect(store.adopt("laptop-aaaaaaaa")).rejects.toThrow(failing("NOT_FOUND"));
    mkdirSync(join(directory, "archive", "laptop-aaaaaaaa"), { recursive: true });
    expect(await store.adopt("laptop-aaaaaaaa")).toMatchObject({ sessions: 0, logs: 0 });
    await expect(store.adopt(machine, { signal: AbortSignal.abort() })).rejects.toThrow("abort");
    expect(store.machines).toEqual([store.machine, "laptop-aaaaaaaa"]);
    await store.close();
    await expect(store.adopt(machine)).rejects.toThrow(failing("CLOSED"));
  });

  test("says why a store cannot be written, which has no folder of its own", async () => {
    const { store, machine, directory } = await lose(stores);
    await store.close();
    rmSync(join(directory, ".cache"), { recursive: true });
    const vfs = new FaultVfs();
    vfs.fault = (operation) => (operation === "makeDirectory" || operation === "link" ? "EROFS" : undefined);
    const fixed = await openOn<any, any>(vfs, directory, settingsOf({}), rooms);
    expect([fixed.machine, fixed.machines]).toEqual(["", []]);
    await expect(fixed.adopt(machine)).rejects.toThrow(failing("READ_ONLY"));
    await expect(fixed.adopt(machine, { dryRun: true })).rejects.toThrow(failing("READ_ONLY"));
    expect(await idsOf(fixed)).toHaveLength(10);
    await fixed.close();
  });

  test("of this machine's own folder does nothing", async () => {
    const store = await stores.open();
    await filled(store);
    expect(await store.adopt(store.machine)).toMatchObject({ sessions: 0, united: 0 });
    expect(store.machines).toEqual([store.machine]);
  });

  test("refuses while a lease shows that a living process writes as that machine, not after its end", async () => {
    const { store, machine, directory } = await lose(stores);
    const lock = join(directory, ".cache", "leases", machine, "s.lock");
    const file = plant(lock, holder());
    const busy = expect.objectContaining({ code: "SESSION_BUSY", session: "s", holder: expect.anything() });
    await expect(store.adopt(machine)).rejects.toThrow(busy);
    await expect(store.adopt(machine, { dryRun: true })).rejects.toThrow(busy);
    plant(lock, "no holder");
    await expect(store.adopt(machine)).rejects.toThrow(failing("SESSION_BUSY"));
    rmSync(file);
    // One that nobody has refreshed for long: it came with a copy.
    plant(lock, holder(), "planted", new Date(Date.now() - 60_000));
    expect(await store.adopt(machine, { dryRun: true })).toMatchObject({ sessions: 2 });
    plant(lock, holder(DEAD));
    expect(await store.adopt(machine)).toMatchObject({ sessions: 2 });
  });

  test("of several ids one after the other makes one log of as many", async () => {
    const directory = stores.directory();
    const machines: string[] = [];
    for (let n = 0; n < 4; n++) {
      const store = await stores.open({}, directory);
      machines.push(store.machine);
      await store.session("s", { create: true }).append({ id: `m${n}` });
      await store.close();
      if (n < 3) rmSync(join(directory, ".cache"), { recursive: true });
    }
    const store = await stores.open({}, directory);
    for (const machine of machines.slice(0, 3)) await store.adopt(machine);
    expect(store.machines).toEqual([machines[3], ...machines.slice(0, 3)]);
    expect(await idsOf(store)).toEqual(["m0", "m1", "m2", "m3"]);
    expect([...logsOf(directory).keys()]).toHaveLength(1);
    await store.session("s").append({ id: "x" });
    expect([...logsOf(directory).keys()]).toHaveLength(1);
  });

  test("does not go along with a copy of the store, cache and all", async () => {
    const above = stores.directory();
    const { store, machine, directory } = await lose(stores, filled, join(above, "store"));
    await store.adopt(machine);
    await store.close();
    cpSync(directory, join(above, "copy"), { recursive: true, preserveTimestamps: true });
    const copy = await stores.open({}, join(above, "copy"));
    expect(copy.machines).toEqual([copy.machine]);
    expect([store.machine, machine]).not.toContain(copy.machine);
    await copy.session("s").append({ id: "x" });
    expect(readdirSync(join(above, "copy", "sessions")).toSorted()).toEqual([machine, copy.machine].toSorted());
  });

  test("of a store that moved takes up where it was", async () => {
    const above = stores.directory();
    const store = await stores.open({}, join(above, "here"));
    await filled(store);
    const { machine } = store;
    await store.close();
    renameSync(join(above, "here"), join(above, "there"));
    const moved = await stores.open({}, join(above, "there"));
    expect(moved.machine).not.toBe(machine);
    await moved.adopt(machine);
    await moved.session("s").append({ id: "x" });
    expect(existsSync(join(above, "there", "sessions", moved.machine))).toBe(false);
  });

  test("keeps what was adopted before though another process threw the cache away", async () => {
    const { store, machine, directory } = await lose(stores);
    await store.session("s").append({ id: "x" });
    rmSync(join(directory, ".cache"), { recursive: true });
    await store.adopt(machine);
    const { machines } = store;
    await store.close();
    expect((await stores.open({}, directory)).machines).toEqual(machines);
  });
});

test("in memory, too", async () => {
  const store = await openMemoryStore();
  await store.createSession({ id: "s" });
  await expect(store.adopt("laptop-aaaaaaaa")).rejects.toThrow(failing("NOT_FOUND"));
  expect(await store.adopt(store.machine)).toMatchObject({ united: 0 });
  await store.close();
});
