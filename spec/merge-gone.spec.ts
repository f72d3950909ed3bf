// What was purged, deleted or compacted, and what was archived, when copies of it merge.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import type { Store } from "../lib/index.ts";
import { packedIn } from "./helpers/archives.ts";
import { contents, copyOf, filled, idsIn, merged, traces } from "./helpers/merging.ts";
import { collect, filesIn, filesWith, logsOf, useStores } from "./helpers/stores.ts";

const stores = useStores();

type Any = Store<any, any>;

describe("what is gone", () => {
  test("a purge erases in what comes, and what it names does not come back, whichever way", async () => {
    const one = await filled(stores);
    const [two, three] = [await merged(stores, one), await merged(stores, one)];
    await two.session("s").append({ id: "d", text: "of two" });
    await two.session("s").purge(["b"]);
    expect(await two.merge(three.path)).toMatchObject({ problems: [] });
    expect(filesWith(two.path, "said b")).toEqual([]);
    await three.merge(two.path);
    expect(filesWith(three.path, "said b")).toEqual([]);
    await one.merge(two.path);
    expect(filesWith(one.path, "said b")).toEqual([]);
    expect(contents(one)).toEqual(contents(two));
    expect(contents(three)).toEqual(contents(two));
    expect(await idsIn(one)).toEqual(["a", "c", "d"]);
  });

  test("what comes from who has not heard of a purge is erased before it is written", async () => {
    const one = await filled(stores);
    const two = await merged(stores, one);
    await two.session("s").purge(["b"]);
    const three = await stores.open();
    await three.merge(two.path);
    await three.merge(one.path);
    expect(filesWith(three.path, "said b")).toEqual([]);
    const four = await stores.open();
    await four.merge(one.path);
    await four.merge(two.path);
    expect(contents(four)).toEqual(contents(three));
    await one.merge(two.path);
    expect(filesWith(one.path, "said b")).toEqual([]);
  });

  test("a deleted session stays deleted when an older copy comes, and is restored whole", async () => {
    const one = await filled(stores);
    const two = await merged(stores, one);
    await one.session("s").delete();
    await one.merge(two.path);
    expect(await one.get("s")).toBeUndefined();
    expect(await collect(one.ids())).toEqual([]);
    await two.merge(one.path);
    expect(await two.get("s")).toBeUndefined();
    await one.session("s").restore();
    expect(await idsIn(one)).toEqual(["a", "b", "c"]);
    expect(await one.get("s")).toMatchObject({ title: "first" });
    await two.merge(one.path);
    await one.merge(two.path);
    expect(await two.session("s").history()).toEqual(await one.session("s").history());
    expect(contents(two)).toEqual(contents(one));
  });

  test("a compacted log and one that is not are one session", async () => {
    const one = await filled(stores);
    for (const text of ["draft", "final"]) await one.session("s").putMessage({ id: "c", text });
    const two = await merged(stores, one);
    await one.session("s").compact();
    const history = await one.session("s").history();
    await two.merge(one.path);
    await one.merge(two.path);
    expect(await one.session("s").history()).toEqual(history);
    expect(await two.session("s").history()).toEqual(history);
    expect(contents(two)).toEqual(contents(one));
  });
});

describe("archived logs", () => {
  /** As when the minute is over. */
  const settle = (store: Any): void => {
    for (const path of filesIn(join(store.path, "sessions"))) if (path.endsWith(".old")) rmSync(path);
  };
  const unpacked = (store: Any): string[] => packedIn(store.path).map((path) => String(gunzipSync(readFileSync(path))));

  test("come as they are, and are united where both are packed", async () => {
    const one = await filled(stores);
    const older = await merged(stores, one);
    await one.session("s").append({ id: "d" });
    await one.archive("s");
    settle(one);
    const two = await stores.open();
    expect(await two.merge(one.path)).toMatchObject({ logs: { created: 1 }, messages: 4 });
    expect(logsOf(two.path).size).toBe(0);
    expect(unpacked(two)).toEqual(unpacked(one));
    expect(await idsIn(two)).toEqual(["a", "b", "c", "d"]);
    // An older one, packed on another machine.
    const target = packedIn(one.path)[0] as string;
    const packed = join(older.path, target.slice(one.path.length));
    mkdirSync(dirname(packed), { recursive: true });
    writeFileSync(packed, gzipSync(readFileSync(copyOf(older, one, "s"))));
    rmSync(copyOf(older, one, "s"));
    const before = traces(join(two.path, "archive"));
    await two.merge(older.path);
    expect(traces(join(two.path, "archive"))).toEqual(before);
    expect(await older.merge(two.path)).toMatchObject({ logs: { replaced: 1 }, messages: 1 });
    expect(unpacked(older)).toEqual(unpacked(one));
    expect(await idsIn(older)).toEqual(["a", "b", "c", "d"]);
  });

  test("are in use where either store has them in use, one's own among them", async () => {
    const one = await filled(stores);
    const two = await merged(stores, one);
    await one.archive("s");
    settle(one);
    await two.merge(one.path);
    expect(packedIn(two.path)).toEqual([]);
    const three = await stores.open();
    await three.merge(one.path);
    await three.merge(two.path);
    expect(packedIn(three.path)).toEqual([]);
    expect(contents(three)).toEqual(contents(two));
    await one.merge(two.path);
    expect(packedIn(one.path)).toEqual([]);
    settle(one);
    expect(contents(one)).toEqual(contents(two));
  });

  test("of this machine's own are united packed, and go there again", async () => {
    const one = await filled(stores, stores.unverified());
    await one.archive("s");
    settle(one);
    const two = await stores.open({}, stores.unverified());
    await two.merge(one.path);
    const path = packedIn(two.path)[0] as string;
    const text = String(gunzipSync(readFileSync(path)));
    const line = text.split("\n")[2] as string;
    const more = line
      .replace(/-[a-z0-9]{8}"/, '-zzzzzzzz"')
      .replace(/,"crc":"[^"]*"/, "")
      .replace('"id":"a"', '"id":"z"');
    writeFileSync(path, gzipSync(`${text}${more}\n`));
    expect(await one.merge(two.path)).toMatchObject({ problems: [], lines: 1 });
    settle(one);
    expect(logsOf(one.path).size).toBe(0);
    await two.merge(one.path);
    expect(unpacked(one)).toEqual(unpacked(two));
  });
});
