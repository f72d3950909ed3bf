// A search through logs as hands, crashes and replacements leave them: what is whole is found, once, and the rest is told.
import { chmodSync, copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import type { SearchOptions, StoreWarning } from "../lib/index.ts";
import { nextMs } from "./helpers/clock.ts";
import { idsFor, search } from "./helpers/search.ts";
import { logsOf, onlyLog, useStores } from "./helpers/stores.ts";

const stores = useStores();

describe("damage", () => {
  test("of a line is skipped, flagged and told; what is whole beside it is found", async () => {
    const directory = stores.unverified();
    const store = await stores.open({}, directory);
    await store.session("s", { create: true }).append([1, 2, 3].map((n) => ({ id: `m${n}`, text: `needle ${n}` })));
    await store.close();
    const path = onlyLog(directory);
    const lines = readFileSync(path, "utf8").split("\n");
    const at = lines.findIndex((line) => line.includes("needle 2"));
    // One line is damaged with another glued to it, one altered; a torn end follows.
    lines[at] = `{"at":"torn needle ${lines[at]}`;
    lines[at + 1] = lines[at + 1]!.replace("needle 3", "needle 4");
    writeFileSync(path, `${lines.join("\n")}{"at":"2099 needle`);
    const again = await stores.open({}, directory);
    const warnings: StoreWarning[] = [];
    again.on("warning", (warning) => warnings.push(warning));
    const hits = await search(again, "needle");
    expect(hits.map(({ id, snippet }) => [id, snippet.after])).toEqual([
      ["m3", " 4"],
      ["m2", " 2"],
      ["m1", " 1"],
    ]);
    expect(warnings.map(({ code }) => code).toSorted()).toEqual(["altered", "damaged", "glued", "torn"]);
  });

  test("of a session stops no other, and a warning tells", async () => {
    const directory = stores.unverified();
    const store = await stores.open({}, directory);
    for (const id of ["a", "b", "c", "d"]) {
      nextMs();
      await store.session(id, { create: true }).append({ id, text: "needle" });
    }
    await store.close();
    const logs = new Map([...logsOf(directory).keys()].map((path) => [path.slice(-7, -6), path]));
    writeFileSync(logs.get("b")!, "needle\n");
    const newer = readFileSync(logs.get("c")!, "utf8")
      .replace('"format":1', '"format":7')
      .replaceAll(/,"crc":"\w+"/g, "");
    writeFileSync(logs.get("c")!, newer);
    mkdirSync(join(dirname(logs.get("a")!), "e.jsonl"));
    const isRoot = process.getuid?.() === 0;
    if (!isRoot) chmodSync(logs.get("d")!, 0);
    const again = await stores.open({}, directory);
    const warnings: StoreWarning[] = [];
    again.on("warning", (warning) => warnings.push(warning));
    for (const hidden of [false, true]) {
      warnings.length = 0;
      expect(await idsFor(again, "needle", { hidden })).toEqual(isRoot ? ["d", "a"] : ["a"]);
      const unread = warnings.filter(({ code }) => code === "unread").map(({ session }) => String(session));
      expect(unread.toSorted()).toEqual(isRoot ? ["b", "c", "e"] : ["b", "c", "d", "e"]);
    }
    // Whatever is looked for.
    warnings.length = 0;
    expect(await search(again, "nothing")).toEqual([]);
    expect(warnings.filter(({ code }) => code === "unread").length).toBe(isRoot ? 3 : 4);
  });

  test("lines that do not count are not found, not even hidden: of a commit without its end, or beside another", async () => {
    const directory = stores.damaged();
    const store = await stores.open({}, directory);
    const { at } = await store.session("s", { create: true }).append({ id: "whole", text: "needle" });
    await store.close();
    const path = onlyLog(directory);
    const line = ({ at, ...rest }: { at: string; batch?: number; of?: string; id?: string }): string =>
      `${JSON.stringify({ at, type: "message", ...rest, data: { text: "needle" } })}\n`;
    const half = { at: "2099-01-01T00:00:00.000Z-0000-aaaaaaaa", batch: 3 };
    const edit = { at: half.at.replace("-0000-", "-0001-"), of: at };
    // Of the two with one stamp the one with the greater bytes counts, which is the first.
    writeFileSync(path, line({ at, id: "an other" }) + line(half) + line(edit), { flag: "a" });
    const again = await stores.open({}, directory);
    for (const hidden of [false, true]) expect(await idsFor(again, "needle", { hidden })).toEqual(["whole"]);
  });
});

describe("logs", () => {
  test("that hold the same lines give each hit once", async () => {
    const directory = stores.directory();
    const store = await stores.open({}, directory);
    const session = store.session("s", { create: true });
    await session.append([
      { id: "a", text: "needle" },
      { id: "b", text: "needle" },
    ]);
    await session.putMessage({ id: "a", text: "needle, too" });
    await store.close();
    copyFileSync(onlyLog(directory), `${onlyLog(directory)}.old`);
    const again = await stores.open({}, directory);
    expect(await idsFor(again, "needle")).toEqual(["b", "a"]);
    const hits = await search(again, "needle", { hidden: true });
    expect(hits.map(({ id, hidden }) => [id, hidden])).toEqual([
      ["b", undefined],
      ["a", undefined],
      ["a", true],
    ]);
  });

  test("whose last line lacks its newline, or is not the newest while an old log stands beside, are searched to the end", async () => {
    const directory = stores.damaged();
    const store = await stores.open({}, directory);
    await store.session("s", { create: true }).append({ id: "m", text: "needle" });
    await store.close();
    const path = onlyLog(directory);
    const content = readFileSync(path);
    writeFileSync(path, content.subarray(0, -1));
    const ids = async (options?: SearchOptions): Promise<string[]> => {
      const again = await stores.open({}, directory);
      const found = await idsFor(again, "needle", options);
      await again.close();
      return found;
    };
    expect(await ids()).toEqual(["m"]);
    const late = '{"at":"2020-01-01T00:00:00.000Z-0000-aaaaaaaa","type":"info","data":{}}\n';
    writeFileSync(`${path}.old`, content.subarray(0, content.indexOf("\n") + 1));
    const newest =
      '{"at":"2098-01-01T00:00:00.000Z-0000-aaaaaaab","type":"message","id":"n","data":{"text":"needle"}}\n';
    writeFileSync(path, Buffer.concat([content, Buffer.from(newest + late)]));
    expect(await ids({ since: "2097-01-01" })).toEqual(["n"]);
  });
});
