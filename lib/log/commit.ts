// What a writer is given to write, and whom it tells what became of it.
import type { LineBuffer } from "../line/encode.ts";
import type { Stamp } from "../line/stamp.ts";

/** Lines that belong together. They are encoded when they are written, and again if they have to be written again. */
export interface Commit {
  /** `offset` is where the first of them will lie. */
  encodeInto(buffer: LineBuffer, offset: number): void;
  /** The last line that the log was known to have before it. */
  readonly before?: Stamp | undefined;
}

/** The session that a writer writes for. */
export interface WriterOwner {
  /** The path names another file by now, which has the lines: nothing that was known of the log holds. */
  moved(): void;
  /** That file is an older one: it does not have this line, which was acknowledged, nor any that came after it. */
  rolledBack(had: Stamp): void;
  /** The disk is at work: what was put off can be done meanwhile. */
  waits(): void;
  /** What cannot be told to a caller any more. */
  lost(error: unknown): void;
}
