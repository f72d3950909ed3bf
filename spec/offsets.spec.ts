// A store with sidecars answers what one answers that reads its logs, whatever has become of either.
import "./helpers/in-memory.ts";
import { cpSync, existsSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import fc from "fast-check";
import { expect, test } from "vitest";
import { settingsOf } from "../lib/base/options.ts";
import { openMemoryStore, openStore } from "../lib/index.ts";
import type { Session, Store, StoreWarning } from "../lib/index.ts";
import { rooms } from "../lib/open.ts";
import { openOn } from "../lib/store/open-on.ts";
import { answersOf, scannedAnswersOf } from "./helpers/answers.ts";
import { CountingVfs } from "./helpers/counting-vfs.ts";
import { FaultVfs } from "./helpers/fault-vfs.ts";
import { ID, saved, settle, sidecarOf, until } from "./helpers/sidecars.ts";
import { damage, spoil, step, take } from "./helpers/random-sessions.ts";
import type { Damage, Step } from "./helpers/random-sessions.ts";
import { collect, filesIn, logsOf, useStores } from "./helpers/stores.ts";

const stores = useStores();
const ROUNDS = process.env["TURNLOG_LONG"] ? 500 : 25;
const MACHINES = 2;

/** What becomes of the sidecar while nobody has it open. */
const harm = fc.record({
  kind: fc.constantFrom("none", "none", "none", "flip", "cut", "zeros", "garbage", "gone", "old"),
  byte: fc.nat(),
});
type Harm = typeof harm extends fc.Arbitrary<infer T> ? T : never;

function harmed(bytes: Buffer, { kind, byte }: Harm): Buffer | undefined {
  const at = byte % bytes.length;
  if (kind === "flip") {
    const flipped = Buffer.from(bytes);
    flipped[at]! ^= 1 << (byte % 8);
    return flipped;
  }
  if (kind === "cut") return bytes.subarray(0, at);
  if (kind === "zeros") return Buffer.concat([bytes.subarray(0, at), Buffer.alloc(bytes.length - at)]);
  if (kind === "garbage") return Buffer.alloc(bytes.length, "garbage");
  return kind === "gone" ? undefined : bytes;
}

/** The first commit of the other machine's log has lost its end: the sidecar covers what stands before it. */
const FIRST_COMMIT_CUT: [Step[], Step[], Damage[], Harm, boolean] = [
  [
    { kind: "append", writer: 0, which: 0, size: 0 },
    { kind: "batch", writer: 2, which: 0, size: 0 },
  ],
  [],
  [{ kind: "cut", line: 0, byte: 0 }],
  { kind: "none", byte: 0 },
  false,
];

/** Two directories, one for each machine; two open stores in each. */
class World {
  readonly directories: string[] = [];
  readonly open: Store<any, any>[] = [];
  #made = 0;

  static async make(above: string): Promise<World> {
    const world = new World();
    for (let machine = 0; machine < MACHINES; machine++) world.directories.push(join(above, `machine-${machine}`));
    const [first] = world.directories as [string];
    const store = await openStore<any, any>(first);
    await store.session(ID, { create: true }).append({ id: "m0", text: "long enough".repeat(7000) });
    await store.close();
    cpSync(first, world.directories[1]!, { recursive: true });
    await world.reopen();
    return world;
  }

  async reopen(): Promise<void> {
    for (const store of this.open.splice(0)) await store.close();
    for (const directory of this.directories)
      for (let n = 0; n < 2; n++) this.open.push(await openStore<any, any>(directory));
  }

  async close(): Promise<void> {
    for (const store of this.open.splice(0)) await store.close();
  }

  async take(each: Step): Promise<void> {
    const number = (each.writer + each.which) % this.open.length;
    if (each.kind === "reopen" && each.which % 2 === 0) {
      await this.open[number]!.close();
      this.open[number] = await openStore<any, any>(this.directories[Math.floor(number / 2)]!);
    } else if (each.kind === "reopen") {
      this.sync(each.which);
      for (const store of this.open) await store.refresh();
    } else {
      const session = this.open[number]!.session(ID, { create: true });
      // One reads the history first, another page by page: what is known of a session differs by that.
      if (each.which % 3 === 0) await session.page({ limit: 2, after: "m0" }).catch(() => undefined);
      await take(session, each, () => ++this.#made);
    }
  }

  /** Each machine's folder goes to the other: what rsync does. */
  sync(which: number): void {
    const from = which % MACHINES;
    const { machine } = this.open[from * 2]!;
    const folder = join(this.directories[from]!, "sessions", machine);
    const target = join(this.directories[1 - from]!, "sessions", machine);
    if (existsSync(folder)) cpSync(folder, target, { recursive: true, preserveTimestamps: which % 5 !== 0 });
  }
}

async function compare(directory: string, above: string, each: boolean): Promise<void> {
  const store = await openStore<any, any>(directory);
  const session = store.session(ID);
  const ids: string[] = await collect(session.messageIds()).catch(() => []);
  const ats = await session.history().catch(() => []);
  await store.close();
  const middle = Math.floor(ids.length / 2);
  const references = [ids[0], ids[middle], ids.at(-1), "m3", "none", ats[middle]?.at].filter(
    (one) => one !== undefined,
  );
  const scanned = await scannedAnswersOf(directory, join(above, "scanned"), ID, references, each);
  rmSync(join(above, "scanned"), { recursive: true });
  expect(await answersOf(directory, ID, references, each)).toEqual(scanned);
}

test("any history of any machines, damaged or not, is answered as by a scan", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { minLength: 1, maxLength: 25, size: "max" }),
      fc.array(step, { maxLength: 8 }),
      fc.array(damage, { maxLength: 2 }),
      harm,
      fc.boolean(),
      async (before, after, damages, harm, each) => {
        const above = stores.unverified();
        const world = await World.make(above);
        for (const one of before) await world.take(one);
        await world.reopen();
        const kept = world.directories
          .map((directory) => sidecarOf(directory))
          .map((path) => path && readFileSync(path));
        for (const one of after) await world.take(one);
        world.sync(0);
        world.sync(1);
        await world.close();
        // Times that a change cannot share: what is believed from here on is believed by them.
        if (each) await sleep(120);
        for (const [number, directory] of world.directories.entries()) {
          for (const path of logsOf(directory).keys()) {
            const bytes = readFileSync(path);
            const spoilt = damages.reduce(spoil, bytes);
            if (!spoilt.equals(bytes)) writeFileSync(path, spoilt);
          }
          await compare(directory, above, each);
          const sidecar = sidecarOf(directory);
          const old = kept[number];
          if (sidecar !== undefined) {
            const bytes = harm.kind === "old" ? old : harmed(readFileSync(sidecar), harm);
            if (bytes === undefined) rmSync(sidecar);
            else writeFileSync(sidecar, bytes);
          }
          await compare(directory, above, each);
          await compare(directory, above, !each);
        }
      },
    ),
    { numRuns: ROUNDS, examples: [FIRST_COMMIT_CUT] },
  );
}, 600_000);

