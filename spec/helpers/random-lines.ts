// Lines of a session at random, for specs of the fold.
import fc from "fast-check";
import type { LineHead } from "../../lib/line/decode.ts";
import { hashId } from "../../lib/line/codec.ts";
import type { Fold } from "../../lib/line/fold.ts";
import { formatStamp, parseStamp } from "../../lib/line/stamp.ts";
import type { NaiveLine, NaiveSession } from "./naive-reader.ts";

export const WRITERS = ["aaaaaaaa", "bbbbbbbb", "cccccccc"];
const INFO = [
  { title: "one", titleSource: "user" },
  { title: "two", titleSource: "auto" },
  { title: null, titleSource: null },
  { project: "p", tags: ["a"] },
  { project: null },
];

/** One line in the making. */
export interface Step {
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

export const OPEN: Step = { kind: "open", writer: 0, back: 0, back2: 0, info: 0, phantom: false };

export const steps = (maxLength: number): fc.Arbitrary<Step[]> => fc.array(step, { maxLength, size: "max" });

/** Lines in the order of their stamps, any of which may refer to any other. */
export function linesOf(steps: Step[]): NaiveLine[] {
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

export function headOf(line: NaiveLine, offset: number): LineHead {
  return {
    stamp: parseStamp(line.at)!,
    type: line.type,
    sound: true,
    crc: 0,
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
export function readFold(fold: Fold, lines: NaiveLine[]): NaiveSession {
  const { rows, history } = fold;
  const said = (row: number): { id: string; at: string; data: unknown } => {
    const line = lines[rows.offsetOf(row)]!;
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

/** All that a fold answers and knows, whatever the numbers of its rows are. */
export function say(fold: Fold, lines: NaiveLine[]): unknown {
  const text = (stamp: Parameters<typeof formatStamp>[0] | undefined): string | undefined =>
    stamp && formatStamp(stamp);
  const { places, ...state } = fold.save();
  return {
    ...readFold(fold, lines),
    ...state,
    places: {
      ...places,
      onceRemoved: new Set(places.onceRemoved.map((row) => text(fold.rows.place(row)))),
      unplaced: new Set(places.unplaced.map((row) => text(fold.rows.place(row)))),
    },
    tip: text(fold.tip),
    deletedAt: text(fold.deletedAt),
    isDiverged: fold.isDiverged,
    liveBytes: fold.liveBytes,
    ids: Array.from({ length: 13 }, (_, n) =>
      fold.ids.rowsOf(hashId(`m${n}`)).map((row) => text(fold.rows.place(row))),
    ),
    rows: Array.from({ length: fold.rows.length }, (_, position) => {
      const row = fold.rows.at(position);
      const { rows } = fold;
      const owner = rows.isPart(row) ? undefined : rows.partsOf(row).map((part) => text(rows.place(part)));
      return [text(rows.place(row)), owner, rows.runOf(row), rows.logOf(row), rows.offsetOf(row), rows.sizeOf(row)];
    }),
  };
}

/** How much later than others each line comes. */
export const delays: fc.Arbitrary<number[]> = fc.array(fc.nat({ max: 4 }), { minLength: 80, maxLength: 80 });

/** Lines of several logs, some of them late, some twice. */
export function arrivals(lines: NaiveLine[], late: number[]): { head: LineHead; log: number }[] {
  const order = lines.map((_, index) => index).sort((a, b) => a + late[a]! - b - late[b]! || a - b);
  return order.flatMap((index) => {
    const arrival = { head: { ...headOf(lines[index]!, index), length: 1 + index }, log: index % 3 };
    return late[index] === 4 ? [arrival, arrival] : [arrival];
  });
}
