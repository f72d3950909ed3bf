// Lines in a database: the same bytes come back, by position, and the one that covers the beginning comes along.
import { createHash, randomBytes } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Database } from "../lib/sql/database/database.ts";
import { positionOf } from "../lib/sql/database/log-lines.ts";
import { all, line, putLines } from "./helpers/database-rows.ts";
import { kinds } from "./helpers/databases.ts";
import type { EmptyDatabase } from "./helpers/databases.ts";

const MB = 1024 * 1024;
const END = Number.MAX_SAFE_INTEGER;

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

  async function positions(name: string, from: number, to: number): Promise<number[]> {
    return (await database.lines(name, from, to)).map(({ position }) => position);
  }

  async function chunks(name: string): Promise<number> {
    const [found] = await empty.run(`select count(*) as parts from chunk where session = '${name}'`);
    return Number(found!["parts"]);
  }

  test("a line comes back byte for byte, whatever is in it", async () => {
    const texts = [
      String.raw`{"nul":"\u0000","lone":"\ud800"}`,
      `{"emoji":"🙂👩‍👩‍👧","cjk":"世界優先시간","combining":"e\u0301","bom":"\ufeff"}`,
      `'"\`\\;--/* %_[a-z]* :name ? $1 @1 ${"\\".repeat(5)}`,
      "UPPER lower ÄÖ ß",
      " spaces at both ends  ",
      "",
      "\ufeffbom first",
      "\ufeff\ufefftwo of them",
      "tab\tcr\r",
      "\r",
      "a NUL \0 in the middle",
      "\0",
    ];
    const lines = [
      ...texts.map((text, n) => line(n * 100, text)),
      // Bytes that are no text at all, as damage leaves them.
      line(2000, Buffer.from([0x7b, 0, 0xff, 0xfe, 0x80, 0x7d])),
      line(2100, Buffer.from("a torn character 世").subarray(0, -1), ""),
      line(2200, Buffer.from([0xed, 0xa0, 0x80]), ""),
      line(2300, "no line: it has no stamp", ""),
    ];
    await putLines(database, "texts", ...lines);
    const expected = lines.map(({ position, bytes }) => ({ position, bytes }));
    expect(await database.lines("texts", 0, 10_000)).toEqual(expected);
  });

  test("from the line on that covers the beginning, to the one before the end", async () => {
    await putLines(database, "places", line(10, "0123456789"), line(30, "abc"), line(50, "z"));
    await putLines(database, "placeses", line(20, "another session's"));
    const cases = [
      [0, 60, [10, 30, 50]],
      [10, 11, [10]],
      [10, 10, []],
      [15, 16, [10]],
      [15, 31, [10, 30]],
      [29, 30, [10]],
      [30, 30, [10]],
      [31, 50, [30]],
      [50, 51, [50]],
      [51, 60, [50]],
      [0, 10, []],
      [0, 0, []],
    ] as const;
    for (const [from, to, expected] of cases) {
      // An empty range may have the line that covers it, or none.
      const found = await positions("places", from, to);
      if (from === to) expect(found.every((position) => position < to)).toBe(true);
      else expect([from, to, ...found]).toEqual([from, to, ...expected]);
    }
    expect(await positions("nowhere", 0, END)).toEqual([]);
    expect(await positions("place", 0, END)).toEqual([]);
  });

  test("what covers is of the same log; the others' lines end and begin where theirs do", async () => {
    const [first, second, third] = [0, 1, 2].map((log) => (offset: number) => positionOf(log, offset));
    await putLines(
      database,
      "logs",
      line(first!(0), "a"),
      line(first!(2 ** 44 - 5), "last"),
      line(second!(100), "b"),
      line(third!(0), "c"),
    );
    expect(await positions("logs", second!(0), second!(50))).toEqual([]);
    expect(await positions("logs", second!(0), third!(0))).toEqual([second!(100)]);
    expect(await positions("logs", second!(200), third!(0))).toEqual([second!(100)]);
    expect(await positions("logs", third!(0), third!(10))).toEqual([third!(0)]);
    expect(await positions("logs", first!(2 ** 44 - 2), second!(0))).toEqual([first!(2 ** 44 - 5)]);
    // The last position that a number holds exactly.
    await putLines(database, "far", line(END, "far away"));
    expect(await positions("far", END - 10, END)).toEqual([]);
    expect((await empty.run("select position from line where session = 'far'")).map((each) => Number(each["position"]))).toEqual([END]); // prettier-ignore
  });

  test("a line of 20 MB lies in pieces beside short ones, and is gone with them when it is removed", async () => {
    const large = Buffer.from(`{"a":"${randomBytes(10 * MB).toString("hex")}"}`);
    const exact = Buffer.alloc(MB, "x");
    const end = large.length + 1;
    await putLines(
      database,
      "large",
      line(0, large),
      line(end, "small"),
      line(end + 10, exact),
      line(end + MB + 20, Buffer.concat([exact, Buffer.from("y")])),
      line(positionOf(1, 0), Buffer.alloc(3 * MB, "other log")),
    );
    const found = await database.lines("large", 5, positionOf(1, 0));
    expect(found.map(({ bytes }) => hash(bytes))).toEqual(
      [large, Buffer.from("small"), exact, Buffer.concat([exact, Buffer.from("y")])].map(hash),
    );
    const [head] = await empty.run("select text from line where session = 'large' and position = 0");
    expect(head!["text"]).toBe(large.toString().slice(0, 400));

    const before = await chunks("large");
    const others = 6;
    await database.write("large", (tx) => tx.removeLines(0, end));
    expect(await positions("large", 0, end + 1)).toEqual([end]);
    expect(before - (await chunks("large"))).toBe(41);
    await database.write("large", (tx) => tx.removeLines(end, positionOf(1, 0)));
    expect(await positions("large", 0, END)).toEqual([positionOf(1, 0)]);
    expect(await chunks("large")).toBe(others);
    await database.write("large", (tx) => tx.removeLines(0, END));
    expect([await positions("large", 0, END), await chunks("large")]).toEqual([[], 0]);
  });

  test("removed are those from one place to before another, of this session only", async () => {
    for (const name of ["removed", "stays"])
      await putLines(database, name, ...[0, 10, 20, 30].map((n) => line(n, `n${n}`)));
    await database.write("removed", async (tx) => {
      await tx.removeLines(10, 30);
      await tx.removeLines(5, 5);
      await tx.removeLines(100, 1000);
      // What was there can come again, in the same transaction.
      await tx.insertLines([line(20, "again")]);
    });
    expect((await database.lines("removed", 0, 100)).map(({ bytes }) => String(bytes))).toEqual(["n0", "again", "n30"]);
    expect(await positions("stays", 0, 100)).toEqual([0, 10, 20, 30]);
  });

  test("many lines go in several statements, and come in their order", async () => {
    const lines = Array.from({ length: 4500 }, (_, n) => line(n * 10, `n${n}`));
    await putLines(database, "many", ...lines.toReversed());
    const found = await database.lines("many", 0, 45_000);
    expect(found).toEqual(lines.map(({ position, bytes }) => ({ position, bytes })));
    // Each byte of these takes two in a statement of some drivers.
    const quotes = Array.from({ length: 9 }, (_, n) => line(n * MB, Buffer.alloc(700_000, "'")));
    await putLines(database, "quotes", ...quotes);
    const lengths = (await database.lines("quotes", 0, 9 * MB)).map(({ bytes }) => bytes.length);
    expect(lengths).toEqual(quotes.map(() => 700_000));
  });

  test("of two lines at one place the second is refused, and nothing of its transaction stays", async () => {
    await putLines(database, "twice", line(0, "a"));
    const again = putLines(database, "twice", line(5, "c"), line(0, "b"));
    await expect(again).rejects.toMatchObject({ name: "StoreError", code: "CONFLICT", written: "no" });
    expect((await database.lines("twice", 0, 10)).map(({ bytes }) => String(bytes))).toEqual(["a"]);
  });

  test("every line that may name an attachment comes, of any session, long ones too", async () => {
    const fresh = await make();
    const other = await fresh.open();
    try {
      const naming = (n: number): string => `{"at":"${n}","data":{"$blob":"sha256-${n}"}}`;
      for (let session = 0; session < 3; session++) {
        const lines = Array.from({ length: 150 }, (_, n) => line(n * 100, n % 2 === 0 ? naming(n) : `{"at":"${n}"}`));
        await putLines(other, `s${session}`, ...lines, line(50_000, `${"x".repeat(2 * MB)}${naming(7)}`));
      }
      const found = await all(other.linesWithBlobs());
      const named = found.filter(({ bytes }) => bytes.includes('"$blob"'));
      expect(named).toHaveLength(3 * 76);
      expect(named.filter(({ bytes }) => bytes.length > MB)).toHaveLength(3);
    } finally {
      await other.close();
      await fresh.drop();
    }
  });
});

function hash(bytes: Buffer): string {
  return createHash("sha256").update(bytes).digest("hex");
}