test("what a sidecar knows is not read in the log", async () => {
  const directory = await saved(stores.directory(), 5000);
  const log = [...logsOf(directory).values()][0]!.length;
  const ask = async (use: (session: Session<any, any>) => Promise<unknown>): Promise<number> => {
    const vfs = new CountingVfs();
    const store = await openOn<any, any>(vfs, directory, settingsOf({}), rooms);
    await use(store.session(ID));
    const bytes = vfs.of(".jsonl");
    await store.close();
    return bytes;
  };
  expect(await ask((session) => session.count())).toBe(0);
  expect(await ask((session) => session.info())).toBe(0);
  expect(await ask((session) => session.stats())).toBe(0);
  expect(await ask((session) => session.message("m2500"))).toBeLessThan(5000);
  expect(await ask((session) => session.page({ around: "m2500", limit: 10 }))).toBeLessThan(20_000);
  expect(await ask((session) => session.branches())).toBeLessThan(5000);
  expect(await ask((session) => session.append({ id: "one more" }))).toBeLessThan(5000);
  await settle(directory);
  // The same without the sidecar.
  rmSync(join(directory, ".cache"), { recursive: true });
  expect(await ask((session) => session.count())).toBeGreaterThan(log);
});

test("a store that cannot write its cache goes on without", async () => {
  for (const fault of ["ENOSPC", "EROFS", "EIO", "short"]) {
    const directory = stores.directory();
    const vfs = new FaultVfs();
    // A lease that cannot be taken is an error: it lies in the cache, too.
    const store = await openOn<any, any>(vfs, directory, settingsOf({ lease: false }), rooms);
    const session = store.session(ID, { create: true });
    await session.append({ id: "m0", text: "x".repeat(300_000) });
    const warnings: StoreWarning[] = [];
    store.on("warning", (warning) => warnings.push(warning));
    vfs.fault = (_, path) => (path.includes(".cache") ? (fault === "short" ? 10 : fault) : undefined);
    await session.append({ id: "m1" });
    expect(await session.count()).toBe(2);
    await store.close();
    expect(warnings).toEqual([]);
    expect(filesIn(join(directory, ".cache", "offsets"))).toEqual([]);
  }
});

