// What counts as the same text in a search. Titles and queries are folded alike.

/**
 * Characters that lower case alone folds, whatever stands beside them, so that most titles need no more: ASCII, the
 * Cyrillic letters without a mark, kana, Chinese characters and Korean syllables.
 */
const PLAIN =
  /^[\0-\x7f\u0410-\u0418\u041a-\u0438\u043a-\u044f\u3041-\u3096\u30a1-\u30fa\u30fc\u4e00-\u9fff\uac00-\ud7a3]*$/;
/** Most ids, and many prompts. */
const FOLDED = /^[\0-@[-\x7f]*$/;
/** Soft hyphens, joiners, variation selectors: nobody sees them or types them. */
const INVISIBLE = /\p{Default_Ignorable_Code_Point}+/gu;
/** The marks of other scripts are letters to their readers: dakuten, matras, Arabic vowels. */
const MARKS = /([\p{Script=Latin}\p{Script=Greek}\p{Script=Cyrillic}])\p{M}+/gu;
/** Letters that differ when folded letter by letter: STRASSE and straße, the two sigmas, the Turkish i's. */
const VARIANTS = /[ßςı]/g;
const VARIANT_OF: Readonly<Record<string, string>> = { ß: "ss", ς: "σ", ı: "i" };
const SPACE = /\s+/;
/** Of a longer query the rest does not count. */
const MOST_CHARACTERS = 1000;

/**
 * Case and width do not count (NFKC, lower case), nor do invisible characters, nor the diacritics of Latin, Greek and
 * Cyrillic letters.
 */
export function fold(text: string): string {
  if (FOLDED.test(text)) return text;
  if (PLAIN.test(text)) return text.toLowerCase();
  return (
    text
      .toWellFormed()
      .normalize("NFKD")
      .replace(INVISIBLE, "")
      .replace(MARKS, "$1")
      .toLowerCase()
      .replace(VARIANTS, (letter) => VARIANT_OF[letter] ?? letter)
      // What was not dropped is one character again: a Korean syllable, a kana with its dakuten.
      .normalize("NFC")
  );
}

/** A search, folded: all words must be found, wherever they stand. */
export interface Query {
  readonly words: readonly string[];
  /** The whole, to be found among the ids. */
  readonly key: string;
}

export function queryOf(text: string): Query {
  const key = fold(text.slice(0, MOST_CHARACTERS)).trim();
  return { words: key === "" ? [] : [...new Set(key.split(SPACE))], key };
}

/** True when a folded text has all the words. */
export function hasWords(folded: string, words: readonly string[]): boolean {
  for (const word of words) if (!folded.includes(word)) return false;
  return true;
}
