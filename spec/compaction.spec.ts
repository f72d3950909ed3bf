import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { VfsFile } from "../lib/disk/vfs.ts";
import { Fold } from "../lib/line/fold.ts";
import { Compaction } from "../lib/log/compaction.ts";
import { foldNaively, readLog } from "./helpers/naive-reader.ts";
import type { NaiveLine } from "./helpers/naive-reader.ts";
import { headOf, linesOf, OPEN, steps, WRITERS } from "./helpers/random-lines.ts";
import type { Step } from "./helpers/random-lines.ts";

const textOf = (lines: readonly NaiveLine[]): Buffer =>
  Buffer.from(lines.map((line) => `${JSON.stringify(line)}\n`).join(""));

const fileOf = (bytes: Buffer): Pick<VfsFile, "read"> => ({
  read: (target, start, length, position) =>
    bytes.copy(target, start, position, Math.min(bytes.length, position + length)),
});

/** Compacts a log that these bytes are, with what other logs say that were seen. */
async function compact(log: Buffer, seen: readonly NaiveLine[]): Promise<Buffer> {
  const all = [...readLog(log), ...seen].sort((a, b) => (a.at < b.at ? -1 : 1));
  const fold = new Fold();
  all.forEach((line, index) => fold.apply(headOf(line, index), seen.includes(line) ? 1 : 0));
  const compaction = new Compaction(fileOf(log) as never, fold);
  const others = textOf(seen);
  await compaction.readOther(fileOf(others) as never, others.length);
  await compaction.read(log.length);
  const kept: Buffer[] = [];
  for (const { offset, length } of compaction.stretches(1 << 20))
    kept.push(log.subarray(offset, offset + length), Buffer.from("\n"));
  const bytes = Buffer.concat(kept);
  expect(compaction.bytes).toBe(log.length - bytes.length);
  expect(compaction.isNothing).toBe(bytes.equals(log));
  return bytes;
}

const RUNS = process.env["TURNLOG_LONG"] === undefined ? 2000 : 50_000;
const cuts = fc.array(fc.nat({ max: 60 }), { minLength: 2, maxLength: 2 });
const BEGUN: Step[] = WRITERS.map((_, writer) => ({ ...OPEN, writer }));

/** A log for each writer; the first is ours. */
function logsOf(steps: Step[]): NaiveLine[][] {
  const lines = linesOf([...BEGUN, ...steps]);
  return WRITERS.map((writer) => lines.filter(({ at }) => at.endsWith(writer)));
}

describe("a compacted log", () => {
  test("reads as it did, whatever of the others' logs was seen, and whatever of them comes later", async () => {
    await fc.assert(
      fc.asyncProperty(steps(60), cuts, async (steps, seen) => {
        const [own, ...others] = logsOf(steps) as [NaiveLine[], NaiveLine[], NaiveLine[]];
        const compacted = await compact(
          textOf(own),
          others.flatMap((log, index) => log.slice(0, seen[index])),
        );
        expect(foldNaively([readLog(compacted), ...others])).toEqual(foldNaively([own, ...others]));
      }),
      { numRuns: RUNS },
    );
  });

  test("and any part of what it was, from an older copy, read as the whole did", async () => {
    await fc.assert(
      fc.asyncProperty(steps(60), fc.infiniteStream(fc.boolean()), async (steps, coins) => {
        const [own, ...others] = logsOf(steps) as [NaiveLine[], NaiveLine[], NaiveLine[]];
        const compacted = readLog(await compact(textOf(own), others.flat()));
        const some = own.filter(() => coins.next().value);
        const union = [...new Map([...compacted, ...some].map((line) => [line.at, line])).values()];
        union.sort((a, b) => (a.at < b.at ? -1 : 1));
        expect(foldNaively([union, ...others])).toEqual(foldNaively([own, ...others]));
      }),
      { numRuns: RUNS },
    );
  });

  test("compacted again is the same, byte for byte", async () => {
    await fc.assert(
      fc.asyncProperty(steps(60), async (steps) => {
        const [own, ...others] = logsOf(steps) as [NaiveLine[], NaiveLine[], NaiveLine[]];
        const once = await compact(textOf(own), others.flat());
        expect((await compact(once, others.flat())).equals(once)).toBe(true);
      }),
      { numRuns: RUNS / 2 },
    );
  });
});
