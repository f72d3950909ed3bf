// The grams of young titles, held by flexsearch. It is asked for one gram at a time: its own intersection of several goes
// through all of their lists, and takes longer than to look through every title.
import type { Index } from "flexsearch";
import { isDense } from "./grams.ts";

/** Its default is 100, and 0 means the default. */
const NO_LIMIT = 1e9;
const COUNTS = 2 ** 16;

export class YoungPostings {
  readonly #index: Index;
  /** How many titles have a gram, or one of those that share its place. */
  readonly #counts = new Uint32Array(COUNTS);
  /** The one gram that a search asks for. */
  #asked: string | undefined;

  private constructor(makeIndex: typeof Index) {
    this.#index = new makeIndex({
      tokenize: "strict",
      resolution: 1,
      encode: (text: string) => (this.#asked === undefined ? [...gramsOf(text)] : [this.#asked]),
    });
  }

  /** Loads flexsearch with its first use. */
  static async load(): Promise<YoungPostings> {
    const { Index } = await import("flexsearch");
    return new YoungPostings(Index);
  }

  /** A slot is never used again: what is no longer there is left in the lists, and passed over by who reads them. */
  add(slot: number, folded: string): void {
    for (const gram of gramsOf(folded)) {
      const place = placeOf(gram);
      this.#counts[place] = (this.#counts[place] as number) + 1;
    }
    this.#index.add(slot, folded);
  }

  /** The slots that have the words' rarest gram, in the order in which they came; undefined: the words have no gram. */
  candidates(words: readonly string[]): readonly number[] | undefined {
    let rarest: string | undefined;
    let least = Infinity;
    for (const word of words) {
      for (const gram of gramsOf(word)) {
        const count = this.#counts[placeOf(gram)] as number;
        if (count < least) {
          least = count;
          rarest = gram;
        }
      }
    }
    if (rarest === undefined || least === 0) return rarest === undefined ? undefined : [];
    this.#asked = rarest;
    try {
      // The very list that the index works with. It must not be changed.
      return this.#index.search(rarest, NO_LIMIT) as readonly number[];
    } finally {
      this.#asked = undefined;
    }
  }
}

/** Every three characters without white space, every two of Chinese, Japanese and Korean. */
function gramsOf(folded: string): Set<string> {
  const grams = new Set<string>();
  // How many characters since the last white space.
  let run = 0;
  for (let at = 0; at < folded.length; at++) {
    const code = folded.charCodeAt(at);
    run = code === 32 || code === 10 || code === 9 || code === 13 ? 0 : run + 1;
    if (run > 1 && isDense(code) && isDense(folded.charCodeAt(at - 1))) grams.add(folded.slice(at - 1, at + 1));
    if (run > 2) grams.add(folded.slice(at - 2, at + 1));
  }
  return grams;
}

function placeOf(gram: string): number {
  let hash = 0;
  for (let at = 0; at < gram.length; at++) hash = Math.imul(hash, 0x9e3779b1) + gram.charCodeAt(at);
  return (Math.imul(hash, 0x85ebca77) >>> 16) & (COUNTS - 1);
}
