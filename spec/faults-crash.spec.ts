// A crash after any operation on a file: of the process, which leaves all that was written; of the machine, which leaves what was
// synced (model A), or that and any part of the rest (model B). What was acknowledged is there, as far as the durability promises
// it, nothing is there by half, and the store opens and goes on.
import { expect, beforeAll, describe, test } from "vitest";
import type { Durability } from "../lib/base/options.ts";
import type { Store } from "../lib/index.ts";
import { contentOf, crashPoints, startOf } from "./helpers/crash-states.ts";
import type { Start } from "./helpers/crash-states.ts";
import { groundOf, ROOT, runAll } from "./helpers/fault-case.ts";
import type { Ground } from "./helpers/fault-case.ts";
import { checkDisk, checkErased, openAt, shownBy, textOf } from "./helpers/fault-checks.ts";
import { message } from "./helpers/fault-model.ts";
import type { Model } from "./helpers/fault-model.ts";
import { BASE, makeBase, STEPS } from "./helpers/fault-steps.ts";
import type { Step } from "./helpers/fault-step.ts";
import { randomOf } from "./helpers/random.ts";
import { SimulatedDisk } from "./helpers/simulated-disk.ts";
import type { DiskEvent } from "./helpers/simulated-disk.ts";

const IS_LONG = process.env["TURNLOG_LONG"] !== undefined;
/** Random states at each point, beside those that are enumerated. */
const RANDOM_STATES = IS_LONG ? 20 : 2;
/** What a step makes: without a sync its log can have its name before it has its bytes. */
const MAKES: Readonly<Record<string, string>> = {
  create: "new",
  "first append": "new",
  "first append, with an attachment in a part": "new",
  fork: "fork",
  import: "imported-2",
};
/** On the disk when they resolve, whatever the durability. */
const ALWAYS_SYNCED = new Set([
  "delete",
  "delete, and its old log goes",
  "delete of an empty session",
  "delete without trash",
  "restore",
  "purge of messages",
  "purge of a session",
  "purge of a deleted session",
  "prune",
  "archive",
  "unarchive",
  "unarchive at once",
  "merge of a new session, with an attachment",
  "merge of another machine's log",
  "merge of more of this machine's own log",
]);

/** After these the trash has the session. */
const RESTORABLE = new Set(["delete", "delete, and its old log goes"]);

let ground: Ground;
beforeAll(async () => {
  ground = await groundOf(BASE, makeBase);
});

/** A recording: what was done to a disk, and in its notes how many steps were acknowledged. */
interface Recording {
  readonly start: Start;
  readonly events: readonly DiskEvent[];
  /** What is there after so many steps. */
  readonly models: readonly Model[];
  readonly durability: Durability;
  /** So many of the steps that were acknowledged survive a crash of the machine. */
  readonly safe: (acknowledged: number) => number;
}

/** Every state that a crash at any moment may leave, each once. `check` is told what may be there. */
async function atEachCrash(
  { start, events, models, safe }: Recording,
  seed: number,
  check: (disk: SimulatedDisk, allowed: readonly Model[], what: string) => Promise<unknown>,
): Promise<number> {
  const random = randomOf(seed);
  const seen = new Set<string>();
  const failures: string[] = [];
  let cases = 0;
  let acknowledged = 0;
  let number = 0;
  const one = async (disk: SimulatedDisk, least: number, what: string): Promise<void> => {
    const allowed = models.slice(least, acknowledged + 2);
    const key = `${allowed.length} ${contentOf(disk)}`;
    if (seen.has(key)) return;
    seen.add(key);
    cases++;
    await check(disk, allowed, what).catch((error: unknown) => {
      failures.push(`${what}: ${error instanceof Error ? error.message : String(error)}`);
    });
  };
  for (const { event, point } of crashPoints(start, events)) {
    if (event.kind === "note") acknowledged = event.note as number;
    const where = `after ${event.kind} ${"path" in event ? event.path.slice(ROOT.length) : ""} (${number++} of ${events.length})`;
    await one(point.most(), acknowledged, `a crash of the process ${where}`);
    await one(point.least(), safe(acknowledged), `a crash that leaves what was synced ${where}`);
    let state = 0;
    for (const disk of point.between(random, RANDOM_STATES))
      await one(disk, safe(acknowledged), `a crash of the machine ${where}, state ${state++}`);
  }
  expect(failures.slice(0, 5), `${failures.length} of ${cases} states, seed ${seed}`).toEqual([]);
  return cases;
}

async function record(step: Step, durability: Durability): Promise<Recording> {
  const before = ground.disk.copy();
  const prepared = await step.prepare?.({ vfs: before, root: ROOT, durability, expected: BASE });
  const base = step.prepared?.(BASE) ?? BASE;
  const disk = before.copy();
  const start = startOf(disk);
  const store = await openAt(disk, ROOT, { durability });
  await step.run(store, { vfs: disk, root: ROOT, durability, expected: base }, prepared);
  disk.note(1);
  await store.close();
  disk.note(1);
  const isSafe = durability === "power" || ALWAYS_SYNCED.has(step.name);
  const safe = (acknowledged: number): number => (isSafe ? acknowledged : 0);
  return { start, events: [...disk.events], models: [base, step.apply(base)], durability, safe };
}

