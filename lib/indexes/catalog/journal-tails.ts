// How far the journals were read, and what was appended to them since.
import type { Vfs } from "../../disk/vfs.ts";
import type { Appended, Journal, JournalPart } from "./journal.ts";

interface Tail {
  end: number;
  ino: number;
}

export class JournalTails {
  readonly #vfs: Vfs;
  readonly #journal: Journal;
  readonly #tails = new Map<number, Tail>();

  constructor(vfs: Vfs, journal: Journal) {
    this.#vfs = vfs;
    this.#journal = journal;
  }

  /** Reads the journal with this number from here on, if it is there and not followed yet. */
  follow(number: number, from: number): void {
    if (this.#tails.has(number)) return;
    const stat = this.#vfs.stat(this.#journal.pathOf(number));
    if (stat !== undefined) this.#tails.set(number, { end: from, ino: stat.ino });
  }

  /** A journal is another file than the one that was read, as after the cache was removed. */
  isBroken(): boolean {
    for (const [number, { end, ino }] of this.#tails) {
      const stat = this.#vfs.stat(this.#journal.pathOf(number));
      if (stat === undefined || stat.ino !== ino || stat.size < end) return true;
    }
    return false;
  }

  /** What was appended since the last time, the journal with the least number first. */
  *readOn(): Generator<JournalPart> {
    for (const [number, tail] of [...this.#tails].sort(([a], [b]) => a - b)) {
      if ((this.#vfs.stat(this.#journal.pathOf(number))?.size ?? 0) <= tail.end) continue;
      const part = this.#journal.read(number, tail.end);
      tail.end = part.end;
      yield part;
    }
  }

  /** We appended this ourselves: if nobody else did in between, it is known. */
  wrote({ number, end, bytes }: Appended): void {
    const tail = this.#tails.get(number);
    if (tail !== undefined && tail.end === end - bytes) tail.end = end;
  }

  endOf(number: number): number {
    return this.#tails.get(number)?.end ?? 0;
  }

  clear(): void {
    this.#tails.clear();
  }
}
