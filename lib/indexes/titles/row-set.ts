// Rows of a base that are not to be shown any more.

export class RowSet {
  readonly #bits: Uint8Array;
  #size = 0;

  constructor(rows: number) {
    this.#bits = new Uint8Array((rows + 7) >>> 3);
  }

  get size(): number {
    return this.#size;
  }

  has(row: number): boolean {
    return (((this.#bits[row >>> 3] as number) >>> (row & 7)) & 1) === 1;
  }

  add(row: number): void {
    if (this.has(row)) return;
    this.#bits[row >>> 3] = (this.#bits[row >>> 3] as number) | (1 << (row & 7));
    this.#size++;
  }
}
