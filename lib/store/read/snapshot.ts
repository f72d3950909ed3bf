// THE READ PATH. What a reader sees: the lines that stood when it began, by where they lie. What is written later, and
// a log that is replaced meanwhile, do not change it: the files stay open until the snapshot is released.
import type { Entry, Part } from "../../base/entry.ts";
import type { OpenFile } from "../../disk/descriptors.ts";
import { BLOCK_MASK } from "../../line/block.ts";
import { dataText, decodeLabel, decodeLine, readAt } from "../../line/decode.ts";
import type { Reading } from "../../line/reading.ts";
import { ALTERED } from "../../line/flags.ts";
import { NONE } from "../../line/rows.ts";
import type { Rows } from "../../line/rows.ts";
import { formatStamp, parseStamp } from "../../line/stamp.ts";
import { giveWay } from "../../base/turn.ts";
import type { View } from "./view.ts";

/** So much is read at a time, if no message alone is longer. */
const BATCH_BYTES = 1024 * 1024;
/** Lines this close are read together. */
const GAP_BYTES = 64 * 1024;
/** So little is read at once: the trip through the thread pool would cost more. */
const SYNC_BYTES = 64 * 1024;

/** The log changed under its own name, in place, which no writer of ours does: what was known of it is wrong. */
export class StaleError extends Error {}

/** Lines of the messages [first, end) in memory, still as bytes. */
export interface Loaded {
  readonly first: number;
  readonly end: number;
  readonly bytes: Buffer;
  /** Where each line begins in the bytes. */
  readonly starts: Float64Array;
}

/** A message or part on its way into another session. */
export interface Copy {
  readonly id: string;
  readonly ms: number;
  readonly isPart: boolean;
  readonly json: string;
}

/** A stretch of a log, and which lines lie in it. */
interface Span {
  readonly log: number;
  readonly offset: number;
  end: number;
  readonly lines: number[];
}

export class Snapshot<M extends object, P extends object> {
  readonly length: number;
  readonly #rows: Rows;
  /** The rows of the messages, each followed by those of its parts, and where their newest lines lay. */
  readonly #numbers: Uint32Array;
  readonly #log: Uint16Array;
  readonly #offset: Float64Array;
  readonly #size: Uint32Array;
  /** Where in these columns each message begins; undefined: no message has parts, so at its own number. */
  readonly #starts: Uint32Array | undefined;
  readonly #files: readonly OpenFile[];

  /** `isOwner`: release() is called; else whoever makes it keeps the files open for long enough. */
  constructor({ fold: { rows }, files }: View<Reading>, messages: Uint32Array, withParts: boolean, isOwner = true) {
    this.length = messages.length;
    this.#rows = rows;
    this.#files = isOwner ? files.map((file) => file.pin()) : files;
    const hasParts = withParts && messages.some((message) => rows.hasParts(message));
    const starts = hasParts ? new Uint32Array(messages.length + 1) : undefined;
    this.#starts = starts;
    this.#numbers = starts === undefined ? messages.slice() : withPartsOf(rows, messages, starts);
    const count = this.#numbers.length;
    this.#log = new Uint16Array(count);
    this.#offset = new Float64Array(count);
    this.#size = new Uint32Array(count);
    for (let index = 0; index < count; index++) {
      const row = this.#numbers[index] as number;
      const block = rows.block(row);
      const at = row & BLOCK_MASK;
      this.#log[index] = block.log[at] as number;
      this.#offset[index] = block.offset[at] as number;
      this.#size[index] = block.size[at] as number;
    }
  }

