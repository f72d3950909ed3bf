// What stays of lines that were purged: {"at","type":"purged","crc"}, made as it is copied. All have one length.
import type { VfsFile } from "../../disk/vfs.ts";
import type { LineHead } from "../../line/decode.ts";
import { LineBuffer } from "../../line/encode.ts";
import type { Stamp } from "../../line/stamp.ts";

export interface LinePiece {
  readonly line: Pick<LineHead, "offset" | "length">;
  readonly open: { readonly file: Pick<VfsFile, "read"> };
}

const buffer = new LineBuffer();

/** What takes the place of the line with this stamp, without its newline. */
export function purgedLine(stamp: Stamp): Buffer {
  buffer.clear();
  const length = buffer.add({ stamp, type: "purged" });
  return Buffer.from(buffer.bytes.subarray(0, length));
}

export class PurgedLines {
  readonly #stamps: Stamp[] = [];
  readonly #buffer = new LineBuffer();
  readonly #length: number;

  constructor() {
    this.#length = this.#encode({ ms: 0, counter: 0, writer: "aaaaaaaa" });
  }

  /** What takes the place of the line with this stamp. */
  add(stamp: Stamp): LinePiece {
    const offset = this.#stamps.length * this.#length;
    this.#stamps.push(stamp);
    return { line: { offset, length: this.#length }, open: { file: { read: this.#read.bind(this) } } };
  }

  #read(target: Buffer, start: number, length: number, position: number): number {
    this.#encode(this.#stamps[position / this.#length] as Stamp);
    return this.#buffer.bytes.copy(target, start, 0, length);
  }

  #encode(stamp: Stamp): number {
    this.#buffer.clear();
    return this.#buffer.add({ stamp, type: "purged" });
  }
}
