// Where follow() works, how it ends, and what it leaves behind: nothing.
import { rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { settingsOf } from "../lib/base/options.ts";
import { NodeVfs } from "../lib/disk/node-vfs.ts";
import { openMemoryStore } from "../lib/index.ts";
import { openOn } from "../lib/store/open-on.ts";
import { listen } from "./helpers/listen.ts";
import type { Change } from "./helpers/listen.ts";
import { output, run } from "./helpers/processes.ts";
import { onlyLog, useStores } from "./helpers/stores.ts";

const stores = useStores();
const numbers = (changes: readonly Change[]): number[] => changes.map(({ entry }) => entry?.data.n);

test("it works where nothing tells of changes", async () => {
  class SilentVfs extends NodeVfs {
    override watch(): undefined {
      return undefined;
    }
  }
  const directory = stores.directory();
  const store = await stores.open({}, directory);
  await store.createSession({ id: "s" });
  const notHere = (): Promise<never> => Promise.reject(new Error("not here"));
  const rooms = { importFrom: notHere, exportTo: notHere };
  const silent = await openOn<any, any>(new SilentVfs(), directory, settingsOf(), rooms);
  const ear = await listen(silent.session("s"));
  await store.session("s").append({ n: 1 });
  expect(numbers(await ear.reached(1))).toEqual([1]);
  await silent.close();
  expect(await ear.end).toBe("closed");
});

test("it ends with the store, with its signal, and when the session's logs are gone", async () => {
  const directory = stores.unverified();
  const store = await stores.open({}, directory);
  await expect(store.session("none").follow().next()).rejects.toThrow(expect.objectContaining({ code: "NOT_FOUND" }));
  const session = await store.createSession({ id: "s" });
  const [first, second] = [await listen(session), await listen(session)];
  expect(await first.stop()).toBe("aborted");
  rmSync(onlyLog(directory));
  expect(await second.end).toMatchObject({ code: "NOT_FOUND" });
  const third = await listen(await store.createSession({ id: "t" }));
  await store.close();
  expect(await third.end).toBe("closed");
  expect(() => session.follow()).toThrow(expect.objectContaining({ code: "CLOSED" }));
});

test("a follower that nobody asks any more leaves nothing behind when the store closes", async () => {
  const [first, last] = JSON.parse(
    (
      await output(
        run(
          `const look = () => process.getActiveResourcesInfo().filter((name) => !/Req|Wrap|Pipe/.test(name)).toSorted();
           const turn = () => new Promise((resolve) => setImmediate(resolve));
           const store = await turnlog.openStore(args[0]);
           const session = await store.createSession({ id: "s" });
           const before = look();
           // Waiting alone keeps no process.
           const alive = setInterval(() => undefined, 1000);
           const changes = session.follow({});
           const next = changes.next();
           const sessions = store.watch();
           const nextSession = sessions.next();
           await new Promise((resolve) => setTimeout(resolve, 50));
           await session.append({ n: 1 });
           await next;
           await nextSession;
           clearInterval(alive);
           await store.close();
           await turn();
           await turn();
           say(JSON.stringify([before, look()]));`,
          stores.directory(),
        ),
      )
    ).at(-1)!,
  ) as [string[], string[]];
  expect(last.filter((name) => /Timeout|FSEvent|FSWatcher/.test(name))).toEqual([]);
  expect(last.length).toBeLessThanOrEqual(first.length);
});

test("a store in memory is followed, too", async () => {
  const store = await openMemoryStore<any, any>();
  const session = await store.createSession({ id: "s" });
  const ear = await listen(session);
  await session.append({ n: 1 });
  expect(numbers(await ear.reached(1))).toEqual([1]);
  await store.close();
  expect(await ear.end).toBe("closed");
});

test("files of other sessions in the directory are none of its business", async () => {
  const directory = stores.unverified();
  const store = await stores.open({}, directory);
  const session = await store.createSession({ id: "s" });
  const ear = await listen(session);
  writeFileSync(join(dirname(onlyLog(directory)), "notes.txt"), "garbage");
  await store.session("t", { create: true }).append({ n: 9 });
  await session.append({ n: 1 });
  expect(numbers(await ear.reached(1))).toEqual([1]);
  await ear.stop();
});
