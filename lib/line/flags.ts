// What a row is, and what became of it: one bit each.

/** A line of it was seen (a part can come before its message, a version without its first line). */
export const HAS_LINE = 1;
export const REMOVED = 2;
/** Hidden by a truncation or a deletion. */
export const CUT = 4;
export const PURGED = 8;
/** The newest line is not sound. */
export const ALTERED = 16;
export const PART = 32;
/** The newest line is not the first one of its place. */
export const VERSION = 64;
/** Only in a sidecar, of which a reader has no tree: the row is a message of the history. */
export const IN_HISTORY = 128;
const STATE = HAS_LINE | REMOVED | CUT | PURGED;

export function isLivingMessage(flags: number): boolean {
  return (flags & (STATE | PART)) === HAS_LINE;
}

export function isAlive(flags: number): boolean {
  return (flags & STATE) === HAS_LINE;
}
