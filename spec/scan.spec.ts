// A log is read chunk by chunk, and gives the lines that it would give in one piece.
import { randomBytes } from "node:crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { MemoryVfs } from "../lib/disk/memory-vfs.ts";
import type { VfsFile } from "../lib/disk/vfs.ts";
import { LineBuffer } from "../lib/line/encode.ts";
import { advance } from "../lib/line/stamp.ts";
import { CHUNK_BYTES, Chunks } from "../lib/log/chunks.ts";
import type { Problem } from "../lib/log/pieces.ts";
import { scan } from "../lib/log/scan.ts";

const FIRST = { ms: Date.UTC(2026, 0, 1), counter: 0, writer: "aaaaaaaa" };
const MIB = 1024 * 1024;

function fileOf(content: Buffer): VfsFile {
  const vfs = new MemoryVfs();
  vfs.makeDirectory("/");
  const file = vfs.open("/log", "create");
  file.write(content, content.length);
  return file;
}

/** A line of so many bytes with its newline, or the shortest that there is. */
function lineOf(number: number, bytes: number): Buffer {
  const line = (fill: number): Buffer => {
    const buffer = new LineBuffer();
    buffer.add({ stamp: advance(FIRST, number), type: "message", json: JSON.stringify("x".repeat(fill)) }, 0);
    return Buffer.from(buffer.bytes.subarray(0, buffer.length));
  };
  return line(Math.max(0, bytes - line(0).length));
}

const SHORTEST = lineOf(0, 0).length;

interface Reading {
  /** Offset and length of each line, and its number. */
  lines: number[][];
  problems: Problem[];
  end: number;
  tail: string;
}

async function readBy(file: VfsFile, from: number, to: number): Promise<Reading> {
  const lines: number[][] = [];
  const problems: Problem[] = [];
  const { end, tail } = await scan(file, from, to, {
    line: ({ stamp, offset, length }) => lines.push([offset, length, stamp.counter]),
    problem: (problem) => problems.push(problem),
  });
  return { lines, problems, end, tail };
}

/** The same by splitting all of it. */
function readWhole(content: Buffer, from: number, to: number): Reading {
  const lines: number[][] = [];
  const problems: Problem[] = [];
  let start = from;
  for (;;) {
    const newline = content.indexOf(10, start);
    const isTail = newline === -1 || newline >= to;
    const end = isTail ? to : newline;
    const text = content.toString("latin1", start, end);
    const isLine = /^\{"at":".*"crc":"[0-9a-f]{8}"\}$/.test(text);
    if (isLine) lines.push([start, end - start, parseInt(text.slice(32, 36), 16)]);
    if (isTail) return { lines, problems, end: start, tail: isLine ? "line" : start < to ? "torn" : "none" };
    if (!isLine && start < end) problems.push({ code: "damaged", offset: start, length: end - start });
    start = newline + 1;
  }
}

/** How long a line is: in bytes, or so that it ends beside the end of a chunk. */
const piece = fc.record({
  kind: fc.constantFrom("short", "short", "short", "to the end", "long", "longer", "junk", "blank"),
  shift: fc.constantFrom(-1, 0, 1, 7),
  bytes: fc.nat({ max: 400_000 }),
});

function contentOf(pieces: readonly { kind: string; shift: number; bytes: number }[]): Buffer {
  const parts: Buffer[] = [];
  let size = 0;
  pieces.forEach(({ kind, shift, bytes }, number) => {
    const rest = MIB - (size % MIB);
    const part =
      kind === "blank"
        ? Buffer.from("\n")
        : kind === "junk"
          ? Buffer.from(`${"junk".repeat(bytes / 4)}\n`)
          : lineOf(
              number,
              kind === "short"
                ? bytes
                : kind === "to the end"
                  ? rest + shift
                  : kind === "long"
                    ? MIB + bytes
                    : 3 * MIB + shift,
            );
    parts.push(part);
    size += part.length;
  });
  return Buffer.concat(parts);
}

test("lines of any length, wherever they end, are read as from one piece", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(piece, { minLength: 1, maxLength: 14, size: "max" }),
      fc.nat({ max: 40 }),
      fc.nat({ max: 3 }),
      async (pieces, cut, skipped) => {
        const content = contentOf(pieces);
        const file = fileOf(content);
        const to = Math.max(0, content.length - cut);
        expect(await readBy(file, 0, to)).toEqual(readWhole(content, 0, to));
        let from = 0;
        for (let count = 0; count < skipped; count++) from = content.indexOf(10, from) + 1;
        if (from <= to) expect(await readBy(file, from, to)).toEqual(readWhole(content, from, to));
      },
    ),
    { numRuns: process.env["TURNLOG_LONG"] ? 500 : 25 },
  );
});

