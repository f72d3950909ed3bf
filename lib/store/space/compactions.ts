// Automatic compaction: off the path of an append, when most of a log is dead and that is worth a new one.
import { Stop } from "../../base/stop.ts";
import { giveWay } from "../../base/turn.ts";
import type { SessionState } from "../session-state.ts";
import type { StoreState } from "../state.ts";

const DELAY_MS = 1000;
/** A log is looked at again when it has grown by this part of the least that is compacted away, or of itself. */
const LOOK_PART = 4;
const GROWN_PART = 16;
const HIDING_TYPES: ReadonlySet<string> = new Set(["truncate", "remove"]);

export class Compactions {
  readonly #store: StoreState;
  readonly #waiting = new Set<SessionState>();
  readonly #stop = new Stop();
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> | undefined;

  constructor(store: StoreState) {
    this.#store = store;
  }

  /** A commit was written. */
  grew(session: SessionState, covered: number, lines: readonly { readonly type: string }[]): void {
    const { compactDeadBytes } = this.#store.settings;
    if (covered <= compactDeadBytes) return;
    if (covered > session.lookAt || lines.some(({ type }) => HIDING_TYPES.has(type))) this.add(session);
  }

  add(session: SessionState): void {
    const { settings, readOnly } = this.#store;
    if (settings.compactDeadRatio >= 1 || readOnly !== undefined || this.#stop.isStopped) return;
    session.lookAt = Number.POSITIVE_INFINITY;
    this.#waiting.add(session);
    if (this.#running !== undefined) return;
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#running = this.#run().finally(() => {
        this.#running = undefined;
      });
    }, DELAY_MS).unref();
  }

  async close(): Promise<void> {
    clearTimeout(this.#timer);
    this.#stop.stop();
    await this.#running;
  }

  async #run(): Promise<void> {
    for (const session of this.#waiting) {
      if (this.#stop.isStopped) return;
      this.#waiting.delete(session);
      try {
        if (isRipe(session)) await this.#compact(session);
      } catch {
        // Another process writes to it, or it cannot be read, which whoever reads it is told: it is looked at again when it
        // has grown.
      }
      const covered = session.writer?.log.covered ?? 0;
      session.lookAt = covered + Math.max(this.#store.settings.compactDeadBytes / LOOK_PART, covered / GROWN_PART);
      await giveWay();
    }
  }

  async #compact(session: SessionState): Promise<void> {
    const { compactSession } = await import("../space.ts");
    await compactSession(session, { signal: this.#stop.signal, least: this.#store.settings.compactDeadBytes });
  }
}

/** While an old log stands beside there are two, and nothing is done: so a log is compacted once in a minute at most. */
function isRipe({ fold, logs, writer, store: { settings } }: SessionState): boolean {
  if (fold === undefined || writer === undefined) return false;
  if (logs.filter(({ machine }) => machine === writer.log.machine).length > 1) return false;
  const bytes = logs.reduce((sum, { size }) => sum + size, 0);
  const dead = bytes - fold.liveBytes;
  return dead > settings.compactDeadBytes && dead > bytes * settings.compactDeadRatio;
}
