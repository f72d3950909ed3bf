// What counts for a policy beside the logs, and what does not.
import { expect, test } from "vitest";
import type { Store } from "../lib/index.ts";
import { useStores } from "./helpers/stores.ts";

const stores = useStores();
const MIB = 1024 * 1024;

const attachment = (what: string, bytes: number): string =>
  Buffer.from(`${what} `.padEnd(bytes, ".-")).toString("base64");

/** Three sessions, the oldest first; the first two share an attachment. */
async function filled(): Promise<Store<any, any>> {
  const store = await stores.open();
  const shared = attachment("shared", 2 * MIB);
  for (const [id, file] of [
    ["a", shared],
    ["b", shared],
    ["c", attachment("of c", MIB)],
  ]) {
    await (await store.createSession({ id })).append({ id: "m", file });
    // So that their times differ.
    for (const now = Date.now(); Date.now() === now;);
  }
  // Nobody writes to them any more.
  await store.close();
  return await stores.open({}, store.path);
}

test("attachments count for the size, one that several sessions share for the newest of them", async () => {
  const store = await filled();
  const plan = async (maxSizeMB: number): Promise<string[]> =>
    (await store.retention.plan({ maxSizeMB })).items.map(({ id }) => id);
  expect(await plan(3.1)).toEqual([]);
  // Without "a" there is no byte less but those of its log.
  expect(await plan(2.9)).toEqual(["a", "b"]);
  expect(await plan(0.5)).toEqual(["a", "b", "c"]);
});

test("what is archived takes no room, and stays", async () => {
  const store = await filled();
  for (const id of ["b", "c"]) await store.archive(id);
  const { items, left } = await store.retention.plan({ maxSizeMB: 0, maxSessions: 0 });
  expect(items.map(({ id }) => id)).toEqual(["a"]);
  expect(left.sessions).toBe(0);
  await store.retention.apply(await store.retention.plan({ maxSessions: 0 }));
  expect(await store.count()).toBe(2);
});
