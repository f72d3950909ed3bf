// `rm -rf .cache` at any time, under processes that write, list and read.
import { mkdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { settingsOf } from "../lib/base/options.ts";
import { openStore } from "../lib/index.ts";
import { rooms } from "../lib/open.ts";
import { openOn } from "../lib/store/open-on.ts";
import { expectLists, expectSessions } from "./helpers/store-answers.ts";
import { askHere } from "./helpers/asked.ts";
import { FaultVfs } from "./helpers/fault-vfs.ts";
import { NaiveStore } from "./helpers/naive-store.ts";
import { output, run } from "./helpers/processes.ts";
import type { Child } from "./helpers/processes.ts";
import { randomOf } from "./helpers/random.ts";
import { collect, logPath, useStores } from "./helpers/stores.ts";

const stores = useStores();
const ROUNDS = process.env["TURNLOG_LONG"] ? 2000 : 80;

/** What one process wrote: the messages of each session that were acknowledged, and what it was refused. */
interface Report {
  sessions: Record<string, number>;
  refused: string[];
}

/** A process that appends, makes sessions, lists and reads, and checks what it is told. Any error but one ends it. */
function worker(directory: string, name: string, rounds: number): Child {
  return run(
    `const [directory, name, rounds] = args;
     const sessions = {};
     const refused = [];
     // What is made aside, in the cache, before it gets its name.
     const mayBeRefused = async (call) => {
       try {
         return await call();
       } catch (error) {
         if (error.code !== "IO" || error.path === undefined) throw error;
         refused.push(error.message);
       }
     };
     let store;
     while (store === undefined) store = await mayBeRefused(() => turnlog.openStore(directory));
     const must = (is, what) => {
       if (!is) throw new Error(name + ": " + what);
     };
     for (let round = 0; round < rounds; round++) {
       const id = name + "-" + (round % 40);
       if (sessions[id] === undefined) {
         const made = await mayBeRefused(() => store.createSession({ id, title: "title " + id }));
         if (made === undefined) continue;
         sessions[id] = 0;
       }
       const session = store.session(id);
       await session.append({ round, text: "x".repeat((round * 997) % 9000) });
       sessions[id]++;
       must((await session.count()) === sessions[id], id + " has lost a message");
       must((await session.page({ limit: 1 })).items[0].data.round === round, id + " shows another message");
       if (round % 5 > 0) continue;
       const { items } = await store.page({ limit: 5 });
       must(items.length > 0 && items.every((each) => each.damaged === undefined), "a page is damaged");
       const ids = new Set();
       for await (const each of store.ids()) ids.add(each);
       for (const each of Object.keys(sessions)) must(ids.has(each), each + " is not listed");
       must((await store.get(id)).messages === sessions[id], id + " is listed with another count");
       if (round % 25 === 0) await store.refresh();
     }
     await store.close();
     say(JSON.stringify({ sessions, refused }));`,
    directory,
    name,
    rounds,
  );
}

/** A process that removes the cache again and again, until its input ends. */
function remover(directory: string, pauseMs: number): Child {
  return run(
    `import { rmSync } from "node:fs";
     const [cache, pauseMs] = args;
     let isOver = false;
     process.stdin.on("end", () => (isOver = true)).resume();
     for (let count = 0; !isOver; count++) {
       try {
         rmSync(cache, { recursive: true, force: true });
       } catch (error) {
         // Something was made in it while it was removed.
         if (error.code !== "ENOTEMPTY") throw error;
       }
       await new Promise((resolve) => setTimeout(resolve, count % 10 ? pauseMs : 20));
     }`,
    join(directory, ".cache"),
    pauseMs,
  );
}

async function work(directory: string, names: readonly string[]): Promise<Report[]> {
  const removing = remover(directory, 1);
  const workers = names.map((name) => worker(directory, name, ROUNDS));
  const reports: Report[] = [];
  for (const child of workers) {
    const [line] = await output(child);
    expect(await child.ended).toBe(0);
    reports.push(JSON.parse(line ?? ""));
  }
  removing.process.stdin?.end();
  expect(await removing.ended).toBe(0);
  return reports;
}

/** Everything that was acknowledged is there, and every answer is that of a full scan: with the cache as it is, and without. */
async function expectAll(directory: string, reports: readonly Report[]): Promise<void> {
  const naive = new NaiveStore(directory);
  const expected = Object.assign({}, ...reports.map(({ sessions }) => sessions));
  expect(Object.fromEntries(naive.living.map(({ id, history }) => [id, history.length]))).toEqual(expected);
  const options = { random: randomOf(1), lists: 3, sessions: 20 };
  for (const isRemoved of [false, true]) {
    if (isRemoved) rmSync(join(directory, ".cache"), { recursive: true, force: true });
    const store = await openStore<any, any>(directory);
    try {
      await expectLists(askHere(store, "a store opened now"), naive, options);
      await expectSessions(askHere(store, "a store opened now"), naive, options);
    } finally {
      await store.close();
    }
  }
}

test("under a process that appends, makes, lists and reads: nothing is lost", async () => {
  const directory = stores.directory();
  await expectAll(directory, await work(directory, ["a"]));
});

test("under several processes: nothing is lost", async () => {
  const directory = stores.directory();
  await expectAll(directory, await work(directory, ["a", "b", "c"]));
});

/** Somebody comes in between when a directory is looked at. */
class Interrupted extends FaultVfs {
  interrupt: (() => Promise<void>) | undefined;

  override async *streamNames(path: string): AsyncGenerator<string> {
    const { interrupt } = this;
    this.interrupt = undefined;
    await interrupt?.();
    yield* super.streamNames(path);
  }
}

test("while one lists, and another one of the same store looks into it meanwhile: every session is listed", async () => {
  const directory = stores.directory();
  const first = await stores.open({}, directory);
  for (const id of ["old", "new"]) await first.session(id, { create: true }).append({ id: "m" });
  const log = logPath(first, "old");
  await first.close();
  const month = join(directory, "sessions", first.machine, "2025-01");
  mkdirSync(month);
  renameSync(log, join(month, "old.jsonl"));
  const vfs = new Interrupted();
  const store = await openOn<any, any>(vfs, directory, settingsOf(), rooms);
  // Until the directories are so old that they need not be looked at.
  for (let looks = -1; looks !== vfs.count("streamNames", ""); await collect(store.ids()))
    looks = vfs.count("streamNames", "");
  const other = await stores.open({}, directory);
  await other.session("newer", { create: true }).append({ id: "m" });
  vfs.interrupt = async () => {
    rmSync(join(directory, ".cache"), { recursive: true, force: true });
    await collect(store.verify());
  };
  expect((await collect(store.ids())).toSorted()).toEqual(["new", "newer", "old"]);
  expect(vfs.interrupt).toBe(undefined);
  await store.close();
});
