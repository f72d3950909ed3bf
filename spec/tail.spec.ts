// The newest messages of a session that nobody has open come from the end of its log. They are what a read of all of
// it gives.
import "./helpers/in-memory.ts";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import fc from "fast-check";
import { expect, test } from "vitest";
import { MemoryVfs } from "../lib/disk/memory-vfs.ts";
import type { VfsFile } from "../lib/disk/vfs.ts";
import { openStore } from "../lib/index.ts";
import type { Entry, Session, Store } from "../lib/index.ts";
import { formatStamp } from "../lib/line/stamp.ts";
import { foldTail } from "../lib/log/tail.ts";
import { foldNaively, readLog } from "./helpers/naive-reader.ts";
import { damage, spoil, step, take } from "./helpers/random-sessions.ts";
import type { Step } from "./helpers/random-sessions.ts";
import { collect, logsOf, onlyLog, useStores } from "./helpers/stores.ts";

const stores = useStores();
const ROUNDS = process.env["TURNLOG_LONG"] ? 1000 : 30;

/** A session that several stores wrote to, one after the other and in turns. -> its log */
async function write(directory: string, steps: readonly Step[]): Promise<string> {
  const open: Store<any, any>[] = [];
  for (let writer = 0; writer < 3; writer++) open.push(await openStore<any, any>(directory));
  let made = 0;
  for (const each of steps) {
    if (each.kind === "reopen") {
      await open[each.writer]!.close();
      open[each.writer] = await openStore<any, any>(directory);
    } else {
      await take(open[each.writer]!.session("s", { create: true }), each, () => ++made);
    }
  }
  await open[0]!.session("s", { create: true }).append({ id: "last" });
  for (const store of open) await store.close();
  // What a deletion left beside goes after a minute.
  for (const path of logsOf(directory).keys()) if (path.endsWith(".old")) rmSync(path);
  return onlyLog(directory);
}

async function cold<T>(directory: string, read: (session: Session<any, any>) => Promise<T>): Promise<T> {
  const store = await openStore<any, any>(directory);
  try {
    return await read(store.session("s"));
  } finally {
    await store.close();
  }
}

test("the last n messages of a session that nobody has open are those of a full read, for all n", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { minLength: 1, maxLength: 30, size: "max" }),
      fc.array(damage, { maxLength: 2 }),
      async (steps, damages) => {
        const directory = stores.unverified();
        const path = await write(directory, steps);
        writeFileSync(path, damages.reduce(spoil, readFileSync(path)));
        const content = readFileSync(path);
        const { deleted, history } = foldNaively([readLog(content)]);
        // An altered line that says to be newer than those after it shows only to who reads it: the end does not tell of it.
        const stamps = Array.from(content.toString("latin1").matchAll(/"at":"([^"]{38})","type"/g), ([, at]) => at!);
        const isAhead = stamps.some((at, index) => index + 1 < stamps.length && at > stamps[index + 1]!);
        if (deleted || (damages.length > 0 && isAhead)) return;
        const all: Entry<any, any>[] = await cold(directory, async (session) => await session.history());
        if (damages.length === 0) expect(all).toEqual(history);
        const bare = all.map((entry) => ({ ...entry, parts: [] }));
        for (let n = 0; n <= all.length + 1; n++) {
          const first = Math.max(0, all.length - n);
          const read = async (options: object): Promise<unknown> =>
            await cold(directory, (session) => collect(session.messages(options)));
          expect(await read({ last: n }), `last ${n}`).toEqual(all.slice(first));
          expect(await read({ last: n, parts: false, limit: 2 })).toEqual(bare.slice(first, first + 2));
          expect(await read({ limit: n, reverse: true }), `${n} backwards`).toEqual(all.slice(first).toReversed());
          if (n === 0) continue;
          const page = await cold(directory, (session) => session.page({ limit: n }));
          expect(page.items, `page of ${n}`).toEqual(all.slice(first));
          expect([page.previous !== undefined, page.next]).toEqual([first > 0, undefined]);
          if (first === 0) continue;
          const before = await cold(directory, (session) => session.page({ limit: n, before: page.previous! }));
          expect(before.items).toEqual(all.slice(Math.max(0, first - n), first));
        }
      },
    ),
    { numRuns: ROUNDS },
  );
}, 600_000);

/** A file that counts how many of its bytes are read. */
function countedFile(content: Buffer): { file: VfsFile; count: () => number } {
  const vfs = new MemoryVfs();
  vfs.makeDirectory("/");
  const file = vfs.open("/f", "create");
  file.write(content, content.length);
  let bytes = 0;
  const read = (...given: Parameters<VfsFile["read"]>): number => {
    const count = file.read(...given);
    bytes += count;
    return count;
  };
  const stat = (): ReturnType<VfsFile["stat"]> => file.stat();
  return { file: Object.assign(Object.create(file) as VfsFile, { read, stat }), count: () => bytes };
}

/** The places of the last n messages by the end of the log; undefined: it is not enough. */
function lastPlaces(file: VfsFile, n: number): string[] | undefined {
  const fold = foldTail([{ file, size: file.stat().size, log: 0 }], n);
  if (fold === undefined) return undefined;
  const list = fold.history.list();
  return [...list.subarray(Math.max(0, list.length - n))].map((row) => formatStamp(fold.rows.place(row)));
}

test("of a long log only the end is read, whoever wrote it", async () => {
  const directory = stores.directory();
  const open = [await stores.open({}, directory), await stores.open({}, directory)];
  const session = await open[0]!.createSession({ id: "s" });
  await session.append(Array.from({ length: 10_000 }, (_, n) => ({ n, text: "x".repeat(300) })));
  // Each of the two goes on from what the other one wrote.
  for (let n = 0; n < 20; n++) {
    await open[n % 2]!.session("s").append([{ n }, { n: n + 0.5 }]);
    await open[n % 2]!.session("s").update({ title: `after ${n}` });
  }
  await open[1]!.session("s").append({ n: "last" });
  const content = readFileSync(onlyLog(directory));
  const all = (await session.history()).map(({ at }) => at);
  for (const n of [0, 1, 2, 20, 42, 200]) {
    const { file, count } = countedFile(content);
    expect(lastPlaces(file, n), `the last ${n}`).toEqual(all.slice(all.length - n));
    expect(count(), `for the last ${n}`).toBeLessThan(content.length / 3);
  }
  expect(lastPlaces(countedFile(content).file, 20_000)).toEqual(all);
});

test("where the end alone does not tell, it gives no answer", async () => {
  const directory = stores.directory();
  const store = await stores.open({}, directory);
  const session = await store.createSession({ id: "s" });
  for (let n = 0; n < 500; n++) await session.append({ n, text: "x".repeat(300) });
  const content = readFileSync(onlyLog(directory));
  const all = (await session.history()).map(({ at }) => at);
  expect(lastPlaces(countedFile(content).file, 10)).toEqual(all.slice(-10));
  const last = content.lastIndexOf(10, content.length - 2) + 1;
  const damaged = Buffer.from(content);
  damaged[last + 100] = 120;
  damaged[last + 101] = 34;
  const early = content.subarray(content.indexOf(10) + 1, content.indexOf(10, content.indexOf(10) + 1) + 1);
  for (const [why, bytes] of [
    ["altered", damaged],
    ["torn", content.subarray(0, -10)],
    ["not in order", Buffer.concat([content, early])],
    ["a fragment", Buffer.concat([content.subarray(0, last), Buffer.from("{\n"), content.subarray(last)])],
  ] as const) {
    expect(lastPlaces(countedFile(bytes).file, 10), why).toBeUndefined();
  }
});
