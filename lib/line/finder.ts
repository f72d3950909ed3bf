// Finds where bytes of a known shape stand. Of a row of them only a window of four is searched for, the rarest; the
// others are compared where that is found.
import { WINDOW_BYTES } from "./scanner.ts";
import type { Scanner, Window } from "./scanner.ts";

/** For each place of the row the bytes that it can have, at least one. */
export type Row = readonly (readonly number[])[];

export interface Probe {
  /** At least one row. All of them stand in what is looked for, so that one of them is enough to find it. */
  readonly rows: readonly Row[];
  /** Asked where the row stands. */
  readonly accepts?: (bytes: Buffer, at: number) => boolean;
}

/** bytes[start, end) are searched; the scanner has loaded bytes[start...]. */
export interface Block {
  readonly scanner: Scanner;
  readonly bytes: Buffer;
  readonly start: number;
  readonly end: number;
}

/** A place of a row: the bits in which its bytes differ, and what all of them are with those bits set. */
interface Place {
  readonly mask: number;
  readonly byte: number;
}

const ANY: Place = { mask: 255, byte: 255 };
const SAMPLE_BYTES = 4096;

export class Finder {
  readonly #row: readonly Place[] = [];
  readonly #window: Window;
  /** Where the window begins in the row. */
  readonly #before: number = 0;
  readonly #accepts: Probe["accepts"];

  /** What is rare in the sample is taken as rare. */
  constructor({ rows, accepts }: Probe, sample: Buffer) {
    const shares = sharesIn(sample);
    let least = Infinity;
    for (const row of rows.map((each) => each.map(placeOf))) {
      const rarities = row.map((place) => shareOf(place, shares));
      for (let before = 0; before === 0 || before + WINDOW_BYTES <= row.length; before++) {
        const share = rarities.slice(before, before + WINDOW_BYTES).reduce((product, each) => product * each);
        if (share >= least) continue;
        least = share;
        this.#row = row;
        this.#before = before;
      }
    }
    this.#window = windowOf(this.#row.slice(this.#before, this.#before + WINDOW_BYTES));
    this.#accepts = accepts;
  }

  /** A place in the block, `from` or later, that has the window, and the rest of the row around it; -1: none. */
  next({ scanner, bytes, start, end }: Block, from: number): number {
    for (let at = Math.max(from, start); at < end; at++) {
      const found = scanner.find(this.#window, at - start, end - start);
      if (found === -1) return -1;
      at = start + found;
      if (this.#isAt(bytes, at - this.#before)) return at;
    }
    return -1;
  }

  #isAt(bytes: Buffer, at: number): boolean {
    for (let index = 0; index < this.#row.length; index++) {
      const { mask, byte } = this.#row[index] as Place;
      if (((bytes[at + index] as number) | mask) !== byte) return false;
    }
    return this.#accepts === undefined || this.#accepts(bytes, at);
  }
}

function placeOf(bytes: readonly number[]): Place {
  const [first = 0] = bytes;
  const mask = bytes.reduce((differing, byte) => differing | (byte ^ first), 0);
  return { mask, byte: first | mask };
}

function windowOf(places: readonly Place[]): Window {
  const four = Array.from({ length: WINDOW_BYTES }, (_, index) => places[index] ?? ANY);
  return {
    bytes: four.reduce((all, { byte }, index) => all | (byte << (8 * index)), 0),
    masks: four.reduce((all, { mask }, index) => all | (mask << (8 * index)), 0),
  };
}

/** How often each byte occurs, as a share of all; what the sample does not have may still be there. */
function sharesIn(sample: Buffer): number[] {
  const counts = Array.from({ length: 256 }, () => 1);
  const stride = Math.ceil(sample.length / SAMPLE_BYTES);
  for (let at = 0; at < sample.length; at += stride) {
    const byte = sample[at] as number;
    counts[byte] = (counts[byte] as number) + 1;
  }
  return counts.map((count) => count / SAMPLE_BYTES);
}

/** How often a byte occurs that the place takes. */
function shareOf({ mask, byte }: Place, shares: readonly number[]): number {
  return shares.reduce((sum, share, each) => ((each | mask) === byte ? sum + share : sum), 0);
}
