import fc from "fast-check";
import { expect, test } from "vitest";
import {
  advance,
  clampMs,
  compareStamps,
  formatStamp,
  nextStamp,
  parseStamp,
  readStamp,
  writerOf,
} from "../lib/line/stamp.ts";
import type { Stamp } from "../lib/line/stamp.ts";

const FIRST = Date.parse("0000-01-01T00:00:00.000Z");
const LAST = Date.parse("9999-12-31T23:59:59.999Z");
const writer = fc.stringMatching(/^[a-z0-9]{8}$/);
const ms = fc.oneof(
  fc.integer({ min: FIRST, max: LAST }),
  fc.integer({ min: 1_700_000_000_000, max: 1_800_000_000_000 }),
);
const stamp: fc.Arbitrary<Stamp> = fc.record({ ms, counter: fc.integer({ min: 0, max: 0xffff }), writer });

test("a stamp is its text", () => {
  fc.assert(
    fc.property(stamp, (each) => {
      const text = formatStamp(each);
      expect(text).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z-[0-9a-f]{4}-[a-z0-9]{8}$/);
      expect(text.slice(0, 24)).toBe(new Date(each.ms).toISOString());
      expect(parseStamp(text)).toEqual(each);
      expect(readStamp(Buffer.from(`xx${text}`), 2)).toEqual(each);
    }),
  );
});

test("stamps sort as their texts do", () => {
  fc.assert(
    fc.property(stamp, stamp, (a, b) => {
      const [x, y] = [formatStamp(a), formatStamp(b)];
      expect(Math.sign(compareStamps(a, b))).toBe(x < y ? -1 : x > y ? 1 : 0);
    }),
  );
});

test("what is no stamp is none, at any changed byte", () => {
  const text = "2026-11-21T09:08:13.123Z-00af-k3f9x2ab";
  for (let index = 0; index < text.length; index++) {
    for (const odd of ["x", "!", "G", "\u0131", " "]) {
      const changed = text.slice(0, index) + odd + text.slice(index + 1);
      if (changed === text || (index >= 30 && odd === "x")) continue;
      expect(parseStamp(changed), changed).toBeUndefined();
    }
  }
  for (const odd of [
    "",
    text.slice(1),
    `${text}0`,
    5,
    null,
    undefined,
    {},
    "2026-13-01T09:08:13.123Z-0000-k3f9x2ab",
    "2026-02-29T09:08:13.123Z-0000-k3f9x2ab",
    "2026-11-21T24:08:13.123Z-0000-k3f9x2ab",
  ]) {
    expect(parseStamp(odd)).toBeUndefined();
  }
  expect(parseStamp("2024-02-29T23:59:59.999Z-ffff-00000000")).toBeDefined();
});

test("a new stamp is greater than the last one, whatever the clock does", () => {
  fc.assert(
    fc.property(stamp, ms, writer, (last, now, own) => {
      fc.pre(last.ms < LAST);
      const next = nextStamp(last, now, own);
      expect(compareStamps(next, last)).toBeGreaterThan(0);
      expect(next.ms).toBe(Math.max(now, last.counter === 0xffff ? last.ms + 1 : last.ms));
    }),
  );
});

test("a commit's stamps follow each other by one count, with carry", () => {
  fc.assert(
    fc.property(stamp, fc.integer({ min: 1, max: 200_000 }), (first, steps) => {
      fc.pre(first.ms < LAST - 10);
      const tick = (each: Stamp): bigint => BigInt(each.ms) * 65536n + BigInt(each.counter);
      expect(tick(advance(first, steps))).toBe(tick(first) + BigInt(steps));
      expect(advance(first, steps).writer).toBe(first.writer);
    }),
  );
});

test("any number becomes a time that a stamp can hold", () => {
  fc.assert(
    fc.property(fc.double(), (odd) => {
      expect(parseStamp(formatStamp({ ms: clampMs(odd), counter: 0, writer: "aaaaaaaa" }))).toBeDefined();
    }),
  );
});

test("a writer has eight characters of a-z0-9", () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 8, maxLength: 32 }), (bytes) => {
      expect(writerOf(bytes)).toMatch(/^[a-z0-9]{8}$/);
    }),
  );
});
