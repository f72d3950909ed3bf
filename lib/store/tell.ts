// What a load has found, told as warnings.
import type { Reading } from "../line/reading.ts";
import { formatStamp } from "../line/stamp.ts";
import type { Log } from "../log/log.ts";
import { explain } from "./problems.ts";
import type { SessionState } from "./session-state.ts";

const DAY_MS = 86_400_000;

/** Warns of what was found in a log since the last time. */
export function tellOfLog({ store, id }: SessionState, log: Log): void {
  const unsettled = log.unsettled === log.toldUnsettled ? [] : log.unsettled;
  for (const { code, offset, length } of [...log.problems.slice(log.told), ...unsettled]) {
    const message = `${explain(code)} (${length} bytes)`;
    if (!store.events.isNew(`${code} ${offset} ${length} ${log.ino} ${log.path}`)) continue;
    store.warn({ code, message, session: id, path: log.path, offset });
  }
  log.told = log.problems.length;
  log.toldUnsettled = log.unsettled;
}

export function tellOfFuture({ store, id }: SessionState, { last }: Pick<Reading, "last">): void {
  if (last === undefined || last.ms <= Date.now() + DAY_MS) return;
  const message = "the session has lines from more than a day ahead of this machine's clock";
  store.warn({ code: "future", message, session: id });
}

/** Warns of what only all lines together show. */
export function tellOfSession(session: SessionState, reading: Reading): void {
  const { store, id } = session;
  tellOfFuture(session, reading);
  for (const stamp of reading.orphans) {
    const message = `the line that says what ${formatStamp(stamp)} goes on from was lost; it goes on from the line before it`;
    store.warn({ code: "orphan", message, session: id });
  }
  if (reading.isDiverged) {
    const message = "the session went on in two places at once: branches() lists what is not in the history";
    store.warn({ code: "diverged", message, session: id });
  }
}
