// close() ends what was begun before it, and nothing begins after it.
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, expect, test, vi } from "vitest";
import { openStore } from "../lib/index.ts";
import { openAt } from "./helpers/fault-checks.ts";
import { FaultVfs } from "./helpers/fault-vfs.ts";
import { useStores } from "./helpers/stores.ts";

const stores = useStores();
afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

const FIXTURE = new URL("../fixtures/import/picoclaw", import.meta.url).pathname;

test("calls that were made before close() do all that they would have done", async () => {
  const directory = stores.directory();
  const store = await openStore<any>(directory);
  const session = await store.createSession({ id: "s" });
  await session.append([{ n: 1 }, { n: 2 }]);
  await store.createSession({ id: "child", parent: "s" });
  await store.createSession({ id: "grandchild", parent: "child" });
  const calls = [
    session.append({ n: 3 }),
    session.fork({ id: "fork" }).then(({ id }) => id),
    store.createSession({ id: "new" }).then(({ id }) => id),
    store.page({ limit: 10 }).then(({ items }) => items.length),
    store.count({ all: true }),
    store.get("s").then((info) => info?.id),
    store.session("child").delete({ children: true }),
    store.importFrom("picoclaw", { path: FIXTURE }).then(({ sessions }) => sessions.length),
    session.history().then((history) => history.length),
  ];
  const order: string[] = [];
  const closes = ["first", "second"].map((name) => store.close().then(() => order.push(name)));
  const answers = await Promise.all(calls);
  expect(answers[1]).toBe("fork");
  expect(answers[7]).toBe(6);
  expect(answers[8]).toBe(3);
  await Promise.all(closes);
  expect(order).toEqual(["first", "second"]);
  await expect(session.append({ n: 4 })).rejects.toThrow(expect.objectContaining({ code: "CLOSED" }));
  await expect(store.page({ limit: 1 })).rejects.toThrow(expect.objectContaining({ code: "CLOSED" }));
  const again = await stores.open({}, directory);
  expect((await again.session("s").history()).map(({ data }) => data.n)).toEqual([1, 2, 3]);
  expect((await again.session("fork").history()).length).toBeGreaterThanOrEqual(2);
  expect(await again.get("grandchild")).toBeUndefined();
  expect(await again.get("new")).toBeDefined();
});

/** Whoever goes through a directory waits at the first name until it is let go. */
class HeldVfs extends FaultVfs {
  isHolding = false;
  waiting = 0;
  letGo: () => void = () => undefined;
  readonly #gate = new Promise<void>((resolve) => {
    this.letGo = () => {
      this.isHolding = false;
      resolve();
    };
  });

  override async *streamNames(path: string): AsyncGenerator<string> {
    if (this.isHolding) {
      this.waiting++;
      await this.#gate;
    }
    yield* super.streamNames(path);
  }
}

test("close() waits for a look at the directories that is under way, and leaves no file open", async () => {
  const directory = stores.directory();
  const first = await openStore<any>(directory);
  // So many that they become a base, which a look holds open.
  for (let n = 0; n < 40; n++) await first.createSession({ id: `s${n}` });
  await first.close();
  const now = Date.now.bind(Date);
  vi.spyOn(Date, "now").mockImplementation(() => now() + 60_000);
  const vfs = new HeldVfs();
  const store = await openAt(vfs, directory, { lease: false });
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  expect(await store.count({ all: true })).toBe(40);
  vfs.isHolding = true;
  vi.advanceTimersByTime(2000);
  vi.useRealTimers();
  while (vfs.waiting === 0) await sleep(1);
  const left = store.close().then(() => vfs.openFiles);
  await Promise.race([left, sleep(100)]);
  vfs.letGo();
  expect(await left).toBe(0);
});
