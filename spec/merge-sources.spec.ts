// What can be merged, and where a log alone goes.
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { contents, copyOf, filled, idsIn, merged, traces } from "./helpers/merging.ts";
import { logPath, logsOf, useStores } from "./helpers/stores.ts";

const stores = useStores();

describe("the source", () => {
  test("is a store, a copy of one without its marker, a log, or a packed one; nothing else is", async () => {
    const one = await filled(stores);
    const [bare, file, packed] = ["bare", "a log.txt", "s.jsonl.gz"].map((name) => join(stores.unverified(), name)) as [
      string,
      string,
      string,
    ];
    cpSync(join(one.path, "sessions"), join(bare, "sessions"), { recursive: true });
    cpSync(logPath(one, "s"), file);
    writeFileSync(packed, gzipSync(readFileSync(logPath(one, "s"))));
    for (const source of [one.path, bare, file, packed]) {
      const store = await stores.open();
      expect((await store.merge(source)).problems).toEqual([]);
      expect(await idsIn(store), source).toEqual(["a", "b", "c"]);
    }
    const two = await stores.open();
    const nowhere = stores.unverified();
    const json = join(nowhere, "export.json");
    writeFileSync(json, "[]");
    writeFileSync(join(nowhere, "other.jsonl"), '{"role":"user"}\n');
    for (const [path, code] of [
      [nowhere, "NOT_A_STORE"],
      [json, "NOT_A_STORE"],
      [join(nowhere, "other.jsonl"), "NOT_A_STORE"],
      [join(nowhere, "none"), "NOT_FOUND"],
      [two.path, "INVALID_ARGUMENT"],
      [`${two.path}/../${basename(two.path)}`, "INVALID_ARGUMENT"],
      ["", "INVALID_ARGUMENT"],
    ])
      await expect(two.merge(path as string), path).rejects.toMatchObject({ code });
    await expect(two.merge(json)).rejects.toThrow("imported");
    expect(logsOf(two.path).size).toBe(0);
  });

  test("of a newer format is not touched, nor is a log of one", async () => {
    const one = await filled(stores);
    const directory = stores.unverified();
    cpSync(one.path, directory, { recursive: true });
    const log = [...logsOf(directory).keys()][0] as string;
    const [first, ...rest] = readFileSync(log, "utf8").split("\n");
    writeFileSync(
      log,
      [
        String(first)
          .replace('"format":1', '"format":2')
          .replace(/,"crc":"[^"]*"/, ""),
        ...rest,
      ].join("\n"),
    );
    const two = await merged(stores, one);
    const before = traces(join(two.path, "sessions"));
    const { problems } = await two.merge(directory);
    expect(problems).toMatchObject([{ path: log, session: "s", reason: "it has format 2; this version reads 1" }]);
    writeFileSync(join(directory, "turnlog.json"), '{"format":2}\n');
    await expect(two.merge(directory)).rejects.toMatchObject({ code: "NEWER_FORMAT" });
    expect(traces(join(two.path, "sessions"))).toEqual(before);
  });

  test("a log alone goes where that log is, or where its path says, or into this machine's own", async () => {
    const one = await filled(stores);
    const two = await merged(stores, one);
    await one.session("s").append({ id: "d" });
    const conflicted = join(dirname(copyOf(two, one)), "s (conflicted copy).jsonl");
    cpSync(logPath(one, "s"), conflicted);
    // It lies in our own store.
    expect(await two.merge(conflicted)).toMatchObject({ logs: { replaced: 1 }, messages: 1 });
    expect(existsSync(conflicted)).toBe(true);
    rmSync(conflicted);
    expect(contents(two)).toEqual(contents(one));
    const three = await stores.open();
    await three.merge(logPath(one, "s"));
    expect(contents(three)).toEqual(contents(one));
    const loose = join(stores.unverified(), "whatever");
    cpSync(logPath(one, "s"), loose);
    const four = await stores.open();
    expect(await four.merge(loose)).toMatchObject({ sessions: { new: 1 } });
    expect(readFileSync(logPath(four, "s"))).toEqual(readFileSync(loose));
    await four.session("s").append({ id: "e" });
    expect(await idsIn(four)).toEqual(["a", "b", "c", "d", "e"]);
    const five = await filled(stores);
    await five.merge(loose);
    expect(Object.keys(contents(five))).toHaveLength(1);
    expect((await five.session("s").branches()).length).toBe(2);
  });

  test("a log alone goes into the one that is written to, where this machine has two", async () => {
    const one = await filled(stores);
    const directory = stores.unverified();
    const lost = await stores.open({ machine: "b" }, directory);
    await lost.session("s", { create: true }).append({ id: "a" });
    await lost.close();
    rmSync(join(directory, ".cache"), { recursive: true });
    const store = await stores.open({ machine: "a" }, directory);
    await store.session("s").append({ id: "x" });
    const second = logPath(store, "s");
    const content = readFileSync(second, "utf8");
    await store.adopt(lost.machine);
    mkdirSync(dirname(second), { recursive: true });
    writeFileSync(second, content);
    await store.refresh();
    const loose = join(stores.unverified(), "whatever");
    cpSync(logPath(one, "s"), loose);
    expect(await store.merge(loose)).toMatchObject({ logs: { united: 1 }, problems: [] });
    expect(readFileSync(second, "utf8")).toBe(content);
    expect((await store.session("s").branches()).length).toBe(2);
  });
});
