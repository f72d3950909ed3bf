// What a search finds is what a naive search through the histories finds, and with `hidden` one through all lines.
import "./helpers/in-memory.ts";
import { cpSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { SearchHit, Session, Store } from "../lib/index.ts";
import { readLog } from "./helpers/naive-reader.ts";
import type { NaiveLine } from "./helpers/naive-reader.ts";
import { idsFor, naiveText, search, sync } from "./helpers/search.ts";
import { collect, logsOf, onlyLog, useStores } from "./helpers/stores.ts";

const stores = useStores();
const ROUNDS = process.env["TURNLOG_LONG"] ? 500 : 30;

type AnyStore = Store<any, any>;
type AnySession = Session<any, any>;

interface Expected {
  at: string;
  part: string | undefined;
  hidden: boolean;
  match: string;
  index: number;
}

/** From all lines that stand in the logs of a session, and what its history shows of them. */
async function expectedIn(
  session: AnySession,
  logs: Buffer[],
  needle: string,
  ignoreCase: boolean,
): Promise<Expected[]> {
  const lines = new Map<string, NaiveLine>();
  for (const log of logs) for (const line of readLog(log)) lines.set(line.at, line);
  const newest = new Map<string, string>();
  for (const { at, of } of lines.values()) {
    const place = of ?? at;
    if ((newest.get(place) ?? "") < at) newest.set(place, at);
  }
  const shown = new Set((await session.history()).flatMap(({ at, parts }) => [at, ...parts.map((part) => part.at)]));
  const expected: Expected[] = [];
  for (const { at, of, type, message, id, data } of lines.values()) {
    if (type !== "message" && type !== "part") continue;
    const found = naiveText(data, needle, ignoreCase);
    if (found === undefined) continue;
    const place = of ?? at;
    const hidden = !shown.has(place) || newest.get(place) !== at;
    const match = found[0].slice(found[1], found[1] + needle.length);
    expected.push({
      at: type === "part" ? message! : place,
      part: type === "part" ? (id ?? place) : undefined,
      hidden,
      match,
      index: Math.min(found[1], 80),
    });
  }
  return expected;
}

function sorted(list: Expected[]): string[] {
  return list.map((each) => JSON.stringify(each)).toSorted();
}

function shownAs({ at, part, hidden, snippet }: SearchHit): Expected {
  return { at, part, hidden: hidden === true, match: snippet.match, index: snippet.before.length };
}

const character = fc.constantFrom(...Array.from('aAbk "\\/\n\u0001\u001b\u2028\u2029éÉσς漢字😀e\u0301ß'));
const text = fc.array(character, { minLength: 1, maxLength: 8 }).map((all) => all.join(""));
const needle = fc.array(character, { minLength: 1, maxLength: 2 }).map((all) => all.join(""));
const step = fc.record({
  verb: fc.constantFrom(
    "append",
    "append",
    "append",
    "edit",
    "edit",
    "part",
    "part",
    "remove",
    "truncate",
    "checkout",
    "sync",
  ),
  which: fc.nat({ max: 20 }),
  machine: fc.nat({ max: 1 }),
  session: fc.nat({ max: 1 }),
  text,
});

type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

async function take(machines: readonly AnyStore[], given: Step): Promise<void> {
  const store = machines[given.machine] as AnyStore;
  if (given.verb === "sync") {
    sync(machines);
    for (const each of machines) await each.refresh();
    return;
  }
  const session = store.session(`s${given.session}`);
  const ids = await collect(session.messageIds());
  const id = ids[given.which % Math.max(1, ids.length)];
  const content = { role: "user", content: [{ type: "text", [given.text]: 1, text: given.text }] };
  if (given.verb === "append" || id === undefined) await session.append({ ...content, id: `m${Math.random()}` });
  else if (given.verb === "edit") await session.putMessage({ ...content, id });
  else if (given.verb === "part") await session.putPart(id, { id: `p${given.which % 2}`, text: given.text });
  else if (given.verb === "remove") await session.remove(id);
  else if (given.verb === "truncate") await session.truncate({ keepLast: given.which % 4 });
  else await session.checkout(id);
}

test("finds what a naive search finds in the histories of two machines, and with hidden in all their lines", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { maxLength: 30, size: "max" }),
      fc.array(fc.tuple(needle, fc.boolean()), { minLength: 4, maxLength: 4 }),
      async (steps, needles) => {
        const above = stores.directory();
        const one = await stores.open({}, join(above, "one"));
        for (const id of ["s0", "s1"]) await one.createSession({ id });
        cpSync(join(above, "one"), join(above, "two"), { recursive: true, preserveTimestamps: true });
        const two = await stores.open({}, join(above, "two"));
        for (const each of steps) await take([one, two], each);
        sync([one, two]);
        await one.refresh();
        // One that has all in memory, and one that knows nothing yet.
        for (const store of [one, await stores.open({}, one.path)]) {
          const order = (await collect(store.sessions({ all: true }))).map(({ id }) => id);
          for (const [wanted, ignoreCase] of needles) {
            const hits = await search(store, wanted, { ignoreCase });
            const all = await search(store, wanted, { ignoreCase, hidden: true });
            expect(hits.every(({ hidden }) => hidden === undefined)).toBe(true);
            for (const id of order) {
              const logs = [...logsOf(store.path)]
                .filter(([path]) => path.endsWith(`${id}.jsonl`))
                .map(([, log]) => log);
              const expected = await expectedIn(store.session(id), logs, wanted, ignoreCase);
              const of = (list: SearchHit[]): SearchHit[] => list.filter(({ session }) => session === id);
              expect(sorted(of(all).map(shownAs))).toEqual(sorted(expected));
              expect(sorted(of(hits).map(shownAs))).toEqual(sorted(expected.filter(({ hidden }) => !hidden)));
              for (const list of [of(all), of(hits)]) {
                const places = list.map(({ at }) => at);
                expect(places).toEqual(places.toSorted().toReversed());
              }
            }
            expect([...new Set(all.map(({ session }) => session))]).toEqual(
              order.filter((id) => all.some((hit) => hit.session === id)),
            );
          }
          await store.close();
        }
        await two.close();
      },
    ),
    { numRuns: ROUNDS },
  );
}, 600_000);