describe.each(["process", "power"] as const)("durability %s", (durability) => {
  test.each(STEPS.map((step) => [step.name, step] as const))(
    "%s",
    async (_, step) => {
      const recording = await record(step, durability);
      const made = durability === "process" ? MAKES[step.name] : undefined;
      await atEachCrash(recording, 1, async (disk, allowed, what) => {
        const unsafe = what.includes("of the machine") ? made : undefined;
        const copy = disk.copy();
        const shown = await checkDisk(disk, ROOT, allowed, { durability, unsafe });
        checkErased(disk, ROOT, step, shown);
        if (RESTORABLE.has(step.name) && shown["s"] === undefined) await checkRestored(copy);
      });
    },
    600_000,
  );

  test("a new store, from its first file on", async () => {
    const recording = await recordNew(durability);
    await atEachCrash(recording, 2, async (disk, allowed, what) => {
      const unsafe = durability === "process" && what.includes("of the machine") ? "s" : undefined;
      await checkDisk(disk, ROOT, allowed, { durability, unsafe });
    });
  }, 600_000);
});

/** What was deleted comes back from the trash, whole. */
async function checkRestored(disk: SimulatedDisk): Promise<void> {
  const store = await openAt(disk, ROOT);
  await store.session("s").restore();
  expect(textOf(await shownBy(store))).toBe(textOf(BASE));
  await store.close();
}

/** A store that is made, and what a first session in it may be. */
async function recordNew(durability: Durability): Promise<Recording> {
  const disk = new SimulatedDisk();
  const start = startOf(disk);
  const models: Model[] = [{}];
  const step = async (model: Model, run: () => Promise<unknown>): Promise<void> => {
    models.push(model);
    await run();
    disk.note(models.length - 1);
  };
  const m = (id: string): ReturnType<typeof message> => message(id, { id });
  let store: Store<any, any> = await openAt(disk, ROOT, { durability });
  await step({ s: { title: "new", messages: [] } }, () => store.createSession({ id: "s", title: "new" }));
  await step({ s: { title: "new", messages: [m("a")] } }, () => store.session("s").append({ id: "a" }));
  await step({ s: { title: "new", messages: [m("a"), m("b"), m("c")] } }, () =>
    store.session("s").append([{ id: "b" }, { id: "c" }]),
  );
  await store.close();
  store = await openAt(disk, ROOT, { durability });
  await step({ s: { title: "new", messages: [m("c")] } }, () => store.session("s").truncate({ keepLast: 1 }));
  await store.close();
  return { start, events: [...disk.events], models, durability, safe: (n) => (durability === "power" ? n : 0) };
}

// Faults and crashes while a store recovers from a crash: pairs, of which some are taken by a fixed seed.
test("what a crash has left is recovered from, even where that fails or crashes again", async () => {
  const states: { disk: SimulatedDisk; model: Model; what: string }[] = [];
  for (const name of ["batch", "put", "first append", "delete", "restore"]) {
    const step = STEPS.find((each) => each.name === name) as Step;
    await atEachCrash(await record(step, "power"), 3, async (disk, allowed, what) => {
      const before = disk.copy();
      states.push({ disk: before, model: await checkDisk(disk, ROOT, allowed), what: `${name}, ${what}` });
    });
  }
  const random = randomOf(4);
  const chosen = Array.from({ length: IS_LONG ? 200 : 6 }, () => states.splice(random(states.length), 1)[0]!);
  const append = STEPS[0] as Step;
  const create: Step = {
    ...append,
    name: "append to what may not be there",
    run: (store) => store.session("s", { create: true }).append({ id: "recovered" }),
    apply: (model) => ({
      ...model,
      s: { ...model["s"], messages: [...(model["s"]?.messages ?? []), message("recovered", { id: "recovered" })] },
    }),
  };
  for (const { disk, model, what } of chosen) {
    await runAll(create, { ground: { disk, model }, durability: "power", isWarm: false }).catch((error: unknown) => {
      throw new Error(`${what}, then ${(error as Error).message}`, { cause: error });
    });
    const again = disk.copy();
    const start = startOf(again);
    const store = await openAt(again, ROOT, { durability: "power" });
    await create.run(store, { vfs: again, root: ROOT, durability: "power", expected: model }, undefined);
    again.note(1);
    await store.close();
    await atEachCrash(
      { start, events: [...again.events], models: [model, create.apply(model)], durability: "power", safe: (n) => n },
      5,
      (each, allowed) => checkDisk(each, ROOT, allowed),
    );
  }
}, 3_600_000);
