// Whether two logs are one, byte for byte, without a look at their lines: what most logs of two stores are.
import type { VfsFile } from "../disk/vfs.ts";
import { Turns } from "../base/slices.ts";
import { NAME_BYTES, namesIn } from "./blob-names.ts";
import { Chunks } from "./chunks.ts";

/** Any line that purges has it; a text that has it by chance does no harm. */
const PURGE = Buffer.from('"purge');
const COMPARED_BYTES = 64 * 1024;

/** What is seen of a log on the way. */
export interface Seen {
  readonly isSame: boolean;
  /** A line of it may be one that purges. */
  readonly mayPurge: boolean;
}

/** Looks through one log after the other. */
export class Comparison {
  readonly #signal: AbortSignal | undefined;
  readonly #spares: Buffer[] = [];
  readonly #small: readonly [Buffer, Buffer] = [
    Buffer.allocUnsafeSlow(COMPARED_BYTES),
    Buffer.allocUnsafeSlow(COMPARED_BYTES),
  ];
  #other: Buffer = Buffer.alloc(0);

  constructor(signal?: AbortSignal) {
    this.#signal = signal;
  }

  /**
   * Looks through all of a log, and whether the other one is the same: where that fails, the rest is not looked at. `onName` is
   * told of the attachments that it names, of some twice.
   */
  async look(file: VfsFile, other: VfsFile | undefined, onName?: (hash: string) => void): Promise<Seen> {
    const { size } = file.stat();
    if (other !== undefined && other.stat().size !== size) return { isSame: false, mayPurge: false };
    if (size > COMPARED_BYTES) return await this.#lookLong(file, size, other, onName);
    const [bytes, bytesThere] = this.#small;
    const end = file.read(bytes, 0, size, 0);
    if (other !== undefined) {
      const count = other.read(bytesThere, 0, size, 0);
      if (!bytes.subarray(0, end).equals(bytesThere.subarray(0, count))) return { isSame: false, mayPurge: false };
    }
    if (onName !== undefined) for (const { hash } of namesIn(bytes, 0, end)) onName(hash);
    return { isSame: true, mayPurge: bytes.subarray(0, end).includes(PURGE) };
  }

  async #lookLong(
    file: VfsFile,
    size: number,
    other: VfsFile | undefined,
    onName: ((hash: string) => void) | undefined,
  ): Promise<Seen> {
    const chunks = new Chunks(file, 0, size, this.#spares);
    const turns = new Turns(this.#signal);
    let mayPurge = false;
    let done = 0;
    try {
      for (let chunk = await chunks.next(); chunk !== undefined;) {
        const { bytes, start, end, base } = chunk;
        const from = done - base;
        done = base + end;
        if (other !== undefined) {
          if (this.#other.length < end - from) this.#other = Buffer.allocUnsafeSlow(end - from);
          const count = other.read(this.#other, 0, end - from, base + from);
          if (!bytes.subarray(from, end).equals(this.#other.subarray(0, count))) return { isSame: false, mayPurge };
        }
        if (onName !== undefined) for (const { hash } of namesIn(bytes, start, end)) onName(hash);
        mayPurge ||= bytes.subarray(start, end).includes(PURGE);
        if (turns.isOver) await turns.giveWay();
        chunk = await chunks.next(Math.max(start, end - NAME_BYTES));
      }
      return { isSame: true, mayPurge };
    } finally {
      await chunks.stop();
    }
  }

  /** True when a log begins with all that another one is. */
  async begins(file: VfsFile, beginning: VfsFile): Promise<boolean> {
    const { size } = beginning.stat();
    const turns = new Turns(this.#signal);
    const [bytes, bytesThere] = this.#small;
    for (let done = 0; done < size;) {
      const count = beginning.read(bytes, 0, Math.min(COMPARED_BYTES, size - done), done);
      const countThere = file.read(bytesThere, 0, count, done);
      if (count === 0 || !bytes.subarray(0, count).equals(bytesThere.subarray(0, countThere))) return false;
      done += count;
      if (turns.isOver) await turns.giveWay();
    }
    return true;
  }
}
