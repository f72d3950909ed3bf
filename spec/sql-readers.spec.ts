// Those who read a session in a database while others write to it, compact it or erase of it.
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, describe, expect, it } from "vitest";
import { openSqlStore } from "../lib/sql.ts";
import { StoreError } from "../lib/index.ts";
import type { Store } from "../lib/index.ts";
import { append } from "./helpers/appenders.ts";
import { kinds } from "./helpers/databases.ts";
import type { EmptyDatabase } from "./helpers/databases.ts";
import { listen } from "./helpers/listen.ts";
import { run } from "./helpers/processes.ts";
import type { Child } from "./helpers/processes.ts";

const STORE = { busyTimeoutMs: 60_000 };
const SQL = new URL("../dist/lib/sql.js", import.meta.url).href;
/** How much a reader has read when the other one acts. */
const MOMENTS = process.env["TURNLOG_LONG"] ? [1, 10, 500, 1500] : [10];
const PROCESSES = 2;
const LINES = 40;

const made: EmptyDatabase[] = [];
const stores: Store<any, any>[] = [];
const children: Child[] = [];
afterEach(async () => {
  for (const { process } of children.splice(0)) process.kill("SIGKILL");
  for (const store of stores.splice(0)) await store.close();
  for (const database of made.splice(0)) await database.drop();
});

async function empty(make: () => Promise<EmptyDatabase>): Promise<string> {
  const database = await make();
  made.push(database);
  return database.target as string;
}

async function open(target: string): Promise<Store<any, any>> {
  const store = await openSqlStore<any, any>(target, STORE);
  stores.push(store);
  return store;
}

const byUrl = (await kinds()).filter(({ isByUrl }) => isByUrl);

describe.each(byUrl)("a session in $name", ({ make }) => {
  it("is followed and watched while a store here and two processes write to it", { timeout: 300_000 }, async () => {
    const target = await empty(make);
    const [store, other] = [await open(target), await open(target)];
    const session = await store.createSession({ id: "s0" });
    const [first] = await session.append([{ id: "first" }]);
    const ear = await listen(session, first!.at);
    const watched: [string, string][] = [];
    const stop = new AbortController();
    const watching = (async () => {
      for await (const { id, info } of store.watch({ from: first!.at, signal: stop.signal })) {
        watched.push([id, info !== undefined && "updatedAt" in info ? info.updatedAt : ""]);
      }
    })().catch(() => undefined);

    const { told } = await append(target, { processes: PROCESSES, lines: LINES, store: STORE });
    for (let n = 0; n < LINES; n++) await other.session("s0").append({ id: `2-${n}`, by: 2, n });
    expect((await told).map(({ ended, failures }) => [ended, failures])).toEqual([
      [0, []],
      [0, []],
    ]);

    const changes = await ear.reached((PROCESSES + 1) * LINES);
    const history: string[] = [];
    for await (const { id } of other.session("s0").messages()) history.push(id);
    expect(changes.map(({ id }) => id)).toEqual(history.slice(1));
    const { updatedAt } = await other.session("s0").info();
    const isTold = (): boolean => watched.some(([id, at]) => id === "s0" && at === updatedAt);
    for (let tries = 0; !isTold() && tries < 200; tries++) await sleep(50);
    expect(watched.at(-1)).toEqual(["s0", updatedAt]);
    const stamps = watched.map(([, at]) => at);
    expect(stamps).toEqual(stamps.toSorted());
    await ear.stop();
    stop.abort();
    await watching;
  });
});

/** More than is fetched at once, so that a reader comes back for the rest of it. */
const MESSAGES = 2000;
const textOf = (n: number, version: number): string => `${version} of ${n} `.repeat(500);
const PURGED = [5, 1000, 1900];

/** Waits for a word, does it, and says so. */
const DOER = `
  const [target, purged, options, sql] = args;
  const { createInterface } = await import("node:readline");
  const store = await (await import(sql)).openSqlStore(target, options);
  say("ready");
  for await (const word of createInterface({ input: process.stdin })) {
    const session = store.session("s");
    if (word === "compact") await session.compact();
    else if (word === "purge messages") await session.purge(purged);
    else await store.purge("s");
    say("done");
  }`;

describe.each(byUrl)("a reader of a long session in $name", ({ make }) => {
  const ways = ["compact", "purge messages", "purge session"].flatMap((word) =>
    MOMENTS.map((after) => ({ word, after })),
  );

  it("gets all of it or a typed error, whatever another process does", { timeout: 600_000 }, async () => {
    const target = await empty(make);
    const store = await open(target);
    const doer = run(DOER, target, PURGED.map(String), STORE, SQL);
    children.push(doer);
    expect((await doer.lines.next()).value).toBe("ready");
    for (const { word, after } of ways) {
      const session = store.session("s", { create: true });
      const ids = Array.from({ length: MESSAGES }, (_, n) => n);
      await session.append(ids.map((n) => ({ id: String(n), text: textOf(n, 1) })));
      await session.commit((c) => {
        for (const n of ids.filter((each) => each % 2 === 0)) c.putMessage({ id: String(n), text: textOf(n, 2) });
      });
      // One who has nothing of it in memory.
      const reader = await openSqlStore<any, any>(target, STORE);
      const read: number[] = [];
      let thrown: unknown;
      try {
        for await (const { id, data } of reader.session("s").messages()) {
          const n = Number(id);
          if (data.text !== textOf(n, n % 2 === 0 ? 2 : 1)) expect.fail(`${word} after ${after}: wrong text of ${id}`);
          if (read.push(n) !== after) continue;
          doer.process.stdin!.write(`${word}\n`);
          expect((await doer.lines.next()).value).toBe("done");
        }
      } catch (error) {
        thrown = error;
      } finally {
        await reader.close();
      }
      if (thrown !== undefined) expect(thrown).toBeInstanceOf(StoreError);
      else if (word === "compact") expect(read).toEqual(ids);
      else {
        const sure = ids.filter((n) => word === "purge messages" && !PURGED.includes(n));
        expect(read.filter((n) => sure.includes(n))).toEqual(sure);
        expect(read).toEqual(read.toSorted((a, b) => a - b));
      }
      await store.purge("s").catch(() => undefined);
    }
  });
});
