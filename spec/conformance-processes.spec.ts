// Many processes that append to one store at once lose nothing, double nothing, and keep each one's order.
import { describe, expect, test } from "vitest";
import { append, judge } from "./helpers/appenders.ts";
import { useStores } from "./helpers/stores.ts";

const stores = useStores();
const PROCESSES = 8;
const LINES = process.env["TURNLOG_LONG"] ? 10_000 : 500;
/** All of them want one session: a write waits for seven others. */
const STORE = { busyTimeoutMs: 120_000 };

describe.each([1, 8])("eight processes and %i sessions in files", (sessions) => {
  test("every line that was acknowledged is there once, in its writer's order", { timeout: 1_800_000 }, async () => {
    const directory = stores.directory();
    const store = await stores.open({}, directory);
    const { told } = await append(directory, { processes: PROCESSES, lines: LINES, sessions, store: STORE });
    const all = await told;
    expect(all.map(({ ended, failures }) => [ended, failures])).toEqual(all.map(() => [0, []]));
    expect(await judge(store, all, sessions)).toEqual({
      acknowledged: PROCESSES * LINES,
      shown: PROCESSES * LINES,
      lost: [],
      doubled: [],
      misplaced: [],
      branches: Array.from({ length: sessions }, () => 1),
    });
  });
});

test("a line that is lost, doubled or out of order is seen", async () => {
  const store = await stores.open();
  const lines = [0, 1, 3, 2].map((n) => ({ id: `0-${n}`, by: 0, n }));
  await store.session("s0", { create: true }).append([...lines, { id: "again", by: 0, n: 3 }]);
  const told = [{ acknowledged: [0, 1, 2, 3, 4], failures: [], ended: 0 }];
  expect(await judge(store, told)).toMatchObject({ lost: ["0-4"], doubled: ["0-3"], misplaced: ["0-2"] });
});