describe("a log", () => {
  test.each([
    ["of which a line ends with the first chunk", [MIB - SHORTEST, SHORTEST, SHORTEST]],
    ["of which a line begins a byte before the chunk's end", [MIB - 1, SHORTEST, SHORTEST]],
    ["of which a newline begins the second chunk", [MIB + 1, SHORTEST]],
    ["of exactly one chunk", [MIB]],
    ["of exactly two chunks", [MIB, MIB]],
    ["of one line, longer than ten chunks", [10 * MIB + 5]],
    ["of a line longer than four chunks between short ones", [100, 4 * MIB + 123, 100, 2 * MIB, 100]],
  ])("%s is read as from one piece", async (_, lengths) => {
    const content = Buffer.concat(lengths.map((bytes, number) => lineOf(number, bytes)));
    expect(content.length).toBe(lengths.reduce((sum, bytes) => sum + Math.max(bytes, SHORTEST), 0));
    const { lines, problems, end, tail } = await readBy(fileOf(content), 0, content.length);
    expect(lines.map(([, , number]) => number)).toEqual(lengths.map((__, number) => number));
    expect([problems, end, tail]).toEqual([[], content.length, "none"]);
    // Without the last newline it is a line all the same, by its checksum; without one byte more it is torn.
    const bare = await readBy(fileOf(content), 0, content.length - 1);
    expect([bare.lines.length, bare.tail]).toEqual([lengths.length, "line"]);
    const torn = await readBy(fileOf(content), 0, content.length - 2);
    expect([torn.lines.length, torn.tail]).toEqual([lengths.length - 1, "torn"]);
  });

  test("that is empty has no line and no end to be sealed", async () => {
    expect(await readBy(fileOf(Buffer.alloc(0)), 0, 0)).toEqual({ lines: [], problems: [], end: 0, tail: "none" });
    const blank = Buffer.alloc(3 * MIB, "\n");
    expect(await readBy(fileOf(blank), 0, blank.length)).toEqual({
      lines: [],
      problems: [],
      end: blank.length,
      tail: "none",
    });
  });

  test("that grows while it is read gives what it had; one that shrinks gives what is left", async () => {
    const content = Buffer.concat(Array.from({ length: 30 }, (_, number) => lineOf(number, 200_000)));
    const grown = Buffer.concat([content, lineOf(30, 300), lineOf(31, 2 * MIB)]);
    expect(await readBy(fileOf(grown), 0, content.length)).toEqual(readWhole(content, 0, content.length));
    const left = content.subarray(0, 5 * 200_000);
    expect(await readBy(fileOf(left), 0, content.length)).toEqual(readWhole(left, 0, left.length));
  });
});

test("a scan that is called off stops between its chunks", async () => {
  const content = Buffer.concat(Array.from({ length: 50 }, (_, number) => lineOf(number, 200_000)));
  const stop = new AbortController();
  let lines = 0;
  const line = (): void => {
    if (++lines === 3) stop.abort(new Error("enough"));
  };
  const sink = { line, problem: () => undefined };
  await expect(scan(fileOf(content), 0, content.length, sink, stop.signal)).rejects.toThrow("enough");
  expect(lines).toBeLessThan(20);
});

test("a chunk that cannot be read is an error, not the end of the log", async () => {
  const content = Buffer.concat(Array.from({ length: 20 }, (_, number) => lineOf(number, 200_000)));
  const file = fileOf(content);
  const failing: VfsFile = Object.assign(Object.create(file) as VfsFile, {
    readLater: (target: Buffer, start: number, length: number, position: number) =>
      position >= 2 * MIB
        ? Promise.reject(Object.assign(new Error("EIO: injected"), { code: "EIO" }))
        : file.readLater(target, start, length, position),
  });
  const sink = { line: () => undefined, problem: () => undefined };
  await expect(scan(failing, 0, content.length, sink)).rejects.toThrow("EIO");
});

test("chunks cover a stretch of a file byte by byte, with what is left of each before the next", async () => {
  const content = randomBytes(5 * MIB + 77);
  for (const keep of [0, 1, 1000, 300 * 1024, 600 * 1024]) {
    const chunks = new Chunks(fileOf(content), 10, content.length);
    let at = 10;
    let rest = 0;
    for (let chunk = await chunks.next(); chunk !== undefined; chunk = await chunks.next(rest)) {
      expect(chunk.base + chunk.start).toBe(at);
      const own = content.subarray(at, chunk.base + chunk.end);
      expect(chunk.bytes.subarray(chunk.start, chunk.end).equals(own)).toBe(true);
      expect(chunk.end - chunk.start).toBeLessThanOrEqual(8 * CHUNK_BYTES);
      rest = Math.max(chunk.start, chunk.end - keep);
      at = chunk.base + rest;
    }
    expect(at).toBe(content.length - keep);
    expect(await chunks.next()).toBeUndefined();
    await chunks.stop();
  }
});
