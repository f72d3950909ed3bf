// One line on the terminal that tells how far a long command has come, and goes when it ends.
import type { Terminal } from "./output.ts";
import { oneLine } from "./text.ts";

/** What is done within this time needs no such line. */
const QUIET_MS = 1000;
const INTERVAL_MS = 100;
const START_OF_LINE = "\r\u001b[K";

export class Progress {
  readonly #stream: Terminal;
  #nextMs: number = performance.now() + QUIET_MS;
  #isShown = false;

  constructor(stream: Terminal) {
    this.#stream = stream;
  }

  show(text: string): void {
    if (this.#stream.isTTY !== true || performance.now() < this.#nextMs) return;
    this.#nextMs = performance.now() + INTERVAL_MS;
    this.#isShown = true;
    const columns = this.#stream.columns ?? 80;
    this.#stream.write(START_OF_LINE + oneLine(text).slice(0, columns - 1));
  }

  end(): void {
    if (this.#isShown) this.#stream.write(START_OF_LINE);
    this.#isShown = false;
  }
}
