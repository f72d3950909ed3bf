// Takes over the folder of a machine id that was lost: its logs are ours from then on, to be appended to, compacted, purged,
// archived and repaired.
//
//   1. the id is written to this machine's record, synced               crash here: nothing is adopted yet
//   2. a session with logs in several folders of ours: all lines come   crash here: lines that stand in two logs count once
//      into the eldest one, which is replaced whole (log/replace.ts)
//   3. the other moves to its old name; synced                          crash here: an old log alone is one more log
//   4. it goes, unless it was written to meanwhile                      crash here: the session has one log
//
// A call that comes after a crash, or finds the folder adopted already, unites what is left to be.
import { ArgumentError, StoreError } from "../../base/errors.ts";
import { checkOptions } from "../../base/options.ts";
import type { AdoptOptions, AdoptReport } from "../../base/adopt.ts";
import { liveLease } from "../../disk/lease-others.ts";
import { isMachineName, keepMachine } from "../../disk/machine.ts";
import { decodeName } from "../../disk/names.ts";
import { describe } from "../list/describe.ts";
import { headerIdOf, idOf } from "../check/header.ts";
import type { Place } from "../locator.ts";
import { folderOf } from "./machine-folder.ts";
import type { StoreState } from "../state.ts";
import { apart, uniteOwn } from "./unite-own.ts";

/** With these nothing more can be written. */
const FATAL: ReadonlySet<string> = new Set(["NO_SPACE", "READ_ONLY", "NO_ACCESS", "CLOSED"]);
/** So often sessions may be in use, one after the other, before the folder is taken over all the same. */
const MOST_LOOKS = 100;

export async function adopt(store: StoreState, machine: string, options: AdoptOptions): Promise<AdoptReport> {
  checkOptions("adopt", options, ["dryRun", "signal"]);
  const { dryRun: isTrial = false, signal } = options;
  if (typeof isTrial !== "boolean") throw new ArgumentError("INVALID_ARGUMENT", "adopt: dryRun is true or false");
  if (typeof machine !== "string" || !isMachineName(machine))
    throw new ArgumentError("INVALID_ARGUMENT", "adopt() takes the name of a machine's folder");
  if (store.readOnly !== undefined) throw store.readOnly;
  signal?.throwIfAborted();
  const { vfs, layout } = store;
  const isNew = !store.isOwn(machine);
  const folder = await folderOf(store, machine, signal);
  if (isNew) {
    if (!folder.isThere) throw new StoreError("NOT_FOUND", `no folder of a machine ${machine}`, { path: layout.root });
    checkSilent(store, machine);
    if (!isTrial) {
      await keepMachine(vfs, layout, store.machine, machine);
      await takeOver(store, machine);
    }
  }
  let united = 0;
  for (const name of folder.names) {
    signal?.throwIfAborted();
    // Whoever has its purges obeys them in all of its logs but those that nobody owned.
    if (isNew && !isTrial) store.owed.doubt(name);
    const places = store.locator.find(name);
    if (ownIn(store, places, machine) > 1 && (isTrial || (await tryUnite(store, name, places)))) united++;
    if (isNew && !isTrial) await describe(store, name);
  }
  const { logs, bytes, names } = folder;
  return isNew
    ? { machine, sessions: names.size, logs, bytes, united }
    : { machine, sessions: 0, logs: 0, bytes: 0, united };
}

function checkSilent({ vfs, layout }: StoreState, machine: string): void {
  const live = liveLease(vfs, layout, machine);
  if (live === undefined) return;
  const { name, path, holder } = live;
  const session = decodeName(name);
  const who = holder === undefined ? "" : `: process ${holder.pid} on ${holder.host}, since ${holder.since}`;
  throw new StoreError("SESSION_BUSY", `somebody writes to this store as ${machine}${who}`, {
    session,
    path,
    written: "no",
    holder: holder && { host: holder.host, pid: holder.pid, thread: holder.thread, since: holder.since },
  });
}

/** From here on its logs are ours. Sessions in memory look anew which logs they have; none is in the middle of something. */
async function takeOver(store: StoreState, machine: string): Promise<void> {
  for (let looks = 1; looks <= MOST_LOOKS; looks++) {
    const busy = [...store.sessions.values()].filter((session) => !session.isAtRest);
    if (busy.length === 0) break;
    for (const session of busy) {
      await session.compacting;
      await session.loading?.catch(() => undefined);
      await session.queue.settled();
    }
  }
  store.addMachine(machine);
  for (const session of store.sessions.values()) session.forgetLogs();
}

/** How many logs of the session are ours, if this machine's are. */
function ownIn(store: StoreState, places: readonly Place[], machine: string): number {
  const own = places.filter((place) => store.isOwn(place.machine) || place.machine === machine);
  return apart(store, own, ({ path }) => path).length;
}

/** What keeps one session from being united stops no other: it is read as before, and verify() tells. */
async function tryUnite(store: StoreState, name: string, places: readonly Place[]): Promise<boolean> {
  const id = idOf(
    name,
    places.map(({ path }) => headerIdOf(store, path)),
  );
  if (id === undefined) return false;
  try {
    return await uniteOwn(store.session(id));
  } catch (cause) {
    if (!(cause instanceof StoreError) || FATAL.has(cause.code)) throw cause;
    const message = "the session's logs in several folders of this machine could not be united";
    store.warn({ code: "upkeep", message, session: id, cause });
    return false;
  }
}
