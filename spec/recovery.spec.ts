import fc from "fast-check";
import { expect, test } from "vitest";
import type { LineHead } from "../lib/line/decode.ts";
import { LineBuffer } from "../lib/line/encode.ts";
import { advance } from "../lib/line/stamp.ts";
import type { Stamp } from "../lib/line/stamp.ts";
import { readPieces, readTail } from "../lib/log/pieces.ts";
import type { Problem } from "../lib/log/pieces.ts";
import { CommitFilter } from "../lib/log/recovery.ts";
import { readLog } from "./helpers/naive-reader.ts";

function stampAt(ms: number, writer: string): Stamp {
  return { ms, counter: 0xfffe, writer };
}

/** A log of commits: how many lines each has, and which of two writers wrote it. */
function logOf(commits: { lines: number; writer: number }[]): Buffer {
  const buffer = new LineBuffer();
  commits.forEach(({ lines, writer }, commit) => {
    const first = stampAt(1e12 + commit * 10, writer === 0 ? "aaaaaaaa" : "bbbbbbbb");
    for (let line = 0; line < lines; line++) {
      const json = JSON.stringify({ commit, line, text: 'ü "}{"at":"' });
      buffer.add(
        { stamp: advance(first, line), type: "message", id: `m${commit}-${line}`, json },
        line === 0 ? lines : 0,
      );
    }
  });
  return Buffer.from(buffer.bytes.subarray(0, buffer.length));
}

interface Reading {
  lines: LineHead[];
  problems: Problem[];
  tail: string;
}

function read(bytes: Buffer): Reading {
  const lines: LineHead[] = [];
  const problems: Problem[] = [];
  const sink = { line: (line: LineHead) => lines.push(line), problem: (problem: Problem) => problems.push(problem) };
  const rest = readPieces(bytes, 0, bytes.length, 0, sink);
  return { lines, problems, tail: readTail(bytes, rest, bytes.length, 0, sink) };
}

function counted(bytes: Buffer): string[] {
  const stamps: string[] = [];
  const filter = new CommitFilter(({ offset, length }) =>
    stamps.push(JSON.parse(bytes.toString("utf8", offset, offset + length)).at),
  );
  for (const line of read(bytes).lines) filter.add(line);
  filter.finish();
  return stamps;
}

const commits = fc.array(fc.record({ lines: fc.integer({ min: 1, max: 4 }), writer: fc.nat({ max: 1 }) }), {
  minLength: 1,
  maxLength: 8,
});

test("a log cut anywhere shows whole commits only, and all of them that lie before the cut", () => {
  fc.assert(
    fc.property(commits, fc.double({ min: 0, max: 1, noNaN: true }), (list, share) => {
      const whole = logOf(list);
      const bytes = whole.subarray(0, Math.round(whole.length * share));
      const shown = counted(bytes);
      expect(shown).toEqual(readLog(bytes).map(({ at }) => at));
      const all = counted(whole);
      expect(all).toHaveLength(list.reduce((sum, { lines }) => sum + lines, 0));
      expect(all.slice(0, shown.length)).toEqual(shown);
      let lines = 0;
      const bounds = new Set([0, ...list.map((commit) => (lines += commit.lines))]);
      expect(bounds.has(shown.length)).toBe(true);
      expect(shown.length).toBeGreaterThanOrEqual(
        Math.max(...[...bounds].filter((bound) => lengthOf(whole, bound) <= bytes.length)),
      );
    }),
    { numRuns: 500 },
  );
});

/** Bytes of the first so many lines, without the last newline. */
function lengthOf(log: Buffer, lines: number): number {
  let at = -1;
  for (let line = 0; line < lines; line++) at = log.indexOf(10, at + 1);
  return Math.max(0, at);
}

