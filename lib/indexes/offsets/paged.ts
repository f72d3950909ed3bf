// A session as its sidecar has it: of a million rows only the blocks that an answer needs come into memory.
import { BLOCK_MASK, BLOCK_ROWS, BLOCK_SHIFT } from "../../line/block.ts";
import { InfoFold } from "../../line/info.ts";
import type { HistoryReading, Reading } from "../../line/reading.ts";
import { IN_HISTORY } from "../../line/flags.ts";
import { Rows } from "../../line/rows.ts";
import { parseStamp } from "../../line/stamp.ts";
import type { Stamp } from "../../line/stamp.ts";
import { Tally } from "../../line/tally.ts";
import type { MetaText } from "./meta.ts";
import type { Sidecar } from "./sidecar.ts";

export class Paged implements Reading {
  readonly rows: Rows;
  readonly history: HistoryReading;
  readonly ids: Sidecar;
  readonly deletedAt: Stamp | undefined;
  readonly isDiverged: boolean;
  readonly otherBranches: number;
  readonly liveBytes: number;
  readonly #text: MetaText;
  /** Made for who asks, as the rest is: most readers want messages alone. */
  #info: InfoFold | undefined;
  #tally: Tally | undefined;

  /** `most`: so many blocks may be in memory. */
  constructor(sidecar: Sidecar, most?: number) {
    const { text, writers } = sidecar;
    this.#text = text;
    this.rows = new Rows(text.rows, writers, sidecar, most);
    this.history = new PagedHistory(this.rows, sidecar);
    this.ids = sidecar;
    this.deletedAt = parseStamp(text.deletedAt);
    this.isDiverged = text.isDiverged;
    this.otherBranches = text.otherBranches;
    this.liveBytes = text.liveBytes;
  }

  get info(): InfoFold {
    this.#info ??= new InfoFold(this.#text.info);
    return this.#info;
  }

  get tally(): Tally {
    this.#tally ??= new Tally(this.#text.tally);
    return this.#tally;
  }

  get first(): Stamp | undefined {
    return parseStamp(this.#text.first);
  }

  get last(): Stamp | undefined {
    return parseStamp(this.#text.last);
  }

  get tip(): Stamp | undefined {
    return parseStamp(this.#text.tip);
  }

  get orphans(): readonly Stamp[] {
    return this.#text.orphans.map((text) => parseStamp(text) as Stamp);
  }

  knows(writer: string): boolean {
    const number = this.ids.writers.indexOf(writer);
    return number !== -1 && !this.#text.strangers.includes(number);
  }
}

/** Each row says whether it is history, and each block how many messages lie before it. */
class PagedHistory implements HistoryReading {
  readonly length: number;
  readonly #rows: Rows;
  readonly #sidecar: Sidecar;

  constructor(rows: Rows, sidecar: Sidecar) {
    this.length = sidecar.text.messages;
    this.#rows = rows;
    this.#sidecar = sidecar;
  }

  includes(row: number): boolean {
    return this.#rows.has(row, IN_HISTORY);
  }

  rowAt(position: number): number {
    return this.slice(position, position + 1)[0] as number;
  }

  slice(first: number, end: number): Uint32Array {
    const list = new Uint32Array(Math.max(0, Math.min(end, this.length) - first));
    if (list.length === 0) return list;
    let count = 0;
    let block = this.#blockAt(first);
    let position = this.#sidecar.before(block);
    for (; count < list.length; block++) {
      const { flags } = this.#rows.block(block * BLOCK_ROWS);
      for (let at = 0; at < flags.length && count < list.length; at++) {
        if (((flags[at] as number) & IN_HISTORY) !== 0 && position++ >= first) list[count++] = block * BLOCK_ROWS + at;
      }
    }
    return list;
  }

  positionOf(place: Stamp): number {
    const row = this.#rows.positionOf(place);
    if (row === this.#rows.length) return this.length;
    const block = row >>> BLOCK_SHIFT;
    const before = this.#sidecar.before(block);
    // At a block's beginning nothing of it is needed.
    if ((row & BLOCK_MASK) === 0) return before;
    const { flags } = this.#rows.block(row);
    let count = 0;
    for (let at = 0; at < (row & BLOCK_MASK); at++) if (((flags[at] as number) & IN_HISTORY) !== 0) count++;
    return before + count;
  }

  /** The last block that begins at this position of the history, or before it. */
  #blockAt(position: number): number {
    let low = 0;
    let high = this.#sidecar.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#sidecar.before(middle) <= position) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }
}
