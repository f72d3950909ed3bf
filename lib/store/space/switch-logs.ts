// A log was compacted while its session is in use. What is known of the session stays known: its lines lie in the old log
// as long as that stands beside, and by then the new one has been read.
import { machineOf } from "../../disk/names.ts";
import type { Fold } from "../../line/fold.ts";
import { Log } from "../../log/log.ts";
import type { Replaced } from "../../log/old-log.ts";
import { exclusively } from "../exclusively.ts";
import { catchUp, foldOne } from "../read/load.ts";
import type { SessionState } from "../session-state.ts";

/** The new log has just taken the name. At once: an append may follow in this turn. */
export function switchLogs(session: SessionState, { path, old, drained }: Replaced): void {
  const { logs, fold, store, writer } = session;
  const [own] = logs;
  const isKnown =
    fold !== undefined &&
    own !== undefined &&
    own === writer?.log &&
    logs.length === 1 &&
    session.loading === undefined;
  if (!isKnown || own.covered !== drained || own.size !== drained || own.unsettled.length > 0) {
    session.forgetPlaces();
    return;
  }
  const before = knownLog(session, old, own.number, own.machine, own);
  const after = knownLog(session, path, own.number + 1, own.machine);
  if (fold.last !== undefined) fold.previous[after.number] = fold.last;
  store.descriptors.drop(own.slot);
  session.logs = [before, after];
  session.setOwnLog(after, writer?.failure);
  session.setFold(fold);
  session.sidecar.covered = 0;
  session.writer?.created();
}

/** A log all of whose lines are in the fold. */
function knownLog({ store }: SessionState, path: string, number: number, machine: string, was?: Log): Log {
  const log = new Log(path, machine, number, was === undefined ? "append" : "read");
  log.reopen(store.descriptors);
  log.covered = log.size;
  log.readAtMs = Date.now();
  if (was === undefined) return log;
  log.problems = [...was.problems];
  log.told = was.told;
  log.endsClean = was.endsClean;
  for (const writer of was.closed) log.closed.add(writer);
  return log;
}

/** Lets the old log go when its minute is over. */
export function dropLater(session: SessionState, replaced: Replaced): void {
  session.store.replaced.dropLater(replaced, async (drop) => {
    const ahead = session.known === undefined ? undefined : await readAhead(session, replaced.path);
    await exclusively(session, async () => {
      session.writer?.endTurn();
      await drop(ahead !== undefined);
      await take(session, ahead);
    });
  });
}

interface Ahead {
  readonly log: Log;
  readonly fold: Fold;
}

/** What the new log comes to; undefined: it is not in order. */
async function readAhead({ store }: SessionState, path: string): Promise<Ahead | undefined> {
  const log = new Log(path, machineOf(path), 0, "append");
  const open = log.reopen(store.descriptors).pin();
  try {
    const fold = await foldOne(log, open);
    return fold && { log, fold };
  } finally {
    open.unpin();
  }
}

/** The new log alone is the session, from now on. */
async function take(session: SessionState, ahead: Ahead | undefined): Promise<void> {
  const { store, logs, writer } = session;
  session.forgetPlaces();
  if (ahead === undefined || logs.length !== 2 || store.sessions.get(session.id) !== session) return;
  for (const log of logs) store.descriptors.drop(log.slot);
  session.logs = [ahead.log];
  session.setOwnLog(ahead.log, writer?.failure);
  if (!(await catchUp(session, ahead.fold))) return session.forget();
  session.generation = store.locator.generation;
  store.sidecars.loaded(session);
  store.compactions.add(session);
}
