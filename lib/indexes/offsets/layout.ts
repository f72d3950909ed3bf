// A sidecar: what is known of a session's lines and where they lie, so that nobody has to scan its logs for that.
//
//   sidecar := block* bucket* state meta trailer
//   block   := the columns of 512 rows, in the order of their places (the last one: of as many as are left)
//   bucket  := (hash, row)*        ; messages by the hash of their id
//   state   := what a fold knows beside its rows
//   meta    := block fences, bucket fences, JSON: all that a reader needs to find one message
//
// Everything has its checksum, in meta or in the trailer, and numbers are as this machine has them: a sidecar is a cache
// of this machine's, and one that does not fit in any way is as good as none.
import { crc32 } from "node:zlib";

/** Another byte order reads another number. */
const MAGIC = 0x746c_6f66;
const VERSION = 1;
export const TRAILER_BYTES = 32;
/** A hash and a row. */
export const ENTRY_BYTES = 8;

interface SavedProblem<Code extends string = string> {
  readonly code: Code;
  readonly offset: number;
  readonly length: number;
}

/** A log as it was when its lines were known up to `covered`. */
export interface SavedLog<Code extends string = string> {
  /** Below the folder of all sessions. */
  readonly path: string;
  readonly dev: number;
  readonly ino: number;
  readonly size: number;
  readonly mtimeMs: number;
  readonly ctimeMs: number;
  readonly covered: number;
  /** CRC-32 of the bytes before `covered`. */
  readonly crc: number;
  readonly endsClean: boolean;
  readonly problems: readonly SavedProblem<Code>[];
  readonly unsettled: readonly SavedProblem<Code>[];
  readonly closed: readonly string[];
}

export interface Trailer {
  readonly offset: number;
  readonly length: number;
  readonly crc: number;
}

/** The last bytes of a sidecar: where its meta lies. */
export function encodeTrailer({ offset, length, crc }: Trailer): Uint8Array {
  const bytes = new Uint8Array(TRAILER_BYTES);
  const words = new Uint32Array(bytes.buffer);
  new Float64Array(bytes.buffer)[0] = offset;
  words.set([length, crc, MAGIC, VERSION], 2);
  words[7] = crc32(bytes.subarray(0, TRAILER_BYTES - 4));
  return bytes;
}

/** Undefined: these are no last bytes of a sidecar of `size` bytes. */
export function decodeTrailer(bytes: Uint8Array, size: number): Trailer | undefined {
  const own = new Uint8Array(bytes);
  const words = new Uint32Array(own.buffer);
  const [offset] = new Float64Array(own.buffer, 0, 1) as unknown as [number];
  const [length, crc, magic, version] = words.subarray(2) as unknown as [number, number, number, number];
  if (magic !== MAGIC || version !== VERSION || words[7] !== crc32(own.subarray(0, TRAILER_BYTES - 4)))
    return undefined;
  return offset + length + TRAILER_BYTES === size ? { offset, length, crc } : undefined;
}
