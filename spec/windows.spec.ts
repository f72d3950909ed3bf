// A stream of a session that its sidecar has goes window by window: what it gives is what stood when it began, whatever becomes
// of the sidecar, the log and the session meanwhile.
import { readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import { settingsOf } from "../lib/base/options.ts";
import { openStore } from "../lib/index.ts";
import type { Entry, ReadOptions, Session } from "../lib/index.ts";
import { rooms } from "../lib/open.ts";
import { openOn } from "../lib/store/open-on.ts";
import { CountingVfs } from "./helpers/counting-vfs.ts";
import { ID, settle, sidecarOf } from "./helpers/sidecars.ts";
import { collect, useStores } from "./helpers/stores.ts";

/** Many windows, and more blocks than are in memory at a time. */
const COUNT = 20_000;
const BATCH = 5000;
const CUT = 10;
/** In the first window, while more than one is to come. */
const EARLY = 100;

type Found = Entry<any, any>;

const stores = useStores();

/** A session that was saved, and all of it, as a store gives it that has read its log. */
async function saved(): Promise<{ directory: string; all: Found[] }> {
  const directory = stores.directory();
  const store = await openStore<any, any>(directory);
  const session = store.session(ID, { create: true });
  for (let first = 0; first < COUNT; first += BATCH)
    await session.append(Array.from({ length: BATCH }, (_, n) => ({ id: `m${first + n}`, n: first + n })));
  // Parts lie far behind their messages.
  for (let n = 0; n < COUNT; n += 997) await session.putPart(`m${n}`, { id: "p", n });
  await session.remove("m8192");
  await session.truncate({ after: `m${COUNT - 1 - CUT}` });
  await session.branches();
  const all = await session.history();
  await store.close();
  await settle(directory);
  expect(all).toHaveLength(COUNT - 1 - CUT);
  return { directory, all };
}

/** The session, of which the store knows nothing yet. */
async function cold(directory: string): Promise<Session<any, any>> {
  return (await stores.open({}, directory)).session(ID);
}

test("both ways, from anywhere, as many as are asked for: what one gives that has read all of the log", async () => {
  const { directory, all } = await saved();
  const bare = all.map((entry) => ({ ...entry, parts: [] }));
  const [early, late] = [all[300]!.id, all[16_000]!.at];
  const asked: [options: ReadOptions, expected: Found[]][] = [
    [{}, all],
    [{ reverse: true }, all.toReversed()],
    [{ parts: false }, bare],
    [{ limit: 9000 }, all.slice(0, 9000)],
    [{ last: 12_000 }, all.slice(-12_000)],
    [{ last: 12_000, reverse: true, limit: 10_000 }, all.slice(-10_000).toReversed()],
    [{ after: early, before: late }, all.slice(301, 16_000)],
    [{ after: early, before: late, reverse: true }, all.slice(301, 16_000).toReversed()],
    [{ after: late }, all.slice(16_001)],
    [{ after: late, before: early }, []],
  ];
  for (const [options, expected] of asked) {
    const session = await cold(directory);
    expect(await collect(session.messages(options)), JSON.stringify(options)).toEqual(expected);
  }
  expect(await collect((await cold(directory)).messageIds())).toEqual(all.map(({ id }) => id));
}, 60_000);

test("who stops early has read the rows of one window", async () => {
  const { directory, all } = await saved();
  const sidecar = sidecarOf(directory)!;
  const vfs = new CountingVfs();
  const store = await openOn<any, any>(vfs, directory, settingsOf(), rooms);
  let count = 0;
  for await (const entry of store.session(ID).messages()) {
    expect(entry).toEqual(all[count]);
    if (++count === EARLY) break;
  }
  expect(vfs.of(`/${ID}`)).toBeLessThan(statSync(sidecar).size / 2);
  expect(vfs.of(`/${ID}`)).toBeGreaterThan(0);
  await store.close();
}, 60_000);

const CHANGES: [name: string, change: (session: Session<any, any>, directory: string) => Promise<void>][] = [
  ["messages come, others go, and the log is compacted", changeSession],
  ["another store does all of that, and saves what it knows", changeElsewhere],
  ["the rest of the sidecar is damaged", damageSidecar],
  ["there is no sidecar any more", async (_, directory) => rmSync(sidecarOf(directory)!)],
];

async function changeSession(session: Session<any, any>): Promise<void> {
  await session.append({ id: "late" });
  await session.putMessage({ id: "m19000", n: -1 });
  await session.remove("m15000");
  await session.truncate({ keepLast: 50 });
  await session.compact();
}

async function changeElsewhere(_: Session<any, any>, directory: string): Promise<void> {
  const other = await openStore<any, any>(directory, { lease: false });
  await changeSession(other.session(ID));
  await other.close();
  await settle(directory);
}

async function damageSidecar(_: Session<any, any>, directory: string): Promise<void> {
  const path = sidecarOf(directory)!;
  const bytes = readFileSync(path);
  // The same file: the rows of the first window have been read.
  bytes.fill(0xee, Math.floor(bytes.length / 2));
  writeFileSync(path, bytes);
}

test.each(CHANGES)(
  "a stream that has begun gives what stood, each message once: %s",
  async (_, change) => {
    for (const reverse of [false, true]) {
      const { directory, all } = await saved();
      const session = await cold(directory);
      const found: Found[] = [];
      for await (const entry of session.messages({ reverse })) {
        found.push(entry);
        if (found.length === EARLY) await change(session, directory);
      }
      expect(found).toEqual(reverse ? all.toReversed() : all);
    }
  },
  60_000,
);
