// What an open session holds of its sidecar.
import type { OpenSidecar } from "./open-sidecar.ts";

/** So much must be new before it is saved, and an eighth of what was saved: all that is written stays in proportion. */
const DUE_BYTES = 256 * 1024;
const DUE_PART = 8;

export class SidecarState {
  /** What answers while the logs are as it says, and nobody has needed the whole fold. */
  paged: OpenSidecar | undefined;
  /** What was told of the session when it began to answer. */
  told: ReadonlySet<string> = new Set();
  /** It led to lines that were not there: no more is read of it until it is written anew. */
  isDistrusted = false;
  /** The logs had to be read to believe it: it is worth writing anew. */
  isDoubted = false;
  /** It was written so soon after the logs had changed that whoever opens it must read them. */
  isRacy = false;
  /** How much of the logs it covers. */
  covered = 0;
  /** When this machine's log is longer than this, it is time to write it. */
  dueAt: number = DUE_BYTES;

  /** How much more than it covers may be known before it is written. */
  get slack(): number {
    return Math.max(DUE_BYTES, this.covered / DUE_PART);
  }
}
