import fc from "fast-check";
import { expect, test } from "vitest";
import type { LineHead } from "../lib/line/decode.ts";
import { hashId } from "../lib/line/codec.ts";
import { Fold } from "../lib/line/fold.ts";
import { formatStamp, parseStamp } from "../lib/line/stamp.ts";
import { foldNaively } from "./helpers/naive-reader.ts";
import type { NaiveLine, NaiveSession } from "./helpers/naive-reader.ts";

const WRITERS = ["aaaaaaaa", "bbbbbbbb", "cccccccc"];
const INFO = [
  { title: "one", titleSource: "user" },
  { title: "two", titleSource: "auto" },
  { title: null, titleSource: null },
  { project: "p", tags: ["a"] },
  { project: null },
];

interface Step {
  kind: string;
  writer: number;
  /** What the line refers to, counted back among the earlier ones. */
  back: number;
  back2: number;
  info: number;
  /** The place that it refers to is one whose first line was compacted away. */
  phantom: boolean;
}

const step: fc.Arbitrary<Step> = fc.record({
  kind: fc.oneof(
    { weight: 8, arbitrary: fc.constantFrom("message", "message", "message", "open") },
    { weight: 4, arbitrary: fc.constantFrom("version", "part", "part-version", "remove", "head") },
    {
      weight: 2,
      arbitrary: fc.constantFrom("truncate", "info", "delete", "restore", "purge", "session", "later-type"),
    },
  ),
  writer: fc.nat({ max: WRITERS.length - 1 }),
  back: fc.oneof({ weight: 2, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.nat({ max: 12 }) }),
  back2: fc.oneof({ weight: 1, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.nat({ max: 12 }) }),
  info: fc.nat({ max: INFO.length - 1 }),
  phantom: fc.oneof({ weight: 4, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) }),
});

const OPEN: Step = { kind: "open", writer: 0, back: 0, back2: 0, info: 0, phantom: false };

const steps = (maxLength: number): fc.Arbitrary<Step[]> => fc.array(step, { maxLength, size: "max" });

/** Lines in the order of their stamps, any of which may refer to any other. */
function linesOf(steps: Step[]): NaiveLine[] {
  const lines: NaiveLine[] = [];
  const begun = Date.UTC(2026, 0, 1);
  let ms = begun;
  for (const { kind, writer, back, back2, info, phantom } of steps) {
    ms += 2;
    const at = formatStamp({ ms, counter: 0, writer: WRITERS[writer]! });
    const refer = (steps: number, type?: string): string => {
      const fit = lines.filter((line) => type === undefined || line.type === type);
      const found = fit[fit.length - 1 - (steps % Math.max(1, fit.length))];
      return found?.at ?? formatStamp({ ms: ms - 3, counter: 1, writer: WRITERS[writer]! });
    };
    const place = (steps: number, type: string): string => {
      const lost = begun + 3 + 8 * (steps % 2);
      if (phantom && lost < ms) return formatStamp({ ms: lost, counter: 0, writer: WRITERS[0]! });
      const found = lines.find((line) => line.at === refer(steps, type));
      return found?.of ?? refer(steps, type);
    };
    const id = `m${back}`;
    const line: NaiveLine = { at, type: kind };
    if (kind === "message") Object.assign(line, { id, data: { n: lines.length } });
    if (kind === "version")
      Object.assign(line, { type: "message", id, of: place(back, "message"), data: { n: lines.length } });
    if (kind === "part") Object.assign(line, { id, message: place(back, "message"), data: { n: lines.length } });
    if (kind === "part-version") {
      const part = lines.findLast((each) => each.type === "part");
      if (part === undefined) continue;
      Object.assign(line, {
        type: "part",
        id,
        of: part.of ?? part.at,
        message: part.message,
        data: { n: lines.length },
      });
    }
    if (kind === "open" || kind === "head") line.after = refer(back);
    if (kind === "remove") line.of = place(back, back2 % 3 === 0 ? "part" : "message");
    if (kind === "restore") line.of = refer(back, "delete");
    if (kind === "purge") line.data = { of: [place(back, back2 % 3 === 0 ? "part" : "message")] };
    if (kind === "truncate")
      line.data = { from: back % 3 === 0 ? null : refer(back), to: back2 % 2 === 0 ? null : refer(back2) };
    if (kind === "info") line.data = INFO[info];
    lines.push(line);
  }
  return lines;
}

