// A word to be looked for in the bytes of many short texts.

/** No step is longer. */
const MOST_STEP = 255;

export class Needle {
  readonly bytes: Uint8Array;
  /**
   * How far the word may be moved on, by the byte that stands under its end: to where the word has that byte, too, or
   * past it (Horspool). So most bytes of a text are never read.
   */
  readonly #steps: Uint8Array;

  constructor(word: string) {
    const bytes = Buffer.from(word);
    const steps = new Uint8Array(256).fill(Math.min(bytes.length, MOST_STEP));
    const end = bytes.length - 1;
    for (let at = Math.max(0, end - MOST_STEP); at < end; at++) steps[bytes[at] as number] = end - at;
    this.bytes = bytes;
    this.#steps = steps;
  }

  /** True when it stands in text[start, end). */
  isIn(text: Uint8Array, start: number, end: number): boolean {
    const { bytes } = this;
    const steps = this.#steps;
    const last = bytes.length - 1;
    const lastByte = bytes[last];
    for (let at = start + last; at < end;) {
      const byte = text[at] as number;
      if (byte === lastByte) {
        let back = 1;
        while (back <= last && text[at - back] === bytes[last - back]) back++;
        if (back > last) return true;
      }
      at += steps[byte] as number;
    }
    return false;
  }
}
