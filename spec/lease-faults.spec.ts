// A lease that cannot be taken is a typed error, and nothing is written; when it can be again, all goes on.
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { settingsOf } from "../lib/base/options.ts";
import { rooms } from "../lib/open.ts";
import { openOn } from "../lib/store/open-on.ts";
import { FaultVfs } from "./helpers/fault-vfs.ts";
import type { Operation } from "./helpers/fault-vfs.ts";
import { leasesIn, tokensOf } from "./helpers/leases.ts";
import { logsOf, useStores } from "./helpers/stores.ts";

const stores = useStores();

const FAULTS: readonly (readonly [Operation, string | number, string])[] = [
  ["write", "ENOSPC", "NO_SPACE"],
  ["write", "EDQUOT", "NO_SPACE"],
  ["write", 3, "NO_SPACE"],
  ["open", "EMFILE", "IO"],
  ["open", "ENOSPC", "NO_SPACE"],
  ["rename", "ENOSPC", "NO_SPACE"],
  ["rename", "EIO", "IO"],
  ["rename", "EROFS", "READ_ONLY"],
  ["rename", "EACCES", "NO_ACCESS"],
  ["setTime", "EIO", "IO"],
];

test.each(FAULTS)("%s fails with %s: %s", async (operation, fault, code) => {
  const vfs = new FaultVfs();
  const directory = stores.directory();
  const store = await openOn<any, any>(vfs, directory, settingsOf({}), rooms);
  const session = store.session("s", { create: true });
  vfs.fault = (each, path) => (each === operation && path.includes("leases") ? fault : undefined);
  for (let n = 0; n < 2; n++) {
    await expect(session.append({ n })).rejects.toThrow(
      expect.objectContaining({ name: "StoreError", code, session: "s", written: "no" }),
    );
  }
  expect(logsOf(directory).size).toBe(0);
  vfs.fault = () => undefined;
  await session.append({ n: 2 });
  expect((await session.history()).map(({ data }) => data.n)).toEqual([2]);
  // Nothing of the failed ones is left.
  expect(readdirSync(join(leasesIn(directory), "aside"))).toEqual([]);
  await store.close();
  expect(tokensOf(directory, "s")).toEqual([]);
});

test.each([1, 100])(
  "a lock that cannot be removed, %i times, keeps this process out no longer than that",
  async (times) => {
    const vfs = new FaultVfs();
    const directory = stores.directory();
    const store = await openOn<any, any>(vfs, directory, settingsOf({}), rooms);
    await store.session("s", { create: true }).append({ n: 0 });
    let left = times;
    vfs.fault = (operation, path) =>
      operation === "remove" && path.includes(".lock") && left-- > 0 ? "EIO" : undefined;
    await store.close();
    expect(tokensOf(directory, "s")).toHaveLength(times === 1 ? 0 : 1);
    vfs.fault = () => undefined;
    const again = await stores.open({ busyTimeoutMs: 0 }, directory);
    await again.session("s").append({ n: 1 });
    expect(await again.session("s").count()).toBe(2);
  },
);
