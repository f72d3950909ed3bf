// A log of one's own that an older copy overwrote: a backup that was restored, a sync in the wrong direction. It is noticed,
// told, gone on from by a new writer, and whole again when a fuller copy is united with it.
import { copyFileSync, cpSync, mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { openStore } from "../lib/index.ts";
import { append, codes, found, ids, open, settle, SIZES, uniteInto, WAYS, writersOf } from "./helpers/rolled-back.ts";
import { collect, logPath, useStores } from "./helpers/stores.ts";

const stores = useStores();

describe.each(Object.keys(SIZES) as (keyof typeof SIZES)[])("a %s log", (name) => {
  const size = SIZES[name];

  describe.each(Object.keys(WAYS) as (keyof typeof WAYS)[])("overwritten by an older copy, as %s", (way) => {
    const overwrite = WAYS[way];

    test("under a live store: told once, gone on from by another writer, and whole when the fuller copy comes", async () => {
      const directory = stores.directory();
      const { store, warnings } = await open(stores, directory);
      const early = await append(store, size, "early");
      const log = logPath(store, "s");
      copyFileSync(log, join(directory, "old"));
      const late = await append(store, size, "late");
      copyFileSync(log, join(directory, "fuller"));
      overwrite(join(directory, "old"), log);
      await store.refresh();
      expect(await ids(store)).toEqual(early);
      expect(codes(warnings)).toEqual(["rolled-back"]);
      expect(warnings[0]).toMatchObject({ session: "s", path: log });
      expect(await found(store)).toMatchObject([
        { code: "rolled-back", session: "s", machine: store.machine, file: log, isRepairable: false },
      ]);
      const { at } = await store.session("s").append({ id: "after" });
      const [written] = readFileSync(log, "utf8").trim().split("\n").slice(-2) as [string];
      expect(JSON.parse(written)).toMatchObject({
        type: "open",
        after: (await store.session("s").message("early-19"))!.at,
      });
      expect(readFileSync(join(directory, "fuller"), "utf8")).not.toContain(at.slice(-8));
      expect(await ids(store)).toEqual([...early, "after"]);
      expect(codes(warnings)).toEqual(["rolled-back"]);
      await settle(store);
      uniteInto(log, join(directory, "fuller"));
      await store.refresh();
      expect(await ids(store)).toEqual([...early, "after"]);
      expect(await store.session("s").branches()).toMatchObject([
        { id: "after", current: true, messages: 21 },
        { id: "late-19", current: false, messages: 20, forkedAt: (await store.session("s").message("early-19"))!.at },
      ]);
      await store.session("s").checkout("late-19");
      expect(await ids(store)).toEqual([...early, ...late]);
      expect(codes(warnings).filter((code) => code === "rolled-back")).toHaveLength(1);
      expect(await found(store)).toEqual([]);
    });

    test("while the store was closed: the next one tells when it lists, and verify() until the lines are back", async () => {
      const directory = stores.directory();
      const first = await open(stores, directory);
      const early = await append(first.store, size, "early");
      const log = logPath(first.store, "s");
      copyFileSync(log, join(directory, "old"));
      await append(first.store, size, "late");
      copyFileSync(log, join(directory, "fuller"));
      await collect(first.store.sessions());
      await first.store.close();
      overwrite(join(directory, "old"), log);

      const second = await open(stores, directory);
      expect(await found(second.store)).toHaveLength(1);
      if (name === "long") await second.store.session("s").page({ limit: 1 });
      await collect(second.store.sessions());
      expect(codes(second.warnings)).toEqual(["rolled-back"]);
      await second.store.session("s").append({ id: "after" });
      expect(await ids(second.store)).toEqual([...early, "after"]);
      await second.store.close();

      const third = await open(stores, directory);
      await collect(third.store.sessions());
      expect(await ids(third.store)).toEqual([...early, "after"]);
      expect(codes(third.warnings)).toEqual([]);
      expect(await found(third.store)).toHaveLength(1);
      uniteInto(log, join(directory, "fuller"));
      await third.store.refresh();
      expect(await found(third.store)).toEqual([]);
      expect(readdirSync(join(directory, ".cache", "rolled-back"))).toEqual([]);
      expect((await third.store.session("s").branches()).map(({ messages }) => messages)).toEqual([21, 20]);
    });
  });
});

test("an append that went to the file that was overwritten is written to the older copy, and what is missing is told", async () => {
  const directory = stores.directory();
  const { store, warnings } = await open(stores, directory);
  const early = await append(store, 1, "early");
  const log = logPath(store, "s");
  copyFileSync(log, join(directory, "old"));
  const late = await append(store, 1, "late");
  copyFileSync(log, join(directory, "fuller"));
  const session = store.session("s");
  // In one turn: the second commit goes by the look that the first one had.
  const before = session.append({ id: "before" });
  WAYS["another file"](join(directory, "old"), log);
  const blind = session.append({ id: "blind" });
  await Promise.all([before, blind]);
  await expect.poll(() => readFileSync(log, "utf8"), { timeout: 30_000 }).toContain('"id":"blind"');
  await store.refresh();
  expect(await ids(store)).toEqual([...early, "before", "blind"]);
  expect(codes(warnings)).toEqual(["rolled-back"]);
  expect(await found(store)).toHaveLength(1);
  const old = writersOf(log);
  await session.append({ id: "after" });
  expect([...writersOf(log)].filter((writer) => !old.has(writer))).toHaveLength(1);
  await settle(store);
  uniteInto(log, join(directory, "fuller"));
  await store.refresh();
  expect(await ids(store)).toEqual([...early, ...late, "before", "blind", "after"]);
  expect(await found(store)).toEqual([]);
});

test("a fuller copy that comes while a commit may still be repeated: its lines stand twice at most, and count once", async () => {
  const directory = stores.directory();
  const { store } = await open(stores, directory);
  const early = await append(store, 1, "early");
  const log = logPath(store, "s");
  await store.session("s").append({ id: "after" });
  copyFileSync(log, join(directory, "fuller"));
  uniteInto(log, join(directory, "fuller"));
  await settle(store);
  expect(await ids(store)).toEqual([...early, "after"]);
  const problems = (await collect(store.verify())).map(({ code }) => code);
  expect(problems.filter((code) => code !== "repeated")).toEqual([]);
  await store.repair();
  expect(await ids(store)).toEqual([...early, "after"]);
});

test("another process of this machine has noticed: this one does not go on with its writer either", async () => {
  // What is lost stays lost.
  const directory = stores.damaged();
  const one = await open(stores, directory);
  const early = await append(one.store, 1, "early");
  const log = logPath(one.store, "s");
  copyFileSync(log, join(directory, "old"));
  await append(one.store, 1, "late");
  const lost = writersOf(log);
  const two = await open(stores, directory);
  expect(await ids(two.store)).toHaveLength(40);
  WAYS["another file"](join(directory, "old"), log);
  await two.store.refresh();
  await two.store.session("s").append({ id: "two" });
  await one.store.refresh();
  await one.store.session("s").append({ id: "one" });
  for (const { warnings } of [one, two]) expect(codes(warnings)).toEqual(["rolled-back"]);
  expect(await ids(one.store)).toEqual([...early, "two", "one"]);
  const after = readFileSync(log, "utf8").slice(readFileSync(join(directory, "old"), "utf8").length);
  for (const writer of lost) expect(after).not.toContain(`${writer}","type"`);
});

describe("a whole store that is restored from a backup", () => {
  const backUp = async (): Promise<{ directory: string; backup: string; early: string[] }> => {
    const directory = stores.directory();
    const backup = stores.unverified();
    const first = await open(stores, directory);
    const early = await append(first.store, SIZES.long, "early");
    await first.store.createSession({ id: "small", title: "t" });
    await first.store.session("small").append({ id: "a" });
    await collect(first.store.sessions());
    await first.store.close();
    cpSync(directory, backup, { recursive: true, preserveTimestamps: true });
    const second = await open(stores, directory);
    await append(second.store, SIZES.long, "late");
    await second.store.session("small").append({ id: "b" });
    await collect(second.store.sessions());
    await second.store.close();
    return { directory, backup, early };
  };

  test("under the cache that is there: every session tells", async () => {
    const { directory, backup, early } = await backUp();
    cpSync(join(backup, "sessions"), join(directory, "sessions"), { recursive: true, preserveTimestamps: true });
    const { store, warnings } = await open(stores, directory);
    await collect(store.sessions());
    expect(warnings.map(({ code, session }) => `${code} ${session}`).sort()).toEqual([
      "rolled-back s",
      "rolled-back small",
    ]);
    expect(await ids(store)).toEqual(early);
    expect(await found(store)).toHaveLength(2);
    // Who deletes it wants nothing of it back.
    await store.session("small").delete({ trash: false });
    await store.session("s").delete();
    expect(await found(store)).toEqual([]);
  });

  test.each(["with its cache", "without a cache"])(
    "%s: nobody here can know, and what is written is another writer's",
    async (how) => {
      const { directory, backup, early } = await backUp();
      const log = (path: string): string => join(path, "sessions", readdirSync(join(path, "sessions"))[0] as string);
      const lost = new Set(readdirSync(join(log(directory), readdirSync(log(directory))[0] as string)));
      expect(lost.size).toBe(2);
      for (const name of readdirSync(directory)) rmSync(join(directory, name), { recursive: true });
      cpSync(backup, directory, { recursive: true, preserveTimestamps: true });
      if (how === "without a cache") rmSync(join(directory, ".cache"), { recursive: true });
      const { store, warnings } = await open(stores, directory);
      await collect(store.sessions());
      expect(await ids(store)).toEqual(early);
      await store.session("s").append({ id: "after" });
      expect(codes(warnings)).toEqual([]);
      expect(await found(store)).toEqual([]);
    },
  );

  test("without a cache, and another machine has gone on from what was lost: its lines show the gap", async () => {
    const { directory, backup } = await backUp();
    const other = stores.unverified();
    cpSync(join(directory, "sessions"), join(other, "sessions"), { recursive: true });
    cpSync(join(directory, "turnlog.json"), join(other, "turnlog.json"));
    const theirs = await openStore<any>(other, { machine: "other" });
    await theirs.session("s").append({ id: "theirs" });
    await theirs.close();
    const restored = stores.damaged();
    cpSync(join(backup, "sessions"), join(restored, "sessions"), { recursive: true });
    cpSync(join(backup, "turnlog.json"), join(restored, "turnlog.json"));
    cpSync(join(other, "sessions", theirs.machine), join(restored, "sessions", theirs.machine), { recursive: true });
    const { store } = await open(stores, restored);
    expect((await collect(store.verify())).map(({ code, session }) => `${code} ${session}`)).toContain("gap s");
    expect(await found(store)).toEqual([]);
  });
});

test("another machine has the fuller copy, which comes back in a folder of its own", async () => {
  const above = stores.directory();
  const [one, two] = [join(above, "one"), join(above, "two")];
  const a = await open(stores, one);
  const early = await append(a.store, SIZES.long, "early");
  const log = logPath(a.store, "s");
  copyFileSync(log, join(above, "old"));
  const late = await append(a.store, SIZES.long, "late");
  await a.store.close();
  mkdirSync(two);
  for (const name of ["sessions", "turnlog.json"]) cpSync(join(one, name), join(two, name), { recursive: true });
  const b = await open(stores, two, { machine: "two" });
  await b.store.session("s").append({ id: "theirs" });
  copyFileSync(join(above, "old"), log);
  const again = await open(stores, one);
  await collect(again.store.sessions());
  expect(codes(again.warnings)).toEqual(["rolled-back"]);
  await again.store.session("s").append({ id: "after" });
  // Their folder alone shows what is missing, and the copy that they have of ours brings it back.
  cpSync(join(two, "sessions", b.store.machine), join(one, "sessions", b.store.machine), { recursive: true });
  cpSync(join(two, "sessions", again.store.machine), join(one, "sessions", "rescued-00000000"), { recursive: true });
  await again.store.refresh();
  expect(await found(again.store)).toEqual([]);
  expect(await ids(again.store)).toEqual([...early, "after"]);
  await again.store.session("s").checkout("theirs");
  expect(await ids(again.store)).toEqual([...early, ...late, "theirs"]);
});
