// A session as its sidecar has it: of a million rows only the blocks that an answer needs come into memory.
import { BLOCK_MASK, BLOCK_ROWS, BLOCK_SHIFT } from "../../line/block.ts";
import { InfoFold } from "../../line/info.ts";
import type { HistoryReading, Reading } from "../../line/reading.ts";
import { IN_HISTORY } from "../../line/flags.ts";
import { Rows } from "../../line/rows.ts";
import { parseStamp } from "../../line/stamp.ts";
import type { Stamp } from "../../line/stamp.ts";
import { Tally } from "../../line/tally.ts";
import { metaStateOf } from "./sidecar.ts";
import type { Sidecar } from "./sidecar.ts";

export class Paged implements Reading {
  readonly rows: Rows;
  readonly history: HistoryReading;
  readonly ids: Sidecar;
  readonly info: InfoFold;
  readonly tally: Tally;
  readonly first: Stamp | undefined;
  readonly last: Stamp | undefined;
  readonly tip: Stamp | undefined;
  readonly deletedAt: Stamp | undefined;
  readonly orphans: readonly Stamp[];
  readonly isDiverged: boolean;
  readonly otherBranches: number;
  readonly liveBytes: number;
  readonly #writers: ReadonlySet<string>;

  constructor(sidecar: Sidecar) {
    const { text, writers } = sidecar;
    const { first, last, info, tally, orphans } = metaStateOf(text);
    this.rows = new Rows(text.rows, writers, sidecar);
    this.history = new PagedHistory(this.rows, sidecar);
    this.ids = sidecar;
    this.info = new InfoFold(info);
    this.tally = new Tally(tally);
    this.first = first;
    this.last = last;
    this.tip = parseStamp(text.tip);
    this.deletedAt = parseStamp(text.deletedAt);
    this.orphans = orphans;
    this.isDiverged = text.isDiverged;
    this.otherBranches = text.otherBranches;
    this.liveBytes = text.liveBytes;
    const strangers = new Set(text.strangers);
    this.#writers = new Set(writers.filter((_, number) => !strangers.has(number)));
  }

  knows(writer: string): boolean {
    return this.#writers.has(writer);
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
