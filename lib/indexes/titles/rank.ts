// How well a title fits a query.

/** The title begins with a word of the query, and words of it with all others. */
const BEGINS_TITLE = 0;
/** Each word of the query begins a word of the title. */
const BEGINS_WORD = 1;
const ANYWHERE = 2;
/** Only the id fits. */
const ELSEWHERE = 3;
export const RANKS = 4;

const LETTER = /[\p{L}\p{N}\p{M}]/u;

/** The smaller, the better. Both are folded. */
export function rankOf(folded: string, words: readonly string[]): number {
  let best = BEGINS_WORD;
  for (const word of words) {
    let at = folded.indexOf(word);
    if (at === -1) return ELSEWHERE;
    if (at === 0) {
      best = BEGINS_TITLE;
      continue;
    }
    while (at !== -1 && isInWord(folded, at)) at = folded.indexOf(word, at + 1);
    if (at === -1) return ANYWHERE;
  }
  return best;
}

function isInWord(folded: string, at: number): boolean {
  const before = folded.charCodeAt(at - 1);
  const isLowSurrogate = before >= 0xdc00 && before <= 0xdfff;
  return LETTER.test(isLowSurrogate ? folded.slice(at - 2, at) : folded.charAt(at - 1));
}
