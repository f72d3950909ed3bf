// The order of one session's operations: each sees what those before it did, and none comes between its steps.

export class Queue {
  #waiting = 0;
  #last: Promise<unknown> = Promise.resolve();

  /** Nothing runs and nothing waits: an operation may run at once. */
  get isIdle(): boolean {
    return this.#waiting === 0;
  }

  run<T>(operation: () => Promise<T>): Promise<T> {
    this.#waiting++;
    const result = this.#last.then(operation).finally(() => {
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
