// Logs that come, go and lie elsewhere.
import { mkdirSync, renameSync, rmdirSync } from "node:fs";
import { expect, test } from "vitest";
import { obey } from "./helpers/laws.ts";
import { collect, onlyLog, useStores } from "./helpers/stores.ts";
import { MOVED } from "./helpers/ways-moved.ts";

const stores = useStores();

obey("logs", MOVED);

test("what cannot be read is a StoreError to every call that reads, and is read when it can be", async () => {
  const directory = stores.directory();
  const writer = await stores.open({}, directory);
  await writer.session("s", { create: true }).append([{ id: "m1" }, { id: "m2" }]);
  await writer.close();
  const path = onlyLog(directory);
  renameSync(path, `${directory}/aside`);
  mkdirSync(path);
  const reads = ["history", "count", "info", "branches", "messageIds"] as const;
  const calls: ((session: any) => Promise<unknown>)[] = [
    ...reads.map((call) => (session: any) => (call === "messageIds" ? collect(session[call]()) : session[call]())),
    (session) => session.page({ limit: 1 }),
    (session) => session.message("m1"),
    (session) => collect(session.messages({ last: 1 })),
  ];
  for (const call of calls) {
    // Each of a store that knows nothing yet.
    const store = await stores.open({}, directory);
    await expect(call(store.session("s"))).rejects.toMatchObject({ name: "StoreError", code: "IO" });
    expect(await store.get("s")).toHaveProperty("damaged");
  }
  rmdirSync(path);
  renameSync(`${directory}/aside`, path);
  const store = await stores.open({}, directory);
  expect((await store.session("s").page({ limit: 1 })).items.map(({ id }) => id)).toEqual(["m2"]);
});
