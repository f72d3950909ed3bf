// Attachments in a database: each once, whoever puts it, and any part of it comes back.
import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Database } from "../lib/sql/database/database.ts";
import type { StoredBlob } from "../lib/sql/database/stored.ts";
import { inPieces, put, row } from "./helpers/database-rows.ts";
import { kinds } from "./helpers/databases.ts";
import type { EmptyDatabase } from "./helpers/databases.ts";

const CHUNK = 512 * 1024;

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

  async function chunks(hash: string): Promise<number> {
    const [found] = await empty.run(`select count(*) as parts from chunk where session = '~${hash}'`);
    return Number(found!["parts"]);
  }

  async function listed(name: string): Promise<StoredBlob | undefined> {
    return (await database.blobs(undefined, 100)).find(({ hash }) => hash === name);
  }

  test("one comes back whole and in parts, however it came", async () => {
    for (const [hash, bytes, piece] of [
      ["large", randomBytes(3 * CHUNK + 17), 300_007],
      ["exact", randomBytes(2 * CHUNK), 2 * CHUNK],
      ["small", randomBytes(1000), 7],
      ["empty", Buffer.alloc(0), 1],
    ] as const) {
      await database.putBlob(hash, inPieces(bytes, piece));
      expect(await database.blobBytes(hash)).toBe(bytes.length);
      expect((await database.blob(hash, 0, bytes.length)).equals(bytes)).toBe(true);
      for (const [from, to] of [
        [0, 0],
        [0, 1],
        [CHUNK - 1, CHUNK + 1],
        [CHUNK, 2 * CHUNK],
        [CHUNK + 5, 3 * CHUNK + 17],
        [3 * CHUNK + 16, 3 * CHUNK + 17],
      ] as const) {
        if (to > bytes.length) continue;
        expect((await database.blob(hash, from, to)).equals(bytes.subarray(from, to))).toBe(true);
      }
      expect(await chunks(hash)).toBe(Math.max(1, Math.ceil(bytes.length / CHUNK)));
    }
  });

  test("one that is not there has no length, no bytes, and can be removed", async () => {
    expect(await database.blobBytes("nowhere")).toBeUndefined();
    await expect(database.blob("nowhere", 0, 5)).rejects.toMatchObject({ name: "StoreError", code: "NOT_FOUND" });
    expect(await database.removeBlob({ hash: "nowhere", createdMs: 0 })).toBe(false);
  });

  test("put again it is not read again, and counts as new", async () => {
    const bytes = randomBytes(CHUNK + 1);
    await database.putBlob("again", inPieces(bytes));
    const first = await listed("again");
    await database.putBlob("again", () => {
      throw new Error("it was asked for its bytes");
    });
    const second = await listed("again");
    expect(second).toMatchObject({ hash: "again", bytes: bytes.length });
    expect(second!.createdMs).toBeGreaterThan(first!.createdMs);
    // Who found it unnamed before that does not take it away from the line that names it now.
    expect(await database.removeBlob(first!)).toBe(false);
    expect(await chunks("again")).toBe(2);
    expect(await database.removeBlob(second!)).toBe(true);
    expect(await chunks("again")).toBe(0);
  });

  test("put by several at once, in transactions and without, it is there once and whole", async () => {
    const others = await Promise.all([empty.open(), empty.open(), empty.open()]);
    try {
      for (let round = 0; round < 5; round++) {
        const hash = `race-${round}`;
        const bytes = randomBytes(CHUNK + 100);
        await Promise.all(
          others.map((other, n) =>
            n === 0
              ? other.putBlob(hash, inPieces(bytes))
              : other.write(`race-${round}-${n}`, async (tx) => {
                  await tx.insert(row(`race-${round}-${n}`));
                  await tx.putBlob(hash, inPieces(bytes));
                }),
          ),
        );
        expect((await database.blob(hash, 0, bytes.length)).equals(bytes)).toBe(true);
        // What the others had put of it is not left behind either.
        expect(await chunks(hash)).toBe(2);
        expect(await database.session(`race-${round}-1`)).toBeDefined();
        expect(await database.session(`race-${round}-2`)).toBeDefined();
      }
    } finally {
      await Promise.all(others.map((other) => other.close()));
    }
  });

  test("one whose bytes end with an error is not there", async () => {
    const failing = async function* (): AsyncGenerator<Buffer> {
      yield Buffer.alloc(2 * CHUNK);
      throw new Error("the source is gone");
    };
    await expect(database.putBlob("failing", failing)).rejects.toThrow("the source is gone");
    expect(await database.blobBytes("failing")).toBeUndefined();
    expect(await chunks("failing")).toBe(0);
    await database.putBlob("failing", inPieces(Buffer.from("whole")));
    expect(String(await database.blob("failing", 0, 5))).toBe("whole");
  });

  test("they are listed by hash, page by page, and counted; a removed one leaves nothing", async () => {
    const fresh = await make();
    const other = await fresh.open();
    try {
      const start = Date.now();
      expect(await other.blobTotals()).toEqual({ blobs: 0, bytes: 0 });
      expect(await other.blobs(undefined, 10)).toEqual([]);
      for (const hash of ["c", "a", "b"]) await other.putBlob(hash, inPieces(Buffer.alloc(CHUNK + 1)));
      await put(other, row("s"));
      expect(await other.blobTotals()).toEqual({ blobs: 3, bytes: 3 * (CHUNK + 1) });
      const first = await other.blobs(undefined, 2);
      const rest = await other.blobs("b", 2);
      expect([...first, ...rest].map(({ hash, bytes }) => [hash, bytes])).toEqual([
        ["a", CHUNK + 1],
        ["b", CHUNK + 1],
        ["c", CHUNK + 1],
      ]);
      for (const { createdMs } of first) expect(createdMs).toBeGreaterThanOrEqual(start);
      expect(await other.removeBlob(first[1]!)).toBe(true);
      expect(await other.removeBlob(first[1]!)).toBe(false);
      expect(await other.blobBytes("b")).toBeUndefined();
      expect(await other.blobTotals()).toEqual({ blobs: 2, bytes: 2 * (CHUNK + 1) });
      expect(await fresh.run("select distinct session from chunk order by session")).toEqual([
        { session: "~a" },
        { session: "~c" },
      ]);
    } finally {
      await other.close();
      await fresh.drop();
    }
  });
});
