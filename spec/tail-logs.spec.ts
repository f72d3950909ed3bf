// A session of several machines' logs: what is read of it, from the ends of its logs, an index or all of it, is what a second
// reader finds in the bytes.
import "./helpers/in-memory.ts";
import { cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { settingsOf } from "../lib/base/options.ts";
import { NodeVfs } from "../lib/disk/node-vfs.ts";
import type { VfsFile } from "../lib/disk/vfs.ts";
import { openStore } from "../lib/index.ts";
import type { Entry, Session, Store } from "../lib/index.ts";
import { formatStamp } from "../lib/line/stamp.ts";
import { foldTail } from "../lib/log/tail.ts";
import { rooms } from "../lib/open.ts";
import { openOn } from "../lib/store/open-on.ts";
import { FaultVfs } from "./helpers/fault-vfs.ts";
import { foldNaively, readLog } from "./helpers/naive-reader.ts";
import { damage, spoil, step, take } from "./helpers/random-sessions.ts";
import type { Step } from "./helpers/random-sessions.ts";
import { collect, logsOf, useStores } from "./helpers/stores.ts";

const stores = useStores();
const ROUNDS = process.env["TURNLOG_LONG"] ? 1000 : 25;
const MACHINES = 3;

type Any = Session<any, any>;

/** What one machine does, or that it gets what another one has. */
type Turn = { readonly step: Step } | { readonly from: number; readonly to: number };
const machine = fc.nat({ max: MACHINES - 1 });
const turn: fc.Arbitrary<Turn> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ step }) },
  { weight: 1, arbitrary: fc.record({ from: machine, to: machine }) },
);

/** Brings all folders but the other's own. */
function sync(from: string, to: string, own: string): void {
  for (const name of readdirSync(join(from, "sessions")))
    if (name !== own)
      cpSync(join(from, "sessions", name), join(to, "sessions", name), { recursive: true, force: true });
}

/** Machines that go on apart and meet. -> the store of the first, with all logs that there are */
async function write(turns: readonly Turn[]): Promise<string> {
  const roots = Array.from({ length: MACHINES }, () => stores.unverified());
  const open: Store<any, any>[] = [];
  for (const root of roots) open.push(await openStore<any, any>(root));
  const bring = async (from: number, to: number): Promise<void> => {
    if (from === to) return;
    sync(roots[from]!, roots[to]!, open[to]!.machine);
    await open[to]!.refresh();
  };
  let made = 0;
  // All go on from one beginning.
  await open[0]!.session("s", { create: true }).append({ id: "first" });
  for (let to = 1; to < MACHINES; to++) await bring(0, to);
  for (const each of turns) {
    if ("from" in each) await bring(each.from, each.to);
    else if (each.step.kind !== "reopen")
      await take(open[each.step.writer]!.session("s", { create: true }), each.step, () => ++made);
  }
  for (let from = 1; from < MACHINES; from++) await bring(from, 0);
  await open[0]!.session("s", { create: true }).append({ id: "last" });
  for (const store of open) await store.close();
  // What a deletion left beside goes after a minute.
  for (const path of logsOf(roots[0]!).keys()) if (path.endsWith(".old")) rmSync(path);
  return roots[0]!;
}

/** In a store that nothing is known of, or nothing but what an index has. */
async function cold<T>(directory: string, read: (session: Any) => Promise<T>): Promise<T> {
  const store = await openStore<any, any>(directory);
  try {
    return await read(store.session("s"));
  } finally {
    await store.close();
  }
}

/** Every way to ask for some of the messages gives what stands there among all of them. */
async function checkReads(
  all: readonly Entry<any, any>[],
  ask: <T>(read: (session: Any) => Promise<T>) => Promise<T>,
): Promise<void> {
  const plain = (entries: readonly Entry<any, any>[]): unknown => entries.map(({ id, at, data }) => ({ id, at, data }));
  expect(await ask((session) => session.count())).toBe(all.length);
  for (let n = 0; n <= all.length + 1; n++) {
    const first = Math.max(0, all.length - n);
    expect(await ask((session) => collect(session.messages({ last: n }))), `last ${n}`).toEqual(all.slice(first));
    const backwards = await ask((session) => collect(session.messages({ limit: n, reverse: true })));
    expect(backwards, `${n} backwards`).toEqual(all.slice(first).toReversed());
    if (n === 0) continue;
    const page = await ask((session) => session.page({ limit: n }));
    expect(plain(page.items), `page of ${n}`).toEqual(plain(all.slice(first)));
  }
  for (const [position, entry] of all.entries()) {
    expect(await ask((session) => session.message(entry.at))).toEqual(entry);
    const [before, after, around] = await ask(async (session) => [
      await session.page({ limit: 3, before: entry.at }),
      await session.page({ limit: 3, after: entry.at }),
      await session.page({ limit: 3, around: entry.at }),
    ]);
    expect(before.items).toEqual(all.slice(Math.max(0, position - 3), position));
    expect(after.items).toEqual(all.slice(position + 1, position + 4));
    const from = Math.max(0, Math.min(position - 1, all.length - 3));
    expect(around.items).toEqual(all.slice(from, from + 3));
  }
}

