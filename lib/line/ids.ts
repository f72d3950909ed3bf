// Messages by the hash of their id. The ids themselves are on disk: a row found here is a candidate.
import type { Rows } from "./rows.ts";

export class Ids {
  readonly #rows: Rows;
  /** Made at the first question: a session whose ids the store makes never asks. */
  #byHash: Map<number, number[]> | undefined;

  constructor(rows: Rows) {
    this.#rows = rows;
  }

  note(row: number): void {
    if (this.#byHash === undefined) return;
    const hash = this.#rows.idHash[row] as number;
    const rows = this.#byHash.get(hash);
    if (rows === undefined) this.#byHash.set(hash, [row]);
    else if (!rows.includes(row)) rows.push(row);
  }

  /** Newest place first. */
  rowsOf(hash: number): number[] {
    if (this.#byHash === undefined) {
      this.#byHash = new Map();
      for (let row = 0; row < this.#rows.length; row++) if (!this.#rows.isPart(row)) this.note(row);
    }
    return (this.#byHash.get(hash) ?? []).toSorted((a, b) => this.#rows.compareRows(b, a));
  }
}
