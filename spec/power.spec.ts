// The power is cut under writers, on real file systems: with durability "power" nothing that was acknowledged is lost. Without any
// sync much is, or the cut would be none.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { setTimeout as sleep } from "node:timers/promises";
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { openStore } from "../lib/index.ts";
import { judge, saidAt, saidBy, writer } from "./helpers/kill-rounds.ts";
import { canMount, Mount } from "./helpers/mounts.ts";
import { randomOf } from "./helpers/random.ts";
import { output, run } from "./helpers/processes.ts";
import { useStores } from "./helpers/stores.ts";

const stores = useStores();
const IS_LONG = process.env["TURNLOG_LONG"] !== undefined;
const CUTS = IS_LONG ? 100 : 3;

describe.each(["ext4", "xfs"] as const)("on %s", (type) => {
  const isPossible = canMount(type, "power cuts");
  let mount: Mount;
  beforeAll(() => {
    if (isPossible) mount = new Mount(type);
  });
  afterAll(() => mount?.remove());

  test.runIf(isPossible)(
    `${CUTS} power cuts: what was acknowledged is there`,
    async () => {
      // What is said lies on another disk.
      const elsewhere = stores.unverified();
      const directory = join(mount.path, "store");
      const random = randomOf(1);
      /** Acknowledged before a cut; and those that a cut has come before. */
      const safe = new Set<string>();
      const unsure = new Set<string>();
      for (let cut = 0; cut < CUTS; cut++) {
        mount.mount();
        // Each time one session goes on, and one is made.
        const names = ["a", `new-${cut}`];
        const children = names.map((name) =>
          writer(directory, name, saidAt(elsewhere, name), { store: { durability: "power" } }),
        );
        for (const child of children) await child.lines.next();
        await sleep(random(120));
        const cutAtNs = mount.cutPower();
        for (const child of children) child.process.kill("SIGKILL");
        await Promise.all(children.map(({ ended }) => ended));
        mount.unmount();
        mount.mount();
        const store = await openStore<any, any>(directory);
        for (const name of names) {
          const all = saidBy(saidAt(elsewhere, name));
          // What the system called done while the cut came may be lost, and what was in doubt once stays so.
          for (const { id, atNs } of all) if (!unsure.has(id)) (atNs < cutAtNs || safe.has(id) ? safe : unsure).add(id);
          const said = all.map(({ id }) => ({ id, isAcknowledged: safe.has(id) }));
          const hasAny = said.some(({ isAcknowledged }) => isAcknowledged);
          const history = hasAny ? await store.session(name).history() : [];
          expect(judge(history, said), `cut ${cut}, ${name}`).toMatchObject({ lost: [], half: [], wrong: [] });
        }
        await store.close();
        mount.unmount();
      }
      expect(safe.size).toBeGreaterThan(CUTS);
      if (IS_LONG) process.stderr.write(`power, ${type}: ${CUTS} cuts, ${safe.size} acknowledged commits, 0 lost\n`);
    },
    1_800_000,
  );

  test.runIf(isPossible)("without a sync the same cut loses what was written", async () => {
    const elsewhere = stores.unverified();
    const said = join(elsewhere, "said");
    mount.mount();
    // After many cuts the store may fill the disk.
    rmSync(join(mount.path, "store"), { recursive: true, force: true });
    const child = run(
      `const { openSync, writeSync: write } = await import("node:fs");
       const log = openSync(args[0], "a");
       const said = openSync(args[1], "a");
       for (let n = 0; n < 500; n++) {
         write(log, "line " + n + "\\n");
         write(said, n + "\\n");
       }
       say("written");`,
      join(mount.path, "plain.log"),
      said,
    );
    await output(child);
    mount.cutPower();
    mount.unmount();
    mount.mount();
    let kept = "";
    try {
      kept = readFileSync(join(mount.path, "plain.log"), "latin1");
    } catch {
      // Not even its name was on the disk.
    }
    mount.unmount();
    expect(readFileSync(said, "latin1").split("\n").length - 1).toBe(500);
    expect(kept.split("\n").filter((line) => line.startsWith("line")).length).toBeLessThan(500);
  });
});
