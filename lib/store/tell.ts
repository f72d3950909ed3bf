// What a load has found, told as warnings.
import type { Reading } from "../line/reading.ts";
import { formatStamp } from "../line/stamp.ts";
import type { Log } from "../log/log.ts";
import type { StoreWarning } from "./events.ts";
import { explain } from "./problems.ts";
import type { SessionState } from "./session-state.ts";

const DAY_MS = 86_400_000;

/** Tells all that was found. Of a session that was read in part before, some was told then. */
export function tell(session: SessionState, warnings: readonly StoreWarning[]): void {
  const { told } = session.sidecar;
  session.sidecar.told = new Set();
  for (const warning of warnings) {
    if (told.has(keyOf(warning))) continue;
    // A place in a log is told of once, however many readers come by it: a listing, a search, the session's own.
    if (warning.offset === undefined || session.store.events.isNew(keyOf(warning))) session.store.warn(warning);
  }
}

/** The same for a session that is read in part: what is told now is not told again when all of it is read. */
export function tellOfPart(session: SessionState, warnings: readonly StoreWarning[]): void {
  tell(session, warnings);
  session.sidecar.told = new Set(warnings.map(keyOf));
}

function keyOf({ code, path, offset, message }: StoreWarning): string {
  return JSON.stringify([code, path, offset, message]);
}

/** What was found in a log since the last time. */
export function warningsOfLog({ id }: SessionState, log: Log): StoreWarning[] {
  if (log.problems.length === log.told && log.unsettled.length === 0) return [];
  const found = [...log.problems.slice(log.told), ...log.unsettled];
  log.told = log.problems.length;
  return found.map(({ code, offset, length }) => {
    const message = `${explain(code)} (${length} bytes)`;
    return { code, message, session: id, path: log.place, offset };
  });
}

export function warningsOfFuture({ id }: SessionState, { last }: Pick<Reading, "last">): StoreWarning[] {
  if (last === undefined || last.ms <= Date.now() + DAY_MS) return [];
  const message = "the session has lines from more than a day ahead of this machine's clock";
  return [{ code: "future", message, session: id }];
}

/** What only all lines together show. */
export function warningsOf(session: SessionState, reading: Reading): StoreWarning[] {
  const { id } = session;
  const warnings = warningsOfFuture(session, reading);
  for (const stamp of reading.orphans) {
    const message = `the line that says what ${formatStamp(stamp)} goes on from was lost; it goes on from the line before it`;
    warnings.push({ code: "orphan", message, session: id });
  }
  if (reading.isDiverged) {
    const message = "the session went on in two places at once: branches() lists what is not in the history";
    warnings.push({ code: "diverged", message, session: id });
  }
  return warnings;
}
