// A store with more sessions than a process may have open files works, and cuts no reader off.
import "./helpers/in-memory.ts";
import { mkdtempSync, readdirSync, rmSync, unlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { Descriptors, Slot } from "../lib/disk/descriptors.ts";
import { NodeVfs } from "../lib/disk/node-vfs.ts";
import { collect, useStores } from "./helpers/stores.ts";

const stores = useStores();
const scratch = mkdtempSync(join(tmpdir(), "turnlog-descriptors-"));
afterAll(() => rmSync(scratch, { recursive: true }));

/** What the other operations of this process have open at a time: a directory, a file aside, a log that is looked at. */
const BESIDE = 8;

function openFiles(): number {
  return readdirSync("/proc/self/fd").length;
}

const isLinux = process.platform === "linux";

test.runIf(isLinux)(
  "10,000 sessions append and read with 64 files",
  async () => {
    const store = await stores.open({ maxOpenFiles: 64 }, stores.unverified());
    const before = openFiles();
    let most = 0;
    const look = (): number => (most = Math.max(most, openFiles() - before));
    const count = 10_000;
    const sessions = Array.from({ length: count }, (_, n) => store.session(`s${n}`, { create: true }));
    for (const [n, session] of sessions.entries()) {
      await session.append({ n });
      if (n % 100 === 0) look();
    }
    // Each a second time: its file was closed long ago. Several at once, and some read.
    for (let n = 0; n < count; n += 250) {
      const some = sessions.slice(n, n + 50);
      await Promise.all(some.map((session) => session.append([{ second: 1 }, { second: 2 }])));
      const reads = some.filter((_, index) => index % 10 === 0).map((session) => session.history());
      look();
      for (const history of await Promise.all(reads)) expect(history).toHaveLength(3);
    }
    look();
    expect(most).toBeLessThanOrEqual(64 + BESIDE);
    expect(await sessions[7]!.history()).toMatchObject([
      { data: { n: 7 } },
      { data: { second: 1 } },
      { data: { second: 2 } },
    ]);
    await store.close();
    expect(openFiles()).toBeLessThanOrEqual(before + 1);
  },
  120_000,
);

test.runIf(isLinux)("listing and reading sessions that nobody has open leaves no file open", async () => {
  const directory = stores.directory();
  const first = await stores.open({}, directory);
  for (let n = 0; n < 300; n++) await first.session(`s${n}`, { create: true }).append({ n });
  await first.close();
  const store = await stores.open({ maxOpenFiles: 8 }, directory);
  const before = openFiles();
  expect(await collect(store.sessions())).toHaveLength(300);
  expect(await store.count()).toBe(300);
  for (let n = 0; n < 300; n++) {
    expect(await collect(store.session(`s${n}`).messages({ last: 1 }))).toMatchObject([{ data: { n } }]);
    expect((await store.session(`s${n}`).page({ limit: 1 })).items).toHaveLength(1);
  }
  expect(openFiles()).toBeLessThanOrEqual(before + 8);
});

test("streams that have begun go on, more of them than files may be open", async () => {
  const store = await stores.open({ maxOpenFiles: 4 });
  const expected = Array.from({ length: 60 }, (_, n) => n);
  const streams = [];
  for (let number = 0; number < 20; number++) {
    const session = await store.createSession({ id: `s${number}` });
    await session.append(expected.map((n) => ({ n, text: "x".repeat(50_000) })));
    const stream = session.messages();
    expect((await stream.next()).value!.data.n).toBe(0);
    streams.push(stream);
  }
  // What else is read and written meanwhile takes none of their files.
  for (let number = 0; number < 20; number++) await store.session(`s${number}`).append({ n: "later" });
  for (const stream of streams) expect((await collect(stream)).map(({ data }) => data.n)).toEqual(expected.slice(1));
  for (let number = 0; number < 20; number++) expect(await store.session(`s${number}`).count()).toBe(61);
});

describe("open files", () => {
  const setUp = (limit: number): { descriptors: Descriptors; slots: Slot[] } => {
    const directory = mkdtempSync(join(scratch, "d-"));
    const slots = Array.from({ length: 6 }, (_, n) => {
      writeFileSync(join(directory, `f${n}`), `content ${n}`);
      return new Slot(join(directory, `f${n}`), "append");
    });
    return { descriptors: new Descriptors(new NodeVfs(), limit), slots };
  };
  const read = (slot: Slot, descriptors: Descriptors): string => {
    const bytes = Buffer.alloc(9);
    descriptors.get(slot).file.read(bytes, 0, 9, 0);
    return bytes.toString();
  };

  test("the longest unused one goes first", () => {
    const { descriptors, slots } = setUp(3);
    for (const slot of slots.slice(0, 3)) descriptors.get(slot);
    descriptors.get(slots[0]!);
    descriptors.get(slots[3]!);
    expect(slots.map(({ open }) => open !== undefined)).toEqual([true, false, true, true, false, false]);
    slots.forEach((slot, n) => expect(read(slot, descriptors)).toBe(`content ${n}`));
    expect(slots.filter(({ open }) => open !== undefined)).toHaveLength(3);
    descriptors.dropAll();
    expect(slots.filter(({ open }) => open !== undefined)).toEqual([]);
  });

  test("one that is pinned stays, and with all pinned the limit is passed", () => {
    const { descriptors, slots } = setUp(2);
    const pinned = slots.slice(0, 4).map((slot) => descriptors.get(slot).pin());
    expect(slots.map(({ open }) => open !== undefined)).toEqual([true, true, true, true, false, false]);
    descriptors.get(slots[4]!);
    descriptors.get(slots[5]!);
    pinned.forEach((open, n) => expect(slots[n]!.open).toBe(open));
    for (const open of pinned) open.unpin();
    descriptors.dropAll();
  });

  test("one that is pinned can be read after it was dropped, and after its path names nothing; then it closes", () => {
    const { descriptors, slots } = setUp(2);
    const open = descriptors.get(slots[0]!).pin().pin();
    descriptors.drop(slots[0]!);
    unlinkSync(slots[0]!.path);
    const bytes = Buffer.alloc(9);
    open.unpin();
    expect(open.file.read(bytes, 0, 9, 0)).toBe(9);
    expect(bytes.toString()).toBe("content 0");
    open.unpin();
    expect(() => open.file.stat()).toThrow(expect.objectContaining({ code: "EBADF" }));
    expect(() => descriptors.get(slots[0]!)).toThrow(expect.objectContaining({ code: "ENOENT" }));
  });

  test("a slot whose file was dropped opens what its path names then", () => {
    const { descriptors, slots } = setUp(2);
    const { ino } = descriptors.get(slots[0]!);
    writeFileSync(`${slots[0]!.path}.new`, "newer one");
    new NodeVfs().rename(`${slots[0]!.path}.new`, slots[0]!.path);
    expect(read(slots[0]!, descriptors)).toBe("content 0");
    descriptors.drop(slots[0]!);
    expect(read(slots[0]!, descriptors)).toBe("newer one");
    expect(descriptors.get(slots[0]!).ino).not.toBe(ino);
    descriptors.dropAll();
  });
});
