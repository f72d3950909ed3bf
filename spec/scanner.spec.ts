// Four bytes are found wherever they stand, by vector instructions as without, and longer rows around them.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Finder } from "../lib/line/finder.ts";
import type { Row } from "../lib/line/finder.ts";
import { BLOCK_BYTES, PlainScanner, sharedScanner, VectorScanner } from "../lib/line/scanner.ts";
import type { Scanner, Window } from "../lib/line/scanner.ts";

const ROUNDS = process.env["TURNLOG_LONG"] ? 20_000 : 2000;
const SCANNERS: readonly (() => Scanner)[] = [() => new VectorScanner(), () => new PlainScanner()];

const pack = (four: readonly number[]): number => four.reduce((all, byte, index) => all | (byte << (8 * index)), 0);

function windowOf(bytes: readonly number[], masks: readonly number[]): Window {
  return { bytes: pack(bytes.map((byte, index) => byte | masks[index]!)), masks: pack(masks) };
}

/** All places in [from, end) of what was loaded. */
function placesOf(scanner: Scanner, window: Window, from: number, end: number): number[] {
  const places: number[] = [];
  for (let at = scanner.find(window, from, end); at !== -1; at = scanner.find(window, at + 1, end)) places.push(at);
  return places;
}

/** Few bytes, so that they meet, of all kinds: with the highest bit and without, and none at all. */
const byte = fc.constantFrom(0, 1, 0x41, 0x61, 0x7f, 0x80, 0xc3, 0xff);
const four = fc.array(byte, { minLength: 4, maxLength: 4 });

describe("a scanner", () => {
  test("finds what a comparison byte by byte finds, with vector instructions and without", () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 200 }),
        fc.array(byte, { maxLength: 100 }),
        four,
        fc.array(fc.constantFrom(0, 0, 0x20, 0x81, 0xff), { minLength: 4, maxLength: 4 }),
        fc.nat({ max: 40 }),
        fc.nat({ max: 40 }),
        (noise, few, wanted, masks, from, cut) => {
          const bytes = Buffer.from([...noise, ...few, ...wanted, ...few, ...wanted]);
          const end = Math.max(0, bytes.length - 3 - cut);
          const expected: number[] = [];
          for (let at = from; at < end; at++) {
            const isThere = wanted.every(
              (each, index) => (each | masks[index]!) === (bytes[at + index]! | masks[index]!),
            );
            if (isThere) expected.push(at);
          }
          for (const make of SCANNERS) {
            const scanner = make();
            scanner.load(bytes);
            expect(placesOf(scanner, windowOf(wanted, masks), from, end)).toEqual(expected);
          }
        },
      ),
      { numRuns: ROUNDS },
    );
  });

  test("takes a whole block, and the end of the last window behind it", () => {
    const bytes = Buffer.alloc(BLOCK_BYTES + 100, "ab");
    const window = windowOf([...Buffer.from("wxyz")], [0, 0, 0, 0]);
    for (const place of [0, 15, 16, BLOCK_BYTES - 17, BLOCK_BYTES - 4, BLOCK_BYTES - 2, BLOCK_BYTES - 1, BLOCK_BYTES]) {
      const copy = Buffer.from(bytes);
      copy.write("wxyz", place);
      for (const make of SCANNERS) {
        const scanner = make();
        scanner.load(copy);
        expect(placesOf(scanner, window, 0, BLOCK_BYTES)).toEqual(place < BLOCK_BYTES ? [place] : []);
      }
    }
  });

  test("has vector instructions on every machine that we build on, and what was loaded last counts", () => {
    const scanner = sharedScanner();
    expect(scanner).toBeInstanceOf(VectorScanner);
    expect(sharedScanner()).toBe(scanner);
    const window = windowOf([...Buffer.from("wxyz")], [0, 0, 0, 0]);
    scanner.load(Buffer.from("..wxyz"));
    expect(scanner.find(window, 0, 3)).toBe(2);
    scanner.load(Buffer.from("......"));
    expect(scanner.find(window, 0, 3)).toBe(-1);
  });
});

describe("a finder", () => {
  const rowOf = (text: string): Row =>
    Array.from(text, (letter) => [...new Set([letter, letter.toUpperCase()])].map((each) => each.charCodeAt(0)));

  /** As a search goes through bytes: block by block. */
  function found(finder: Finder, bytes: Buffer, blockBytes: number): number[] {
    const places: number[] = [];
    const scanner = sharedScanner();
    let from = 0;
    for (let start = 0; start < bytes.length; start += blockBytes) {
      scanner.load(bytes.subarray(start));
      const block = { scanner, bytes, start, end: Math.min(start + blockBytes, bytes.length) };
      for (let at = finder.next(block, from); at !== -1; at = finder.next(block, from)) {
        places.push(at);
        from = at + 1;
      }
    }
    return places;
  }

  test("finds a row of any length across the ends of blocks, each place once", () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom("a", "b", "A", "B", "x"), { maxLength: 300 }).map((all) => all.join("")),
        fc.array(fc.constantFrom("a", "b"), { minLength: 1, maxLength: 8 }).map((all) => all.join("")),
        fc.integer({ min: 1, max: 50 }),
        fc.constantFrom("", "a", "bbbb", "aaaabbx"),
        (content, wanted, blockBytes, sample) => {
          const bytes = Buffer.from(content);
          const starts: number[] = [];
          const accepts = (_: Buffer, at: number): boolean => starts.push(at) > 0;
          const places = found(new Finder({ rows: [rowOf(wanted)], accepts }, Buffer.from(sample)), bytes, blockBytes);
          const expected = Array.from({ length: content.length }, (_, at) => at).filter((at) =>
            content.toLowerCase().startsWith(wanted, at),
          );
          expect(starts).toEqual(expected);
          expect(places.length).toBe(expected.length);
        },
      ),
      { numRuns: ROUNDS },
    );
  });

  test("looks for what is rare in the sample, and passes over what does not accept", () => {
    const bytes = Buffer.from("the the quiz, the quit, the quiz");
    const rows = [rowOf("the "), rowOf("quiz")];
    expect(found(new Finder({ rows }, bytes), bytes, 100)).toEqual([8, 28]);
    const accepts = (_: Buffer, at: number): boolean => at > 10;
    expect(found(new Finder({ rows, accepts }, bytes), bytes, 100)).toEqual([28]);
  });
});
