import fc from "fast-check";
import { expect, test } from "vitest";
import type { ArgumentError } from "../lib/index.ts";
import { checkId, decodeName, encodeName, monthOf } from "../lib/disk/names.ts";

const ODD = [
  "/",
  "..",
  ".",
  "../../etc/passwd",
  'a/b\\c:d*e?f"g<h>i|j',
  "con",
  "CON",
  "nul.txt",
  "Com1",
  "lpt9.tar.gz",
  "conx",
  ".hidden",
  "trailing.",
  "trailing ",
  "a~b",
  "%41",
  "😀",
  "e\u0301",
  "\u00e9",
  "A",
  "a",
  "x".repeat(300),
  "漢".repeat(100),
  "\n",
  "a\u2028b",
  "-",
  "_",
];
const id = fc.oneof(
  fc.constantFrom(...ODD),
  fc.string({ unit: "grapheme", minLength: 1, maxLength: 400 }),
  fc.stringMatching(/^[a-zA-Z0-9.~%_-]+$/),
);

test("a name is one that every file system takes", () => {
  fc.assert(
    fc.property(id, (each) => {
      const name = encodeName(each);
      expect(name).toMatch(/^[a-z0-9._%~-]+$/);
      expect(name.length).toBeLessThanOrEqual(200);
      expect(name.startsWith(".")).toBe(false);
      expect(name.endsWith(".")).toBe(false);
      expect(name).not.toMatch(/^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/);
    }),
  );
});

test("different ids have different names, on file systems that fold case or normal forms, too", () => {
  fc.assert(
    fc.property(id, id, (a, b) => {
      fc.pre(a !== b);
      expect(encodeName(a)).not.toBe(encodeName(b));
    }),
    { numRuns: 2000 },
  );
  expect(new Set(ODD.map((each) => encodeName(each).toLowerCase().normalize("NFC"))).size).toBe(new Set(ODD).size);
});

test("an id is read from its name, unless the name was cut", () => {
  fc.assert(
    fc.property(id, (each) => {
      const name = encodeName(each);
      expect(decodeName(name)).toBe(name.includes("~") ? undefined : each);
    }),
  );
  for (const foreign of ["A", "%", "%zz", "con", ".x", "%C3%A9", "a b"])
    expect(decodeName(foreign), foreign).toBeUndefined();
});

test("a long name is cut before an escape and completed by a hash", () => {
  for (let length = 60; length < 70; length++) {
    const name = encodeName("x".repeat(length) + "漢".repeat(60));
    expect(name).toMatch(/^x+(%[0-9a-f]{2})+~[0-9a-f]{32}$/);
  }
});

test("what can be no id is refused", () => {
  for (const wrong of ["", "a\0b", "\ud800", "x\udfff", 5, null, undefined, {}]) {
    expect(() => checkId(wrong)).toThrow(expect.objectContaining({ code: "INVALID_ID" }) as ArgumentError);
  }
});

test("a month is that of UTC", () => {
  expect(monthOf(Date.UTC(2026, 10, 30, 23, 59))).toBe("2026-11");
  expect(monthOf(Date.UTC(2026, 11, 1))).toBe("2026-12");
});
