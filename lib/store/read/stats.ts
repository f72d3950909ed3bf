// What a session takes on disk, and how much of it is dead.
import type { SessionStats } from "../../base/session-stats.ts";
import { giveWay } from "../../base/turn.ts";
import type { Reading } from "../../line/reading.ts";
import { bytesIn } from "../list/info.ts";
import type { SessionState } from "../session-state.ts";
import { viewPart } from "./view.ts";
import type { View } from "./view.ts";

/** `evenDeleted`: of a deleted session, too, what is left of it. */
export async function stats(session: SessionState, evenDeleted = false): Promise<SessionStats> {
  const take = ({ fold, logs, skipped }: View<Reading>): SessionStats => {
    const bytes = bytesIn(logs);
    // The last line of a log can lack its newline.
    const liveBytes = Math.min(fold.liveBytes, bytes);
    const types = [...fold.tally.types].map(([type, tally]) => [type, { ...tally }] as const);
    return {
      bytes,
      liveBytes,
      deadBytes: bytes - liveBytes,
      lines: types.reduce((sum, [, { lines }]) => sum + lines, 0),
      types: Object.fromEntries(types),
      skipped,
    };
  };
  const found = await viewPart(session, take, evenDeleted);
  await giveWay();
  return found;
}
