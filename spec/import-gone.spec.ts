// What was taken out here does not come back with the next import, though the source has it still, and no line of it is left here.
import "./helpers/in-memory.ts";
import { cpSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import type { Session } from "../lib/index.ts";
import { everyEntry } from "./helpers/imports.ts";
import { collect, logsOf, useStores } from "./helpers/stores.ts";

const stores = useStores();
/** The long form is many times as long. */
const LONG_MS = 900_000;
const FIXTURES = new URL("../fixtures/import", import.meta.url).pathname;
const BIRDSONG = join(
  FIXTURES,
  "claude-code",
  "projects",
  "-home-ann-birdsong",
  "7d3c1f52-8a40-4b6e-9d17-2f60c5a9e1b4.jsonl",
);

type Take = (session: Session<any, any>, ids: readonly string[]) => Promise<unknown>;

const WAYS: readonly (readonly [string, Take])[] = [
  ["removed", async (session, ids) => await session.remove(ids[1]!)],
  ["removed with all others", async (session, ids) => await Promise.all(ids.map((id) => session.remove(id)))],
  ["truncated", async (session) => await session.truncate({ keepLast: 2 })],
  ["cleared", async (session) => await session.clear()],
  ["replaced", async (session) => await session.replace([{ role: "user", content: "instead" }])],
  ["purged", async (session, ids) => await session.purge([ids[0]!, ids[2]!])],
];

const idsOf = async (session: Session<any, any>): Promise<string[]> => await collect(session.messageIds());

test.each(WAYS.flatMap(([name, take]) => [false, true].map((isCompacted) => [name, isCompacted, take] as const)))(
  "what was %s here does not come back, compacted away or not (%s)",
  async (_name, isCompacted, take) => {
    const directory = stores.directory();
    const store = await stores.open({}, directory);
    const { sessions } = await store.importFrom("claude-code", { path: BIRDSONG });
    const session = store.session(sessions[0]!.id);
    await take(session, await idsOf(session));
    if (isCompacted) await session.compact();
    const [ids, branches] = [await idsOf(session), await session.branches()];
    const logs = logsOf(directory);
    for (let time = 0; time < 2; time++) {
      const again = await store.importFrom("claude-code", { path: BIRDSONG });
      expect(again.sessions).toMatchObject([{ status: "unchanged", added: 0 }]);
    }
    expect([await idsOf(session), await session.branches()]).toEqual([ids, branches]);
    expect(logsOf(directory)).toEqual(logs);
  },
);

test("what was purged is in no file after another import, in a store that was opened again either", async () => {
  const directory = stores.directory();
  const store = await stores.open({}, directory);
  await store.importFrom("claude-code", { path: BIRDSONG });
  const session = store.session("7d3c1f52-8a40-4b6e-9d17-2f60c5a9e1b4");
  await session.purge([(await idsOf(session))[0]!]);
  await store.close();
  const again = await stores.open({}, directory);
  await again.importFrom("claude-code", { path: BIRDSONG });
  for (const [path, bytes] of logsOf(directory)) expect(bytes.includes("recordings skips files"), path).toBe(false);
});

test("a part that was removed stays so, and the message's other parts, too", async () => {
  const store = await stores.open();
  const { sessions } = await store.importFrom("claude-code", { path: BIRDSONG });
  const session = store.session(sessions[0]!.id);
  const [first] = await session.history();
  const [gone, ...left] = first!.parts.map(({ id }) => id);
  await session.remove(first!.id, gone);
  await session.compact();
  await store.importFrom("claude-code", { path: BIRDSONG });
  expect((await session.message(first!.id))!.parts.map(({ id }) => id)).toEqual(left);
});

test("an export that comes back brings nothing that was removed, edited or purged meanwhile", async () => {
  const store = await stores.open();
  const session = await store.createSession({ id: "s" });
  await session.append([
    { id: "a", n: 1 },
    { id: "b", n: 2 },
    { id: "c", n: 3 },
    { id: "d", n: 4 },
  ]);
  await session.putPart("c", { id: "p", n: 5 });
  const path = join(stores.unverified(), "all.ndjson");
  await store.exportTo(path, { format: "ndjson" });
  await session.remove("a");
  await session.purge(["b"]);
  await session.remove("c", "p");
  await session.putMessage({ id: "d", n: 6 });
  await session.compact();
  const before = await session.history();
  expect((await store.importFrom("turnlog", { path })).sessions).toMatchObject([{ status: "unchanged", added: 0 }]);
  expect(await session.history()).toEqual(before);
});

test("two machines: what one of them purged does not come back by the other's import", async () => {
  const one = stores.directory();
  const first = await stores.open({ machine: "one" }, one);
  await first.importFrom("claude-code", { path: BIRDSONG });
  const session = first.session("7d3c1f52-8a40-4b6e-9d17-2f60c5a9e1b4");
  const [gone] = await idsOf(session);
  await session.purge([gone!]);
  await first.close();
  const two = stores.directory();
  for (const name of ["turnlog.json", "sessions"]) cpSync(join(one, name), join(two, name), { recursive: true });
  const second = await stores.open({ machine: "two" }, two);
  expect((await second.importFrom("claude-code", { path: BIRDSONG })).sessions).toMatchObject([{ added: 0 }]);
  expect(await idsOf(second.session(session.id))).not.toContain(gone);
});

test("messages that come into a session of the same name are a branch of their own, which says where it begins", async () => {
  const other = await stores.open();
  await (await other.createSession({ id: "s" })).append([{ id: "a" }, { id: "b" }]);
  const path = join(stores.unverified(), "all.ndjson");
  await other.exportTo(path, { format: "ndjson" });
  const store = await stores.open();
  const session = await store.createSession({ id: "s" });
  await session.append({ id: "here" });
  for (const status of ["grown", "unchanged"])
    expect((await store.importFrom("turnlog", { path })).sessions).toMatchObject([{ status }]);
  expect(await idsOf(session)).toEqual(["here"]);
  expect((await session.branches()).map(({ messages }) => messages)).toEqual([1, 2]);
  await other.session("s").append({ id: "c" });
  await other.exportTo(path, { format: "ndjson" });
  await store.importFrom("turnlog", { path });
  expect([...(await everyEntry(session)).keys()].toSorted()).toEqual(["a", "b", "c", "here"]);
});

type Step = { kind: "import" } | { kind: "compact" } | { kind: "native" } | { kind: "grow"; gaps: number[] } | Deletion;

interface Deletion {
  kind: "remove" | "purge" | "keepLast" | "clear";
  at: number;
}

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.constantFrom<Step>({ kind: "import" }, { kind: "import" }, { kind: "compact" }, { kind: "native" }),
  // Lines of one millisecond, and some that are older than the one before them.
  fc.record({
    kind: fc.constant("grow" as const),
    gaps: fc.array(fc.constantFrom(0, 0, 1, 1000, -500), { minLength: 1, maxLength: 4 }),
  }),
  fc.record({ kind: fc.constantFrom("remove", "purge", "keepLast", "clear"), at: fc.nat(6) }),
);

