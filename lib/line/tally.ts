// How many lines there are of each type, and how many bytes they take with their newlines.

export interface TypeTally {
  lines: number;
  bytes: number;
}

/** Types of which a line takes no more than its newest version: what is older is dead, or hidden with its message. */
const CONTENT_TYPES: ReadonlySet<string> = new Set(["message", "part", "info"]);

export class Tally {
  readonly types: Map<string, TypeTally>;

  constructor(types: Iterable<readonly [string, TypeTally]> = []) {
    this.types = new Map(Array.from(types, ([type, { lines, bytes }]) => [type, { lines, bytes }]));
  }

  /** `length` is a line's, without its newline. */
  add(type: string, length: number): void {
    const known = this.types.get(type);
    if (known === undefined) {
      this.types.set(type, { lines: 1, bytes: length + 1 });
    } else {
      known.lines++;
      known.bytes += length + 1;
    }
  }

  /** A line that was counted is longer than was known, as one is that was not written yet. */
  lengthen(type: string, more: number): void {
    const known = this.types.get(type);
    if (known !== undefined) known.bytes += more;
  }

  /** The bytes of what never dies: the lines of the tree, the tombstones, and types that a later version brings. */
  get lastingBytes(): number {
    let bytes = 0;
    for (const [type, tally] of this.types) if (!CONTENT_TYPES.has(type)) bytes += tally.bytes;
    return bytes;
  }
}