  /** Whoever made the snapshot lets it go. */
  release(): void {
    for (const file of this.#files) file.unpin();
  }

  /** How many messages from `from` on (backwards from it, where reverse) make one batch. */
  batchFrom(from: number, reverse: boolean): number {
    let bytes = 0;
    let count = 0;
    for (let index = from; index >= 0 && index < this.length; index += reverse ? -1 : 1) {
      const end = this.#startOf(index + 1);
      for (let at = this.#startOf(index); at < end; at++) bytes += this.#size[at] as number;
      if (count > 0 && bytes > BATCH_BYTES) break;
      count++;
    }
    return count;
  }

  /** Reads the lines of the messages [first, end). `spare` is used if it is large enough. */
  async load(first: number, end: number, spare?: Buffer): Promise<Loaded> {
    await giveWay();
    const from = this.#startOf(first);
    const spans = this.#spans(from, this.#startOf(end));
    const total = spans.reduce((sum, span) => sum + span.end - span.offset, 0);
    // Who reads on for long gets a buffer that the batches after this one fit into, too.
    const room = spare === undefined ? total : Math.max(total, BATCH_BYTES);
    const bytes = spare !== undefined && spare.length >= total ? spare : Buffer.allocUnsafeSlow(room);
    const starts = new Float64Array(this.#startOf(end) - from);
    let filled = 0;
    for (const { log, offset, end: spanEnd, lines } of spans) {
      const { file } = this.#files[log] as OpenFile;
      const length = spanEnd - offset;
      const count =
        length <= SYNC_BYTES && file.isFar !== true
          ? file.read(bytes, filled, length, offset)
          : await file.readLater(bytes, filled, length, offset);
      if (count !== length) throw new StaleError();
      for (const at of lines) starts[at - from] = filled + (this.#offset[at] as number) - offset;
      filled += length;
    }
    return { first, end, bytes, starts };
  }

  /** One message of what was loaded. */
  entry({ first, bytes, starts }: Loaded, index: number): Entry<M, P> {
    const from = this.#startOf(first);
    const start = this.#startOf(index);
    const end = this.#startOf(index + 1);
    const { id, at, data, altered } = this.#decode<M>(start, bytes, starts[start - from] as number);
    const parts: Part<P>[] = [];
    for (let part = start + 1; part < end; part++)
      parts.push(this.#decode<P>(part, bytes, starts[part - from] as number));
    return altered === undefined ? { id, at, data, parts } : { id, at, data, parts, altered };
  }

  /** The id alone of a message of what was loaded. */
  label({ first, bytes, starts }: Loaded, index: number): { id: string; at: string } {
    const number = this.#startOf(index);
    const start = starts[number - this.#startOf(first)] as number;
    const at = formatStamp(this.#rows.place(this.#numbers[number] as number));
    const { id, place } = decodeLabel(bytes, start, start + (this.#size[number] as number));
    if (place !== at) throw new StaleError();
    return { id: id ?? at, at };
  }

  /** The lines of what was loaded, each message followed by its parts, with their data as it stands in the log. */
  *copies({ first, end, bytes, starts }: Loaded): Generator<Copy> {
    const from = this.#startOf(first);
    for (let at = from; at < this.#startOf(end); at++) {
      const row = this.#numbers[at] as number;
      const start = starts[at - from] as number;
      const { id, data } = this.#decode<object>(at, bytes, start);
      const json = dataText(bytes, start, start + (this.#size[at] as number)) ?? JSON.stringify(data);
      yield { id, ms: this.#rows.place(row).ms, isPart: this.#rows.isPart(row), json };
    }
  }

  #startOf(index: number): number {
    return this.#starts === undefined ? index : (this.#starts[index] as number);
  }

  /** Which stretches of the logs to read: lines that lie close to each other are read together. */
  #spans(from: number, to: number): Span[] {
    const order = Array.from({ length: to - from }, (_, index) => from + index);
    const compare = (a: number, b: number): number =>
      (this.#log[a] as number) - (this.#log[b] as number) || (this.#offset[a] as number) - (this.#offset[b] as number);
    if (order.some((at) => at > from && compare(at - 1, at) > 0)) order.sort(compare);
    const spans: Span[] = [];
    let last: Span | undefined;
    for (const at of order) {
      const offset = this.#offset[at] as number;
      if (last === undefined || last.log !== this.#log[at] || offset - last.end > GAP_BYTES) {
        last = { log: this.#log[at] as number, offset, end: offset, lines: [] };
        spans.push(last);
      }
      last.end = Math.max(last.end, offset + (this.#size[at] as number));
      last.lines.push(at);
    }
    return spans;
  }

  /** Every positioned read checks the line that it got. */
  #decode<D extends object>(at: number, bytes: Buffer, start: number): Part<D> {
    const row = this.#numbers[at] as number;
    const end = start + (this.#size[at] as number);
    const line = decodeLine(bytes, start, end);
    const place = line?.of ?? line?.at;
    const stamp = line?.of === undefined ? readAt(bytes, start, end) : parseStamp(place);
    if (line === undefined || place === undefined || stamp === undefined) throw new StaleError();
    if (this.#rows.comparePlace(row, stamp) !== 0) throw new StaleError();
    const part = { id: line.id ?? place, at: place, data: line.data as D };
    return this.#rows.has(row, ALTERED) ? { ...part, altered: true } : part;
  }
}

/** Each message and its living parts; `starts` is told where each message begins. */
function withPartsOf(rows: Rows, messages: Uint32Array, starts: Uint32Array): Uint32Array {
  let list = new Uint32Array(messages.length * 2);
  let count = 0;
  const push = (row: number): void => {
    if (count === list.length) {
      const wider = new Uint32Array(count * 2);
      wider.set(list);
      list = wider;
    }
    list[count++] = row;
  };
  for (let index = 0; index < messages.length; index++) {
    const message = messages[index] as number;
    starts[index] = count;
    push(message);
    const first = count;
    // From the newest one to the oldest.
    for (let part = rows.partOf(message); part !== NONE; part = rows.partOf(part)) if (rows.isAlive(part)) push(part);
    if (count - first < 2) continue;
    const parts = list.subarray(first, count).reverse();
    if (!rows.isSorted) parts.sort((a, b) => rows.compareRows(a, b));
  }
  starts[messages.length] = count;
  return list.slice(0, count);
}
