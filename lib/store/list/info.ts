// What a session is called and belongs to, and what its lines tell of it.
import type { SessionInfo } from "../../base/session-info.ts";
import type { Reading } from "../../line/reading.ts";
import { formatStamp } from "../../line/stamp.ts";
import type { Stamp } from "../../line/stamp.ts";
import type { Log } from "../../log/log.ts";
import { giveWay } from "../../base/turn.ts";
import { viewPart } from "../read/view.ts";
import type { SessionState } from "../session-state.ts";

export async function info(session: SessionState): Promise<SessionInfo> {
  const found = await viewPart(session, ({ fold, logs }) => infoOf(session.id, fold, logs));
  await giveWay();
  return found;
}

export function infoOf(id: string, fold: Reading, logs: readonly Log[]): SessionInfo {
  // A session without a line does not exist: nobody asks for its info.
  const { first, last, tip } = fold as { first: Stamp; last: Stamp; tip: Stamp };
  return {
    ...Object.fromEntries(fold.info.entries()),
    id,
    archived: fold.info.get("archived") === true,
    createdAt: isoTime(first.ms),
    updatedAt: isoTime(last.ms),
    messages: fold.history.length,
    bytes: bytesIn(logs),
    branches: fold.otherBranches + 1,
    machines: [...new Set(logs.map((log) => log.machine))].sort(),
    tip: formatStamp(tip),
  };
}

/** The size of these logs; an archived one counts once with what it was made of, while that stands beside it. */
export function bytesIn(logs: readonly Log[]): number {
  const isAgain = ({ packed, machine }: Log): boolean =>
    packed !== undefined && logs.some((other) => other.packed === undefined && other.machine === machine);
  return logs.reduce((sum, log) => (isAgain(log) ? sum : sum + log.size), 0);
}

/** A clock that lies in the future lists no session before its time. */
export function isoTime(ms: number): string {
  return new Date(Math.min(ms, Date.now())).toISOString();
}