function contentsOf(directory: string): Buffer[] {
  return [...logsOf(directory).values()];
}

test("every read of a session of several machines is what the second reader finds, cold and in use", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(turn, { minLength: 1, maxLength: 24, size: "max" }), async (turns) => {
      const directory = await write(turns);
      const { deleted, history } = foldNaively(contentsOf(directory).map((content) => readLog(content)));
      if (deleted) return;
      await checkReads(history as Entry<any, any>[], (read) => cold(directory, read));
      const store = await openStore<any, any>(directory);
      await checkReads(history as Entry<any, any>[], (read) => read(store.session("s")));
      await store.close();
    }),
    { numRuns: ROUNDS },
  );
}, 600_000);

test("damage in one of the logs, or one that is missing, changes nothing of that", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(turn, { minLength: 4, maxLength: 24, size: "max" }),
      fc.array(fc.tuple(fc.nat({ max: 2 }), damage), { maxLength: 2 }),
      fc.option(fc.nat({ max: 2 })),
      async (turns, damages, missing) => {
        const directory = await write(turns);
        const paths = [...logsOf(directory).keys()];
        for (const [log, each] of damages) {
          const path = paths[log % paths.length]!;
          writeFileSync(path, spoil(readFileSync(path), each));
        }
        if (missing !== null && paths.length > 1) rmSync(paths[missing % paths.length]!);
        rmSync(join(directory, ".cache", "catalog"), { recursive: true, force: true });
        const all = await cold(directory, (session) => session.history().catch(() => undefined));
        if (all === undefined) return;
        if (damages.length === 0)
          expect(all).toEqual(foldNaively(contentsOf(directory).map((content) => readLog(content))).history);
        for (let n = 0; n <= all.length + 1; n++) {
          const last = await cold(directory, (session) => collect(session.messages({ last: n })));
          expect(last, `last ${n}`).toEqual(all.slice(Math.max(0, all.length - n)));
        }
      },
    ),
    { numRuns: ROUNDS },
  );
}, 600_000);

/** The places of the last n messages by the ends of the logs, and how much of these was read; undefined: it is not enough. */
function lastPlaces(directory: string, n: number): { readonly places: string[]; readonly bytes: number } | undefined {
  const vfs = new NodeVfs();
  let bytes = 0;
  const sources = [...logsOf(directory).keys()].map((path, log) => {
    const file = vfs.open(path, "read");
    const read = (...given: Parameters<VfsFile["read"]>): number => {
      const count = file.read(...given);
      bytes += count;
      return count;
    };
    return {
      source: { file: Object.assign(Object.create(file) as VfsFile, { read }), size: file.stat().size, log },
      file,
    };
  });
  try {
    const fold = foldTail(
      sources.map(({ source }) => source),
      n,
    );
    if (fold === undefined) return undefined;
    const list = fold.history.list();
    const places = [...list.subarray(Math.max(0, list.length - n))].map((row) => formatStamp(fold.rows.place(row)));
    return { places, bytes };
  } finally {
    for (const { file } of sources) file.close();
  }
}

