// What is told of a log that is damaged or not in order by who has read all of it, and by who has read only its end.
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { expect, test } from "vitest";
import { nextMs } from "./helpers/clock.ts";
import { run } from "./helpers/processes.ts";
import { collect, logsOf, useStores } from "./helpers/stores.ts";

const stores = useStores();

/** A store of such sessions, closed. -> its directory, and the log of the first one */
async function storeOf(messages: Record<string, number>): Promise<{ directory: string; log: string }> {
  const directory = stores.unverified();
  const store = await stores.open({}, directory);
  for (const [id, count] of Object.entries(messages)) {
    nextMs();
    const session = store.session(id, { create: true });
    for (let n = 0; n < count; n++) await session.append({ id: `m${n}`, text: "x".repeat(1000) });
  }
  await store.close();
  const log = [...logsOf(directory).keys()].find((path) => basename(path) === `${Object.keys(messages)[0]}.jsonl`);
  return { directory, log: log ?? "" };
}

/** The last lines of a log move to its beginning, after the header: lines in another order are the same session. */
function moveEnd(log: string, count: number): void {
  const [header, ...lines] = readFileSync(log, "utf8").trimEnd().split("\n");
  const moved = [header, ...lines.slice(-count), ...lines.slice(0, -count)];
  writeFileSync(log, `${moved.join("\n")}\n`);
}

test("a session is listed by its newest line, wherever that stands in its log", async () => {
  const { directory, log } = await storeOf({ first: 2, second: 1 });
  const store = await stores.open({}, directory);
  nextMs();
  await store.session("first").append({ id: "newest" });
  expect(await collect(store.ids())).toEqual(["first", "second"]);
  await store.close();
  moveEnd(log, 2);
  const again = await stores.open({}, directory);
  expect((await again.session("first").history()).at(-1)?.id).toBe("newest");
  expect(await collect(again.ids())).toEqual(["first", "second"]);
});

const idsOf = (entries: { id: string }[]): string[] => entries.map(({ id }) => id);

test("the newest messages of a log that is not in order are those of its history, where its last line is known", async () => {
  const { directory, log } = await storeOf({ s: 100 });
  moveEnd(log, 10);
  const [cold, warm] = [await stores.open({}, directory), await stores.open({}, directory)];
  expect(idsOf((await warm.session("s").history()).slice(-2))).toEqual(["m98", "m99"]);
  expect(idsOf((await cold.session("s").page({ limit: 2 })).items)).toEqual(["m98", "m99"]);
});

// The end of a log of which nothing at all is known is presumed to be its newest part, as whoever writes logs leaves them.
test("the same where nothing is known of the log, once it was read, or where its end shows that it is not in order", async () => {
  const { directory, log } = await storeOf({ s: 100 });
  const sorted = readFileSync(log);
  moveEnd(log, 10);
  rmSync(join(directory, ".cache"), { recursive: true });
  const one = await stores.open({}, directory);
  const session = one.session("s");
  expect((await collect(one.verify())).map(({ code }) => code)).toEqual(["unsorted"]);
  const items = idsOf((await session.page({ limit: 2 })).items);
  expect([
    ["m88", "m89"],
    ["m98", "m99"],
  ]).toContainEqual(items);
  expect(idsOf((await session.history()).slice(-2))).toEqual(["m98", "m99"]);
  expect(idsOf((await session.page({ limit: 2 })).items)).toEqual(["m98", "m99"]);
  await one.close();
  // The newest line stands before the last three.
  const lines = sorted.toString().trimEnd().split("\n");
  const moved = [...lines.slice(0, -3), lines.at(-1), ...lines.slice(-3, -1)];
  writeFileSync(log, `${moved.join("\n")}\n`);
  rmSync(join(directory, ".cache"), { recursive: true });
  const two = await stores.open({}, directory);
  expect(idsOf((await two.session("s").page({ limit: 2 })).items)).toEqual(["m98", "m99"]);
});

test("a page tells all that was left out of the session, once it was read", async () => {
  const { directory, log } = await storeOf({ s: 100 });
  writeFileSync(log, readFileSync(log, "utf8").replace("\n", "\nno line\n"));
  const store = await stores.open({}, directory);
  const warnings: (string | undefined)[] = [];
  store.on("warning", ({ code }) => warnings.push(code));
  const session = store.session("s");
  await session.count();
  expect(warnings).toEqual(["damaged"]);
  expect((await session.page({ limit: 2 })).skipped).toBe(1);
  expect((await session.page({ limit: 2, before: "m50" })).skipped).toBe(1);
});

test("a page tells what was left out among its messages and after them, also to who has read nothing yet", async () => {
  const { directory, log } = await storeOf({ s: 100 });
  const lines = readFileSync(log, "utf8").trimEnd().split("\n");
  for (const fromEnd of [0, 1, 2]) {
    const end = lines.length - fromEnd;
    writeFileSync(log, `${[...lines.slice(0, end), "no line", ...lines.slice(end)].join("\n")}\n`);
    for (const isUnknown of [false, true]) {
      if (isUnknown) rmSync(join(directory, ".cache"), { recursive: true });
      const store = await stores.open({}, directory);
      const { items, skipped } = await store.session("s").page({ limit: 2 });
      expect([idsOf(items), skipped], `${fromEnd} lines before the end`).toEqual([["m98", "m99"], 1]);
      await store.close();
    }
  }
});

test("another page than the newest tells all that was left out, also to who has read nothing yet", async () => {
  const { directory, log } = await storeOf({ s: 100 });
  writeFileSync(log, readFileSync(log, "utf8").replace("\n", "\nno line\n"));
  const store = await stores.open({}, directory);
  expect((await store.session("s").page({ limit: 2, before: "m50" })).skipped).toBe(1);
});

test("`rm -rf .cache` under a process that makes, deletes and restores sessions refuses it nothing", async () => {
  const directory = stores.directory();
  const store = await stores.open({}, directory);
  const remover = run(
    `import { rmSync } from "node:fs";
     let isOver = false;
     process.stdin.on("end", () => (isOver = true)).resume();
     say("begins");
     while (!isOver) {
       try {
         rmSync(args[0], { recursive: true, force: true });
       } catch {
         // Something was made in it while it was removed.
       }
       await new Promise((resolve) => setImmediate(resolve));
     }`,
    join(directory, ".cache"),
  );
  await remover.lines.next();
  const refused: unknown[] = [];
  for (let n = 0; n < 200; n++) {
    const session = store.session(`s${n}`, { create: true });
    const calls = [() => session.append({ n }), () => session.delete(), () => session.restore()];
    for (const call of n % 20 ? calls.slice(0, 1) : calls) {
      try {
        await call();
      } catch (error) {
        refused.push(error);
      }
    }
  }
  remover.process.stdin?.end();
  expect(await remover.ended).toBe(0);
  rmSync(join(directory, ".cache"), { recursive: true, force: true });
  expect(refused).toEqual([]);
});
