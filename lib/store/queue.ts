// The order of one session's operations: each sees what those before it did, and none comes between its steps.

export class Queue {
  readonly #typed: (error: unknown) => unknown;
  #waiting = 0;
  /** How many operations were asked for. */
  asked = 0;
  #last: Promise<unknown> = Promise.resolve();

  /** What an operation fails with passes through `typed` on its way to the caller. */
  constructor(typed: (error: unknown) => unknown) {
    this.#typed = typed;
  }

  /** Nothing runs and nothing waits: an operation may run at once. */
  get isIdle(): boolean {
    return this.#waiting === 0;
  }

  run<T>(operation: () => Promise<T>): Promise<T> {
    this.#waiting++;
    this.asked++;
    const result = this.#last
      .then(operation)
      .catch((error: unknown) => {
        throw this.#typed(error);
      })
      .finally(() => {
        this.#waiting--;
      });
    this.#last = result.catch(() => undefined);
    return result;
  }

  /** Resolves when what waits now is done. */
  async settled(): Promise<void> {
    await this.#last;
  }
}
