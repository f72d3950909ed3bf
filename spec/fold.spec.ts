import fc from "fast-check";
import { expect, test } from "vitest";
import { hashId } from "../lib/line/codec.ts";
import { Fold } from "../lib/line/fold.ts";
import { parseStamp } from "../lib/line/stamp.ts";
import { foldNaively } from "./helpers/naive-reader.ts";
import type { NaiveLine } from "./helpers/naive-reader.ts";
import { headOf, linesOf, OPEN, readFold, steps, WRITERS } from "./helpers/random-lines.ts";

/** Of those that read the session again and again. */
const RUNS = process.env["TURNLOG_LONG"] ? 20_000 : 400;

test("the fold equals the naive reading of any lines", () => {
  fc.assert(
    fc.property(steps(60), (steps) => {
      const lines = linesOf(steps);
      const fold = new Fold();
      lines.forEach((line, index) => expect(fold.apply(headOf(line, index), 0)).toBe(true));
      expect(readFold(fold, lines)).toEqual(foldNaively([lines]));
    }),
    { numRuns: 2000 },
  );
});

test("what is asked in between changes nothing", () => {
  fc.assert(
    fc.property(steps(40), fc.nat({ max: 4 }), (steps, silence) => {
      const lines = linesOf(steps);
      const fold = new Fold();
      lines.forEach((line, index) => {
        fold.apply(headOf(line, index), 0);
        if (index % (silence + 1) !== silence && index < lines.length - 1) return;
        expect(readFold(fold, lines)).toEqual(foldNaively([lines.slice(0, index + 1)]));
        fold.ids.rowsOf(hashId("m1"));
      });
    }),
    { numRuns: RUNS },
  );
});

test("several logs are read as one", () => {
  fc.assert(
    fc.property(steps(60), fc.array(fc.nat({ max: 2 }), { minLength: 60, maxLength: 60 }), (steps, homes) => {
      const lines = linesOf(steps);
      const logs = [0, 1, 2].map((log) => lines.filter((_, index) => homes[index] === log));
      const fold = new Fold();
      lines.forEach((line, index) => fold.apply(headOf(line, index), homes[index]!));
      expect(readFold(fold, lines)).toEqual(foldNaively(logs));
    }),
    { numRuns: 1000 },
  );
});

test("a line that comes late is taken in rightly, or refused and nothing has changed", () => {
  let taken = 0;
  fc.assert(
    fc.property(steps(40), fc.array(fc.nat({ max: 4 }), { minLength: 60, maxLength: 60 }), (steps, delays) => {
      const lines = linesOf([...WRITERS.map((_, writer) => ({ ...OPEN, writer })), ...steps]);
      const order = lines.map((_, index) => index).sort((a, b) => a + delays[a]! - b - delays[b]! || a - b);
      const fold = new Fold();
      const applied = order.filter((index) => {
        const isTaken = fold.apply(headOf(lines[index]!, index), 0);
        if (index % 2 === 0) fold.history.otherTips();
        return isTaken;
      });
      const late = order.filter((index, position) => order.slice(0, position).some((before) => before > index));
      taken += late.filter((index) => applied.includes(index)).length;
      const known = applied.toSorted((a, b) => a - b).map((index) => lines[index]!);
      // Without its `open` a run goes on from the line before it: which one that is, the order in the log decides.
      const isPlain = known.every(
        (line) =>
          startsRun(line) || known.some((other) => other.at < line.at && startsRun(other) && sameWriter(other, line)),
      );
      if (isPlain) expect(readFold(fold, lines)).toEqual(foldNaively([known]));
    }),
    { numRuns: 4000 },
  );
  expect(taken).toBeGreaterThan(500);
});

test("a line that is read twice counts once", () => {
  const kinds = ["session", "message", "part", "message", "open", "message"];
  const lines = linesOf(kinds.map((kind) => ({ ...OPEN, kind })));
  const fold = new Fold();
  lines.forEach((line, index) => fold.apply(headOf(line, index), 0));
  const before = readFold(fold, lines);
  lines.forEach((line, index) => expect(fold.apply(headOf(line, index), 0)).toBe(true));
  expect(readFold(fold, lines)).toEqual(before);
});

test("an altered tombstone is not obeyed", () => {
  const lines = linesOf(["message", "truncate", "delete"].map((kind) => ({ ...OPEN, kind })));
  const fold = new Fold();
  lines.forEach((line, index) => fold.apply({ ...headOf(line, index), sound: line.type === "message" }, 0));
  expect(readFold(fold, lines).history).toHaveLength(1);
  expect(fold.last).toEqual(parseStamp(lines.at(-1)!.at));
});

function startsRun({ type }: NaiveLine): boolean {
  return type === "session" || type === "open" || type === "head";
}

function sameWriter(a: NaiveLine, b: NaiveLine): boolean {
  return a.at.slice(-8) === b.at.slice(-8);
}
