// Of two lines with one stamp one counts: a purged one before others, then a sound one, then the one of the greater bytes.
import type { LineHead } from "./decode.ts";

export function rankOf(isPurged: boolean, isSound: boolean): number {
  return (isPurged ? 2 : 0) + (isSound ? 1 : 0);
}

/** True for the same line in two logs, without a look at its bytes: it is sound there and here, with one checksum. */
export function isSameLine(a: LineHead, b: LineHead): boolean {
  return a.sound && b.sound && a.crc !== 0 && a.crc === b.crc && a.length === b.length && a.type === b.type;
}
