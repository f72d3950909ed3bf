// Who waits for the disk waits with all others who do: one sync brings what all of them have written.
import { expect, test } from "vitest";
import { settingsOf } from "../lib/base/options.ts";
import { openOn } from "../lib/store/open-on.ts";
import { rooms } from "../lib/open.ts";
import { CountingVfs } from "./helpers/counting-vfs.ts";
import { useStores } from "./helpers/stores.ts";

const stores = useStores();

/** How many syncs of the log it took for so many who append one message after the other, each when its last one is on the disk. */
async function syncsFor(atOnce: number, each: number): Promise<number> {
  const vfs = new CountingVfs();
  const store = await openOn<any, any>(vfs, stores.directory(), settingsOf({ durability: "power" }), rooms);
  try {
    const session = await store.createSession({ id: "s" });
    const log = [...vfs.syncs.keys()].find((path) => path.endsWith("s.jsonl"));
    const before = log === undefined ? 0 : vfs.syncs.get(log)!;
    const run = async (who: number): Promise<void> => {
      for (let number = 0; number < each; number++) await session.append({ who, number });
    };
    await Promise.all(Array.from({ length: atOnce }, async (_, who) => await run(who)));
    expect(await session.count()).toBe(atOnce * each);
    const after = [...vfs.syncs].reduce((sum, [path, count]) => sum + (path.endsWith("s.jsonl") ? count : 0), 0);
    return after - before;
  } finally {
    await store.close();
  }
}

test("sixteen who go on as soon as they can share each sync", async () => {
  const each = 40;
  const syncs = await syncsFor(16, each);
  expect(syncs).toBeGreaterThanOrEqual(each);
  // The first has one for itself; a turn of the loop can come between them now and then.
  expect(syncs).toBeLessThan(1.5 * each);
});

test("one alone has a sync for each of its appends", async () => {
  expect(await syncsFor(1, 40)).toBe(40);
});
