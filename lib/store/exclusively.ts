// Writing operations: each in its turn among those of its session, and under the session's lease.
import type { SessionState } from "./session-state.ts";

/** Runs an operation that writes. Throws SESSION_BUSY if another process has the lease for too long. */
export async function exclusively<T>(session: SessionState, operation: () => Promise<T>): Promise<T> {
  return await session.queue.run(async () => {
    const { lease, store } = session;
    // Why nothing can be written at all is said first.
    if (lease === undefined || store.readOnly !== undefined) return await operation();
    await lease.take();
    lease.pin();
    try {
      return await operation();
    } finally {
      lease.unpin();
    }
  });
}
