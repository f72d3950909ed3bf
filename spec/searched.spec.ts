// What counts as the same text in a search.
import fc from "fast-check";
import { expect, test } from "vitest";
import { fold, queryOf } from "../lib/line/searched.ts";

test.each([
  ["case", "Fix THE Parser", "fix the parser"],
  ["width", "ＦＩＸ　ﾊﾟｰｻｰ　１２", "fix パーサー 12"],
  ["compatibility", "ﬁle №5 ㎏", "file no5 kg"],
  ["Latin diacritics", "Café naïve Ångström Tiếng Việt", "cafe naive angstrom tieng viet"],
  ["diacritics that stand alone", "cafe\u0301", "cafe"],
  ["Greek diacritics and sigmas", "Ὀδυσσεύς ΟΔΟΣ", "οδυσσευσ οδοσ"],
  ["Cyrillic diacritics", "Ёлка Йод", "елка иод"],
  ["the sharp s", "Straße STRASSE STRAẞE", "strasse strasse strasse"],
  ["the Turkish i's", "İstanbul ISTANBUL ıstanbul", "istanbul istanbul istanbul"],
  ["what nobody sees", "so\u00adft ze\u200bro ⚡\ufe0f 👩\u200d💻", "soft zero ⚡ 👩💻"],
])("%s does not count", (_, text, folded) => {
  expect(fold(text)).toBe(folded);
});

test.each([
  ["dakuten", "ガ", "カ"],
  ["dakuten that stand alone", "カ\u3099", "カ"],
  ["Hindi matras", "कि", "क"],
  ["Arabic vowels", "كَتَبَ", "كتب"],
  ["Korean syllables", "한", "하"],
  ["Thai tones", "ไม้", "ไม"],
])("%s make a difference", (_, one, other) => {
  expect(fold(one)).not.toBe(fold(other));
});

test("however a text is composed, it is the same text", () => {
  for (const text of ["Ångström", "ガード", "한국어", "Ёлка", "कि", "Việt"]) {
    expect(new Set(["NFC", "NFD", "NFKC", "NFKD"].map((form) => fold(text.normalize(form)))).size).toBe(1);
  }
});

test("no character is folded in another way because of what else stands in the text", () => {
  // An accent at the end leads past every shortcut.
  for (let code = 1; code < 0x2_0000; code++) {
    const character = String.fromCodePoint(code);
    if (!character.isWellFormed()) continue;
    const folded = fold(character);
    const slowly = fold(`${character} é`);
    if (slowly !== `${folded} e`) expect.unreachable(`U+${code.toString(16)}: ${slowly} is not ${folded}`);
  }
});

test("what was folded stays as it is, and a query finds the text that it was cut from", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme", minLength: 1 }), fc.nat(), fc.nat(), (text, start, length) => {
      const parts = [...new Intl.Segmenter("en", { granularity: "grapheme" }).segment(text)].map(
        (part) => part.segment,
      );
      const from = start % parts.length;
      const query = parts.slice(from, from + 1 + (length % parts.length)).join("");
      for (const word of queryOf(query).words) expect(fold(text)).toContain(word);
      expect(fold(fold(text))).toBe(fold(text));
    }),
  );
});

test("a query is its words, each once, whatever white space is between them", () => {
  expect(queryOf("  Fix\tthe\u3000PARSER \n fix ").words).toEqual(["fix", "the", "parser"]);
  expect(queryOf("  ").words).toEqual([]);
  expect(queryOf("\u200b\u00ad").words).toEqual([]);
  expect(queryOf(" S1 ").key).toBe("s1");
});

test("of a query of any length the first thousand characters count", () => {
  expect(queryOf(`${"a ".repeat(500)}b`).words).toEqual(["a"]);
});
