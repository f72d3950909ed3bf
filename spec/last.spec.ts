// The first and the last line of a log, found from its ends, are those that a look at every line finds.
import fc from "fast-check";
import { expect, test } from "vitest";
import { MemoryVfs } from "../lib/disk/memory-vfs.ts";
import type { VfsFile } from "../lib/disk/vfs.ts";
import { LineBuffer } from "../lib/line/encode.ts";
import { advance, formatStamp } from "../lib/line/stamp.ts";
import { firstLine, lastStamp } from "../lib/log/last.ts";
import { readLog } from "./helpers/naive-reader.ts";

const FIRST = { ms: Date.UTC(2026, 0, 1), counter: 0, writer: "aaaaaaaa" };

function fileOf(content: Buffer): VfsFile {
  const vfs = new MemoryVfs();
  vfs.makeDirectory("/");
  const file = vfs.open("/log", "create");
  file.write(content, content.length);
  return file;
}

function lineOf(number: number, text: string): string {
  const buffer = new LineBuffer();
  buffer.add({ stamp: advance(FIRST, number), type: "message", json: JSON.stringify({ text }) }, 0);
  return buffer.bytes.toString("utf8", 0, buffer.length - 1);
}

const piece = fc.record({
  kind: fc.constantFrom("line", "line", "line", "by hand", "altered", "junk", "blank", "glued", "half", "CR", "NUL"),
  /** Beside the length of the first stretch that is read, and of the second. */
  bytes: fc.constantFrom(0, 50, 3900, 3960, 4000, 4096, 4200, 32_600, 32_768, 100_000),
});

function contentOf(pieces: readonly { kind: string; bytes: number }[], hasEnd: boolean): Buffer {
  const texts = pieces.map(({ kind, bytes }, number) => {
    const line = lineOf(number, "ü".repeat(bytes / 2));
    if (kind === "by hand") return line.replace(/,"crc":"\w{8}"\}$/, "}");
    if (kind === "altered") return line.replace('{"text":"', '{"text":"!');
    if (kind === "junk") return "junk".repeat(bytes / 4);
    if (kind === "blank") return " ";
    if (kind === "glued") return lineOf(0, "torn").slice(0, 70) + line;
    if (kind === "half") return line.slice(0, Math.floor(line.length / 2));
    if (kind === "CR") return `${line}\r`;
    if (kind === "NUL") return "\0".repeat(bytes) + line;
    return line;
  });
  return Buffer.from(texts.join("\n") + (hasEnd ? "\n" : ""));
}

/** The stamps of all lines, by the second reader. */
function stampsOf(content: Buffer): string[] {
  return readLog(content).map(({ at }) => at);
}

test("both ends of a log are found whatever lies between and around its lines", () => {
  fc.assert(
    fc.property(
      fc.array(piece, { maxLength: 12 }),
      fc.boolean(),
      fc.option(fc.nat({ max: 5000 })),
      (pieces, hasEnd, cut) => {
        const whole = contentOf(pieces, hasEnd);
        const content = whole.subarray(0, Math.max(0, whole.length - (cut ?? 0)));
        const stamps = stampsOf(content);
        const file = fileOf(content);
        const last = lastStamp(file, content.length);
        const first = firstLine(file, content.length);
        expect(last && formatStamp(last)).toBe(stamps.at(-1));
        expect(first && formatStamp(first.stamp)).toBe(stamps[0]);
      },
    ),
    { numRuns: process.env["TURNLOG_LONG"] ? 5000 : 300 },
  );
});

test("a log without a line has neither", () => {
  for (const text of [
    "",
    "\n",
    "\n\n\n",
    "\0".repeat(10_000),
    "junk",
    "junk\n".repeat(5000),
    lineOf(0, "x").slice(0, -1),
  ]) {
    const file = fileOf(Buffer.from(text));
    expect(lastStamp(file, file.stat().size)).toBeUndefined();
    expect(firstLine(file, file.stat().size)).toBeUndefined();
  }
});

test("the one line of a log is both, with or without its newline, however long it is", () => {
  for (const bytes of [0, 3970, 4000, 4096, 5000, 40_000, 1_000_000]) {
    for (const end of ["", "\n", "\r\n", "\n\n", "\n\0\0\0"]) {
      const line = lineOf(7, "x".repeat(bytes));
      const file = fileOf(Buffer.from(line + end));
      expect(lastStamp(file, file.stat().size)).toEqual(advance(FIRST, 7));
      expect(firstLine(file, file.stat().size)).toMatchObject({
        stamp: advance(FIRST, 7),
        offset: 0,
        length: line.length,
      });
    }
  }
});

test("of a log of many short lines only the ends are read", () => {
  const content = Buffer.from(
    Array.from({ length: 20_000 }, (_, number) => `${lineOf(number, "x".repeat(100))}\n`).join(""),
  );
  const file = fileOf(content);
  const read: number[] = [];
  const counted: VfsFile = Object.assign(Object.create(file) as VfsFile, {
    read: (target: Buffer, start: number, length: number, position: number): number => {
      read.push(length);
      return file.read(target, start, length, position);
    },
  });
  expect(lastStamp(counted, content.length)).toEqual(advance(FIRST, 19_999));
  expect(firstLine(counted, content.length)?.stamp).toEqual(FIRST);
  expect(read).toEqual([4096, 4096]);
});
