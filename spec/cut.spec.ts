// A log of every line type, cut at every byte: what a crash in the middle of any write can leave.
import "./helpers/in-memory.ts";
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { openStore } from "../lib/index.ts";
import { EVERY_TYPE, logOfEveryType, usedInEveryWay } from "./helpers/every-type.ts";
import { foldNaively, readLog } from "./helpers/naive-reader.ts";
import { useStores } from "./helpers/stores.ts";

const stores = useStores();

test("a log cut at every byte opens, shows whole commits, and takes the next append without gluing", async () => {
  const path = await usedInEveryWay(stores, stores.unverified());
  const id = "used";
  const whole = await logOfEveryType(stores);
  const types = new Set(readLog(whole).map(({ type }) => type));
  expect([...types].toSorted()).toEqual(EVERY_TYPE);
  const header = whole.indexOf(10);
  const root = stores.unverified();
  await (await openStore(root)).close();
  const target = path.replace(/^.*\/sessions\/[^/]+/, join(root, "sessions", "other-machine"));
  mkdirSync(dirname(target), { recursive: true });
  for (let cut = 0; cut <= whole.length; cut++) {
    const bytes = whole.subarray(0, cut);
    // A machine's own log, as the machine that wrote it finds it after the crash.
    const store = await openStore<any, any>(root);
    const own = target.replace("other-machine", store.machine);
    mkdirSync(dirname(own), { recursive: true });
    writeFileSync(`${target}.new`, bytes);
    renameSync(`${target}.new`, own);
    const session = store.session(id, { create: true });
    if (cut < header) {
      await expect(session.history(), `cut at ${cut}`).rejects.toThrow(expect.objectContaining({ code: "DAMAGED" }));
      await expect(session.append({ n: 1 })).rejects.toThrow(expect.objectContaining({ code: "DAMAGED" }));
      expect(readFileSync(own).equals(bytes)).toBe(true);
      await store.close();
      continue;
    }
    const expected = foldNaively([readLog(bytes)]);
    if (expected.deleted) {
      await expect(session.history(), `cut at ${cut}`).rejects.toThrow(expect.objectContaining({ code: "NOT_FOUND" }));
    } else {
      expect(await session.history(), `cut at ${cut}`).toEqual(expected.history);
      expect((await session.info()).branches).toBe(expected.tips.length + 1);
    }
    const { at } = await session.append({ id: "next", n: cut });
    const lines = readFileSync(own);
    expect(lines.subarray(0, cut).equals(bytes)).toBe(true);
    const next = foldNaively([readLog(lines)]);
    expect(next.history.map((entry) => entry.at)).toEqual([...expected.history.map((entry) => entry.at), at]);
    expect(await session.history()).toEqual(next.history);
    await store.close();
    const reopened = await openStore<any, any>(root);
    expect(await reopened.session(id).history()).toEqual(next.history);
    await reopened.close();
  }
}, 300_000);

test("reading changes no byte and no time of a log, whatever its state", async () => {
  const { statSync, utimesSync } = await import("node:fs");
  const path = await usedInEveryWay(stores, stores.unverified());
  const id = "used";
  const root = path.slice(0, path.indexOf("/sessions/"));
  const whole = readFileSync(path);
  for (const content of [
    whole,
    whole.subarray(0, -20),
    Buffer.concat([whole, Buffer.from('{"at":"torn')]),
    Buffer.from("no log at all\n"),
  ]) {
    writeFileSync(path, content);
    utimesSync(path, 1_000_000, 1_000_000);
    const before = statSync(path, { bigint: true });
    const store = await openStore<any, any>(root);
    const session = store.session(id);
    for (const read of [
      () => session.history(),
      () => session.page({ limit: 2 }),
      () => session.info(),
      () => store.get(id),
      () => store.page({ limit: 5 }),
      () => session.message("m2"),
    ]) {
      await Promise.resolve(read()).catch((error: unknown) => expect(error).toMatchObject({ code: "DAMAGED" }));
    }
    await store.close();
    const after = statSync(path, { bigint: true });
    expect([after.mtimeNs, after.ctimeNs, after.size]).toEqual([before.mtimeNs, before.ctimeNs, before.size]);
    expect(readFileSync(path).equals(content)).toBe(true);
  }
});