function headOf(line: NaiveLine, offset: number): LineHead {
  return {
    stamp: parseStamp(line.at)!,
    type: line.type,
    sound: true,
    after: parseStamp(line.after),
    batch: 0,
    of: parseStamp(line.of),
    message: parseStamp(line.message),
    idHash: line.id === undefined ? 0 : hashId(line.id),
    data: line.data,
    offset,
    length: 1,
  };
}

/** What the fold says, in the second reader's words; `lines` are found by the offsets that the fold keeps. */
function read(fold: Fold, lines: NaiveLine[]): NaiveSession {
  const { rows, history } = fold;
  const said = (row: number): { id: string; at: string; data: unknown } => {
    const line = lines[rows.offset[row]!]!;
    return { id: line.id!, at: formatStamp(rows.place(row)), data: line.data };
  };
  return {
    info: Object.fromEntries(fold.info.entries()),
    history: [...history.list()].map((row) => ({
      ...said(row),
      parts: rows
        .partsOf(row)
        .filter((part) => rows.isAlive(part))
        .map(said),
    })),
    tips: history.otherTips().map((row) => formatStamp(rows.place(row))),
    deleted: fold.deletedAt !== undefined,
  };
}

test("the fold equals the naive reading of any lines", () => {
  fc.assert(
    fc.property(steps(60), (steps) => {
      const lines = linesOf(steps);
      const fold = new Fold();
      lines.forEach((line, index) => expect(fold.apply(headOf(line, index), 0)).toBe(true));
      expect(read(fold, lines)).toEqual(foldNaively([lines]));
    }),
    { numRuns: 2000 },
  );
});

test("what is asked in between changes nothing", () => {
  fc.assert(
    fc.property(steps(40), (steps) => {
      const lines = linesOf(steps);
      const fold = new Fold();
      lines.forEach((line, index) => {
        fold.apply(headOf(line, index), 0);
        expect(read(fold, lines)).toEqual(foldNaively([lines.slice(0, index + 1)]));
        fold.ids.rowsOf(hashId("m1"));
      });
    }),
    { numRuns: 200 },
  );
});

test("several logs are read as one", () => {
  fc.assert(
    fc.property(steps(60), fc.array(fc.nat({ max: 2 }), { minLength: 60, maxLength: 60 }), (steps, homes) => {
      const lines = linesOf(steps);
      const logs = [0, 1, 2].map((log) => lines.filter((_, index) => homes[index] === log));
      const fold = new Fold();
      lines.forEach((line, index) => fold.apply(headOf(line, index), homes[index]!));
      expect(read(fold, lines)).toEqual(foldNaively(logs));
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
      const applied = order.filter((index) => fold.apply(headOf(lines[index]!, index), 0));
      const late = order.filter((index, position) => order.slice(0, position).some((before) => before > index));
      taken += late.filter((index) => applied.includes(index)).length;
      const known = applied.toSorted((a, b) => a - b).map((index) => lines[index]!);
      // Without its `open` a run goes on from the line before it: which one that is, the order in the log decides.
      const isPlain = known.every(
        (line) =>
          startsRun(line) || known.some((other) => other.at < line.at && startsRun(other) && sameWriter(other, line)),
      );
      if (isPlain) expect(read(fold, lines)).toEqual(foldNaively([known]));
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
  const before = read(fold, lines);
  lines.forEach((line, index) => expect(fold.apply(headOf(line, index), 0)).toBe(true));
  expect(read(fold, lines)).toEqual(before);
});

test("an altered tombstone is not obeyed", () => {
  const lines = linesOf(["message", "truncate", "delete"].map((kind) => ({ ...OPEN, kind })));
  const fold = new Fold();
  lines.forEach((line, index) => fold.apply({ ...headOf(line, index), sound: line.type === "message" }, 0));
  expect(read(fold, lines).history).toHaveLength(1);
  expect(fold.last).toEqual(parseStamp(lines.at(-1)!.at));
});

function startsRun({ type }: NaiveLine): boolean {
  return type === "session" || type === "open" || type === "head";
}

function sameWriter(a: NaiveLine, b: NaiveLine): boolean {
  return a.at.slice(-8) === b.at.slice(-8);
}
