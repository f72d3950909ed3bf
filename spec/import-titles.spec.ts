// What a session is called that nobody has given a title.
import fc from "fast-check";
import { expect, test } from "vitest";
import { titleOf } from "../lib/importers/titles.ts";

const TITLE_CHARACTERS = 100;

test("a title is the first line of what was asked, at most so many characters as people count them", () => {
  const units = fc.constantFrom("a", " ", "é", "e\u0301", "👩‍👩‍👧", "漢", "🇳🇴", "\n", "\t", "\r\n");
  fc.assert(
    fc.property(fc.array(units, { maxLength: 260 }), (all) => {
      const prompt = all.join("");
      const line = prompt.trim().split("\n")[0]!.trim();
      const characters = Array.from(new Intl.Segmenter().segment(line), ({ segment }) => segment);
      const expected =
        characters.length <= TITLE_CHARACTERS ? line : `${characters.slice(0, TITLE_CHARACTERS - 1).join("")}…`;
      expect(titleOf(prompt)).toBe(expected === "" ? undefined : expected);
    }),
  );
});

test("a line of a megabyte costs no more than its beginning", () => {
  expect(titleOf("x".repeat(1_000_000))).toBe(`${"x".repeat(TITLE_CHARACTERS - 1)}…`);
  expect(titleOf(undefined)).toBeUndefined();
});
