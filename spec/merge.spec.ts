// merge(): what it does, one law each.
import { execFileSync } from "node:child_process";
import { appendFileSync, chmodSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { openMemoryStore } from "../lib/index.ts";
import type { Store } from "../lib/index.ts";
import { contents, copyOf, filled, idsIn, merged, NOTHING, otherLine, PDF, traces } from "./helpers/merging.ts";
import { collect, filesIn, logPath, logsOf, useStores } from "./helpers/stores.ts";

const stores = useStores();

type Any = Store<any, any>;

describe("a merge", () => {
  test("brings what is not here, unites what both have, and then has nothing more to do", async () => {
    const one = await filled(stores);
    const two = await stores.open();
    const lines = readFileSync(logPath(one, "s"), "utf8").trimEnd().split("\n").length;
    expect(await two.merge(one.path)).toEqual({
      ...NOTHING,
      sessions: { ...NOTHING.sessions, new: 1 },
      logs: { ...NOTHING.logs, created: 1 },
      lines,
      messages: 3,
      bytes: statSync(logPath(one, "s")).size,
    });
    expect(contents(two)).toEqual(contents(one));
    await one.session("s").append({ id: "d" });
    await two.session("s").append({ id: "e" });
    expect(await one.merge(two.path)).toMatchObject({
      sessions: { grown: 1 },
      logs: { created: 1, unchanged: 1 },
      messages: 1,
    });
    expect(await two.merge(one.path)).toMatchObject({
      sessions: { grown: 1 },
      logs: { replaced: 1, unchanged: 1 },
      messages: 1,
    });
    expect(contents(two)).toEqual(contents(one));
    expect(await two.session("s").history()).toEqual(await one.session("s").history());
    expect(await two.session("s").branches()).toEqual(await one.session("s").branches());
    const before = [traces(join(one.path, "sessions")), traces(join(two.path, "sessions"))];
    for (const [into, from] of [
      [one, two],
      [two, one],
    ] as const)
      expect(await into.merge(from.path)).toMatchObject({ sessions: { new: 0, grown: 0, unchanged: 1 }, lines: 0 });
    expect([traces(join(one.path, "sessions")), traces(join(two.path, "sessions"))]).toEqual(before);
  });

  test("of two clean copies is what `LC_ALL=C sort -u` writes", async () => {
    const one = await filled(stores);
    const [two, three] = [await merged(stores, one), await merged(stores, one)];
    const path = copyOf(two, one);
    const lines = readFileSync(path, "utf8").trimEnd().split("\n");
    const half = (store: Any, keep: (index: number) => boolean): string => {
      const file = copyOf(store, one);
      writeFileSync(file, `${lines.filter((_, index) => index === 0 || keep(index)).join("\n")}\n`);
      return file;
    };
    const files = [half(two, (index) => index !== 2), half(three, (index) => index !== 3)];
    const sorted = execFileSync("sort", ["-u", ...files], { env: { ...process.env, LC_ALL: "C" } });
    expect(await two.merge(three.path)).toMatchObject({ logs: { united: 1 } });
    expect(readFileSync(path).equals(sorted)).toBe(true);
    expect(sorted.equals(readFileSync(logPath(one, "s")))).toBe(true);
  });

  test("changes nothing of its source, not even where that may not be written", async () => {
    const one = await filled(stores);
    await one.session("s").append({ id: "pdf", url: PDF });
    await one.close();
    const before = traces(one.path);
    for (const path of filesIn(one.path)) chmodSync(path, 0o400);
    const changed = traces(one.path);
    const two = await stores.open();
    await two.merge(one.path);
    expect(traces(one.path)).toEqual(changed);
    expect(Object.keys(changed)).toEqual(Object.keys(before));
    for (const path of filesIn(one.path)) chmodSync(path, 0o600);
  });

  test("as a dry run tells the same and writes nothing", async () => {
    const one = await filled(stores);
    await one.session("s").append({ id: "pdf", url: PDF });
    const two = await merged(stores, one);
    await two.session("s").append({ id: "e" });
    await one.session("s").append({ id: "f", url: PDF.replace("fern", "tree") });
    await one.createSession({ id: "t" });
    await two.session("s").sync();
    const shown = (): unknown => Object.entries(traces(two.path)).filter(([path]) => !path.includes("/.cache/"));
    const before = shown();
    const told = await two.merge(one.path, { dryRun: true });
    expect(shown()).toEqual(before);
    expect(told.sessions).toEqual({ new: 1, grown: 1, unchanged: 0 });
    expect(await two.merge(one.path)).toEqual(told);
  });

  test("shows at once in the store that is open, and its sessions go on from it", async () => {
    const one = await filled(stores);
    const two = await merged(stores, one);
    expect(await collect(two.ids())).toEqual(["s"]);
    expect(await idsIn(two)).toEqual(["a", "b", "c"]);
    await one.session("s").append({ id: "d" });
    await one.session("s").update({ title: "second" });
    await one.createSession({ id: "t" });
    await two.merge(one.path);
    expect(await idsIn(two)).toEqual(["a", "b", "c", "d"]);
    expect((await collect(two.ids())).toSorted()).toEqual(["s", "t"]);
    expect(await two.get("s")).toMatchObject({ title: "second", messages: 4 });
    await two.session("s").append({ id: "e" });
    expect(await idsIn(two)).toEqual(["a", "b", "c", "d", "e"]);
    expect(await two.session("s").branches()).toHaveLength(1);
  });

  test("of a log of one's own that an older copy overwrote brings back what it had", async () => {
    const one = await filled(stores);
    const path = logPath(one, "s");
    const older = readFileSync(path);
    await one.session("s").append([{ id: "d" }, { id: "e" }]);
    const two = await merged(stores, one);
    await one.close();
    writeFileSync(path, older);
    const again = await stores.open({}, one.path);
    expect(again.machine).toBe(one.machine);
    await again.session("s").append({ id: "f" });
    const report = await again.merge(two.path);
    expect(report).toMatchObject({ logs: { united: 1 }, messages: 2, problems: [] });
    const all = (await again.session("s").branches()).map(({ id }) => id).toSorted();
    expect(all).toEqual(["e", "f"]);
    await two.merge(again.path);
    expect(contents(two)).toEqual(contents(again));
  });

  test("keeps what is appended to one's own log meanwhile", async () => {
    const one = await filled(stores, stores.unverified());
    const two = await stores.open({}, stores.unverified());
    await two.merge(one.path);
    const path = copyOf(two, one);
    // The other copy has lines of this machine's log that it has not: a cloned id.
    appendFileSync(path, otherLine(path, -1, "z"));
    const merging = one.merge(two.path);
    const appended = Array.from({ length: 20 }, (_, index) => one.session("s").append({ id: `n${index}` }));
    await Promise.all([merging, ...appended]);
    expect(readFileSync(logPath(one, "s"), "utf8")).toContain('"id":"z"');
    expect((await idsIn(one)).filter((id) => id.startsWith("n"))).toHaveLength(20);
    await two.merge(one.path);
    expect(readFileSync(path)).toEqual(readFileSync(logPath(one, "s")));
  });

  test("of a commit without an end keeps its lines: the end may come", async () => {
    const one = await filled(stores);
    await one.session("s").append([{ id: "x" }, { id: "y" }, { id: "z" }]);
    const [whole, half] = [await merged(stores, one), await merged(stores, one)];
    const path = copyOf(half, one);
    const lines = readFileSync(path, "utf8").trimEnd().split("\n");
    writeFileSync(path, `${lines.slice(0, -1).join("\n")}\n`);
    const third = await merged(stores, half);
    expect(readFileSync(copyOf(third, one))).toEqual(readFileSync(path));
    expect(await idsIn(third)).toEqual(["a", "b", "c"]);
    await third.merge(whole.path);
    expect(await idsIn(third)).toEqual(["a", "b", "c", "x", "y", "z"]);
    await half.merge(whole.path);
  });

  test("of an aborted one keeps what was merged until then", async () => {
    const one = await filled(stores);
    for (const id of ["t", "u", "v"]) await one.createSession({ id });
    const two = await stores.open();
    const controller = new AbortController();
    const merging = two.merge(one.path, { signal: controller.signal, onProgress: () => controller.abort() });
    await expect(merging).rejects.toThrow("aborted");
    expect(logsOf(two.path).size).toBe(1);
    await two.merge(one.path);
    expect(contents(two)).toEqual(contents(one));
  });

  test("takes what a store in memory wants of a disk", async () => {
    const one = await filled(stores);
    const memory = await openMemoryStore<any, any>();
    await memory.merge(one.path);
    expect(await memory.session("s").history()).toEqual(await one.session("s").history());
    await memory.close();
  });
});
