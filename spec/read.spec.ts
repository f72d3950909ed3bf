// What a reader is given is a slice of a plain array, and stays what it was when the reading began.
import { execFileSync } from "node:child_process";
import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Entry, Session } from "../lib/index.ts";
import { collect, logsOf, onlyLog, useStores } from "./helpers/stores.ts";

const stores = useStores();
const ROUNDS = process.env["TURNLOG_LONG"] ? 1000 : 60;
const failing = (code: string): unknown => expect.objectContaining({ code });

type Any = Session<any, any>;

/** A session in which messages were edited and removed, and have parts. */
async function used(session: Any, count: number): Promise<Entry<any, any>[]> {
  for (let n = 0; n < count; n += 3) {
    await session.append([{ id: `m${n}`, n }, { n: n + 1 }, { id: `m${n + 2}`, n: n + 2 }]);
    await session.putPart(`m${n}`, { id: "p", n });
    await session.putPart(`m${n}`, { text: "second" });
    if (n % 4 === 0) await session.putMessage({ id: `m${n + 2}`, edited: true });
    if (n % 5 === 0) await session.remove(`m${n}`, "p");
    if (n % 9 === 0) await session.remove(`m${n + 2}`);
  }
  return await session.history();
}

const bound = fc.option(fc.record({ index: fc.nat(), by: fc.constantFrom("id", "at", "cursor") }), { nil: undefined });
const options = fc.record({
  last: fc.option(fc.nat({ max: 25 }), { nil: undefined }),
  limit: fc.option(fc.nat({ max: 25 }), { nil: undefined }),
  before: bound,
  after: bound,
  reverse: fc.option(fc.boolean(), { nil: undefined }),
  parts: fc.option(fc.boolean(), { nil: undefined }),
});

test("messages() with any options equals slices of the history", async () => {
  const directory = stores.directory();
  const store = await stores.open({}, directory);
  const all = await used(await store.createSession({ id: "s" }), 30);
  const cursors = await Promise.all(
    all.map(async ({ at }) => (await store.session("s").page({ limit: 1, after: at })).previous),
  );
  await fc.assert(
    fc.asyncProperty(options, fc.boolean(), async ({ last, limit, before, after, reverse, parts }, isCold) => {
      const named = (each: { index: number; by: string } | undefined): [number, string | undefined] => {
        if (each === undefined) return [-1, undefined];
        const index = each.index % all.length;
        const entry = all[index]!;
        // The page after a message names, as the one before it, what comes before its own first message.
        const cursor = index + 1 < all.length ? cursors[index] : undefined;
        if (each.by === "cursor" && cursor !== undefined) return [index + 1, cursor];
        return [index, each.by === "id" ? entry.id : entry.at];
      };
      const [beforeIndex, beforeName] = named(before);
      const [afterIndex, afterName] = named(after);
      let expected = all.slice(afterIndex + 1, beforeName === undefined ? undefined : beforeIndex);
      if (afterIndex >= beforeIndex && beforeName !== undefined) expected = [];
      if (last !== undefined) expected = last === 0 ? [] : expected.slice(-last);
      if (reverse) expected = expected.toReversed();
      if (limit !== undefined) expected = expected.slice(0, limit);
      if (parts === false) expected = expected.map((entry) => ({ ...entry, parts: [] }));
      const from = isCold ? await stores.open({}, directory) : store;
      const given = { last, limit, before: beforeName, after: afterName, reverse, parts };
      expect(await collect(from.session("s").messages(given))).toEqual(expected);
      if (isCold) await from.close();
    }),
    { numRuns: ROUNDS * 3 },
  );
});

