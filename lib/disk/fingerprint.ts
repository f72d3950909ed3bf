// Which file it was, and whether it still is: by this an index is believed, or not.

/** What a file showed when something was learnt of it. The size and the times alone lie: a copy can keep all of them. */
export interface Fingerprint {
  readonly dev: number;
  readonly ino: number;
  readonly size: number;
  readonly mtimeMs: number;
  readonly ctimeMs: number;
}

/** A file system's clock moves on by such steps: by the kernel's ticks, or by seconds. */
const TICK_MS = 100;
const COARSE_TICK_MS = 2000;

/** A write that is under way is through by then, as a rule. */
export const WRITE_MS = 50;
/** A file grows by such pages under a write, or by larger ones that are made of them. */
const PAGE_BYTES = 4096;
/** A file that was not written to for so long has no write under way. */
const REST_MS = 1000;

/** The part of a stat that tells one file from another. */
export function fingerprintOf({ dev, ino, size, mtimeMs, ctimeMs }: Fingerprint): Fingerprint {
  return { dev, ino, size, mtimeMs, ctimeMs };
}

export function isSameFile(a: Fingerprint, b: Fingerprint): boolean {
  return (
    a.ino === b.ino &&
    a.size === b.size &&
    a.mtimeMs === b.mtimeMs &&
    a.ctimeMs === b.ctimeMs &&
    // Last: a device may get another number when the machine starts.
    a.dev === b.dev
  );
}

/**
 * Git's rule: what was learnt of a file within one tick of its last change proves nothing, since the next change in that
 * tick leaves the same times. `seenMs` is the file system's time when the fingerprint was taken.
 */
export function isRacy({ ctimeMs }: Fingerprint, seenMs: number): boolean {
  const tick = ctimeMs % 1000 === 0 ? COARSE_TICK_MS : TICK_MS;
  return ctimeMs + tick > seenMs;
}

/** True when somebody may be in the middle of a write: what looks like damage is looked at again before it is called so. */
export function mayBeWritten({ mtimeMs }: Pick<Fingerprint, "mtimeMs">): boolean {
  return Date.now() - mtimeMs < REST_MS;
}

/**
 * The same where a reader cannot wait at each torn end: the end of a file, as it shows while a write is under way, is the end of a
 * page. Of the writes that a crash has cut one in 4,096 ends there, too.
 */
export function mayBeGrowing(print: Pick<Fingerprint, "mtimeMs" | "size">): boolean {
  return print.size % PAGE_BYTES === 0 && mayBeWritten(print);
}
