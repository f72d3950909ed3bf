// The checksum of a log's beginning. A log only grows, so it is computed once, and goes on with what was appended.
import { crc32 } from "node:zlib";
import type { VfsFile } from "../disk/vfs.ts";
import { Chunks } from "./chunks.ts";

/** CRC-32 of the bytes before `end`. */
export interface Prefix {
  readonly end: number;
  readonly crc: number;
}

export const NO_PREFIX: Prefix = { end: 0, crc: 0 };

/** That of the first `end` bytes, going on from what is known. Undefined: the file is not as long. */
export async function prefixOf(file: VfsFile, end: number, known: Prefix = NO_PREFIX): Promise<Prefix | undefined> {
  let { crc, end: at } = known.end <= end ? known : NO_PREFIX;
  if (at === end) return { end, crc };
  const chunks = new Chunks(file, at, end);
  try {
    let chunk = await chunks.next();
    while (chunk !== undefined) {
      crc = crc32(chunk.bytes.subarray(chunk.start, chunk.end), crc);
      at += chunk.end - chunk.start;
      chunk = await chunks.next(chunk.end);
    }
    return at === end ? { end, crc } : undefined;
  } finally {
    await chunks.stop();
  }
}
