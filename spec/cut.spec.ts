// A log of every line type, cut at every byte: what a crash in the middle of any write can leave.
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { crc32 } from "node:zlib";
import { expect, test } from "vitest";
import { openStore } from "../lib/index.ts";
import { foldNaively, readLog } from "./helpers/naive-reader.ts";
import { onlyLog, useStores } from "./helpers/stores.ts";

const stores = useStores();

/** A session that was used in every way. -> its log, and where its commits end */
async function used(directory: string): Promise<{ path: string; id: string }> {
  const store = await stores.open<any>({}, directory);
  const session = await store.createSession({ id: "used", title: "Ünicode 漢字", tags: ["a"] });
  await session.append({ id: "m1", role: "user", content: 'text with \n newline, "quotes", {"at":" and 😀' });
  await session.append([
    { id: "m2", role: "assistant", content: "call" },
    { id: "m3", role: "tool", content: "result" },
    { id: "m4", role: "assistant", content: "done" },
  ]);
  await session.putMessage({ id: "m1", role: "user", content: "edited" });
  await session.putPart("m2", { id: "p1", text: "streaming" });
  await session.putPart("m2", { id: "p1", text: "streaming, more" });
  await session.putPart("m2", { id: "p2", text: "to go" });
  await session.remove("m2", "p2");
  await session.remove("m3");
  await store.close();
  const again = await stores.open<any>({}, directory);
  const handle = again.session("used");
  await handle.update({ summary: "so far", title: null });
  await handle.checkout("m2");
  await handle.append({ id: "m5", role: "user", content: "another way" });
  await handle.truncate({ keepLast: 2 });
  await handle.replace([
    { id: "m2", role: "assistant", content: "call" },
    { id: "m6", n: 6 },
    { id: "m7", n: 7 },
  ]);
  await handle.commit((commit) => {
    commit.append({ id: "m8", n: 8 });
    commit.putPart("m8", { id: "p8", n: 8 });
    commit.update({ pinned: true });
  });
  await again.close();
  return { path: onlyLog(directory), id: "used" };
}

function sealed(line: object): string {
  const body = JSON.stringify(line).slice(0, -1);
  return `${body},"crc":"${crc32(body).toString(16).padStart(8, "0")}"}`;
}

/** Line types that only other operations write, by hand. */
function withRareTypes(log: string): string {
  const stamp = (n: number): string => `2099-01-01T00:00:00.${String(n).padStart(3, "0")}Z-0000-zzzzzzzz`;
  const lines = log.trimEnd().split("\n");
  const last = JSON.parse(lines.at(-1)!).at as string;
  const place = JSON.parse(lines.findLast((line) => line.includes('"id":"m7"'))!).at as string;
  return `${[
    ...lines,
    sealed({ at: stamp(1), type: "open", after: last }),
    sealed({ at: stamp(2), type: "purge", data: { of: [place] } }),
    sealed({ at: stamp(3), type: "purged" }),
    sealed({ at: stamp(4), type: "from-the-future", data: { any: "thing" } }),
    sealed({ at: stamp(5), type: "delete" }),
    sealed({ at: stamp(6), type: "restore", of: stamp(5) }),
  ].join("\n")}\n`;
}

test("a log cut at every byte opens, shows whole commits, and takes the next append without gluing", async () => {
  const { path, id } = await used(stores.unverified());
  const whole = Buffer.from(withRareTypes(readFileSync(path, "utf8")));
  const types = new Set(readLog(whole).map(({ type }) => type));
  expect([...types].toSorted()).toEqual([
    "delete",
    "from-the-future",
    "head",
    "info",
    "message",
    "open",
    "part",
    "purge",
    "purged",
    "remove",
    "restore",
    "session",
    "truncate",
  ]);
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
  const { path, id } = await used(stores.unverified());
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
