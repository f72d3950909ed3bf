// Telling changes, round after round, for as long as the store is open and somebody listens.
import { StoreError } from "../../base/errors.ts";
import type { StoreState } from "../state.ts";
import type { Waker } from "../waker.ts";

/** What each round has to tell; the waker says when it is time for the next. Rejects with the signal's reason. */
export async function* rounds<T>(
  store: StoreState,
  waker: Waker,
  signal: AbortSignal | undefined,
  round: (isFirst: boolean) => AsyncIterable<T>,
): AsyncGenerator<T> {
  store.wakers.add(waker);
  signal?.addEventListener("abort", waker.wake);
  try {
    for (let isFirst = true; !store.isClosing; isFirst = false) {
      signal?.throwIfAborted();
      for await (const told of round(isFirst)) {
        yield told;
        signal?.throwIfAborted();
        if (store.isClosing) return;
      }
      await waker.wait();
    }
  } catch (error) {
    if (!(error instanceof StoreError && error.code === "CLOSED")) throw error;
  } finally {
    signal?.removeEventListener("abort", waker.wake);
    store.wakers.delete(waker);
    waker.stop();
  }
}
