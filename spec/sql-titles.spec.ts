// Titles as PostgreSQL searches them: nothing is found, or missed, for the way in which they stand there.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fold } from "../lib/line/searched.ts";
import { searchedPart, searchedText, titleText } from "../lib/sql/database/title-text.ts";

const letters = fc.constantFrom(...Array.from("aZz9 -é表会话存さサ한국й🚀😀\u0000\ud800"));
const text = fc.oneof(
  fc.array(letters, { maxLength: 12 }).map((each) => each.join("")),
  fc.string({ unit: "binary" }),
);

describe("a title in PostgreSQL", () => {
  it("has a word exactly where the title itself has it", () => {
    fc.assert(
      fc.property(text, text, fc.nat(12), fc.nat(12), (title, other, a, b) => {
        const searched = searchedText(title);
        const own = searched.slice(Math.min(a, b), Math.max(a, b)).toWellFormed();
        for (const word of [own, searchedPart(fold(other))]) {
          const found = titleText("postgres", searched).includes(titleText("postgres", word));
          expect(found).toBe(searched.includes(word));
        }
      }),
      { numRuns: 2000 },
    );
  });

  it("is ASCII, and elsewhere as it was folded", () => {
    fc.assert(
      fc.property(text, (title) => {
        expect(Buffer.from(titleText("postgres", searchedText(title))).every((byte) => byte > 0 && byte < 0x80)).toBe(
          true,
        );
        expect(titleText("mysql", searchedText(title))).toBe(searchedText(title));
      }),
    );
  });
});
