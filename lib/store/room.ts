// How much is remembered: what was not used for longest goes first.

/** Rows of all folds that are kept, 45 bytes each. */
const MOST_ROWS = 1_000_000;
/** So much of it stays when room is made, so that it is not made again at once. */
const LEFT = 0.9;
const LOADS_A_LOOK = 16;
/** Sessions that are remembered at all. */
const MOST_SESSIONS = 10_000;

interface Remembered {
  readonly isIdle: boolean;
  readonly used: number;
  readonly rowsInMemory: number;
}

export class Room {
  #loads = 0;

  /** Calls `evict` for idle sessions, the longest unused first, until there is room. The newest stays. */
  make<S extends Remembered>(sessions: ReadonlyMap<string, S>, evict: (session: S) => void): void {
    // The sum is not made anew for each session of a program that makes many.
    if (sessions.size <= MOST_SESSIONS && ++this.#loads % LOADS_A_LOOK !== 0) return;
    let rows = 0;
    for (const session of sessions.values()) rows += session.rowsInMemory;
    if (rows <= MOST_ROWS && sessions.size <= MOST_SESSIONS) return;
    const idle = [...sessions.values()].filter(({ isIdle }) => isIdle).sort((a, b) => a.used - b.used);
    for (const session of idle.slice(0, -1)) {
      if (rows <= MOST_ROWS * LEFT && sessions.size <= MOST_SESSIONS * LEFT) break;
      rows -= session.rowsInMemory;
      evict(session);
    }
  }
}
