// A store remembers so many sessions, and forgets the longest unused ones: nothing that matters is forgotten with them.
import { expect, test } from "vitest";
import { settingsOf } from "../lib/base/options.ts";
import { rooms } from "../lib/open.ts";
import { openOn } from "../lib/store/open-on.ts";
import { FaultVfs } from "./helpers/fault-vfs.ts";
import { useStores } from "./helpers/stores.ts";

const stores = useStores();

test("a session that was forgotten after a failed write goes on with another writer", async () => {
  const directory = stores.damaged();
  const vfs = new FaultVfs();
  const store = await openOn<any, any>(vfs, directory, settingsOf({}), rooms);
  const session = store.session("s", { create: true });
  await session.append({ id: "m0" });
  // All but the last of three lines is on disk.
  vfs.fault = (operation) => (operation === "write" ? -1100 : undefined);
  await expect(session.append([{ id: "a" }, { id: "b" }, { id: "c", text: "x".repeat(1000) }])).rejects.toThrow();
  vfs.fault = () => undefined;
  for (let n = 0; n < 10_050; n++) await store.get(`none-${n}`);
  await session.append({ id: "after" });
  await store.close();
  const again = await stores.open({}, directory);
  expect((await again.session("s").history()).map(({ id }) => id)).toEqual(["m0", "after"]);
});
