// Titles in many scripts.
import fc from "fast-check";
import type { Title } from "../../lib/indexes/titles/title.ts";

const WORDS = [
  ..."Fix the parser Parsing parseUser src/parser.ts user_id FIX #123 a X".split(" "),
  ..."修复 解析器 解析 会话存储 数据库 鑫 エラー を ガード ｶﾞｰﾄﾞ データ 오류 수정 한국어".split(" "),
  ..."ошибка Ёлка елка Straße STRASSE İstanbul ıspanak ΟΔΟΣ οδος café cafe\u0301 naïve हिन्दी हि".split(" "),
  ..."🚀 👩\u200d💻 ⚡️ ⚡ 𝔘𝔫𝔦 ﬁle ＷＩＤＥ شَدَّة שלום ไทย \u0007".split(" "),
];

export const word: fc.Arbitrary<string> = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom(...WORDS) },
  fc.string({ unit: "grapheme", maxLength: 6 }),
);

/** The same in every run. With thousands a list takes several bytes a row, and the work several slices. */
export function manyTitles(count: number, seed: number): Title[] {
  const words = fc.sample(word, { seed, numRuns: 400 }).filter((each) => each.trim() !== "");
  const parts = fc.tuple(fc.nat({ max: count * 2 }), fc.array(fc.nat(), { minLength: 2, maxLength: 5 }));
  return fc.sample(parts, { seed, numRuns: count }).map(([at, picked], number) => ({
    id: `${(0x0193a000 + Math.floor(number / 3)).toString(16).padStart(8, "0")}-${seed}-${number}`,
    // The first words of the list are in many titles, the others in few.
    text: picked.map((each, place) => words[each % (place === 0 ? words.length : 40)]).join(" "),
    isPrompt: number % 5 === 0,
    archived: number % 7 === 0,
    at,
    tie: `${number % 3}`,
  }));
}
