// opencode's ids, which begin anew every 795 days: the order in which they were made is found by a time not far from it.
import fc from "fast-check";
import { expect, test } from "vitest";
import { compareDated, compareIds, timeOfId } from "../lib/importers/opencode-ids.ts";

/** As opencode makes them: 48 bits of the time and a counter, backwards for sessions. */
function idOf(prefix: string, ms: number, counter: number): string {
  const value = (BigInt(ms) * 4096n + BigInt(counter)) % 2n ** 48n;
  const digits = prefix === "ses" ? 2n ** 48n - 1n - value : value;
  return `${prefix}_${digits.toString(16).padStart(12, "0")}${"x".repeat(14)}`;
}

const DAY = 86_400_000;
const time = fc.integer({ min: Date.UTC(2025, 0), max: Date.UTC(2040, 0) });
const near = fc.integer({ min: -300 * DAY, max: 300 * DAY });
const counter = fc.integer({ min: 0, max: 4095 });
const prefix = fc.constantFrom("ses", "msg", "prt");

test("an id tells when it was made, by any time within a year of that", () => {
  fc.assert(
    fc.property(prefix, time, counter, near, (name, ms, count, apart) => {
      expect(timeOfId(idOf(name, ms, count), ms + apart)).toBe(ms);
    }),
    { examples: [["ses", 2 ** 41, 4095, 0]] },
  );
  expect(timeOfId("msg_fffffffff000AAAAAAAAAAAAAA", Date.UTC(2026, 7, 14))).toBe(
    Date.UTC(2026, 7, 14, 11, 19, 55, 135),
  );
  expect(timeOfId("a name", 0)).toBeUndefined();
});

test("ids are in the order in which they were made, on whichever side of a beginning they are", () => {
  const made = fc.tuple(fc.integer({ min: 0, max: 100 * DAY }), counter);
  fc.assert(
    fc.property(time, made, made, near, (start, [a, first], [b, second], apart) => {
      const ids = [idOf("prt", start + a, first), idOf("prt", start + b, second)] as const;
      const expected = Math.sign(a - b || first - second);
      expect(Math.sign(compareIds(...ids, start + apart / 2))).toBe(expected);
    }),
  );
});

test("what has a time is in the order of time, and of ids where that is one; the order is one of all", () => {
  const name = fc.oneof(
    fc.tuple(time, counter).map(([ms, count]) => idOf("msg", ms, count)),
    fc.string(),
  );
  const dated = fc.record({ id: name, ms: fc.integer({ min: Date.UTC(2026, 7, 14), max: Date.UTC(2026, 7, 14) + 3 }) });
  fc.assert(
    fc.property(dated, dated, dated, (a, b, c) => {
      expect(Math.sign(compareDated(a, b))).toBe(-Math.sign(compareDated(b, a)) + 0);
      if (a.ms !== b.ms) expect(Math.sign(compareDated(a, b))).toBe(Math.sign(a.ms - b.ms));
      if (compareDated(a, b) <= 0 && compareDated(b, c) <= 0) expect(compareDated(a, c)).toBeLessThanOrEqual(0);
    }),
  );
});
