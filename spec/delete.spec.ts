// A deletion holds, on every machine, until it is taken back; and taking it back gives all of what was there.
import { execFileSync } from "node:child_process";
import { copyFileSync, cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import type { Session, Store } from "../lib/index.ts";
import { collect, logsOf, onlyLog, useStores } from "./helpers/stores.ts";

const stores = useStores();
const failing = (code: string): unknown => expect.objectContaining({ code });

type Any = Session<any, any>;

async function ids(session: Any): Promise<string[]> {
  return (await session.history()).map(({ id }) => id);
}

/** A session with edits, parts, a branch and a title. -> all that can be read of it */
async function fill(session: Any): Promise<unknown> {
  await session.append([{ id: "a", text: "secret words" }, { id: "b" }, { id: "c" }]);
  await session.putPart("a", { id: "p", n: 1 });
  await session.putMessage({ id: "b", edited: true });
  await session.checkout("b");
  await session.append([{ id: "d" }, { id: "e" }]);
  await session.remove("d");
  await session.update({ title: "t", tags: ["x"] });
  return await all(session);
}

async function all(session: Any): Promise<unknown> {
  const { title, tags, branches, messages } = await session.info();
  return {
    history: await session.history(),
    branches: await session.branches(),
    info: [title, tags, branches, messages],
  };
}

async function trash(store: Store<any, any>): Promise<string[]> {
  return existsSync(join(store.path, "trash"))
    ? readdirSync(join(store.path, "trash"), { recursive: true, encoding: "utf8" }).filter((name) =>
        name.endsWith(".jsonl"),
      )
    : [];
}

/** The files below a store in which a text stands. */
function filesWith(directory: string, text: string): string[] {
  try {
    return execFileSync("grep", ["-rl", text, directory], { encoding: "utf8" }).trimEnd().split("\n");
  } catch (error) {
    if ((error as { status?: number }).status === 1) return [];
    throw error;
  }
}

test("a deleted session is not there, for any call, store or list", async () => {
  const directory = stores.directory();
  const store = await stores.open({}, directory);
  const other = await stores.open({}, directory);
  const session = await store.createSession({ id: "s" });
  await fill(session);
  expect(await other.session("s").count()).toBe(3);
  await session.delete();
  const late = await stores.open({}, directory);
  for (const each of [store, other, late]) {
    const own = each.session("s");
    for (const call of [
      () => own.history(),
      () => own.append({ n: 1 }),
      () => own.append([{ n: 1 }, { n: 2 }]),
      () => own.update({ title: "x" }),
      () => own.info(),
      () => own.fork(),
      () => own.checkout("a"),
      () => own.truncate({ keepLast: 0 }),
      () => own.page({ limit: 1 }),
      () => own.delete(),
      () => collect(own.messages({ last: 1 })),
      () => collect(own.messageIds()),
    ]) {
      await expect(call()).rejects.toThrow(failing("NOT_FOUND"));
    }
    expect(await each.get("s")).toBeUndefined();
    expect(await collect(each.sessions({ all: true }))).toEqual([]);
    expect(await each.count()).toBe(0);
  }
  expect(await trash(store)).toHaveLength(1);
});

test("a restored session is what it was, in every store, and is written to again", async () => {
  const directory = stores.directory();
  const store = await stores.open({}, directory);
  const other = await stores.open({}, directory);
  const session = await store.createSession({ id: "s" });
  const before = await fill(session);
  await other.session("s").history();
  for (let round = 0; round < 3; round++) {
    await (round === 1 ? other.session("s") : session).delete();
    await (round === 0 ? other.session("s") : session).restore();
    const late = await stores.open({}, directory);
    for (const each of [store, other, late]) expect(await all(each.session("s"))).toEqual(before);
    await late.close();
    expect(await trash(store)).toEqual([]);
  }
  await other.session("s").append({ id: "later" });
  expect(await ids(session)).toEqual(["a", "b", "e", "later"]);
});

test("to restore what lives does nothing; what never was is not found", async () => {
  const store = await stores.open();
  const session = await store.createSession({ id: "s" });
  await fill(session);
  await session.delete();
  await session.restore();
  const log = [...logsOf(store.path)].map(([path, content]) => [path, content.toString()]);
  await session.restore();
  await session.restore();
  expect([...logsOf(store.path)].map(([path, content]) => [path, content.toString()])).toEqual(log);
  await expect(store.session("none").restore()).rejects.toThrow(failing("NOT_FOUND"));
});

test("without the trash nothing is left to restore", async () => {
  const store = await stores.open();
  const session = await store.createSession({ id: "s" });
  await fill(session);
  await session.delete({ trash: false });
  expect(await trash(store)).toEqual([]);
  await expect(session.restore()).rejects.toThrow(failing("NOT_FOUND"));
  expect(await store.get("s")).toBeUndefined();
});

test("a restoring that brings messages back brings them back for good", async () => {
  const directory = stores.unverified();
  const store = await stores.open({}, directory);
  const session = await store.createSession({ id: "s" });
  await fill(session);
  // For a minute the log that was replaced stands beside the stub.
  await session.delete({ trash: false });
  const isBack = await session.restore().then(
    () => true,
    () => false,
  );
  const shown = isBack ? await ids(session) : undefined;
  await store.close();
  for (const path of logsOf(directory).keys()) if (path.endsWith(".old")) rmSync(path);
  const late = await stores.open({}, directory);
  const left = await ids(late.session("s")).catch(() => undefined);
  expect(left).toEqual(shown);
});

test("what was deleted without the trash is gone from the disk after a minute, also if the process ended before", async () => {
  const directory = stores.directory();
  const store = await stores.open({}, directory);
  const session = await store.createSession({ id: "s" });
  await fill(session);
  await session.delete({ trash: false });
  await store.close();
  // A minute later.
  const records = join(directory, ".cache", "replaced");
  for (const name of readdirSync(records)) {
    const record = JSON.parse(readFileSync(join(records, name), "utf8"));
    writeFileSync(join(records, name), JSON.stringify({ ...record, replacedAt: record.replacedAt - 100_000 }));
  }
  const next = await stores.open({}, directory);
  await (await next.createSession()).append({ n: 1 });
  await next.close();
  expect(filesWith(directory, "secret words")).toEqual([]);
});

test("children go with their parent where that is asked for, and theirs", async () => {
  const store = await stores.open();
  for (const [id, parent] of [["p"], ["c1", "p"], ["c2", "p"], ["g", "c1"], ["other"]] as const) {
    await store.createSession({ id, parent });
    await store.session(id).append({ id });
  }
  await store.session("c2").delete();
  await store.session("p").delete({ children: true });
  expect(await collect(store.ids())).toEqual(["other"]);
  await store.session("p").restore();
  await store.session("g").restore();
  expect((await collect(store.ids())).toSorted()).toEqual(["g", "other", "p"]);
  expect(await store.get("g")).toMatchObject({ parent: "c1" });
  await store.session("p").delete();
  expect((await collect(store.ids())).toSorted()).toEqual(["g", "other"]);
});

test("a message to a deleted session, with create, begins it anew, without what it was called", async () => {
  const directory = stores.directory();
  const store = await stores.open({}, directory);
  const session = store.session("s", { create: true });
  await fill(session);
  await session.delete();
  await session.append({ id: "a", anew: true });
  expect((await session.history()).map(({ data }) => data)).toEqual([{ id: "a", anew: true }]);
  expect((await session.info()).messages).toBe(1);
  expect(await session.info()).not.toHaveProperty("title");
  const late = await stores.open({}, directory);
  expect(await ids(late.session("s"))).toEqual(["a"]);
  // Taking its last message away is taking away what made it live.
  await session.truncate({ keepLast: 0 });
  expect(await late.get("s")).toBeUndefined();
});

describe("an old copy that is synced back", () => {
  const used = async (): Promise<{ directory: string; store: Store<any, any>; path: string; old: Buffer }> => {
    const directory = stores.directory();
    const store = await stores.open({}, directory);
    await fill(await store.createSession({ id: "s" }));
    const path = onlyLog(directory);
    return { directory, store, path, old: readFileSync(path) };
  };

  test("as the folder of another machine revives nothing", async () => {
    const { directory, store, path, old } = await used();
    await store.session("s").delete();
    const copy = path.replace(store.machine, "other-aaaaaaaa");
    mkdirSync(dirname(copy), { recursive: true });
    writeFileSync(copy, old);
    await store.refresh();
    expect(await store.get("s")).toBeUndefined();
    const late = await stores.open({}, directory);
    expect(await late.get("s")).toBeUndefined();
    await expect(late.session("s").append({ n: 1 })).rejects.toThrow(failing("NOT_FOUND"));
    expect(await collect(late.ids())).toEqual([]);
    // All of it is there, so it can be restored, from whichever copy.
    rmSync(join(directory, "trash"), { recursive: true });
    await late.session("s").restore();
    expect(await ids(late.session("s"))).toEqual(["a", "b", "e"]);
  });

  test("as the log of the machine that wrote it revives nothing where another machine deleted it", async () => {
    const { directory, store, path, old } = await used();
    await store.close();
    const copy = `${directory}/two`;
    cpSync(join(directory, "sessions"), join(copy, "sessions"), { recursive: true });
    copyFileSync(join(directory, "turnlog.json"), join(copy, "turnlog.json"));
    const two = await stores.open({}, copy);
    await two.session("s").delete();
    const theirs = join(copy, path.slice(directory.length));
    expect(readFileSync(theirs).equals(old)).toBe(true);
    writeFileSync(`${theirs}.new`, old);
    execFileSync("mv", [`${theirs}.new`, theirs]);
    const late = await stores.open({}, copy);
    for (const each of [two, late]) expect(await each.get("s")).toBeUndefined();
    await two.session("s").restore();
    expect(await ids(late.session("s"))).toEqual(["a", "b", "e"]);
  });

  test("with a message that whoever deleted it had not seen revives that message alone", async () => {
    const { directory, store } = await used();
    const copy = `${directory}/two`;
    cpSync(join(directory, "sessions"), join(copy, "sessions"), { recursive: true });
    copyFileSync(join(directory, "turnlog.json"), join(copy, "turnlog.json"));
    const two = await stores.open({}, copy);
    await store.session("s").delete();
    for (const now = Date.now(); Date.now() === now;);
    await two.session("s").append({ id: "unseen" });
    cpSync(join(copy, "sessions", two.machine), join(directory, "sessions", two.machine), { recursive: true });
    await store.refresh();
    expect(await ids(store.session("s"))).toEqual(["unseen"]);
    rmSync(copy, { recursive: true, force: true });
    await two.close().catch(() => undefined);
  });
});
