// Long work in slices: others get the event loop between them.
import { setImmediate } from "node:timers/promises";

/** So long a slice lasts. With what comes on top of it the loop is held for less than 20 ms. */
const SLICE_MS = 4;

export class Turns {
  readonly #signal: AbortSignal | undefined;
  #endsAt = performance.now() + SLICE_MS;

  constructor(signal?: AbortSignal) {
    this.#signal = signal;
  }

  /** True when it is time to give way. */
  get isOver(): boolean {
    return performance.now() > this.#endsAt;
  }

  /** Rejects with the signal's reason once it is aborted. */
  async giveWay(): Promise<void> {
    await setImmediate();
    this.#signal?.throwIfAborted();
    this.#endsAt = performance.now() + SLICE_MS;
  }
}