describe("a stream that has begun", () => {
  const TEXT = "x".repeat(100_000);
  /** 60 messages, some of them long, so that several batches are read. */
  const begin = async (
    directory = stores.directory(),
  ): Promise<{ directory: string; session: Any; before: Entry<any, any>[] }> => {
    const store = await stores.open({}, directory);
    const session = await store.createSession({ id: "s" });
    for (let n = 0; n < 60; n++) await session.append({ id: `m${n}`, n, text: n % 2 === 0 ? TEXT : "short" });
    return { directory, session, before: await session.history() };
  };
  const rest = async (stream: AsyncGenerator<Entry<any, any>>, count: number): Promise<Entry<any, any>[]> => {
    const some: Entry<any, any>[] = [];
    while (some.length < count) some.push((await stream.next()).value);
    return some;
  };

  test.each([false, true])("does not see what is done later (backwards: %s)", async (reverse) => {
    const { session, before } = await begin();
    const stream = session.messages({ reverse });
    const first = await rest(stream, 3);
    await session.append({ id: "later" });
    await session.putMessage({ id: "m30", n: "edited" });
    await session.putPart("m31", { id: "p" });
    await session.remove("m40");
    await session.truncate({ keepLast: 10 });
    expect([...first, ...(await collect(stream))]).toEqual(reverse ? before.toReversed() : before);
    expect(await session.count()).toBe(10);
  });

  test("sees what was called before it, without a wait between", async () => {
    const { session, before } = await begin();
    const appending = session.append({ id: "called before" });
    const stream = session.messages({ last: 1 });
    expect((await collect(stream)).map(({ id }) => id)).toEqual(["called before"]);
    await appending;
    expect(await session.count()).toBe(before.length + 1);
  });

  test.each([false, true])("survives a deletion of the session, and its return (backwards: %s)", async (reverse) => {
    const { session, before } = await begin();
    const streams = [session.messages({ reverse }), session.messages({ reverse }), session.messages({ reverse })];
    const firsts = [];
    for (const stream of streams) firsts.push(await rest(stream, 3));
    const expected = reverse ? before.toReversed() : before;
    await session.delete();
    expect([...firsts[0]!, ...(await collect(streams[0]!))]).toEqual(expected);
    await session.restore();
    expect([...firsts[1]!, ...(await collect(streams[1]!))]).toEqual(expected);
    await session.delete({ trash: false });
    expect([...firsts[2]!, ...(await collect(streams[2]!))]).toEqual(expected);
  });

  test("survives that another process puts another log in the place of its own", async () => {
    const { directory, session, before } = await begin(stores.damaged());
    const path = onlyLog(directory);
    const stream = session.messages();
    const first = await rest(stream, 3);
    execFileSync("sh", ["-c", 'head -n 12 "$1" > "$1.new" && mv "$1.new" "$1"', "sh", path]);
    expect([...first, ...(await collect(stream))]).toEqual(before);
    expect(await session.count()).toBeLessThan(15);
  });

  test.each([false, true])("goes on in a log that an editor changed in place (backwards: %s)", async (reverse) => {
    const { directory, session, before } = await begin();
    const path = onlyLog(directory);
    const stream = session.messages({ reverse });
    const first = await rest(stream, 3);
    // The same lines, each elsewhere.
    writeFileSync(path, `\n\n   \n${readFileSync(path, "utf8").replaceAll("\n", "\n\n")}`);
    expect([...first, ...(await collect(stream))]).toEqual(reverse ? before.toReversed() : before);
  });

  test("holds no file after its reader has left it", async () => {
    if (process.platform !== "linux") return;
    const { directory, session } = await begin();
    const { readdirSync, readlinkSync } = await import("node:fs");
    const logs = join(directory, "sessions");
    const held = (): number =>
      readdirSync("/proc/self/fd").filter((fd) => {
        try {
          return readlinkSync(`/proc/self/fd/${fd}`).startsWith(logs);
        } catch {
          return false;
        }
      }).length;
    for (let round = 0; round < 5; round++) {
      for await (const { id } of session.messages()) if (id === "m5") break;
      const stream = session.messages({ reverse: true });
      await stream.next();
      // Another file takes the name, so that the one before stays open for its readers alone.
      const path = onlyLog(directory);
      writeFileSync(`${path}.new`, readFileSync(path));
      renameSync(`${path}.new`, path);
      await session.count();
      await stream.return(undefined);
    }
    // What the background brings to the disk just now is held as long.
    await session.sync();
    expect(held()).toBe(1);
    expect(logsOf(directory).size).toBe(1);
  });

  test("ends when its signal says so, with the signal's reason", async () => {
    const { session } = await begin();
    const reason = new Error("enough");
    for (const reverse of [false, true]) {
      const stop = new AbortController();
      const seen: string[] = [];
      const reading = (async () => {
        for await (const { id } of session.messages({ signal: stop.signal, reverse })) {
          seen.push(id);
          if (seen.length === 5) stop.abort(reason);
        }
      })();
      await expect(reading).rejects.toBe(reason);
      expect(seen).toHaveLength(5);
    }
    const early = AbortSignal.abort(reason);
    await expect(session.messages({ signal: early }).next()).rejects.toBe(reason);
    expect(await session.count()).toBe(60);
  });
});

test("parts() and message() give what the history has", async () => {
  const store = await stores.open();
  const session = await store.createSession();
  for (const entry of await used(session, 12)) {
    expect(await session.message(entry.id)).toEqual(entry);
    expect(await session.message(entry.at)).toEqual(entry);
    expect(await collect(session.parts(entry.id))).toEqual(entry.parts);
  }
  await expect(collect(session.parts("none"))).rejects.toThrow(failing("NOT_FOUND"));
});
