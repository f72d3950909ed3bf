// What a listing tells of a session that is written to at that moment.
import { appendFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { settingsOf } from "../lib/base/options.ts";
import { NodeVfs } from "../lib/disk/node-vfs.ts";
import { describe as describeSession } from "../lib/store/list/describe.ts";
import { openState } from "../lib/store/open.ts";
import { Session } from "../lib/store/session.ts";
import { onlyLog, useStores } from "./helpers/stores.ts";

const stores = useStores();

test("a session that others append to in the very moment of our own append is described, and holds nobody up", async () => {
  const directory = stores.damaged();
  const state = await openState(new NodeVfs(), directory, settingsOf({ lease: false }));
  const session = new Session(state, "s", { create: true });
  await session.append({ id: "a" });
  let isTried = false;
  for (let n = 0; !isTried; n++) {
    await sleep(2);
    const appended = session.append({ id: `b${n}` });
    appendFileSync(onlyLog(directory), "\n");
    // If all of that came in one millisecond, our look before it still serves.
    isTried = state.sessions.get("s")?.isReady() === true;
    if (isTried) expect(await describeSession(state, "s")).toMatchObject({ kind: "session" });
    await appended;
  }
  await state.close();
}, 5000);
