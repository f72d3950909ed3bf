// A session that two machines have logs of: what one does to it holds on the other when its folder arrives, and nothing that
// is gone comes back with the next sync.
import { cpSync, mkdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import type { SessionInfo, Store } from "../lib/index.ts";
import { collect, filesIn, filesWith, logPath, useStores } from "./helpers/stores.ts";

const stores = useStores();

type Any = Store<any, any>;

/** The folders that `from` writes come to `to`, just as they are: what rsync does, as the README has it. */
async function pull(from: Any, to: Any): Promise<void> {
  for (const room of ["sessions", "archive"]) {
    const [source, target] = [join(from.path, room, from.machine), join(to.path, room, from.machine)];
    rmSync(target, { recursive: true, force: true });
    if (statSync(source, { throwIfNoEntry: false }) !== undefined)
      cpSync(source, target, { recursive: true, filter: (path) => !path.endsWith(".old") });
  }
  await to.refresh();
}

/** Two machines that have both written to "s", and know of each other's lines. */
async function two(): Promise<{ one: Any; other: Any }> {
  const above = stores.directory();
  const one = await stores.open({ machine: "one" }, join(above, "one"));
  await one.createSession({ id: "s", title: "both" });
  await one.session("s").append([{ id: "a" }, { id: "b" }]);
  mkdirSync(join(above, "other"));
  for (const name of ["turnlog.json", "sessions"])
    cpSync(join(one.path, name), join(above, "other", name), { recursive: true });
  const other = await stores.open({ machine: "other" }, join(above, "other"));
  await other.session("s").append([{ id: "c" }, { id: "d" }]);
  await pull(other, one);
  await one.session("s").append({ id: "e" });
  await pull(one, other);
  return { one, other };
}

async function ids(store: Any, id = "s"): Promise<string[]> {
  return (await store.session(id).history()).map((each) => each.id);
}

const ALL = ["a", "b", "c", "d", "e"];

test("a deletion by one machine holds on the other, and no sync of either brings the session back", async () => {
  const { one, other } = await two();
  await one.session("s").delete();
  await pull(one, other);
  const isGone = async (store: Any): Promise<void> => {
    expect(await store.get("s")).toBeUndefined();
    expect(await collect(store.ids())).toEqual([]);
    await expect(store.session("s").history()).rejects.toMatchObject({ code: "NOT_FOUND" });
    await expect(store.session("s").append({ id: "x" })).rejects.toMatchObject({ code: "NOT_FOUND" });
  };
  await isGone(other);
  const theirs = readFileSync(logPath(other, "s"));
  for (let round = 0; round < 2; round++) {
    await pull(other, one);
    await pull(one, other);
    for (const store of [one, other]) await isGone(store);
  }
  // Each writes in its own folder only.
  expect(readFileSync(logPath(other, "s")).equals(theirs)).toBe(true);
  for (const store of [one, other]) {
    const again = await stores.open({}, store.path);
    await isGone(again);
  }
});

test("a deletion that one machine takes back is taken back on the other", async () => {
  const { one, other } = await two();
  await one.session("s").delete();
  await pull(one, other);
  await one.session("s").restore();
  await pull(one, other);
  for (const store of [one, other]) {
    expect(await ids(store)).toEqual(ALL);
    expect((await store.session("s").info()).title).toBe("both");
  }
  // The other may take it back, too: its own log has what it wrote, and the folder of the first a stub.
  await one.session("s").delete();
  await pull(one, other);
  await other.session("s").restore();
  expect(await ids(other)).toEqual(["c", "d"]);
  // What the first one wrote lies in its trash.
  await pull(other, one);
  await one.session("s").restore();
  await pull(one, other);
  for (const store of [one, other]) {
    expect(await ids(store)).toEqual(ALL);
    expect((await store.session("s").info()).title).toBe("both");
  }
  expect(filesIn(join(one.path, "trash"))).toEqual([]);
});

test("what was said while the other deleted it is not lost", async () => {
  const { one, other } = await two();
  await one.session("s").delete();
  await other.session("s").append({ id: "later" });
  await pull(one, other);
  await pull(other, one);
  for (const store of [one, other]) {
    const all = new Set<string>();
    for (const branch of await store.session("s").branches()) all.add(branch.id);
    expect([...all]).toContain("later");
    expect(await collect(store.ids())).toEqual(["s"]);
  }
  expect(await ids(one)).toEqual(await ids(other));
});

test("a purge by one machine is erased in the other's own log when the other opens the store", async () => {
  const { one, other } = await two();
  await other.session("s").append({ id: "secret", text: "xyzzy" });
  await pull(other, one);
  expect(await one.session("s").purge(["secret"])).toMatchObject({ heldBy: [other.machine] });
  await pull(one, other);
  await other.close();
  const again = await stores.open({ machine: "other" }, other.path);
  expect(await ids(again)).toEqual(ALL);
  const start = Date.now();
  while (filesWith(join(again.path, "sessions"), "xyzzy").length > 0 && Date.now() - start < 10_000)
    await new Promise((resolve) => setTimeout(resolve, 20));
  expect(filesWith(join(again.path, "sessions"), "xyzzy")).toEqual([]);
  await pull(again, one);
  expect(filesWith(join(one.path, "sessions"), "xyzzy")).toEqual([]);
  expect(await ids(one)).toEqual(ALL);
});

test("one machine compacts while the other reads, pages and goes on", async () => {
  const { one, other } = await two();
  for (let n = 0; n < 50; n++) await one.session("s").putMessage({ id: "e", n });
  await pull(one, other);
  const page = await other.session("s").page({ limit: 2 });
  const reading = other.session("s").messages({})[Symbol.asyncIterator]();
  await reading.next();
  const { lines } = await one.session("s").compact();
  expect(lines).toBeGreaterThan(40);
  await pull(one, other);
  const rest: string[] = [];
  for (let next = await reading.next(); next.done !== true; next = await reading.next()) rest.push(next.value.id);
  expect(rest).toEqual(ALL.slice(1));
  expect((await other.session("s").page({ limit: 2, before: page.previous! })).items.map(({ id }) => id)).toEqual([
    "b",
    "c",
  ]);
  await other.session("s").append({ id: "f" });
  await pull(other, one);
  for (const store of [one, other]) {
    expect(await ids(store)).toEqual([...ALL, "f"]);
    expect((await store.session("s").message("e"))!.data).toEqual({ id: "e", n: 49 });
  }
});

test("who closes before they have seen what a sync brought takes nothing of it out of the listing", async () => {
  const { one, other } = await two();
  await one.session("new", { create: true }).append({ id: "f" });
  await pull(one, other);
  await one.close();
  await other.session("new").update({ title: "of the other" });
  const late = await stores.open({ machine: "one" }, one.path);
  await late.session("new").append({ id: "g" });
  const folder = join("sessions", other.machine);
  cpSync(join(other.path, folder), join(one.path, folder), { recursive: true });
  // So long ago that a directory is believed.
  await sleep(150);
  const titles = async (): Promise<unknown[]> => {
    const store = await stores.open({ machine: "one" }, one.path);
    const listed = await collect(store.sessions());
    await store.close();
    return listed.map((info) => ("damaged" in info ? info : info.title));
  };
  expect(await titles()).toEqual(["of the other", "both"]);
  await late.close();
  expect(await titles()).toEqual(["of the other", "both"]);
});

test("a fork on one machine of what the other wrote stands on its own, and arrives there", async () => {
  const { one, other } = await two();
  const fork = await other.session("s").fork({ at: "b", title: "from there" });
  await fork.append({ id: "on" });
  await one.session("s").delete();
  await pull(other, one);
  await pull(one, other);
  for (const store of [one, other]) {
    expect(await ids(store, fork.id)).toEqual(["a", "b", "on"]);
    expect(await collect(store.ids())).toEqual([fork.id]);
  }
});

test("the listing shows how many branches there are, whoever looks, and that a move to one is none", async () => {
  const { one, other } = await two();
  await one.session("s").append({ id: "on one" });
  await other.session("s").append({ id: "on other" });
  for (const store of [one, other])
    expect(((await collect(store.sessions())) as SessionInfo[]).map(({ branches }) => branches)).toEqual([1]);
  await pull(one, other);
  await pull(other, one);
  for (const store of [one, other, await stores.open({}, one.path)]) {
    const [listed] = (await collect(store.sessions())) as [SessionInfo];
    expect(listed).toMatchObject({ id: "s", branches: 2, machines: [one.machine, other.machine].toSorted() });
    expect((await store.session("s").branches()).map(({ id }) => id)).toEqual(["on other", "on one"]);
  }
  await one.session("s").checkout("on one");
  await pull(one, other);
  for (const store of [one, other]) expect(await ids(store)).toEqual([...ALL, "on one"]);
});

test("who follows a session on one machine sees what a sync brings, once, in its order", async () => {
  const { one, other } = await two();
  const seen: string[] = [];
  const stop = new AbortController();
  const following = (async () => {
    for await (const change of one.session("s").follow({ signal: stop.signal })) {
      if (change.kind === "message" && change.id !== undefined) seen.push(change.id);
      if (seen.length === 4) return;
    }
  })();
  await new Promise((resolve) => setTimeout(resolve, 50));
  await other.session("s").append([{ id: "f1" }, { id: "f2" }]);
  await pull(other, one);
  await one.session("s").append({ id: "f3" });
  await pull(one, other);
  await other.session("s").append({ id: "f4" });
  await pull(other, one);
  await Promise.race([following, new Promise((resolve) => setTimeout(resolve, 10_000))]);
  stop.abort();
  await following.catch(() => undefined);
  expect(seen).toEqual(["f1", "f2", "f3", "f4"]);
});
