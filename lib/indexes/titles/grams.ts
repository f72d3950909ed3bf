// The pieces of a folded text by which it is found: any three characters in a row, and any two where words are that short.

/** Buckets of the long grams, and of the short ones. Grams that share one cost a few needless looks. */
export const LONG_BUCKETS: number = 2 ** 16;
export const SHORT_BUCKETS: number = 2 ** 14;
/** Rows in a block, as short grams know them. */
export const BLOCK_ROWS = 64;

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
    // The two characters before. A word has no white space, so no gram that has some is ever asked for.
    let a = 0;
    let b = 0;
    for (let at = start; at < end;) {
      let c = bytes[at++] as number;
      if (c === 32 || (c <= 13 && (c === 10 || c === 9 || c === 13))) {
        a = 0;
        b = 0;
        continue;
      }
      if (c >= 0x80) {
        if (c < 0xe0) {
          c = ((c & 0x1f) << 6) | ((bytes[at++] as number) & 0x3f);
        } else if (c < 0xf0) {
          c = ((c & 0x0f) << 12) | (((bytes[at++] as number) & 0x3f) << 6) | ((bytes[at++] as number) & 0x3f);
        } else {
          c = ((c & 0x07) << 18) | (((bytes[at++] as number) & 0x3f) << 12);
          c |= (((bytes[at++] as number) & 0x3f) << 6) | ((bytes[at++] as number) & 0x3f);
        }
      }
      short[shorts++] = hash(0, 0, c) & (SHORT_BUCKETS - 1);
      if (b !== 0) {
        if (isDense(b) && isDense(c)) long[longs++] = hash(0, b, c) & (LONG_BUCKETS - 1);
        else short[shorts++] = hash(0, b, c) & (SHORT_BUCKETS - 1);
        if (a !== 0) long[longs++] = hash(a, b, c) & (LONG_BUCKETS - 1);
      }
      a = b;
      b = c;
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

function hash(a: number, b: number, c: number): number {
  let mixed = Math.imul(a, 0x9e3779b1) + Math.imul(b, 0x85ebca77) + Math.imul(c, 0xc2b2ae3d);
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0x2c1b3c6d);
  return (mixed ^ (mixed >>> 13)) >>> 0;
}
