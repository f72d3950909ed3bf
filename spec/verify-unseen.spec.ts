// A directory that may be listed and not entered: what lies in it cannot be looked at, and hides no session elsewhere.
import { expect, test } from "vitest";
import { ROOT } from "./helpers/fault-case.ts";
import { openAt } from "./helpers/fault-checks.ts";
import { FaultVfs } from "./helpers/fault-vfs.ts";
import { SimulatedDisk } from "./helpers/simulated-disk.ts";
import { collect } from "./helpers/stores.ts";

test("sessions in other directories are verified, whichever comes first", async () => {
  const vfs = new FaultVfs(new SimulatedDisk());
  const store = await openAt(vfs, ROOT);
  await store.createSession({ id: "s" });
  await store.session("s").append({ id: "a" });
  const [log = ""] = vfs
    .names(`${ROOT}/sessions/${store.machine}`)
    .map((month) => `${ROOT}/sessions/${store.machine}/${month}/s.jsonl`);
  const file = vfs.open(log, "append");
  file.write("no line\n", 8);
  file.close();
  const closed = `${ROOT}/sessions/a-machine/2026-01`;
  vfs.makeDirectory(closed);
  const damage = async (): Promise<string[]> =>
    (await collect(store.verify())).filter(({ code }) => code === "damaged").map(({ session }) => session ?? "");
  expect(await damage()).toEqual(["s"]);
  vfs.fault = (operation, path) => (operation === "stat" && path.startsWith(`${closed}/`) ? "EACCES" : undefined);
  expect(await damage()).toEqual(["s"]);
  vfs.fault = () => undefined;
  await store.close();
});
