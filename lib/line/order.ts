// Rows by place, where some came late and do not stand in that order themselves.

export class Order {
  readonly #compare: (a: number, b: number) => number;
  #rows: Uint32Array;
  #length: number;

  /** The first `length` rows stand in the order of their places. */
  constructor(length: number, compare: (a: number, b: number) => number) {
    this.#compare = compare;
    this.#length = length;
    this.#rows = Uint32Array.from({ length: (length + 1) * 2 }, (_, row) => row);
  }

  /** The row at this position. */
  at(position: number): number {
    return this.#rows[position] as number;
  }

  /** Brings the newest row to its position. A late one is nearly last. */
  insert(row: number): void {
    if (row >= this.#rows.length) {
      const wider = new Uint32Array(row * 2);
      wider.set(this.#rows);
      this.#rows = wider;
    }
    let low = 0;
    let high = row;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#compare(this.#rows[middle] as number, row) < 0) low = middle + 1;
      else high = middle;
    }
    this.#rows.copyWithin(low + 1, low, row);
    this.#rows[low] = row;
    this.#length = row + 1;
  }

  copy(): Uint32Array {
    return this.#rows.slice(0, this.#length);
  }
}
