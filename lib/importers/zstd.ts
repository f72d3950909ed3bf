// Zstandard, which Codex packs old rollouts with. Node has it from 22.15 on; before that the package fzstd, plain
// JavaScript, does, if it is installed.
import { Readable } from "node:stream";
import type { Transform } from "node:stream";
import * as zlib from "node:zlib";
import type { Decompress as Unpacker } from "fzstd";

interface Package {
  readonly Decompress: typeof Unpacker;
}

/** The types of the oldest Node that is supported do not know it. */
const { createZstdDecompress } = zlib as { createZstdDecompress?: () => Transform };
/** Of packed bytes so many are unpacked at once: others get their turn in between. */
const SLICE_BYTES = 16 * 1024;

export const NO_ZSTD = "packed with zstd, which takes Node 22.15 or the package fzstd";

/** True if packed files can be read here. */
export async function canUnpack(): Promise<boolean> {
  return createZstdDecompress !== undefined || (await fzstd()) !== undefined;
}

/** The unpacked bytes, chunk by chunk. Throws what is wrong with the packed ones. */
export async function* unpack(chunks: AsyncIterable<{ readonly bytes: Uint8Array }>): AsyncGenerator<Uint8Array> {
  if (createZstdDecompress !== undefined) yield* unpackWithNode(chunks, createZstdDecompress());
  else yield* unpackWithPackage(chunks);
}

async function* unpackWithNode(
  chunks: AsyncIterable<{ readonly bytes: Uint8Array }>,
  unpacker: Transform,
): AsyncGenerator<Uint8Array> {
  const packed = Readable.from(slices(chunks));
  packed.on("error", (error) => unpacker.destroy(error));
  try {
    for await (const bytes of packed.pipe(unpacker)) yield bytes as Uint8Array;
  } finally {
    packed.destroy();
  }
}

async function* unpackWithPackage(chunks: AsyncIterable<{ readonly bytes: Uint8Array }>): AsyncGenerator<Uint8Array> {
  const { Decompress } = (await fzstd()) ?? {};
  if (Decompress === undefined) throw new Error(NO_ZSTD);
  let ready: Uint8Array[] = [];
  // It goes on to use the bytes that it gives.
  const unpacker = new Decompress((bytes) => void ready.push(new Uint8Array(bytes)));
  for await (const slice of slices(chunks)) {
    unpacker.push(slice);
    for (const bytes of ready) yield bytes;
    ready = [];
  }
  unpacker.push(new Uint8Array(0), true);
  yield* ready;
}

/** In pieces that whoever gets them may keep. */
async function* slices(chunks: AsyncIterable<{ readonly bytes: Uint8Array }>): AsyncGenerator<Uint8Array> {
  for await (const { bytes } of chunks) {
    for (let start = 0; start < bytes.length; start += SLICE_BYTES) {
      // A Buffer's slice() would be a view of bytes that are read over.
      yield new Uint8Array(bytes.subarray(start, start + SLICE_BYTES));
    }
  }
}

async function fzstd(): Promise<Package | undefined> {
  try {
    return await import("fzstd");
  } catch {
    return undefined;
  }
}
