// The pieces of a folded text by which it is found: any three characters in a row, and any two where words are that short.

const LONG_BITS = 16;
const SHORT_BITS = 12;
/** Buckets of the long grams, and of the short ones. Grams that share one cost a few needless looks. */
export const LONG_BUCKETS: number = 2 ** LONG_BITS;
export const SHORT_BUCKETS: number = 2 ** SHORT_BITS;
const LONG_SHIFT = 32 - LONG_BITS;
const SHORT_SHIFT = 32 - SHORT_BITS;
/** Odd numbers without a pattern: one joins characters, one brings their differences to the upper bits. */
const MIX = 0x85ebca6b;
const SPREAD = 0x9e3779b1;

/**
 * Reads a text's grams, as buckets, from its UTF-8. Long ones (three characters, two Chinese, Japanese or Korean ones)
 * lead to titles. Short ones (one character, two others) are too common for that, and lead to blocks of titles.
 */
export class Grams {
  long: Uint16Array = new Uint16Array(2048);
  longCount = 0;
  short: Uint16Array = new Uint16Array(2048);
  shortCount = 0;

  read(bytes: Uint8Array, start: number, end: number): void {
    if (end - start > this.long.length / 2) this.#grow(end - start);
    const { long, short } = this;
    let longs = 0;
    let shorts = 0;
    // The character before, the pair before, mixed; a word has no white space, so no gram with some is ever asked for.
    let before = 0;
    let pair = 0;
    for (let at = start; at < end;) {
      let code = bytes[at++] as number;
      if (code === 32 || (code <= 13 && (code === 10 || code === 9 || code === 13))) {
        before = 0;
        pair = 0;
        continue;
      }
      if (code >= 0x80) {
        if (code < 0xe0) {
          code = ((code & 0x1f) << 6) | ((bytes[at++] as number) & 0x3f);
        } else if (code < 0xf0) {
          code = ((code & 0x0f) << 12) | (((bytes[at++] as number) & 0x3f) << 6) | ((bytes[at++] as number) & 0x3f);
        } else {
          code = ((code & 0x07) << 18) | (((bytes[at++] as number) & 0x3f) << 12);
          code |= (((bytes[at++] as number) & 0x3f) << 6) | ((bytes[at++] as number) & 0x3f);
        }
      }
      short[shorts++] = Math.imul(code, SPREAD) >>> SHORT_SHIFT;
      if (before !== 0) {
        const two = (Math.imul(before, MIX) + code) | 0;
        if (isDense(before) && isDense(code)) long[longs++] = Math.imul(two, SPREAD) >>> LONG_SHIFT;
        else short[shorts++] = Math.imul(two, SPREAD) >>> SHORT_SHIFT;
        if (pair !== 0) long[longs++] = Math.imul((Math.imul(pair, MIX) + code) | 0, SPREAD) >>> LONG_SHIFT;
        pair = two;
      }
      before = code;
    }
    this.longCount = longs;
    this.shortCount = shorts;
  }

  #grow(length: number): void {
    this.long = new Uint16Array(4 * length);
    this.short = new Uint16Array(4 * length);
  }
}

/** Chinese, Japanese, Korean: a character says so much that two of them are a word. */
export function isDense(code: number): boolean {
  return (
    code >= 0x2e80 &&
    (code <= 0xa4cf ||
      (code >= 0xac00 && code <= 0xd7a3) ||
      (code >= 0xf900 && code <= 0xfaff) ||
      (code >= 0x20000 && code <= 0x3ffff))
  );
}