test.each(["one after the other", "in turns", "apart"] as const)(
  "of two long logs, written %s, only the ends are read",
  async (how) => {
    const directory = stores.directory();
    const roots = [join(directory, "one"), join(directory, "two")];
    const one = await stores.open({}, roots[0]);
    const messages = (from: number, count: number): object[] =>
      Array.from({ length: count }, (_, n) => ({ n: from + n, text: "x".repeat(300) }));
    await one.session("s", { create: true }).append(messages(0, 1000));
    cpSync(roots[0]!, roots[1]!, { recursive: true });
    const two = await stores.open({}, roots[1]);
    const bring = async (from: Store<any, any>, to: Store<any, any>): Promise<void> => {
      sync(from.path, to.path, to.machine);
      await to.refresh();
    };
    if (how === "one after the other") {
      for (let n = 0; n < 50; n++) await two.session("s").append(messages(1000 + n * 20, 20));
    } else if (how === "in turns") {
      for (let n = 0; n < 60; n++) {
        const [writer, other] = n % 2 === 0 ? [two, one] : [one, two];
        await writer.session("s").append(messages(1000 + n * 20, 20));
        await bring(writer, other);
      }
    } else {
      for (let n = 0; n < 60; n++) await (n % 2 === 0 ? two : one).session("s").append(messages(1000 + n * 20, 20));
    }
    await bring(two, one);
    const all = (await one.session("s").history()).map(({ at }) => at);
    const size = contentsOf(roots[0]!).reduce((sum, content) => sum + content.length, 0);
    for (const n of [1, 5, 50]) {
      const found = lastPlaces(roots[0]!, n);
      expect(found?.places, `the last ${n}`).toEqual(all.slice(-n));
      expect(found!.bytes, `for the last ${n}`).toBeLessThan(size / 2);
    }
    expect(lastPlaces(roots[0]!, 10_000)?.places).toEqual(all);
  },
);

test("where the ends do not tell, they give no answer", async () => {
  const directory = stores.directory();
  const one = await stores.open({}, join(directory, "one"));
  for (let n = 0; n < 300; n++) await one.session("s", { create: true }).append({ n, text: "x".repeat(300) });
  cpSync(one.path, join(directory, "two"), { recursive: true });
  const two = await stores.open({}, join(directory, "two"));
  for (let n = 300; n < 600; n++) await two.session("s").append({ n, text: "x".repeat(300) });
  const all = (await two.session("s").history()).map(({ at }) => at);
  expect(lastPlaces(two.path, 10)?.places).toEqual(all.slice(-10));
  const paths = [...logsOf(two.path).keys()];
  const [mine, theirs] = [
    paths.find((path) => path.includes(two.machine))!,
    paths.find((path) => path.includes(one.machine))!,
  ];
  const [own, other] = [readFileSync(mine), readFileSync(theirs)];
  const lastLine = (content: Buffer): Buffer => content.subarray(content.lastIndexOf(10, content.length - 2) + 1);
  for (const [why, path, bytes] of [
    ["torn", mine, own.subarray(0, -10)],
    ["torn, the older one", theirs, other.subarray(0, -10)],
    ["not in order", theirs, Buffer.concat([other, other.subarray(0, other.indexOf(10) + 1)])],
    ["a line that stands in both", theirs, Buffer.concat([other, lastLine(own)])],
    ["a fragment", theirs, Buffer.concat([other, Buffer.from("{\n")])],
  ] as const) {
    const before = readFileSync(path);
    writeFileSync(path, bytes);
    expect(lastPlaces(two.path, 10), why).toBeUndefined();
    writeFileSync(path, before);
  }
});

test("beginnings of several logs that cannot be read at once are nobody's unhandled rejection", async () => {
  const [one, two] = [stores.directory(), stores.directory()];
  const first = await openStore<any, any>(one, { machine: "one" });
  await (await first.createSession({ id: "s" })).append([{ n: 1 }, { n: 2 }]);
  await first.close();
  const second = await openStore<any, any>(two, { machine: "two" });
  sync(one, two, second.machine);
  await second.session("s").append({ n: 3 });
  await second.close();
  const vfs = new FaultVfs();
  const store = await openOn<any, any>(vfs, two, settingsOf({}), rooms);
  const unhandled: unknown[] = [];
  const note = (error: unknown): void => void unhandled.push(error);
  process.on("unhandledRejection", note);
  try {
    let reads = 0;
    // The headers are read first, and their ends take their time.
    vfs.fault = (operation, path) =>
      operation === "readLater" && path.endsWith("s.jsonl") && ++reads <= 2 ? "EIO" : undefined;
    // All of them are read then.
    expect((await store.session("s").page({ limit: 1 })).items.map(({ data }) => data)).toEqual([{ n: 3 }]);
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(reads).toBeGreaterThan(1);
  } finally {
    process.off("unhandledRejection", note);
    await store.close();
  }
  expect(unhandled).toEqual([]);
});
