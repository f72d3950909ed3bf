// A disk that is full, and a file that may not grow: the error says so, no line is glued to what was cut, the history is intact,
// and the same process goes on when there is space again.
import { readFileSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { openStore, StoreError } from "../lib/index.ts";
import type { Session, Store } from "../lib/index.ts";
import { readNaively } from "./helpers/naive-reader.ts";
import { canMount, Mount } from "./helpers/mounts.ts";
import { isThere, output, run } from "./helpers/processes.ts";
import { onlyLog, useStores } from "./helpers/stores.ts";

const stores = useStores();
const IS_LONG = process.env["TURNLOG_LONG"] !== undefined;

async function ids(session: Session<any, any>): Promise<string[]> {
  return (await session.history()).map(({ id }) => id);
}

/** Takes all the space but so many bytes, as far as the disk counts them. */
function fill(mount: Mount, left: number): () => void {
  const path = join(mount.path, "filler");
  const { bavail, bsize } = statfsSync(mount.path);
  writeFileSync(path, Buffer.alloc(Math.max(0, bavail * bsize - left)));
  return () => rmSync(path);
}

/** Every line of the store's logs is whole or was never acknowledged, and the second reader reads what the store does. */
async function check(store: Store<any, any>, expected: readonly string[]): Promise<void> {
  expect(await ids(store.session("s"))).toEqual(expected);
  const naive = readNaively(store.path).get("s");
  expect(naive?.history.map(({ id }) => id)).toEqual(expected);
}

describe("a small disk", () => {
  const isPossible = canMount("tmpfs", "full disks");
  let mount: Mount | undefined;
  afterEach(() => mount?.remove());

  test.runIf(isPossible)("that is full under appends: clear errors, and it goes on when there is space", async () => {
    mount = new Mount("tmpfs", 2 * 1024 * 1024);
    mount.mount();
    const store = await openStore<any, any>(join(mount.path, "store"));
    const session = await store.createSession({ id: "s" });
    const expected: string[] = [];
    // With so many bytes left, more or less of the line fits.
    for (let left = 0; left <= 16_384; left += IS_LONG ? 512 : 4096) {
      const free = fill(mount, left);
      const refused: StoreError[] = [];
      for (let n = 0; n < 8; n++) {
        const id = `${left}-${n}`;
        try {
          await session.append([
            { id, text: "x".repeat(3000) },
            { id: `${id}-b`, text: "y".repeat(1000) },
          ]);
          expected.push(id, `${id}-b`);
        } catch (error) {
          expect(error).toBeInstanceOf(StoreError);
          refused.push(error as StoreError);
        }
      }
      expect(refused.length).toBeGreaterThan(0);
      for (const error of refused) expect(error.code).toBe("NO_SPACE");
      for (const error of refused) expect(["no", "torn", "unknown"]).toContain(error.written);
      await check(store, expected);
      free();
      await session.append({ id: `after-${left}` });
      expected.push(`after-${left}`);
      await check(store, expected);
    }
    await store.close();
    const again = await openStore<any, any>(store.path);
    await check(again, expected);
    await again.close();
  });

  test.runIf(isPossible)("that is full under a new session, and under all indexes", async () => {
    mount = new Mount("tmpfs", 4 * 1024 * 1024);
    mount.mount();
    const store = await openStore<any, any>(join(mount.path, "store"));
    const session = await store.createSession({ id: "s" });
    await session.append(Array.from({ length: 40 }, (_, n) => ({ id: `m${n}`, text: "z".repeat(5000) })));
    for (let n = 0; n < 20; n++) await store.createSession({ id: `other-${n}`, title: `title ${n}` });
    const free = fill(mount, 0);
    await expect(store.createSession({ id: "new" })).rejects.toMatchObject({ name: "StoreError", code: "NO_SPACE" });
    // The indexes cannot be written: that is nobody's error.
    expect((await store.searchTitles("title 13")).map(({ id }) => id)).toEqual(["other-13"]);
    await store.close();
    const cold = await openStore<any, any>(store.path);
    expect(await cold.count()).toBe(21);
    expect((await cold.session("s").page({ limit: 2 })).items.map(({ id }) => id)).toEqual(["m38", "m39"]);
    await cold.close();
    free();
    const again = await openStore<any, any>(store.path);
    await again.createSession({ id: "new" });
    await again.session("s").append({ id: "later" });
    expect(await again.count()).toBe(22);
    await check(again, [...Array.from({ length: 40 }, (_, n) => `m${n}`), "later"]);
    await again.close();
  });
});

test.runIf(isThere("prlimit"))(
  "a file that may not grow is cut in the middle of a line: EFBIG is told, and the next process goes on",
  async () => {
    const directory = stores.unverified();
    const child = run(
      `const { execFileSync } = await import("node:child_process");
     process.on("SIGXFSZ", () => undefined);
     const store = await turnlog.openStore(args[0]);
     const session = await store.createSession({ id: "s" });
     await session.append({ id: "m0" });
     execFileSync("prlimit", ["--pid", String(process.pid), "--fsize=65536:65536"]);
     for (let n = 1; n <= 40; n++) {
       try {
         await session.append({ id: "m" + n, text: "x".repeat(4000) });
         say("done m" + n);
       } catch (error) {
         say([error.name, error.code, error.written].join(" "));
       }
     }
     say("read " + (await session.count()));
     process.exit(0);`,
      directory,
    );
    const lines = await output(child);
    expect(await child.ended).toBe(0);
    const done = lines.flatMap((line) => (line.startsWith("done ") ? [line.slice(5)] : []));
    const errors = lines.filter((line) => line.startsWith("StoreError"));
    expect(done.length + errors.length).toBe(40);
    expect(errors[0]).toBe("StoreError NO_SPACE torn");
    expect(new Set(errors.slice(1))).toEqual(new Set(["StoreError NO_SPACE no"]));
    expect(lines.at(-1)).toBe(`read ${done.length + 1}`);
    expect(readFileSync(onlyLog(directory)).length).toBe(65_536);

    const store = await stores.open({}, directory);
    await check(store, ["m0", ...done]);
    await store.session("s").append({ id: "later" });
    await check(store, ["m0", ...done, "later"]);
  },
);