test("the cache can go at any time, under a store that reads and writes", async () => {
  const directory = await saved(stores.directory());
  const [one, two] = [await stores.open({}, directory), await stores.open({}, directory)];
  for (let round = 0; round < 12; round++) {
    if (round % 2 === 0) rmSync(join(directory, ".cache"), { recursive: true, force: true });
    const store = round % 3 === 0 ? one : two;
    expect((await store.session(ID).page({ limit: 3, around: "m200" })).items).toHaveLength(3);
    if (round % 4 === 1) await one.session(ID).append([{ n: round }, { text: "x".repeat(100_000) }]);
    if (round % 4 === 3) rmSync(join(directory, ".cache"), { recursive: true, force: true });
    const again = await openStore<any, any>(directory);
    const { length } = await again.session(ID).history();
    expect(await store.session(ID).count()).toBe(length);
    await again.close();
  }
});

test("it is written while the store is open, when much is new", async () => {
  const directory = stores.directory();
  const store = await stores.open({}, directory);
  const session = store.session(ID, { create: true });
  for (let n = 0; n < 5; n++) await session.append({ n, text: "x".repeat(100_000) });
  await until(() => sidecarOf(directory) !== undefined);
  const { size } = statSync(sidecarOf(directory)!);
  for (let n = 0; n < 300; n++) await session.append({ n, text: "x".repeat(2000) });
  await until(() => statSync(sidecarOf(directory)!).size > size);
  // A process that ends without a word, and one that goes on.
  const copy = stores.unverified();
  cpSync(directory, copy, { recursive: true });
  expect(await store.session(ID).count()).toBe(305);
  const other = await stores.open({}, directory);
  expect(await other.session(ID).count()).toBe(305);
});

test("a session that is forgotten is saved", async () => {
  const directory = stores.directory();
  const store = await stores.open({}, directory);
  await store.session(ID, { create: true }).append({ id: "m0", text: "x".repeat(100_000) });
  await store.session(ID).sync();
  for (let n = 0; n < 10_050; n++) await store.get(`none-${n}`);
  await until(() => sidecarOf(directory) !== undefined);
  expect(await store.session(ID).count()).toBe(1);
});

test("what is left of a session that is gone goes, too", async () => {
  const directory = await saved(stores.directory());
  const path = sidecarOf(directory)!;
  // In the only directory that there is.
  const left = join(dirname(path), "gone");
  writeFileSync(left, "left");
  const store = await stores.open({}, directory);
  for (let n = 0; n < 5; n++) await store.session(ID).append({ text: "x".repeat(100_000) });
  await until(() => !existsSync(left));
  expect(existsSync(path)).toBe(true);
});

test("a memory store writes none", async () => {
  const store = await openMemoryStore<any, any>();
  const session = store.session(ID, { create: true });
  await session.append({ text: "x".repeat(300_000) });
  await session.append({ text: "x".repeat(300_000) });
  await store.close();
});
