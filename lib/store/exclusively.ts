// Writing operations: each in its turn among those of its session, and under the session's lease.
import { ioError } from "../base/errors.ts";
import type { LeaseHolder } from "../base/errors.ts";
import type { SessionState } from "./session-state.ts";

/**
 * Runs an operation that writes. Throws SESSION_BUSY if another process has the lease for too long. What `prepare` does
 * comes in its turn, too, but keeps no other process from writing.
 */
export async function exclusively<T>(
  session: SessionState,
  operation: () => Promise<T>,
  prepare?: () => Promise<void>,
): Promise<T> {
  if (session.store.remote !== undefined) return await session.store.remote.exclusively(session, operation, prepare);
  return await session.queue.run(async () => {
    const { lease, store } = session;
    if (prepare !== undefined) await prepare();
    // Why nothing can be written at all is said first.
    if (lease === undefined || store.readOnly !== undefined) return await operation();
    // Before it is ours: another store of this thread may ask for it in the moment between.
    lease.pin();
    try {
      await lease.take();
      return await operation();
    } finally {
      lease.unpin();
    }
  });
}

/** Takes the lease from whoever has it. -> who that was */
export function breakLease({ id, lease, store }: SessionState): LeaseHolder | undefined {
  if (store.readOnly !== undefined) throw store.readOnly;
  try {
    return lease?.break();
  } catch (error) {
    throw ioError(error, "break the lease of the session", { session: id });
  }
}
