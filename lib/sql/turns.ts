// THE WRITE PATH of a store in a database: what waits for a session's turn runs in one transaction, one after the other, and
// what it wrote to the session's files is in the database when the first of its callers hears of it.
import { NotHere } from "../disk/far.ts";
import type { SessionState } from "../store/session-state.ts";
import type { Writing } from "./database/database.ts";
import type { FarStore } from "./far-store.ts";
import { keepFiles } from "./keep-files.ts";

/** One call: how it ended is told when all of its group is in the database. */
interface Step {
  readonly operation: () => Promise<unknown>;
  readonly prepare: (() => Promise<void>) | undefined;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
  outcome: { readonly value: unknown } | { readonly error: unknown } | undefined;
}

interface Group {
  readonly steps: Step[];
  /** Nothing else was asked of the session since. */
  readonly asked: number;
}

export class Turns {
  readonly #store: FarStore;
  readonly #writing = new Set<string>();
  /** Those that have not begun. */
  readonly #waiting = new Map<SessionState, Group>();

  constructor(store: FarStore) {
    this.#store = store;
  }

  /** A transaction is under way: what it has written is not for others yet. */
  isWriting(name: string): boolean {
    return this.#writing.has(name);
  }

  async run<T>(
    session: SessionState,
    operation: () => Promise<T>,
    prepare: (() => Promise<void>) | undefined,
  ): Promise<T> {
    return await new Promise<T>((resolve, reject) => {
      const step = { operation, prepare, resolve: resolve as (value: unknown) => void, reject, outcome: undefined };
      const waiting = this.#waiting.get(session);
      // A read that was asked for in between must not see what comes after it.
      if (waiting?.asked === session.queue.asked) {
        waiting.steps.push(step);
        return;
      }
      const steps: Step[] = [step];
      session.queue.run(() => this.#runAll(session, steps)).catch(reject);
      this.#waiting.set(session, { steps, asked: session.queue.asked });
    });
  }

  async #runAll(session: SessionState, steps: Step[]): Promise<void> {
    if (this.#waiting.get(session)?.steps === steps) this.#waiting.delete(session);
    const ready: Step[] = [];
    for (const step of steps) {
      try {
        await step.prepare?.();
        ready.push(step);
      } catch (error) {
        step.reject(session.typed(error));
      }
    }
    if (ready.length === 0) return;
    try {
      await this.#transaction(session, ready);
    } catch (error) {
      for (const step of ready) step.reject(session.typed(error));
      return;
    }
    for (const { outcome, resolve, reject } of ready) {
      if (outcome === undefined || "error" in outcome) reject(session.typed(outcome?.error));
      else resolve(outcome.value);
    }
  }

  async #transaction(session: SessionState, steps: readonly Step[]): Promise<void> {
    const { files, database } = this.#store;
    const { name } = session;
    let isAgain = false;
    const after: (() => Promise<unknown>)[] = [];
    try {
      const settle = await database.write(name, async (tx) => {
        if (isAgain) this.#begin(session);
        isAgain = true;
        after.length = 0;
        this.#writing.add(name);
        return await this.#store.within(tx, after, async () => {
          await files.show(name, tx.session);
          return await this.#reaching(session, () => this.#attempt(session, steps, tx));
        });
      });
      settle();
    } catch (error) {
      this.#begin(session);
      throw error;
    } finally {
      this.#writing.delete(name);
    }
    for (const task of after) {
      await task().catch((cause: unknown) => {
        const message = "attachments that were erased could not be removed; compact() tries again";
        session.store.warn({ code: "upkeep", message, session: session.id, cause });
      });
    }
  }

  async #attempt(session: SessionState, steps: readonly Step[], tx: Writing): Promise<() => void> {
    for (const step of steps) {
      try {
        step.outcome = { value: await step.operation() };
      } catch (error) {
        if (error instanceof NotHere) throw error;
        step.outcome = { error };
      }
    }
    return await keepFiles(session, this.#store.files, tx);
  }

  /** What lacks bytes is begun anew when they are there, without what it has written until then. */
  async #reaching<T>(session: SessionState, attempt: () => Promise<T>): Promise<T> {
    for (;;) {
      try {
        return await attempt();
      } catch (error) {
        if (!(error instanceof NotHere)) throw error;
        // Mostly it lacks them before it writes anything, and what is known of the session holds.
        if (this.#store.files.isWritten(session.name)) this.#begin(session);
        await error.fetch();
      }
    }
  }

  /** The session as it was, and nothing known of it. Who wrote never writes again: those who read may have seen the lines. */
  #begin(session: SessionState): void {
    this.#store.files.reset(session.name);
    session.forgetLogs();
    session.startAnew();
    // What was written then never was: nobody is to miss it.
    session.ownLast = undefined;
    session.missing = undefined;
  }
}
