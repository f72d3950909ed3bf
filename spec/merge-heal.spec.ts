// Copies that differ after all are healed by their union.
import { appendFileSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import type { MergeReport, Store } from "../lib/index.ts";
import { packedIn } from "./helpers/archives.ts";
import { contents, copyOf, filled, merged, traces } from "./helpers/merging.ts";
import { collect, filesIn, logPath, logsOf, useStores } from "./helpers/stores.ts";

const stores = useStores();

type Any = Store<any, any>;

describe("copies that differ after all", () => {
  /** `spoil` changes the copy in the other store. -> what the first one has after the merge */
  const heal = async (
    spoil: (path: string, text: string) => void,
  ): Promise<{ report: MergeReport; path: string; one: Any }> => {
    const one = await filled(stores);
    const two = await stores.open({}, stores.damaged());
    await two.merge(one.path);
    const path = copyOf(two, one);
    spoil(path, readFileSync(path, "utf8"));
    await one.session("s").append({ id: "d" });
    const third = await merged(stores, one);
    const clean = readFileSync(logPath(one, "s"));
    // From the spoilt one nothing but lines comes, and the spoilt one is healed by the clean one.
    const before = traces(join(third.path, "sessions"));
    expect((await third.merge(two.path)).problems).toEqual([]);
    expect(traces(join(third.path, "sessions"))).toEqual(before);
    const report = await two.merge(one.path);
    expect(report.problems).toEqual([]);
    expect(readFileSync(path).equals(clean)).toBe(true);
    return { report, path, one: two };
  };

  test.each<[string, (path: string, text: string) => void, string, number]>([
    ["carriage returns", (path, text) => writeFileSync(path, text.replaceAll("\n", "\r\n")), "carriage returns", 0],
    ["a byte order mark", (path, text) => writeFileSync(path, `\ufeff${text}`), "byte order mark", 0],
    [
      "conflict markers",
      (path, text) => writeFileSync(path, `${text}<<<<<<< ours\n=======\n>>>>>>> theirs\n`),
      "conflict markers",
      3,
    ],
    ["NUL bytes", (path) => appendFileSync(path, "\0\0\0\0\n"), "NUL bytes", 1],
    ["a torn end of its own", (path) => appendFileSync(path, '{"at":"1999-1'), "fragments", 1],
    ["damage", (path) => appendFileSync(path, "some words\n"), "bytes that are no line", 1],
    [
      "lines in another order",
      (path, text) => writeFileSync(path, text.trimEnd().split("\n").reverse().join("\n")),
      "order",
      0,
    ],
    ["lines that stand twice", (path, text) => writeFileSync(path, text + text), "twice", 0],
  ])("heal: %s", async (_, spoil, reason, lost) => {
    const { report, one } = await heal(spoil);
    expect(report.healed).toMatchObject([{ session: "s", reason: expect.stringContaining(reason) }]);
    expect(filesIn(join(one.path, "lost+found"))).toHaveLength(lost);
  });

  test("a copy that was cut short is completed, and nothing of it is lost", async () => {
    const { one } = await heal((path, text) => truncateSync(path, text.length - 30));
    expect(filesIn(join(one.path, "lost+found"))).toEqual([]);
  });

  test("a conflicted copy beside a log is united with it, whatever it is called", async () => {
    const one = await filled(stores);
    const two = await merged(stores, one);
    const log = copyOf(two, one);
    const lines = readFileSync(log, "utf8").trimEnd().split("\n");
    for (const [name, keep] of [
      ["s (conflicted copy 2026-11-21).jsonl", 3],
      ["s.sync-conflict-20261121-090813-ABCDEFG.jsonl", 4],
    ] as const)
      writeFileSync(join(dirname(log), name), `${lines.slice(0, keep).join("\n")}\n`);
    writeFileSync(log, `${[lines[0], ...lines.slice(3)].join("\n")}\n`);
    const three = await stores.open();
    const { sessions, healed, problems } = await three.merge(two.path);
    expect(problems).toEqual([]);
    expect(sessions).toEqual({ new: 1, grown: 0, unchanged: 0 });
    expect(healed.map(({ reason }) => reason)).toEqual(["a copy under another name", "a copy under another name"]);
    expect(contents(three)).toEqual(contents(one));
    for (const name of readdirSync(dirname(log))) if (name !== "s.jsonl") rmSync(join(dirname(log), name));
    await two.merge(three.path);
  });

  test("a header that one side lost is the other's; where both lost it nothing is done", async () => {
    const one = await filled(stores);
    const two = await stores.open({}, stores.unverified());
    await two.merge(one.path);
    const path = copyOf(two, one);
    const text = readFileSync(path, "utf8");
    const headless = text.slice(text.indexOf("\n") + 1);
    writeFileSync(path, headless);
    expect((await two.merge(one.path)).problems).toEqual([]);
    expect(contents(two)).toEqual(contents(one));
    writeFileSync(path, headless);
    const three = await stores.open();
    expect((await three.merge(two.path)).problems).toMatchObject([
      { session: "s", reason: expect.stringContaining("no header") },
    ]);
    expect(logsOf(three.path).size).toBe(0);
  });

  test("one that cannot be read stops no other", async () => {
    const one = await filled(stores);
    for (const id of ["t", "u"]) await one.createSession({ id });
    await one.archive("u");
    await one.close();
    const packed = packedIn(one.path)[0] as string;
    const bytes = readFileSync(packed);
    writeFileSync(packed, bytes.subarray(0, 40));
    for (const path of filesIn(one.path)) if (path.endsWith(".old")) rmSync(path);
    const two = await stores.open();
    const { sessions, problems } = await two.merge(one.path);
    expect(sessions.new).toBe(2);
    expect(problems).toMatchObject([{ path: packed, reason: expect.stringContaining("damaged") }]);
    writeFileSync(packed, bytes);
    await two.merge(one.path);
    expect((await collect(two.ids())).toSorted()).toEqual(["s", "t", "u"]);
  });
});
