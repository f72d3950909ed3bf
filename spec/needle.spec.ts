// What a needle is, and that no line that has it is passed over, however it is written.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Finder } from "../lib/line/finder.ts";
import { Needle } from "../lib/line/needle.ts";
import { unitsLike } from "../lib/line/same-case.ts";
import { PlainScanner } from "../lib/line/scanner.ts";

const ROUNDS = process.env["TURNLOG_LONG"] ? 20_000 : 2000;

/** Characters that are written in ways of their own, and such that differ in case only. */
const character = fc.constantFrom(
  ...Array.from('aAbBkKsSiI01.*([$ "\\/\n\t\b\u0001\u001b\u007f\u2028\u2029\ufffdéÉσςΣßẞıİſKÿŸµμȺⱥ漢字😀🦉e\u0301яЯ'),
);
const text = fc.array(character, { maxLength: 12 }).map((characters) => characters.join(""));

/** How a text can stand in JSON: each character as our writer or JSON.stringify has it, or escaped in one of the ways. */
function written(content: string, ways: readonly number[]): string {
  const characters = Array.from(content, (each, index) => {
    const lower = each.split("").map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
    const upper = lower.map((escape) => `\\u${escape.slice(2).toUpperCase()}`);
    const plain = JSON.stringify(each).slice(1, -1);
    const choices = [plain, lower.join(""), upper.join(""), each === "/" ? "\\/" : plain];
    return choices[(ways[index % ways.length] as number) % choices.length] as string;
  });
  return `"${characters.join("")}"`;
}

/** True when a finder of the needle stops anywhere in the bytes. */
function isCandidate(needle: Needle, bytes: Buffer): boolean {
  const scanner = new PlainScanner();
  scanner.load(bytes);
  const block = { scanner, bytes, start: 0, end: bytes.length };
  return needle.probes.some((probe) => new Finder(probe, bytes).next(block, 0) !== -1);
}

/** The same comparison unit by unit, after ECMAScript's Canonicalize(). */
function isLike(a: string, b: string): boolean {
  const canonical = (unit: string): string => {
    const upper = unit.toUpperCase();
    return upper.length !== 1 || (unit > "\u007f" && upper <= "\u007f") ? unit : upper;
  };
  return canonical(a) === canonical(b);
}

function naiveIndex(content: string, needle: string, ignoreCase: boolean): number {
  for (let at = 0; at + needle.length <= content.length; at++) {
    const found = content.slice(at, at + needle.length).split("");
    if (found.every((unit, index) => (ignoreCase ? isLike(unit, needle[index]!) : unit === needle[index]))) return at;
  }
  return -1;
}

describe("a text", () => {
  test("is found where a naive comparison finds it, with case and without", () => {
    fc.assert(
      fc.property(
        text,
        fc.array(character, { minLength: 1, maxLength: 3 }),
        fc.boolean(),
        (content, wanted, ignoreCase) => {
          const needle = new Needle(wanted.join(""), ignoreCase);
          expect(needle.indexIn(content)).toBe(naiveIndex(content, wanted.join(""), ignoreCase));
        },
      ),
      { numRuns: ROUNDS },
    );
  });

  test("folds case as it is documented", () => {
    const finds = (needle: string, content: string): boolean => new Needle(needle, true).indexIn(content) !== -1;
    for (const [a, b] of ["aA", "éÉ", "σς", "ςΣ", "яЯ", "µμ", "Ａａ", "Ⱥⱥ"].map((pair) => pair.split(""))) {
      expect([finds(a!, b!), finds(b!, a!)], a).toEqual([true, true]);
    }
    for (const [a, b] of [
      ["ß", "ss"],
      ["ß", "ẞ"],
      ["İ", "i"],
      ["ı", "I"],
      ["\u212a", "k"],
      ["ſ", "s"],
      ["é", "e\u0301"],
      ["ａ", "a"],
    ]) {
      expect([finds(a!, b!), finds(b!, a!)], a).toEqual([false, false]);
    }
  });

  test("has the same characters in its bytes as its comparison has, for every UTF-16 unit", () => {
    const groups = new Map<string, number[]>();
    for (let unit = 0; unit <= 0xffff; unit++) {
      const character = String.fromCharCode(unit);
      const upper = character.toUpperCase();
      const key = upper.length !== 1 || (unit > 127 && upper < "\u0080") ? character : upper;
      groups.set(key, [...(groups.get(key) ?? []), unit]);
    }
    for (const group of groups.values()) {
      for (const unit of group) expect([...unitsLike(unit)].toSorted((a, b) => a - b)).toEqual(group);
      if (group.length === 1) continue;
      const pattern = new RegExp(`^[${String.fromCharCode(group[0]!).replace(/\W/, "\\$&")}]$`, "i");
      for (const unit of group) expect(pattern.test(String.fromCharCode(unit))).toBe(true);
    }
  });
});

describe("a value", () => {
  test("has the needle in its texts, at any depth, not in its keys and numbers", () => {
    const needle = new Needle("12", true);
    expect(needle.findIn({ 12: 12, a12: [1212, true, null] })).toBeUndefined();
    expect(needle.findIn({ a: [{ b: "x" }, { c: "a 12" }], d: "12" })).toEqual({ text: "a 12", index: 2 });
    expect(needle.findIn("12")).toEqual({ text: "12", index: 0 });
    expect(needle.findIn(undefined)).toBeUndefined();
    let deep: unknown = "12";
    for (let level = 0; level < 100_000; level++) deep = [deep];
    expect(needle.findIn(deep)).toEqual({ text: "12", index: 0 });
  });
});

describe("the bytes of a line", () => {
  test("are stopped at wherever the text has the needle, in whichever way it is written", () => {
    fc.assert(
      fc.property(
        text,
        text,
        fc.array(character, { minLength: 1, maxLength: 4 }).map((all) => all.join("")),
        fc.array(fc.nat({ max: 4 }), { minLength: 1, maxLength: 9 }),
        fc.boolean(),
        (before, after, wanted, ways, ignoreCase) => {
          const shown = ignoreCase && ways[0]! % 2 === 0 ? flipped(wanted) : wanted;
          const json = written(before + shown + after, ways);
          const bytes = Buffer.from(`{"data":${json}}\n`);
          const value = (JSON.parse(bytes.toString()) as { data: string }).data;
          const needle = new Needle(wanted, ignoreCase);
          if (needle.indexIn(value) !== -1) expect(isCandidate(needle, bytes), json).toBe(true);
        },
      ),
      { numRuns: ROUNDS * 2 },
    );
  });

  test("are not stopped at for what our writer writes and the needle is not", () => {
    const line = Buffer.from(`${JSON.stringify({ text: '\u001b[31m C:\\users\\u0041 a\\/b \u0000 quoted "x" ok' })}\n`);
    for (const wanted of ["A", "zebra", "a/b", "\u001b[32m", '"y"', "漢"]) {
      expect(isCandidate(new Needle(wanted, false), line), wanted).toBe(false);
    }
  });

  test("that are no UTF-8 are read as U+FFFD, and found as that", () => {
    const bytes = Buffer.concat([Buffer.from('{"data":"a'), Buffer.from([0xff]), Buffer.from('b"}\n')]);
    expect(isCandidate(new Needle("a\ufffdb", true), bytes)).toBe(true);
  });
});

/** In the other case, character by character, where that has one. */
function flipped(content: string): string {
  return Array.from(content, (each) => {
    const units = each.length === 1 ? unitsLike(each.charCodeAt(0)) : [];
    const other = units.find((unit) => unit !== each.charCodeAt(0));
    return other === undefined ? each : String.fromCharCode(other);
  }).join("");
}