describe("a hit", () => {
  test("says where it stands, who spoke, and what stands around it, and its place is one to page around", async () => {
    const store = await stores.open();
    const session = await store.createSession({ id: "s" });
    for (let n = 0; n < 20; n++) await session.append({ id: `m${n}`, role: n % 2 === 0 ? "user" : "assistant", n });
    const emoji = "😀".repeat(50);
    await session.putMessage({
      id: "m7",
      role: "assistant",
      content: [{ text: "no" }, { text: `${emoji}Needle${emoji}.` }],
    });
    await session.putPart("m8", { id: "p1", text: "a needle, too" });
    await session.putPart("m8", { text: "a third needle" });
    const hits = await search(store, "NEEDLE");
    expect(hits).toEqual([
      {
        session: "s",
        id: "m8",
        at: expect.any(String),
        role: "user",
        part: "p1",
        snippet: { before: "a ", match: "needle", after: ", too" },
      },
      expect.objectContaining({ id: "m8", role: "user", snippet: { before: "a third ", match: "needle", after: "" } }),
      expect.objectContaining({
        id: "m7",
        role: "assistant",
        snippet: { before: "😀".repeat(40), match: "Needle", after: "😀".repeat(40) },
      }),
    ]);
    expect(await idsFor(store, "needle", { ignoreCase: false })).toEqual(["m8", "m8"]);
    const { items } = await session.page({ limit: 5, around: hits[2]!.at });
    expect(items.map(({ id }) => id)).toEqual(["m5", "m6", "m7", "m8", "m9"]);
    expect((await session.message(hits[2]!.at))?.id).toBe("m7");
  });

  test("is in the texts of the data, not in its keys or numbers, nor around it", async () => {
    const store = await stores.open();
    const session = await store.createSession({ id: "needle", title: "needle", tags: ["needle"] });
    await session.append([
      { needle: 1, deep: [{ needle: { needle: 42 } }] },
      { text: "\\u006eeedle \\needle-" },
      { text: "n" },
    ]);
    expect(await search(store, "needle")).toMatchObject([{ snippet: { before: "\\u006eeedle \\", after: "-" } }]);
    expect(await search(store, "42")).toEqual([]);
    expect(await search(store, "message")).toEqual([]);
    expect(await search(store, "2")).toEqual([]);
  });

  test("is found in what hands and other tools wrote, however it is escaped", async () => {
    const directory = stores.damaged();
    const store = await stores.open({}, directory);
    await store.createSession({ id: "s" });
    await store.close();
    const line = (n: number, json: string): string =>
      `{"at":"2099-01-01T00:00:00.00${n}Z-0000-aaaaaaaa", "type":"message","id":"m${n}","data":{"text":"${json}"}}\n`;
    const texts = [
      "\\u006eeedle",
      "NEED\\u004cE",
      "a\\/b \\uD83D\\uDE00",
      "x\\u000ay \u2028",
      "\\u00e9t\\u00c9",
      "\\\\u006eeedle",
      "pin and \\u0070IN",
    ];
    writeFileSync(onlyLog(directory), texts.map((json, n) => line(n, json)).join(""), { flag: "a" });
    const again = await stores.open({}, directory);
    expect(await idsFor(again, "needle")).toEqual(["m1", "m0"]);
    expect(await idsFor(again, "a/B 😀")).toEqual(["m2"]);
    expect(await idsFor(again, "x\nY \u2028")).toEqual(["m3"]);
    expect(await idsFor(again, "été")).toEqual(["m4"]);
    expect(await idsFor(again, "u006e")).toEqual(["m5"]);
    expect(await idsFor(again, "pin")).toEqual(["m6"]);
  });
});

test("of more matches than are held at a time each is given once, newest first", async () => {
  const store = await stores.open();
  const session = await store.createSession({ id: "s" });
  const count = 52_000;
  for (let n = 0; n < count; n += 4000)
    await session.append(Array.from({ length: 4000 }, (_, index) => ({ id: `m${n + index}`, text: "needle" })));
  await session.putMessage({ id: "m7", text: "a needle, too" });
  let next = count - 1;
  for await (const { id } of store.searchMessages("needle")) if (id !== `m${next--}`) break;
  expect(next).toBe(-1);
}, 60_000);
