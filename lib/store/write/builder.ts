// A log that is made at one go, out of what was said elsewhere: a fork, an import. Its lines carry the times of what
// they say, raised only where the order demands it, and the stamps of a writer of its own.
import type { Aside } from "../../disk/aside.ts";
import { FORMAT } from "../../line/codec.ts";
import { LineBuffer } from "../../line/encode.ts";
import type { Draft } from "../../line/encode.ts";
import { clampMs, nextStamp } from "../../line/stamp.ts";
import type { Stamp } from "../../line/stamp.ts";

/** So much is gathered before it is written. */
const CHUNK_BYTES = 512 * 1024;

export class LogBuilder {
  readonly #aside: Aside;
  readonly #writer: string;
  readonly #lines = new LineBuffer();
  #last: Stamp | undefined;

  constructor(aside: Aside, writer: string) {
    this.#aside = aside;
    this.#writer = writer;
  }

  /** The header, which comes first. */
  begin(id: string, ms: number): Stamp {
    return this.add(ms, { type: "session", id, json: JSON.stringify({ format: FORMAT }) });
  }

  /** -> the line's stamp: its time, or the next one after the line before it. */
  add(ms: number, line: Omit<Draft, "stamp">): Stamp {
    const stamp = nextStamp(this.#last, clampMs(ms), this.#writer);
    this.#last = stamp;
    this.#lines.add({ stamp, ...line });
    if (this.#lines.length >= CHUNK_BYTES) this.flush();
    return stamp;
  }

  flush(): void {
    this.#aside.write(this.#lines.bytes.subarray(0, this.#lines.length));
    this.#lines.clear();
  }
}
