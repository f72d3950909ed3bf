// Bytes that lie where only a request reaches them. Most of what reads a log reads it in passing, in the middle of something
// that cannot wait; so such a read throws, and who began the whole waits for the bytes and begins anew.
import { StoreError } from "../base/errors.ts";

/** What was asked for is not in memory. Never seen by a caller: who can wait does, and begins anew. */
export class NotHere extends StoreError {
  readonly fetch: () => Promise<void>;

  constructor(path: string, fetch: () => Promise<void>) {
    super("IO", "what was asked for is far away", { path, written: "no" });
    this.fetch = fetch;
  }
}

/** Runs what begins anew, as often as it lacks something. It must leave no trace when it does. */
export async function reaching<T>(operation: () => T | Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await operation();
    } catch (error) {
      if (!(error instanceof NotHere)) throw error;
      await error.fetch();
    }
  }
}
