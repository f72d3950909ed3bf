// One line is one JSON object with its fields in a fixed order, the stamp first and the checksum last:
//
//   {"at":STAMP,"type":TEXT,"after":STAMP,"batch":N,"id":TEXT,"of":STAMP,"message":STAMP,"data":JSON,"crc":"8 hex"}
//
// Here is what encode.ts and decode.ts share. The normative page is spec/format.md.
import { crc32 } from "node:zlib";

/** The version of the bytes, in turnlog.json and in the header of every log. */
export const FORMAT = 1;
export const LF = 10;
/** What every line begins with, and so where a glued one can be taken apart. */
export const LINE_START: Buffer = Buffer.from('{"at":"');
/** What stands between a line's last field and the 8 digits of its checksum, and all of that to the line's end. */
export const CRC_START: Buffer = Buffer.from(',"crc":"');
export const CRC_LENGTH: number = ',"crc":"00000000"}'.length;

const HEX_BYTES = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

/** CRC-32 of a text's UTF-8 bytes, or of bytes, as 8 lower-case hex digits. */
export function checksum(content: string | Buffer): string {
  const value = crc32(content);
  return hexByte(value >>> 24) + hexByte((value >>> 16) & 255) + hexByte((value >>> 8) & 255) + hexByte(value & 255);
}

export function hexByte(byte: number): string {
  return HEX_BYTES[byte] as string;
}

/** A 32-bit hash (FNV-1a) of an id's UTF-8 bytes, never 0. A match is a candidate: the line tells. */
export function hashId(id: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < id.length; index++) {
    const code = id.charCodeAt(index);
    if (code > 127) return hashBytes(Buffer.from(id), 0, Buffer.byteLength(id));
    hash = Math.imul(hash ^ code, 0x01000193);
  }
  return hash >>> 0 || 1;
}

export function hashBytes(bytes: Buffer, start: number, end: number): number {
  let hash = 0x811c9dc5;
  for (let index = start; index < end; index++) hash = Math.imul(hash ^ (bytes[index] as number), 0x01000193);
  return hash >>> 0 || 1;
}
