// What stays of a deleted session's log is found without reading the lines of messages that are known.
import { readFileSync, writeFileSync } from "node:fs";
import fc from "fast-check";
import { expect, test } from "vitest";
import { Descriptors } from "../lib/disk/descriptors.ts";
import { NodeVfs } from "../lib/disk/node-vfs.ts";
import { openStore } from "../lib/index.ts";
import type { LineHead } from "../lib/line/decode.ts";
import { Log } from "../lib/log/log.ts";
import { CommitFilter } from "../lib/log/recovery.ts";
import { foldOne } from "../lib/store/read/load.ts";
import { readStub } from "../lib/store/space/stub.ts";
import type { Stub } from "../lib/store/space/stub.ts";
import { CountingVfs } from "./helpers/counting-vfs.ts";
import { damage, spoil, step, take } from "./helpers/random-sessions.ts";
import { logsOf, onlyLog, useStores } from "./helpers/stores.ts";

const ROUNDS = process.env["TURNLOG_LONG"] ? 2000 : 60;
const ID = "s";

const stores = useStores();

/** The stub of a log by its messages' places, and by its lines alone; undefined: the log is not in order. */
async function stubsOf(path: string, vfs = new NodeVfs()): Promise<{ known: Stub; read: Stub } | undefined> {
  const log = new Log(path, "m", 0, "read");
  const descriptors = new Descriptors(vfs, 1);
  const open = log.reopen(descriptors).pin();
  try {
    const fold = await foldOne(log, open);
    if (fold === undefined) return undefined;
    return { read: await readStub(open, log, undefined), known: await readStub(open, log, fold) };
  } finally {
    descriptors.dropAll();
    open.unpin();
  }
}

/** The tree's lines and the tombstones that count. A commit may be made whole by one line of its writer or by another. */
function countedOf({ lines }: Stub): LineHead[] {
  const counted: LineHead[] = [];
  const filter = new CommitFilter((line) => counted.push(line));
  for (const line of lines) filter.add(line);
  filter.finish();
  return counted.filter(({ type }) => type !== "message" && type !== "part" && type !== "info");
}

test("of any history, damaged or not, the same lines stay whether its messages are known or not", async () => {
  let inOrder = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { minLength: 1, maxLength: 20, size: "max" }),
      fc.option(damage, { nil: undefined }),
      async (steps, harm) => {
        const directory = stores.unverified();
        let made = 0;
        let open = [await openStore<any, any>(directory), await openStore<any, any>(directory)];
        for (const each of steps) {
          if (each.kind === "reopen") {
            for (const store of open) await store.close();
            open = [await openStore<any, any>(directory), await openStore<any, any>(directory)];
          } else await take(open[each.writer % 2]!.session(ID, { create: true }), each, () => ++made);
        }
        for (const store of open) await store.close();
        // An old one may stand beside it.
        const path = [...logsOf(directory).keys()].find((each) => each.endsWith(".jsonl"));
        if (path === undefined) return;
        if (harm !== undefined) writeFileSync(path, spoil(readFileSync(path), harm));
        const stubs = await stubsOf(path);
        if (stubs === undefined) return;
        inOrder++;
        expect(countedOf(stubs.known)).toEqual(countedOf(stubs.read));
        expect(stubs.known.content.size).toBe(stubs.read.content.size);
        expect(stubs.known.content.fragments).toEqual(stubs.read.content.fragments);
        // Where messages were passed over there is something to be taken out.
        if (!stubs.known.isAll) expect(stubs.read.isAll && stubs.read.content.lines.length > 0).toBe(false);
      },
    ),
    { numRuns: ROUNDS },
  );
  expect(inOrder).toBeGreaterThan(ROUNDS / 4);
}, 600_000);

test("of a session of messages alone next to nothing is read", async () => {
  const directory = stores.directory();
  const store = await openStore<any, any>(directory);
  const session = await store.createSession({ id: ID, title: "long" });
  for (let n = 0; n < 2000; n++) await session.append({ id: `m${n}`, text: "x".repeat(1000) });
  await store.close();
  const path = onlyLog(directory);
  const vfs = new CountingVfs();
  const log = new Log(path, "m", 0, "read");
  const descriptors = new Descriptors(vfs, 1);
  const open = log.reopen(descriptors).pin();
  const fold = await foldOne(log, open);
  vfs.read.clear();
  const stub = await readStub(open, log, fold);
  open.unpin();
  descriptors.dropAll();
  expect(vfs.of(ID + ".jsonl")).toBeLessThan(1000);
  expect(stub.lines.map(({ type }) => type)).toEqual(["session", "info"]);
  expect(stub.isAll).toBe(false);
}, 60_000);