test("a commit whose end never came is left out, whatever others wrote after it", () => {
  const cut = logOf([
    { lines: 1, writer: 0 },
    { lines: 3, writer: 0 },
  ]);
  const half = cut.subarray(0, lengthOf(cut, 3) + 1);
  const later = logOf([
    { lines: 1, writer: 1 },
    { lines: 1, writer: 1 },
    { lines: 2, writer: 1 },
  ]);
  const bytes = Buffer.concat([half, Buffer.from('{"at":"torn\n'), later.subarray(lengthOf(later, 2) + 1)]);
  const stamps = counted(bytes);
  expect(stamps.map((at) => at.slice(-8))).toEqual(["aaaaaaaa", "bbbbbbbb", "bbbbbbbb"]);
});

test("a commit whose inner lines were compacted away stays whole by its writer's last line", () => {
  const whole = logOf([
    { lines: 4, writer: 0 },
    { lines: 1, writer: 1 },
  ]);
  const pieces = whole.toString().split("\n");
  const compacted = Buffer.from([pieces[0], pieces[3], pieces[4], ""].join("\n"));
  expect(counted(compacted)).toHaveLength(3);
});

test("a line glued to a torn one is found, exactly", () => {
  const [first, second] = logOf([
    { lines: 1, writer: 0 },
    { lines: 1, writer: 1 },
  ])
    .toString()
    .split("\n") as [string, string];
  for (let cut = 0; cut < first.length; cut++) {
    const glued = Buffer.from(`${first.slice(0, cut)}${second}\n${first}\n`);
    const { lines, problems, tail } = read(glued);
    expect(lines.map(({ stamp }) => stamp.writer)).toEqual(["bbbbbbbb", "aaaaaaaa"]);
    expect(tail).toBe("none");
    expect(problems.map(({ code }) => code)).toEqual(cut === 0 ? [] : ["damaged", "glued"]);
  }
  expect(read(Buffer.from(`${first}${second}${first.slice(0, 30)}${first}\n`)).lines).toHaveLength(3);
});

test("what editors, line endings and power cuts leave around lines is tolerated", () => {
  const [first, second] = logOf([
    { lines: 1, writer: 0 },
    { lines: 1, writer: 1 },
  ])
    .toString()
    .split("\n") as [string, string];
  const odd = `\ufeff${first}\r\n\r\n\n   \n${"\0".repeat(4096)}${second}\0\0\n\0\0\0`;
  const { lines, problems, tail } = read(Buffer.from(odd));
  expect(lines.map(({ sound }) => sound)).toEqual([true, true]);
  expect(problems).toEqual([]);
  expect(tail).toBe("none");
});

test("conflict markers are reported, and both sides are read", () => {
  const [first, second] = logOf([
    { lines: 1, writer: 0 },
    { lines: 1, writer: 1 },
  ])
    .toString()
    .split("\n") as [string, string];
  const { lines, problems } = read(Buffer.from(`<<<<<<< HEAD\n${first}\n=======\n${second}\n>>>>>>> other\n`));
  expect(lines).toHaveLength(2);
  expect(problems.map(({ code }) => code)).toEqual(["conflict", "conflict", "conflict"]);
});

test("every byte is a line or a reported problem", () => {
  fc.assert(
    fc.property(
      commits,
      fc.array(fc.record({ at: fc.nat(), text: fc.constantFrom("\n", "x", '{"at":"', '"}', "\0", "}") }), {
        maxLength: 6,
      }),
      (list, edits) => {
        let bytes = logOf(list);
        for (const { at, text } of edits) {
          const position = at % (bytes.length + 1);
          bytes = Buffer.concat([bytes.subarray(0, position), Buffer.from(text), bytes.subarray(position)]);
        }
        const { lines, problems, tail } = read(bytes);
        const seen = new Uint8Array(bytes.length);
        for (const { offset, length } of [...lines, ...problems]) seen.fill(1, offset, offset + length);
        const unseen = bytes.filter((byte, index) => seen[index] === 0 && ![0, 9, 10, 13, 32].includes(byte));
        const end = bytes.lastIndexOf(10) + 1;
        expect(unseen.length).toBeLessThanOrEqual(tail === "torn" ? bytes.length - end : 0);
      },
    ),
    { numRuns: 500 },
  );
});
