// Which attachments a log names: its bytes are searched, no line is decoded. In a text the quotes would be escaped.
import type { VfsFile } from "../disk/vfs.ts";
import { BLOB_MARK } from "../line/blob.ts";
import { Chunks } from "./chunks.ts";
import { Turns } from "../base/slices.ts";

const START = Buffer.from(`${BLOB_MARK}"sha256-`);
const HASH_LENGTH = 64;
const HASH = /^[0-9a-f]{64}$/;
/** What of a piece may be the beginning of a name that the next one ends. */
export const NAME_BYTES: number = START.length + HASH_LENGTH + 1;

/** Where in bytes[start, end) attachments are named. */
export function* namesIn(bytes: Buffer, start: number, end: number): Generator<{ at: number; hash: string }> {
  // The buffer may be much longer than what is in it.
  const shown = bytes.subarray(0, end);
  for (let at = shown.indexOf(START, start); at !== -1; at = shown.indexOf(START, at + 1)) {
    const from = at + START.length;
    if (from + HASH_LENGTH >= end) return;
    const hash = bytes.toString("latin1", from, from + HASH_LENGTH);
    if (bytes[from + HASH_LENGTH] === 34 && HASH.test(hash)) yield { at, hash };
  }
}

/** Calls `onName` for each name in the first `size` bytes of a log, with its offset; some may be told twice. */
export async function blobNames(
  file: VfsFile,
  size: number,
  onName: (hash: string, offset: number) => void,
  signal?: AbortSignal,
): Promise<void> {
  const chunks = new Chunks(file, 0, size);
  const turns = new Turns(signal);
  try {
    let rest = 0;
    for (let chunk = await chunks.next(); chunk !== undefined; chunk = await chunks.next(rest)) {
      const { bytes, start, end, base } = chunk;
      for (const { at, hash } of namesIn(bytes, start, end)) onName(hash, base + at);
      rest = Math.max(start, end - NAME_BYTES);
      if (turns.isOver) await turns.giveWay();
    }
  } finally {
    await chunks.stop();
  }
}
