// Lines that an import once wrote and that are not there any more: their messages were removed here, or erased, and a
// compaction took them. The source has them still, but what is deleted here stays so.
import type { LineHead } from "../../line/decode.ts";
import { clampMs, compareStamps, formatStamp, nextStamp, parseStamp } from "../../line/stamp.ts";
import type { Stamp } from "../../line/stamp.ts";

interface Range {
  readonly from: Stamp | undefined;
  readonly to: Stamp;
}

export class GoneLines {
  readonly #writer: string;
  /** Places that somebody removed or erased and that are not there, by their text. */
  readonly #places = new Map<string, Stamp>();
  /** Those of the import's, by their time. */
  readonly #byMs = new Map<number, Stamp[]>();
  readonly #ranges: Range[] = [];
  /** So far came what earlier imports wrote: their last line, erased or not, which is a message's or part's, or is not. */
  last: Stamp | undefined;
  #isLastTold = false;

  constructor(writer: string) {
    this.#writer = writer;
  }

  /** Takes one line of the session's, whoever wrote it. */
  note({ type, stamp, of, data, sound }: LineHead): void {
    if (!sound) return;
    if (type === "remove" && of !== undefined) this.#add(of);
    else if (type === "purged") this.#addPurged(stamp);
    else if (type === "delete") this.#ranges.push({ from: undefined, to: stamp });
    else if (type === "purge") {
      const { of: places } = (data ?? {}) as { of?: unknown };
      for (const place of Array.isArray(places) ? places : []) this.#addPurged(parseStamp(place));
    } else if (type === "truncate") {
      const { from, to } = (data ?? {}) as { from?: unknown; to?: unknown };
      const [begin, end] = [parseStamp(from), to === null ? stamp : parseStamp(to)];
      if (end !== undefined && (begin !== undefined || from === null)) this.#ranges.push({ from: begin, to: end });
    }
  }

  /** After all lines: those of this place are there. */
  isThere(place: Stamp): void {
    if (this.#places.size > 0) this.#places.delete(formatStamp(place));
  }

  /** A line of the import's writer is there; `isTold`: it is a message's or part's. */
  noteOwn(stamp: Stamp, isTold: boolean): void {
    if (this.last !== undefined && compareStamps(stamp, this.last) < 0) return;
    this.last = stamp;
    this.#isLastTold = isTold;
  }

  /** After all that are there. */
  settle(): void {
    for (const place of this.#places.values()) {
      if (place.writer !== this.#writer || this.#isCut(place)) continue;
      const places = this.#byMs.get(place.ms);
      if (places === undefined) this.#byMs.set(place.ms, [place]);
      else places.push(place);
    }
  }

  /** True if what stood at this place was removed or erased. */
  has(place: Stamp): boolean {
    return this.#places.has(formatStamp(place)) || this.#isCut(place);
  }

  /** False: find() finds nothing. */
  get mayFind(): boolean {
    return this.last !== undefined && (this.#byMs.size > 0 || this.#ranges.length > 0);
  }

  /**
   * The place of a message or part that the source has and that is not there; undefined: no import has written it. Its
   * time tells, which is in its stamp, and the line before it in the source, which its stamp is greater than.
   */
  find(ms: number, before: Stamp | undefined, isPart: boolean): Stamp | undefined {
    if (this.last === undefined || !this.mayFind) return undefined;
    const place = nextStamp(before, clampMs(ms), this.#writer);
    const order = compareStamps(place, this.last);
    if (order > 0 || (order === 0 && !this.#isLastTold)) return undefined;
    if (!isPart && this.#isCut(place)) return place;
    return this.#byMs.get(place.ms)?.shift();
  }

  #isCut(place: Stamp): boolean {
    const isAfter = (from: Stamp | undefined): boolean => from === undefined || compareStamps(place, from) >= 0;
    return this.#ranges.some(({ from, to }) => compareStamps(place, to) < 0 && isAfter(from));
  }

  /** Nothing can be written at such a place again. */
  #addPurged(place: Stamp | undefined): void {
    this.#add(place);
    if (place?.writer === this.#writer) this.noteOwn(place, true);
  }

  #add(place: Stamp | undefined): void {
    if (place !== undefined) this.#places.set(formatStamp(place), place);
  }
}
