// Messages by the hash of their id. The ids themselves are on disk: a row found here is a candidate.
//
// The index is made when somebody asks: a session whose ids the store makes never does. One question makes a stretch of
// it and looks through the rows behind that one by one, so that none waits for the index of a million rows.
import { BLOCK_MASK, BLOCK_ROWS } from "./block.ts";
import { NONE } from "./rows.ts";
import type { Rows } from "./rows.ts";

const LEAST_CHAINS = 64;
/** So many rows are indexed for one question. */
const STRETCH_ROWS: number = 64 * BLOCK_ROWS;

export class Ids {
  readonly #rows: Rows;
  /** The newest entry of each chain. */
  #heads = new Int32Array(0);
  /** Of each entry: its row, and the entry before it in its chain. */
  #entryRows = new Uint32Array(0);
  #before = new Int32Array(0);
  #length = 0;
  /** The rows before this one are indexed. */
  #builtTo = 0;

  constructor(rows: Rows) {
    this.#rows = rows;
  }

  /** A message has a new id. */
  note(row: number): void {
    // One that is not indexed yet will be, or is looked at.
    if (row < this.#builtTo) this.#add(row);
  }

  /** Newest place first. */
  rowsOf(hash: number): number[] {
    this.#build();
    const found = new Set<number>();
    for (let entry = this.#heads[this.#chainOf(hash)] as number; entry !== NONE;) {
      const row = this.#entryRows[entry] as number;
      // A message can have got another id since.
      if (this.#rows.idHashOf(row) === hash) found.add(row);
      entry = this.#before[entry] as number;
    }
    for (let row = this.#builtTo; row < this.#rows.length; row += BLOCK_ROWS) this.#lookThrough(row, hash, found);
    return [...found].sort((a, b) => this.#rows.compareRows(b, a));
  }

  /** Looks through a block. */
  #lookThrough(first: number, hash: number, found: Set<number>): void {
    const { idHash } = this.#rows.block(first);
    const count = Math.min(BLOCK_ROWS, this.#rows.length - first);
    for (let at = idHash.indexOf(hash); at !== NONE && at < count; at = idHash.indexOf(hash, at + 1))
      if (!this.#rows.isPart(first + at)) found.add(first + at);
  }

  #build(): void {
    if (this.#heads.length === 0 || this.#rows.length > this.#heads.length) this.#clear();
    // It ends where a block does, or where the rows do.
    const end = Math.min((this.#builtTo + STRETCH_ROWS) & ~BLOCK_MASK, this.#rows.length);
    while (this.#builtTo < end) {
      const row = this.#builtTo++;
      if (!this.#rows.isPart(row)) this.#add(row);
    }
  }

  #clear(): void {
    const chains = 2 ** Math.ceil(Math.log2(Math.max(LEAST_CHAINS, this.#rows.length * 1.5)));
    this.#heads = new Int32Array(chains).fill(NONE);
    this.#entryRows = new Uint32Array(chains);
    this.#before = new Int32Array(chains);
    this.#length = 0;
    this.#builtTo = 0;
  }

  #add(row: number): void {
    // Many messages have changed their ids: the index begins anew, with the next question.
    if (this.#length === this.#entryRows.length) return this.#clear();
    const chain = this.#chainOf(this.#rows.idHashOf(row));
    this.#entryRows[this.#length] = row;
    this.#before[this.#length] = this.#heads[chain] as number;
    this.#heads[chain] = this.#length++;
  }

  /** The hash's lowest bits alone would be those of the id's last character. */
  #chainOf(hash: number): number {
    return (Math.imul(hash, 0x9e3779b1) >>> 8) & (this.#heads.length - 1);
  }
}
