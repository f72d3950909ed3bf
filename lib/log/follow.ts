// The end of one log, read again and again: what was appended since, or all of it where the file is another one.
import type { VfsFile } from "../disk/vfs.ts";
import type { LineHead } from "../line/decode.ts";
import { isPieceStart } from "./pieces.ts";
import { CommitFilter } from "./recovery.ts";
import { scan } from "./scan.ts";

export class LogFollower {
  #dev = -1;
  #ino = -1;
  /** The pieces before it were read. */
  #offset = 0;
  /** Writers whose last commit has no end, while others wrote on; and where it begins. One may be heard again. */
  readonly #unfinished = new Map<string, number>();

  /** Passes on the lines of whole commits, at least those that are new: a log that was replaced comes whole again. */
  async read(file: VfsFile, pass: (line: LineHead) => void, signal?: AbortSignal): Promise<void> {
    const { dev, ino, size } = file.stat();
    if (dev !== this.#dev || ino !== this.#ino || size < this.#offset || !(await isPieceStart(file, this.#offset))) {
      this.#dev = dev;
      this.#ino = ino;
      this.#offset = 0;
      this.#unfinished.clear();
    }
    for (let from = this.#offset; from < size;) {
      let again = size;
      const filter = new CommitFilter(pass);
      const note = (line: LineHead): void => {
        const start = this.#unfinished.get(line.stamp.writer);
        if (start !== undefined && this.#unfinished.delete(line.stamp.writer)) again = Math.min(again, start);
        filter.add(line);
      };
      const { end } = await scan(file, from, size, { line: note, problem: () => undefined }, signal);
      this.#offset = end;
      const incomplete = filter.finish();
      for (const { offset, stamp } of [...filter.headers, ...incomplete]) {
        if (!filter.isOver(stamp.writer)) this.#offset = Math.min(this.#offset, offset);
        else if (!this.#unfinished.has(stamp.writer)) this.#unfinished.set(stamp.writer, offset);
      }
      from = again;
    }
  }
}
