// Sessions in a database: what is written is read again, by whom ever, and nothing of what failed.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Database, Writing } from "../lib/sql/database/database.ts";
import { all, inPieces, line, put, putLines, row, stamp } from "./helpers/database-rows.ts";
import { kinds } from "./helpers/databases.ts";
import type { EmptyDatabase } from "./helpers/databases.ts";

describe.each(await kinds())("$name", ({ make }) => {
  let empty: EmptyDatabase;
  let database: Database;
  beforeAll(async () => {
    empty = await make();
    database = await empty.open();
  });
  afterAll(async () => {
    await database?.close();
    await empty?.drop();
  });

  test("a session comes back as it was put, whatever its texts are", async () => {
    const session = row("a%2fb~%e3%81%82", {
      id: "Ünï 'quoted\" \\ \0 \ud800 世界 🙂 %_[x]`",
      updated: stamp(5),
      info: { title: "A \0 'title' 🙂 \ud83d", tags: ["x y", "%"], n: 1.5, none: null, deep: { a: ["\u2028"] } },
      prompt: "do \0 it\n",
      logs: [
        { machine: "a-00000001", month: "2026-10", size: 2 ** 44 - 1, generation: 3 },
        { machine: "", month: "trash/b/x.jsonl", size: 0, generation: 0 },
      ],
      changes: 3_000_000_000,
      deletedMs: 1_795_000_000_000,
      kind: "deleted",
    });
    await put(database, session);
    expect(await database.session(session.name)).toEqual(session);
    const without = { ...session, prompt: undefined, info: {}, logs: [], deletedMs: 0 };
    await put(database, without);
    expect(await database.session(session.name)).toEqual(without);
  });

  test("ids differ by case, and by a space at their end", async () => {
    await put(database, row("%41", { id: "A" }), row("a", { id: "a" }), row("a%20", { id: "a " }));
    const found = await Promise.all(["%41", "a", "a%20", "b"].map((name) => database.session(name)));
    expect(found.map((session) => session?.id)).toEqual(["A", "a", "a ", undefined]);
  });

  test("nothing is seen of a write that throws, and its error comes through", async () => {
    const before = await database.blobTotals();
    const failure = new Error("not this time");
    const failing = database.write("thrown", async (tx) => {
      await tx.insert(row("thrown"));
      await tx.insertLines([line(0, "{}"), line(10, "x".repeat(2_000_000))]);
      await tx.putBlob("thrown", inPieces(Buffer.alloc(700_000)));
      throw failure;
    });
    await expect(failing).rejects.toBe(failure);
    expect(await database.session("thrown")).toBeUndefined();
    expect(await database.lines("thrown", 0, 100)).toEqual([]);
    expect(await database.blobTotals()).toEqual(before);
    expect(await empty.run("select owner from chunk where session in ('thrown', '~thrown')")).toEqual([]);
  });

  test("a write whose row another has made meanwhile begins anew; one that makes it twice is a conflict", async () => {
    let tries = 0;
    const going = database.write("went-on", async (tx) => {
      tries++;
      if (tx.session !== undefined) return await tx.update(row("went-on", { changes: 9 }));
      await tx.insert(row("went-on"));
      if (tries > 1) return;
      // As if another had been the first.
      await tx.insert(row("went-on"));
    });
    await going;
    expect(tries).toBe(2);
    let failed = 0;
    const twice = database.write("went-on", async (tx) => {
      failed++;
      await tx.update(row("went-on", { changes: 7 }));
      // That its function goes on does not make good what failed.
      await tx.insert(row("went-on")).catch(() => undefined);
    });
    await expect(twice).rejects.toMatchObject({ code: "CONFLICT", written: "no" });
    expect(failed).toBeGreaterThan(2);
    expect((await database.session("went-on"))?.changes).toBe(0);
  });

  test("a write reads what it wrote, on its own connection, and once it is over it does nothing more", async () => {
    await putLines(database, "neighbour", line(0, "next door"));
    let kept: Writing | undefined;
    const read = await database.write("own", async (tx) => {
      kept = tx;
      expect(tx.session).toBeUndefined();
      await tx.insert(row("own"));
      await tx.insertLines([line(0, "one"), line(4, "two")]);
      await tx.removeLines(0, 4);
      await tx.putBlob("own-blob", inPieces(Buffer.from("blob")));
      const { reading } = tx;
      return {
        session: await reading.session("own"),
        neighbour: await reading.lines("neighbour", 0, 9),
        lines: await reading.lines("own", 0, 9),
        bytes: await reading.blobBytes("own-blob"),
        blob: String(await reading.blob("own-blob", 1, 3)),
      };
    });
    expect(read.session).toEqual(row("own"));
    expect(read.neighbour.map(({ bytes }) => String(bytes))).toEqual(["next door"]);
    expect(read.lines.map(({ bytes }) => String(bytes))).toEqual(["two"]);
    expect([read.bytes, read.blob]).toEqual([4, "lo"]);
    await expect(kept!.insertLines([line(8, "late")])).rejects.toMatchObject({ code: "CLOSED" });
    await expect(kept!.reading.session("own")).rejects.toMatchObject({ code: "CLOSED" });
    expect(await database.lines("own", 0, 100)).toHaveLength(1);
    await expect(database.write("none", (tx) => tx.update(row("none")))).rejects.toMatchObject({ code: "NOT_FOUND" });
  });

  test("eight who write to one new session lose nothing and leave no gap", async () => {
    const others = await Promise.all(Array.from({ length: 8 }, () => empty.open()));
    try {
      await Promise.all(
        others.map(async (other, writer) => {
          for (let n = 0; n < 12; n++) {
            await other.write("race", async (tx) => {
              const end = (tx.session?.changes ?? 0) * 10;
              const next = row("race", { changes: (tx.session?.changes ?? 0) + 1 });
              if (tx.session === undefined) await tx.insert(next);
              else await tx.update(next);
              await tx.insertLines([line(end, `${writer}:${n}`)]);
            });
          }
        }),
      );
    } finally {
      await Promise.all(others.map((other) => other.close()));
    }
    const lines = await database.lines("race", 0, 10_000);
    expect(lines.map(({ position }) => position)).toEqual(Array.from({ length: 96 }, (_, n) => n * 10));
    const texts = lines.map(({ bytes }) => String(bytes));
    expect(new Set(texts).size).toBe(96);
    for (let writer = 0; writer < 8; writer++) {
      const own = texts.filter((text) => text.startsWith(`${writer}:`));
      expect(own).toEqual(Array.from({ length: 12 }, (_, n) => `${writer}:${n}`));
    }
    expect(await database.session("race")).toMatchObject({ changes: 96 });
  });

  test("eight open an empty database at once: one store, and each makes sessions beside the others'", async () => {
    const fresh = await make();
    try {
      const others = await Promise.all(Array.from({ length: 8 }, () => fresh.open()));
      expect(new Set(others.map(({ machine }) => machine)).size).toBe(1);
      expect(others[0]!.machine).toMatch(new RegExp(`^${database.dialect}-[a-z0-9]{8}$`));
      await Promise.all(others.map((other, n) => put(other, ...[0, 1, 2, 3].map((m) => row(`s${m}-${n}`)))));
      expect(await others[0]!.sessions(undefined, 100)).toHaveLength(32);
      await Promise.all(others.map((other) => other.close()));
    } finally {
      await fresh.drop();
    }
  });

  test("what others wrote is found by when they did, each write later than the last of its session", async () => {
    const before = Date.now();
    await put(database, row("m1"), row("m2"), row("m1", { changes: 1 }), row("m1", { changes: 2 }));
    const found = await database.modifiedSince(before, 100);
    const mine = found.filter(({ session }) => session.name.startsWith("m"));
    const seen = mine.map(({ session }) => [session.name, session.changes]);
    expect(seen).toHaveLength(2);
    expect(seen).toEqual(
      expect.arrayContaining([
        ["m2", 0],
        ["m1", 2],
      ]),
    );
    expect(mine.find(({ session }) => session.name === "m1")!.modified).toBeGreaterThanOrEqual(before + 2);
    const [first] = found;
    const after = { ms: first!.modified, name: first!.session.name };
    expect(await database.modifiedSince(before, 100, after)).toEqual(found.slice(1));
    expect(await database.modifiedSince(before, 1)).toEqual([first]);
    expect(await database.modifiedSince(found.at(-1)!.modified + 1, 100)).toEqual([]);
  });

  test("closed, it says so", async () => {
    const other = await empty.open();
    await other.close();
    await other.close();
    const closed = { code: "CLOSED" };
    await expect(other.session("a")).rejects.toMatchObject(closed);
    await expect(other.write("a", (tx) => tx.insert(row("a")))).rejects.toMatchObject(closed);
    await expect(other.count({})).rejects.toMatchObject(closed);
    await expect(other.putBlob("a", inPieces(Buffer.alloc(1)))).rejects.toMatchObject(closed);
    await expect(all(other.trash())).rejects.toMatchObject(closed);
    await expect(all(other.linesWithBlobs())).rejects.toMatchObject(closed);
    // It closed nothing that it had been given.
    expect(await database.sessions(undefined, 1)).toHaveLength(1);
  });
});
