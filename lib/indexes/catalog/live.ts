// Who may be writing to which session. Such a session is looked at by each listing, since nobody says so each time.

/** So long a writer's word counts. Writers repeat it ten times as often. */
const LIVE_MS = 600_000;

export interface LiveMark {
  readonly name: string;
  readonly writer: string;
  readonly ms: number;
}

export class LiveMarks {
  /** By session: the writers, and when they said so. */
  readonly #writers = new Map<string, Map<string, number>>();

  set({ name, writer, ms }: LiveMark): void {
    const writers = this.#writers.get(name) ?? new Map<string, number>();
    this.#writers.set(name, writers.set(writer, ms));
  }

  /** The writer tells before it writes to the session again. */
  rest(name: string, writer: string): void {
    const writers = this.#writers.get(name);
    if (writers?.delete(writer) === true && writers.size === 0) this.#writers.delete(name);
  }

  /** The session was looked at after this time: who has been silent for long does not write any more. */
  looked(name: string, now: number): void {
    for (const [writer, ms] of this.#writers.get(name) ?? []) if (Math.abs(now - ms) > LIVE_MS) this.rest(name, writer);
  }

  names(): string[] {
    return [...this.#writers.keys()];
  }

  marks(): LiveMark[] {
    return [...this.#writers].flatMap(([name, writers]) => [...writers].map(([writer, ms]) => ({ name, writer, ms })));
  }

  clear(): void {
    this.#writers.clear();
  }
}
