// A deletion or its taking back that fails, or ends in a crash, at any of its steps loses nothing.
import { describe, expect, test } from "vitest";
import { settingsOf } from "../lib/base/options.ts";
import { openStore } from "../lib/index.ts";
import type { Session } from "../lib/index.ts";
import { rooms } from "../lib/open.ts";
import { openOn } from "../lib/store/open-on.ts";
import { FaultVfs } from "./helpers/fault-vfs.ts";
import type { Operation } from "./helpers/fault-vfs.ts";
import { useStores } from "./helpers/stores.ts";

const stores = useStores();

type Any = Session<any, any>;

async function ids(session: Any): Promise<string[]> {
  return (await session.history()).map(({ id }) => id);
}

/** A session with edits, parts, a branch and a title. -> all that can be read of it */
async function fill(session: Any): Promise<unknown> {
  await session.append([{ id: "a", text: "secret words" }, { id: "b" }, { id: "c" }]);
  await session.putPart("a", { id: "p", n: 1 });
  await session.putMessage({ id: "b", edited: true });
  await session.checkout("b");
  await session.append([{ id: "d" }, { id: "e" }]);
  await session.remove("d");
  await session.update({ title: "t", tags: ["x"] });
  return await all(session);
}

async function all(session: Any): Promise<unknown> {
  const { title, tags, branches, messages } = await session.info();
  return {
    history: await session.history(),
    branches: await session.branches(),
    info: [title, tags, branches, messages],
  };
}

/** All that changes what is on the disk. */
const CHANGES = new Set<Operation>(["open", "write", "sync", "link", "rename", "remove", "syncDirectory"]);

describe.each([
  ["fails", false],
  ["and all after it fail, as in a crash,", true],
])("where one step %s", (_, isCrash) => {
  test.each([
    ["deletion", true],
    ["deletion without the trash", false],
    ["restoring", true],
  ])("of a %s, the session is deleted or whole, and comes back whole", async (what, isTrash) => {
    const stride = process.env["TURNLOG_LONG"] ? 1 : 4;
    let step = isCrash ? 1 : 3;
    for (let isDone = false; !isDone; step += stride) {
      const at = `step ${step}`;
      const directory = stores.unverified();
      const vfs = new FaultVfs();
      const store = await openOn<any, any>(vfs, directory, settingsOf({}), rooms);
      const session = await store.createSession({ id: "s" });
      const before = await fill(session);
      if (what === "restoring") await session.delete();
      let calls = 0;
      vfs.fault = (operation) => {
        if (!CHANGES.has(operation)) return undefined;
        return ++calls === step || (isCrash && calls > step) ? "EIO" : undefined;
      };
      const doing = what === "restoring" ? session.restore() : session.delete({ trash: isTrash });
      const error: unknown = await doing.then(
        () => undefined,
        (reason: unknown) => reason,
      );
      isDone = calls < step;
      if (!isDone && error !== undefined) expect(error, at).toMatchObject({ name: "StoreError", code: "IO" });
      if (!isCrash) vfs.fault = () => undefined;
      await store.close();

      const late = await openStore<any, any>(directory);
      if ((await late.get("s")) !== undefined) {
        expect(await all(late.session("s")), at).toEqual(before);
      } else if (isTrash) {
        await late.session("s").restore();
        expect(await all(late.session("s")), at).toEqual(before);
      }
      // And goes on from there.
      const again = late.session("s", { create: true });
      await again.append({ id: "later" });
      if (isTrash) expect(await ids(again), at).toEqual(["a", "b", "e", "later"]);
      await again.delete();
      expect(await late.get("s"), at).toBeUndefined();
      await again.restore();
      expect((await ids(again)).at(-1), at).toBe("later");
      await late.close();
    }
    expect(step).toBeGreaterThan(10);
  });
});
