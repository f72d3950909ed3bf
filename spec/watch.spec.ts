// watch(): each session that is new, changes or goes is told, whoever changes it.
import { copyFileSync, mkdirSync, rmSync } from "node:fs";
import { dirname } from "node:path";
import { expect, test } from "vitest";
import type { Store, StoreChange } from "../lib/index.ts";
import { output, run } from "./helpers/processes.ts";
import { logsOf, useStores } from "./helpers/stores.ts";

const stores = useStores();

async function listen(store: Store<any, any>, from?: string) {
  const told: StoreChange[] = [];
  const stop = new AbortController();
  const end = (async () => {
    try {
      for await (const change of store.watch({ from, signal: stop.signal })) told.push(change);
      return "closed";
    } catch (error) {
      return stop.signal.aborted ? "aborted" : error;
    }
  })();
  // What changes after this resolves lies behind the first step.
  await store.count();
  await new Promise((resolve) => setTimeout(resolve, 100));
  const until = async (test: (told: readonly StoreChange[]) => boolean): Promise<StoreChange[]> => {
    const endsAt = Date.now() + 20_000;
    while (!test(told) && Date.now() < endsAt) await new Promise((resolve) => setTimeout(resolve, 5));
    expect(test(told), JSON.stringify(told)).toBe(true);
    return told;
  };
  return {
    told,
    until,
    end,
    async stop() {
      stop.abort();
      return await end;
    },
  };
}

const titleOf = ({ info }: StoreChange): string | undefined => info && ("damaged" in info ? undefined : info.title);

test("what this process and others change is told", async () => {
  const directory = stores.directory();
  const store = await stores.open({}, directory);
  await store.createSession({ id: "old", title: "Old" });
  const ear = await listen(store);
  await store.createSession({ id: "new", title: "New" });
  await ear.until((told) => told.some(({ id }) => id === "new"));
  await output(
    run(
      `const store = await turnlog.openStore(args[0]);
       await store.createSession({ id: "theirs", title: "Theirs" });
       await store.session("old").update({ title: "Older" });
       await store.close();`,
      directory,
    ),
  );
  await ear.until((told) => told.some((each) => titleOf(each) === "Older") && told.some(({ id }) => id === "theirs"));
  await store.session("new").delete();
  const told = await ear.until((all) => all.some(({ id, info }) => id === "new" && info === undefined));
  expect(new Set(told.map(({ id }) => id))).toEqual(new Set(["new", "theirs", "old"]));
  // Nothing that did not change is told again.
  const count = told.length;
  await new Promise((resolve) => setTimeout(resolve, 1500));
  expect(ear.told).toHaveLength(count);
  expect(await ear.stop()).toBe("aborted");
});

test("sessions that come and go by other means are told", async () => {
  const directory = stores.unverified();
  const other = stores.unverified();
  const store = await stores.open({ machine: "here" }, directory);
  await store.createSession({ id: "mine" });
  const [own] = logsOf(directory).keys();
  const elsewhere = await stores.open({ machine: "there" }, other);
  await elsewhere.createSession({ id: "copied", title: "Copied" });
  const ear = await listen(store);
  const [theirs] = logsOf(other).keys();
  const target = theirs!.replace(other, directory);
  mkdirSync(dirname(target), { recursive: true });
  copyFileSync(theirs!, target);
  await ear.until((told) => told.some((each) => titleOf(each) === "Copied"));
  rmSync(own!);
  await ear.until((told) => told.some(({ id, info }) => id === "mine" && info === undefined));
  await ear.stop();
});

test("a cache that goes meanwhile makes nothing new", async () => {
  const directory = stores.directory();
  const store = await stores.open({}, directory);
  for (let n = 0; n < 20; n++) await store.createSession({ id: `s${n}` });
  const ear = await listen(store);
  rmSync(`${directory}/.cache`, { recursive: true });
  await store.createSession({ id: "late" });
  await ear.until((told) => told.some(({ id }) => id === "late"));
  await new Promise((resolve) => setTimeout(resolve, 1500));
  expect(new Set(ear.told.map(({ id }) => id))).toEqual(new Set(["late"]));
  await ear.stop();
});

test("it goes on from a stamp, oldest first, and ends with the store", async () => {
  const store = await stores.open();
  await store.createSession({ id: "a" });
  const { at } = await store.session("a").append({ n: 1 });
  for (const id of ["b", "c"]) await (await store.createSession({ id })).append({ n: 1 });
  const ear = await listen(store, at);
  const told = await ear.until((all) => all.length === 2);
  expect(told.map(({ id }) => id)).toEqual(["b", "c"]);
  await store.close();
  expect(await ear.end).toBe("closed");
});
