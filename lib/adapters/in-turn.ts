// Calls one after the other for each key, in the order in which they were made: for what reads, and then writes.

export class InTurn {
  readonly #tails = new Map<string, Promise<void>>();

  async run<T>(key: string, call: () => Promise<T>): Promise<T> {
    const before = this.#tails.get(key);
    const result = before === undefined ? call() : before.then(call);
    const tail = result.then(
      () => undefined,
      () => undefined,
    );
    this.#tails.set(key, tail);
    try {
      return await result;
    } finally {
      if (this.#tails.get(key) === tail) this.#tails.delete(key);
    }
  }
}
