// Reads a log, or what was appended to it, from front to back.
import type { VfsFile } from "../disk/vfs.ts";
import { CHUNK_BYTES, Chunks } from "./chunks.ts";
import type { Chunk } from "./chunks.ts";
import { readPieces, readTail } from "./pieces.ts";
import type { PieceSink } from "./pieces.ts";

export interface ScanEnd {
  /** The offset after the last newline. */
  readonly end: number;
  /** What stands after it: nothing, a whole line that lacks only its newline, or the torn end of a write. */
  readonly tail: "none" | "line" | "torn";
}

/** Reads the pieces in [from, to). `from` is where a piece begins. A long scan gives way between its chunks. */
export async function scan(
  file: VfsFile,
  from: number,
  to: number,
  sink: PieceSink,
  signal?: AbortSignal,
): Promise<ScanEnd> {
  if (to - from <= CHUNK_BYTES && file.isFar !== true) return scanNow(file, from, to, sink);
  const steps = scanSteps(file, from, to, sink);
  try {
    let step = await steps.next();
    for (; step.done !== true; step = await steps.next()) signal?.throwIfAborted();
    return step.value;
  } finally {
    await steps.return(undefined as never);
  }
}

/** The same chunk by chunk, as somebody asks for it. */
export async function* scanSteps(
  file: VfsFile,
  from: number,
  to: number,
  sink: PieceSink,
): AsyncGenerator<void, ScanEnd> {
  if (to - from <= CHUNK_BYTES && file.isFar !== true) return scanNow(file, from, to, sink);
  const chunks = new Chunks(file, from, to);
  try {
    let chunk: Chunk = { bytes: Buffer.alloc(0), start: 0, end: 0, base: from };
    let rest = 0;
    for (let more = await chunks.next(); more !== undefined; more = await chunks.next(rest)) {
      chunk = more;
      rest = readPieces(chunk.bytes, chunk.start, chunk.end, chunk.base, sink);
      yield;
    }
    return endOf(chunk, rest, sink);
  } finally {
    await chunks.stop();
  }
}

/** The same at once, for what is short. */
function scanNow(file: VfsFile, from: number, to: number, sink: PieceSink): ScanEnd {
  const bytes = Buffer.allocUnsafe(to - from);
  const end = file.read(bytes, 0, to - from, from);
  return endOf({ bytes, start: 0, end, base: from }, readPieces(bytes, 0, end, from, sink), sink);
}

function endOf(chunk: Chunk, rest: number, sink: PieceSink): ScanEnd {
  return { end: chunk.base + rest, tail: readTail(chunk.bytes, rest, chunk.end, chunk.base, sink) };
}
