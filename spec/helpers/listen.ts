// Somebody who follows a session for as long as a spec lasts.
import type { Session, SessionChange } from "../../lib/index.ts";

export type Change = SessionChange<any, any>;

/** Takes what is told, on and on, from the moment when it resolves. */
export interface Listener {
  readonly told: Change[];
  /** Resolves when so much was told, or too much time has passed. */
  reached(count: number): Promise<Change[]>;
  /** How it ended. */
  readonly end: Promise<unknown>;
  stop(): Promise<unknown>;
}

export async function listen(session: Session<any, any>, from?: string): Promise<Listener> {
  const told: Change[] = [];
  const stop = new AbortController();
  const changes = session.follow({ from, signal: stop.signal });
  const end = (async () => {
    try {
      for await (const change of changes) told.push(change);
      return "closed";
    } catch (error) {
      return stop.signal.aborted ? "aborted" : error;
    }
  })();
  // What is written after this resolves lies behind the first step.
  await session.count();
  await new Promise((resolve) => setTimeout(resolve, 50));
  const reached = async (count: number): Promise<Change[]> => {
    const endsAt = Date.now() + 20_000;
    while (told.length < count && Date.now() < endsAt) await new Promise((resolve) => setTimeout(resolve, 5));
    return told;
  };
  return {
    told,
    reached,
    end,
    async stop() {
      stop.abort();
      return await end;
    },
  };
}