async function takeOut(session: Session<any, any>, { kind, at }: Deletion, ids: readonly string[]): Promise<void> {
  if (kind === "clear") await session.clear();
  else if (kind === "keepLast") await session.truncate({ keepLast: at });
  else if (at < ids.length) await (kind === "purge" ? session.purge([ids[at]!]) : session.remove(ids[at]!));
}

test(
  "any history of imports and deletions: an import adds what is new in the source, and nothing that was taken out",
  async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 4, maxLength: 14 }), async (steps) => {
        const path = join(stores.unverified(), "chat.jsonl");
        const store = await stores.open();
        const session = store.session("chat");
        const lines: string[] = [];
        const source: string[] = [];
        const expected = new Set<string>();
        let imported = 0;
        let ms = Date.UTC(2026, 0, 1);
        const take = async (each: Step): Promise<void> => {
          if (each.kind === "grow") {
            for (const gap of each.gaps) {
              const uuid = `u${source.length}`;
              const timestamp = new Date((ms += gap)).toISOString();
              const message = { role: "user", content: uuid };
              lines.push(
                JSON.stringify({
                  type: "user",
                  sessionId: "chat",
                  parentUuid: source.at(-1) ?? null,
                  uuid,
                  timestamp,
                  message,
                }),
              );
              source.push(uuid);
            }
            writeFileSync(path, `${lines.join("\n")}\n`);
          } else if (each.kind === "import") {
            await store.importFrom("claude-code", { path });
            for (const id of source.slice(imported)) expected.add(id);
            imported = source.length;
          } else if (each.kind === "native") expected.add((await session.append({ role: "user", content: "here" })).id);
          else if (each.kind === "compact") await session.compact();
          else {
            const before = new Set((await everyEntry(session)).keys());
            await takeOut(session, each, await idsOf(session));
            const left = new Set((await everyEntry(session)).keys());
            for (const id of before) if (!left.has(id)) expected.delete(id);
          }
        };
        for (const each of [
          { kind: "grow", gaps: [1, 1, 0, 1] },
          { kind: "import" },
          ...steps,
          { kind: "import" },
        ] as Step[])
          await take(each);
        // What went on here and in the source makes two branches.
        expect(new Set((await everyEntry(session)).keys())).toEqual(expected);
        expect((await store.importFrom("claude-code", { path })).sessions).toMatchObject([{ status: "unchanged" }]);
        await store.close();
      }),
      { numRuns: process.env["TURNLOG_LONG"] ? 800 : 40 },
    );
  },
  LONG_MS,
);
