// Which sessions there are, newest first, by what they belong to. No list writes, and no session hides another.
import { chmodSync, mkdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { DamagedSession, SessionFilter, SessionInfo, SessionPage, SessionPatch, Store } from "../lib/index.ts";
import { run } from "./helpers/processes.ts";
import { collect, logsOf, onlyLog, useStores } from "./helpers/stores.ts";

const stores = useStores();
const failing = (code: string): unknown => expect.objectContaining({ code });
const idsOf = (list: readonly { id: string }[]): string[] => list.map(({ id }) => id);

type AnyStore = Store<any, any>;

const PROJECTS = ["acme", "other", undefined];

/** Within one millisecond sessions have no order but that of their names. */
function nextMs(): void {
  for (const now = Date.now(); Date.now() === now;);
}

/** Sessions of every kind, in the order of their creation. -> what each was given */
async function fill(store: AnyStore, count: number): Promise<(SessionPatch & { id: string })[]> {
  const given: (SessionPatch & { id: string })[] = [];
  for (let n = 0; n < count; n++) {
    const patch: SessionPatch & { id: string } = {
      id: `s${n}`,
      title: `title ${n}`,
      project: PROJECTS[n % 3],
      directory: n % 4 === 0 ? "/home/me" : `/home/${n % 5}`,
      parent: n % 5 === 4 ? `s${n - 4}` : undefined,
      archived: n % 6 === 0 ? true : undefined,
      pinned: n % 7 === 0 ? true : n % 7 === 1 ? false : undefined,
      tags: [["a"], ["a", "b"], [], undefined][n % 4],
    };
    given.push(patch);
    nextMs();
    await store.createSession(patch);
    await store.session(patch.id).append({ n });
  }
  return given;
}

/** The order of the last messages: sessions are used again, the oldest first. */
async function use(store: AnyStore, ids: readonly string[]): Promise<void> {
  for (const id of ids) {
    nextMs();
    await store.session(id).append({ again: true });
  }
}

const filter: fc.Arbitrary<SessionFilter> = fc.record(
  {
    project: fc.constantFrom("acme", "other", "none"),
    directory: fc.constantFrom("/home/me", "/home/1", "/home/2"),
    parent: fc.constantFrom("s0", "s5", "s1"),
    all: fc.boolean(),
    archived: fc.boolean(),
    pinned: fc.boolean(),
    tags: fc.constantFrom([], ["a"], ["b"], ["b", "a"], ["c"]),
    order: fc.constantFrom("updated", "created"),
  },
  { requiredKeys: [] },
);

function accepts(given: SessionPatch, asked: SessionFilter): boolean {
  if (asked.project !== undefined && given.project !== asked.project) return false;
  if (asked.directory !== undefined && given.directory !== asked.directory) return false;
  if (asked.parent !== undefined && given.parent !== asked.parent) return false;
  if (asked.parent === undefined && asked.all !== true && given.parent !== undefined) return false;
  if (asked.archived !== undefined && (given.archived ?? false) !== asked.archived) return false;
  if (asked.pinned !== undefined && (given.pinned ?? false) !== asked.pinned) return false;
  return (asked.tags ?? []).every((tag) => given.tags?.includes(tag));
}

async function pages(store: AnyStore, asked: SessionFilter, limit: number, isBackwards = false): Promise<string[]> {
  let page = await store.page({ ...asked, limit });
  const forth = [page.items];
  const step = async (cursor: { before: string } | { after: string }): Promise<SessionPage> => {
    if (forth.length > 100) throw new Error("the walk does not end");
    return await store.page({ ...asked, limit, ...cursor });
  };
  while (page.next !== undefined) forth.push((page = await step({ after: page.next })).items);
  if (!isBackwards) return idsOf(forth.flat());
  const back = [page.items];
  while (page.previous !== undefined && back.length < 100)
    back.unshift((page = await step({ before: page.previous })).items);
  return idsOf(back.flat());
}

test("lists, pages and counts by any filter equal those of an array, in either order, both ways", async () => {
  const directory = stores.directory();
  const store = await stores.open({}, directory);
  const given = await fill(store, 30);
  const again = ["s3", "s9", "s20", "s4", "s28"];
  await use(store, again);
  const byUse = [
    ...given.filter(({ id }) => !again.includes(id)),
    ...again.map((id) => given.find((each) => each.id === id)!),
  ];
  const other = await stores.open({}, directory);
  await fc.assert(
    fc.asyncProperty(
      filter.filter(({ parent, all }) => !(parent && all)),
      fc.integer({ min: 1, max: 9 }),
      fc.boolean(),
      async (asked, limit, isOther) => {
        const from = isOther ? other : store;
        const order = asked.order === "created" ? given : byUse;
        const expected = idsOf(order.filter((each) => accepts(each, asked))).toReversed();
        expect(idsOf(await collect(from.sessions(asked)))).toEqual(expected);
        expect(await from.count(asked)).toBe(expected.length);
        expect(await pages(from, asked, limit)).toEqual(expected);
        expect(await pages(from, asked, limit, true)).toEqual(expected);
      },
    ),
    { numRuns: process.env["TURNLOG_LONG"] ? 500 : 40 },
  );
  expect((await collect(store.ids())).toSorted()).toEqual(idsOf(given).toSorted());
  expect(idsOf(await collect(store.children("s0")))).toEqual(["s4"]);
});

test("pages of any size show each session once, both ways", async () => {
  const store = await stores.open();
  const given = await fill(store, 12);
  for (const order of ["updated", "created"] as const) {
    for (let limit = 1; limit <= 13; limit += 3) {
      for (const isBackwards of [false, true]) {
        const seen = await pages(store, { all: true, order }, limit, isBackwards);
        expect(seen, `${order}, ${limit} a page`).toEqual(idsOf(given).toReversed());
      }
    }
  }
});

test("a parent that is asked for is obeyed, also where children are wanted at all", async () => {
  const store = await stores.open();
  await fill(store, 6);
  expect(idsOf(await collect(store.sessions({ parent: "s0", all: true })))).toEqual(["s4"]);
});

test("what is listed is what get() and info() tell", async () => {
  const store = await stores.open();
  await fill(store, 8);
  for (const listed of await collect(store.sessions({ all: true }))) {
    expect(await store.get(listed.id)).toEqual(listed);
    expect(await store.session(listed.id).info()).toEqual(listed);
  }
});

test("a change shows in every list at once: new, named, deleted and restored sessions", async () => {
  const directory = stores.directory();
  const store = await stores.open({}, directory);
  await fill(store, 4);
  await store.session("s1").update({ project: "moved", title: "other", archived: true });
  expect(idsOf(await collect(store.sessions({ project: "moved", archived: true })))).toEqual(["s1"]);
  expect(await store.get("s1")).toMatchObject({ title: "other", archived: true });
  await store.session("s2").delete();
  expect(await collect(store.ids())).not.toContain("s2");
  expect([await store.get("s2"), await store.count()]).toEqual([undefined, 3]);
  await store.session("s2").restore();
  expect(idsOf(await collect(store.sessions())).slice(0, 1)).toEqual(["s2"]);
  // Another process makes one.
  const child = run(
    `const store = await turnlog.openStore(args[0]);
     await store.session("theirs", { create: true }).append({ n: 1 });
     await store.close();`,
    directory,
  );
  expect(await child.ended).toBe(0);
  expect(idsOf(await collect(store.sessions())).slice(0, 1)).toEqual(["theirs"]);
});

test("since takes a time in any form, and means the last activity", async () => {
  const store = await stores.open();
  await fill(store, 3);
  const infos = (await collect(store.sessions({ all: true }))) as SessionInfo[];
  const middle = infos[1]!.updatedAt;
  const expected = idsOf(infos.filter(({ updatedAt }) => updatedAt >= middle));
  for (const since of [middle, Date.parse(middle), new Date(middle)]) {
    expect(idsOf(await collect(store.sessions({ since })))).toEqual(expected);
  }
  expect(await store.count({ since: Date.now() + 1000 })).toBe(0);
  expect(await store.count({ since: 0 })).toBe(3);
});

test("cursors stay good while sessions are used, made and deleted", async () => {
  for (const order of ["updated", "created"] as const) {
    const store = await stores.open();
    for (let n = 0; n < 20; n++) {
      nextMs();
      await store.session(`s${n}`, { create: true }).append({ n });
    }
    const seen: string[] = [];
    let page = await store.page({ limit: 4, order });
    for (let round = 0; ; round++) {
      seen.push(...idsOf(page.items));
      if (page.next === undefined || round === 9) break;
      // One that was seen becomes the newest, one that was seen goes, one is new.
      await use(store, [page.items[0]!.id]);
      await store.session(`new ${round}`, { create: true }).append({ round });
      await store.session(page.items.at(-1)!.id).delete();
      page = await store.page({ limit: 4, order, after: page.next });
    }
    expect(seen).toEqual(Array.from({ length: 20 }, (_, n) => `s${19 - n}`));
  }
});

test("wrong cursors are refused", async () => {
  const store = await stores.open();
  await fill(store, 3);
  for (const cursor of ["", "x", "2026-11-21T09:08:13.123Z-0000-k3f9x2ab", "x~s0"]) {
    await expect(store.page({ limit: 1, after: cursor })).rejects.toThrow(failing("INVALID_CURSOR"));
  }
  await expect(store.page({ limit: 1, after: "~a", before: "~b" })).rejects.toThrow(failing("INVALID_ARGUMENT"));
});

describe("a session that cannot be read", () => {
  const HEADER = '{"at":"2026-11-21T09:08:13.123Z-0000-k3f9x2ab","type":"session","id":"ID","data":{"format":1}}\n';
  const DAMAGES: readonly [string, (path: string) => void][] = [
    ["empty", (path) => writeFileSync(path, "")],
    ["noise", (path) => writeFileSync(path, Buffer.from(Array.from({ length: 5000 }, (_, n) => (n * 7919) % 256)))],
    ["nuls", (path) => writeFileSync(path, "\0".repeat(4096))],
    ["newer", (path) => writeFileSync(path, HEADER.replace("ID", "newer").replace('"format":1', '"format":9'))],
    ["foreign", (path) => writeFileSync(path, HEADER.replace("ID", "s1"))],
    ["directory", (path) => mkdirSync(path)],
    [`${"x".repeat(150)}~${"0".repeat(32)}`, (path) => writeFileSync(path, "")],
    ["locked", (path) => (writeFileSync(path, HEADER.replace("ID", "locked")), chmodSync(path, 0))],
  ];

  test("is listed with the reason, counted, and hides no other, on whichever page", async () => {
    const directory = stores.unverified();
    const store = await stores.open({}, directory);
    await fill(store, 3);
    const folder = dirname([...logsOf(directory).keys()][0]!);
    // Who may read everything is never denied.
    const damages = DAMAGES.filter(([name]) => name !== "locked" || process.getuid?.() !== 0);
    for (const [name, damage] of damages) damage(join(folder, `${name}.jsonl`));
    writeFileSync(join(folder, "no-log.txt"), "text");
    await store.refresh();
    const listed = await collect(store.sessions());
    const isDamaged = (each: SessionInfo | DamagedSession): each is DamagedSession => "damaged" in each;
    expect(idsOf(listed.filter((each) => !isDamaged(each)))).toEqual(["s2", "s1", "s0"]);
    const damaged = listed.filter(isDamaged);
    expect(idsOf(damaged).toSorted()).toEqual(damages.map(([name]) => name).toSorted());
    for (const { damaged: reason } of damaged) expect(reason.length).toBeGreaterThan(10);
    expect(await pages(store, {}, 2)).toEqual(idsOf(listed));
    expect(await pages(store, {}, 2, true)).toEqual(idsOf(listed));
    expect(await store.count()).toBe(listed.length);
    // Nobody knows what it belongs to.
    expect(idsOf(await collect(store.sessions({ project: "acme" })))).toEqual(["s0"]);
    for (const [name] of damages.slice(0, 4)) expect(await store.get(name)).toHaveProperty("damaged");
  });
});

test("listing in every way changes no byte and no time of any log", async () => {
  const directory = stores.directory();
  const first = await stores.open({}, directory);
  await fill(first, 12);
  await first.session("s2").delete();
  await first.close();
  for (const path of logsOf(directory).keys()) utimesSync(path, 1_000_000, 1_000_000);
  const look = (): unknown =>
    [...logsOf(directory)].map(([path, content]) => {
      const { mtimeNs, ctimeNs, ino } = statSync(path, { bigint: true });
      return [path, content.toString(), mtimeNs, ctimeNs, ino];
    });
  const before = look();
  const store = await stores.open({}, directory);
  for (const order of ["updated", "created"] as const) {
    await collect(store.sessions({ order, all: true }));
    await pages(store, { order }, 2);
  }
  await store.count({ archived: true });
  await collect(store.children("s0"));
  await store.get("s0");
  await store.refresh();
  await store.close();
  expect(look()).toEqual(before);
});

test("sessions with one name on two machines are one, and an id that only its header tells is listed", async () => {
  const directory = stores.directory();
  const store = await stores.open({}, directory);
  const long = "漢".repeat(200);
  await store.session(long, { create: true }).append({ n: 1 });
  await store.close();
  const log = onlyLog(directory);
  const content = readFileSync(log);
  rmSync(join(directory, ".cache"), { recursive: true });
  const other = await stores.open({}, directory);
  await other.session(long).append({ n: 2 });
  expect(await collect(other.sessions())).toMatchObject([{ id: long, messages: 2, branches: 1 }]);
  expect(logsOf(directory).size).toBe(2);
  expect(readFileSync(log).equals(content)).toBe(true);
});
