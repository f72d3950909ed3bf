// A fold that was saved goes on as if it had never stopped.
import fc from "fast-check";
import { expect, test } from "vitest";
import type { Block } from "../lib/line/block.ts";
import { Fold } from "../lib/line/fold.ts";
import { freeze, inOrder } from "../lib/line/frozen.ts";
import { Rows } from "../lib/line/rows.ts";
import { formatStamp } from "../lib/line/stamp.ts";
import { finish } from "./helpers/generators.ts";
import type { NaiveLine } from "./helpers/naive-reader.ts";
import { arrivals, delays, headOf, linesOf, OPEN, readFold, say, steps, WRITERS } from "./helpers/random-lines.ts";

function restore(fold: Fold): Fold {
  const { rows, state } = finish(inOrder(freeze(fold)));
  return new Fold(
    new Rows(
      rows.length,
      rows.writers,
      rows.blocks.map((block: Block) => block.copy(block.capacity)),
    ),
    state,
  );
}

test("a fold that was saved goes on with any lines as the one that was not", () => {
  fc.assert(
    fc.property(steps(60), delays, fc.nat(), fc.boolean(), (steps, late, moment, isAltered) => {
      const lines = linesOf([...WRITERS.map((_, writer) => ({ ...OPEN, writer })), ...steps]);
      const all = arrivals(lines, late);
      const fold = new Fold();
      const stop = moment % (all.length + 1);
      for (const { head, log } of all.slice(0, stop)) fold.apply(head, log);
      const again = restore(fold);
      expect(say(again, lines)).toEqual(say(fold, lines));
      for (const [index, { head, log }] of all.slice(stop).entries()) {
        const line = { ...head, sound: !(isAltered && index === 5) };
        expect(again.apply(line, log)).toBe(fold.apply(line, log));
      }
      expect(say(again, lines)).toEqual(say(fold, lines));
    }),
    { numRuns: 1500 },
  );
});

test("what is applied while a fold is saved is not saved with it", () => {
  fc.assert(
    fc.property(steps(60), delays, fc.nat(), (steps, late, moment) => {
      const lines = linesOf(steps);
      const all = arrivals(lines, late);
      const fold = new Fold();
      const stop = moment % (all.length + 1);
      for (const { head, log } of all.slice(0, stop)) fold.apply(head, log);
      const expected = say(fold, lines);
      const frozen = freeze(fold);
      const sorting = inOrder(frozen);
      let step = sorting.next();
      for (const { head, log } of all.slice(stop)) {
        fold.apply(head, log);
        if (step.done !== true) step = sorting.next();
      }
      const { rows, state } = step.done === true ? step.value : finish(sorting);
      expect(say(new Fold(new Rows(rows.length, rows.writers, [...rows.blocks]), state), lines)).toEqual(expected);
    }),
    { numRuns: 500 },
  );
});

test("a fold of many blocks is the same in any order of its lines that it takes", () => {
  const at = (n: number): string => formatStamp({ ms: Date.UTC(2026, 0, 1) + n, counter: 0, writer: WRITERS[0]! });
  const lines: NaiveLine[] = [{ at: at(0), type: "open" }];
  for (let n = 1; n <= 3000; n++) {
    if (n % 3 === 2) lines.push({ at: at(n), type: "part", id: "p", message: at(n % 2 === 0 ? n - 1 : 1), data: n });
    else lines.push({ at: at(n), type: "message", id: `m${n}`, data: n });
  }
  const heads = lines.map((line, index) => headOf(line, index));
  const sorted = new Fold();
  for (const head of heads) sorted.apply(head, 0);
  const late = new Fold();
  // The first half comes last: more rows than one late row is moved past.
  for (const head of [heads[0]!, ...heads.slice(1500), ...heads.slice(1, 1500)]) expect(late.apply(head, 0)).toBe(true);
  for (const fold of [late, restore(late), restore(sorted)]) {
    expect(readFold(fold, lines)).toEqual(readFold(sorted, lines));
    for (const row of [0, 511, 512, 2999]) {
      const place = fold.rows.place(fold.rows.at(row));
      expect(fold.rows.place(fold.rows.find(place))).toEqual(place);
      expect(fold.rows.positionOf(place)).toBe(row);
    }
  }
});
