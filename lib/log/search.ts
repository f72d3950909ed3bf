// Looks through a log for the lines that have a needle in a text of their data. Its bytes are searched, by chunks; only a
// piece in which something was found is decoded, by the same rules as in any other read of the log.
import type { VfsFile } from "../disk/vfs.ts";
import { LF } from "../line/codec.ts";
import { decodeLine } from "../line/decode.ts";
import type { LineHead } from "../line/decode.ts";
import { Finder } from "../line/finder.ts";
import type { Needle } from "../line/needle.ts";
import { BLOCK_BYTES, sharedScanner } from "../line/scanner.ts";
import { CHUNK_BYTES, Chunks } from "./chunks.ts";
import type { Chunk } from "./chunks.ts";
import { readPieces, readTail } from "./pieces.ts";
import type { PieceSink } from "./pieces.ts";
import { giveWay } from "../base/turn.ts";

export interface SearchSink {
  /** A message or part that has the needle; the same one may come again. True: that is enough. */
  match(line: LineHead): boolean;
  /** Something was found in a piece that is not a sound line. */
  problem?(): void;
  /** So many more bytes are done. */
  progress?(bytes: number): void;
}

/** One search through any number of logs, one after the other. */
export class LogSearch {
  readonly #needle: Needle;
  readonly #signal: AbortSignal | undefined;
  #finders: readonly Finder[] = [];
  /** How much the finders were shown. */
  #sampleBytes = 0;
  /** For logs that fit into it. */
  #scratch: Buffer | undefined;
  readonly #spares: Buffer[] = [];

  constructor(needle: Needle, signal: AbortSignal | undefined) {
    this.#needle = needle;
    this.#signal = signal;
  }

  /** Searches [0, size) of a log. A long search gives way. -> true: the sink had enough */
  async run(file: VfsFile, size: number, sink: SearchSink): Promise<boolean> {
    return await (size <= CHUNK_BYTES && file.isFar !== true
      ? this.#runShort(file, size, sink)
      : this.#runLong(file, size, sink));
  }

  async #runShort(file: VfsFile, size: number, sink: SearchSink): Promise<boolean> {
    this.#scratch ??= Buffer.allocUnsafeSlow(CHUNK_BYTES);
    const end = file.read(this.#scratch, 0, size, 0);
    const chunk = { bytes: this.#scratch, start: 0, end, base: 0 };
    const rest = restOf(chunk);
    const isEnough = (await this.#search(chunk, rest, sink)) || this.#searchTail(chunk, rest, sink);
    sink.progress?.(end);
    return isEnough;
  }

  async #runLong(file: VfsFile, size: number, sink: SearchSink): Promise<boolean> {
    const chunks = new Chunks(file, 0, size, this.#spares);
    try {
      let chunk = await chunks.next();
      for (let done = 0; chunk !== undefined;) {
        const rest = restOf(chunk);
        if (await this.#search(chunk, rest, sink)) return true;
        const next = await chunks.next(rest);
        const end = chunk.base + (next === undefined ? chunk.end : rest);
        sink.progress?.(end - done);
        done = end;
        if (next === undefined) return this.#searchTail(chunk, rest, sink);
        chunk = next;
      }
      return false;
    } finally {
      await chunks.stop();
    }
  }

  /** Searches the whole pieces of a chunk. */
  async #search({ bytes, start, base }: Chunk, end: number, sink: SearchSink): Promise<boolean> {
    const finders = this.#findersFor(bytes.subarray(start, end));
    const scanner = sharedScanner();
    const pieces = new Pieces(this.#needle, bytes, base, sink);
    const froms = finders.map(() => start);
    for (let at = start; at < end; at += BLOCK_BYTES) {
      await giveWay();
      this.#signal?.throwIfAborted();
      const block = { scanner, bytes, start: at, end: Math.min(at + BLOCK_BYTES, end) };
      scanner.load(bytes.subarray(at, end));
      for (const [index, finder] of finders.entries()) {
        for (;;) {
          const place = finder.next(block, froms[index] as number);
          if (place === -1) break;
          const piece = start + bytes.subarray(start, place).lastIndexOf(LF) + 1;
          froms[index] = readPieces(bytes, piece, bytes.indexOf(LF, place) + 1, base, pieces);
          if (pieces.isEnough) return true;
        }
      }
    }
    return false;
  }

  /** Made anew where much more is there to tell what is rare than before: the first log may be short. */
  #findersFor(sample: Buffer): readonly Finder[] {
    if (sample.length > 2 * this.#sampleBytes) {
      this.#finders = this.#needle.probes.map((probe) => new Finder(probe, sample));
      this.#sampleBytes = sample.length;
    }
    return this.#finders;
  }

  /** What stands after the last newline: rarely anything, so it is not searched but decoded. */
  #searchTail({ bytes, end, base }: Chunk, rest: number, sink: SearchSink): boolean {
    const pieces = new Pieces(this.#needle, bytes, base, sink);
    readTail(bytes, rest, end, base, pieces);
    return pieces.isEnough;
  }
}

/** Where what stands after the last newline begins. */
function restOf({ bytes, start, end }: Chunk): number {
  return start + bytes.subarray(start, end).lastIndexOf(LF) + 1;
}

/** Pieces that may have the needle. */
class Pieces implements PieceSink {
  isEnough = false;
  readonly #needle: Needle;
  readonly #bytes: Buffer;
  readonly #base: number;
  readonly #sink: SearchSink;

  constructor(needle: Needle, bytes: Buffer, base: number, sink: SearchSink) {
    this.#needle = needle;
    this.#bytes = bytes;
    this.#base = base;
    this.#sink = sink;
  }

  line(line: LineHead): void {
    if (this.isEnough || (line.type !== "message" && line.type !== "part")) return;
    const start = line.offset - this.#base;
    const data = decodeLine(this.#bytes, start, start + line.length)?.data;
    if (this.#needle.findIn(data) !== undefined) this.isEnough = this.#sink.match(line);
  }

  problem(): void {
    this.#sink.problem?.();
  }
}
