// When sidecars are written: off the path of an append, when much is known that the one on disk does not cover, when a
// session is forgotten, and when the store closes.
import { join } from "node:path";
import { isRacy } from "../../disk/fingerprint.ts";
import { giveWay } from "../../base/turn.ts";
import { LEAST_BYTES } from "./open-sidecar.ts";
import { SidecarSave } from "./save-sidecar.ts";
import type { SessionState } from "../session-state.ts";
import type { StoreState } from "../state.ts";

const DELAY_MS = 500;
/** So long close() may go on with them: a session whose sidecar is old is only read again. */
const CLOSE_MS = 500;

export class Sidecars {
  readonly #store: StoreState;
  readonly #waiting = new Set<SessionState>();
  /** Of sessions that are forgotten: what is to be saved is all that is left of them. */
  readonly #begun: SidecarSave[] = [];
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> | undefined;
  #isSwept = false;

  constructor(store: StoreState) {
    this.#store = store;
  }

  /** The session's logs were read, or its sidecar was. */
  loaded(session: SessionState): void {
    if (this.#store.sessions.get(session.id) !== session) return;
    const { sidecar } = session;
    const left = sidecar.slack - uncovered(session);
    if (left < 0 || sidecar.isDoubted) this.#add(session);
    else sidecar.dueAt = (session.writer?.log.covered ?? 0) + left;
  }

  /** A commit was written. */
  grew(session: SessionState, covered: number): void {
    if (covered > session.sidecar.dueAt) this.#add(session);
  }

  /** The session is forgotten. */
  evicted(session: SessionState): void {
    this.#waiting.delete(session);
    if (!this.#isWorthIt(session)) return;
    const save = SidecarSave.begin(session);
    if (save === undefined) return;
    this.#begun.push(save);
    this.#schedule();
  }

  /** Resolves when what is being written is: it may be of what was known a moment ago. */
  async settled(): Promise<void> {
    await this.#running;
  }

  /** The session's sidecar is not to be believed any more, by nobody. */
  discard({ name, sidecar }: SessionState): void {
    sidecar.isDistrusted = true;
    sidecar.covered = 0;
    try {
      this.#store.vfs.remove(this.#store.layout.sidecar(name));
    } catch {
      // Whoever believes it finds out as we did.
    }
  }

  /** Writes what is worth it, as far as the time allows. */
  async close(): Promise<void> {
    clearTimeout(this.#timer);
    await this.#running;
    const end = performance.now() + CLOSE_MS;
    for (const save of this.#begun.splice(0)) if (performance.now() < end) await save.run();
    const sessions = [...this.#store.sessions.values()].filter((session) => this.#isWorthIt(session));
    for (const session of sessions.sort((a, b) => uncovered(b) - uncovered(a)))
      if (performance.now() < end) await SidecarSave.begin(session)?.run();
  }

  #isWorthIt(session: SessionState): boolean {
    const { readOnly, vfs } = this.#store;
    if (readOnly !== undefined || vfs.isVolatile || session.fold === undefined) return false;
    const { isDoubted, isRacy: wasRacy } = session.sidecar;
    if (coveredOf(session) < LEAST_BYTES) return false;
    if (uncovered(session) > 0) return true;
    const now = Date.now();
    return (isDoubted || wasRacy) && !session.logs.some((log) => isRacy(log, now));
  }

  #add(session: SessionState): void {
    // Until it is written, or has failed to be.
    session.sidecar.dueAt = Number.POSITIVE_INFINITY;
    if (!this.#isWorthIt(session)) return;
    this.#waiting.add(session);
    this.#schedule();
  }

  #schedule(): void {
    if (this.#timer !== undefined || this.#store.isClosed) return;
    this.#timer = setTimeout(() => {
      this.#running = this.#run().finally(() => {
        this.#running = undefined;
        this.#timer = undefined;
        if (this.#waiting.size > 0 || this.#begun.length > 0) this.#schedule();
      });
    }, DELAY_MS);
    this.#timer.unref();
  }

  async #run(): Promise<void> {
    for (const save of this.#begun.splice(0)) await save.run();
    for (const session of this.#waiting) {
      if (this.#store.isClosed) return;
      this.#waiting.delete(session);
      await SidecarSave.begin(session)?.run();
      session.sidecar.dueAt = (session.writer?.log.covered ?? 0) + session.sidecar.slack;
    }
    await this.#sweep().catch(() => undefined);
  }

  /** Removes what is left of sessions that are gone, in one of the directories, once for an open store. */
  async #sweep(): Promise<void> {
    if (this.#isSwept) return;
    this.#isSwept = true;
    const { vfs, layout, locator } = this.#store;
    const names = vfs.names(layout.offsets);
    const directory = names[Math.floor(Math.random() * names.length)];
    if (directory === undefined) return;
    for (const name of vfs.names(join(layout.offsets, directory))) {
      if (locator.find(name).length === 0) vfs.remove(join(layout.offsets, directory, name));
      await giveWay();
    }
  }
}

function coveredOf({ logs }: SessionState): number {
  return logs.reduce((sum, { covered }) => sum + covered, 0);
}

/** How much is known that the sidecar does not cover. */
function uncovered(session: SessionState): number {
  return coveredOf(session) - session.sidecar.covered;
}
