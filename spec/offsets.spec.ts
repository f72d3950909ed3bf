// A store with sidecars answers what one answers that reads its logs, whatever has become of either.
import { cpSync, existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import fc from "fast-check";
import { expect, test } from "vitest";
import { openStore } from "../lib/index.ts";
import type { Store } from "../lib/index.ts";
import { answersOf, scannedAnswersOf } from "./helpers/answers.ts";
import { damage, spoil, step, take } from "./helpers/random-sessions.ts";
import type { Step } from "./helpers/random-sessions.ts";
import { collect, filesIn, logsOf, useStores } from "./helpers/stores.ts";

const stores = useStores();
const ROUNDS = process.env["TURNLOG_LONG"] ? 500 : 25;
const MACHINES = 2;
const ID = "s";

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

function sidecarOf(directory: string): string | undefined {
  return filesIn(join(directory, ".cache", "offsets"))[0];
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
    { numRuns: ROUNDS },
  );
}, 600_000);
