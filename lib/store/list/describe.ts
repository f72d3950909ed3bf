// What the catalog is to know of a session, from its logs.
import { errno, ioError, StoreError } from "../../base/errors.ts";
import type { DamagedSession, SessionInfo } from "../../base/session-info.ts";
import { giveWay } from "../../base/turn.ts";
import type { OpenFile } from "../../disk/descriptors.ts";
import { fingerprintOf, isSameFile } from "../../disk/fingerprint.ts";
import type { Fingerprint } from "../../disk/fingerprint.ts";
import { decodeName, encodeName } from "../../disk/names.ts";
import { NEVER_MS, seenLog } from "../../indexes/catalog/entry.ts";
import type { CatalogEntry, SeenLog } from "../../indexes/catalog/entry.ts";
import { compareStamps, formatStamp } from "../../line/stamp.ts";
import type { Reading } from "../../line/reading.ts";
import type { Stamp } from "../../line/stamp.ts";
import { firstLine, lastStamp } from "../../log/last.ts";
import { infoOf } from "./info.ts";
import { refresh } from "../read/load.ts";
import type { Place } from "../locator.ts";
import { ownLastIn } from "../check/own-last.ts";
import { promptOf } from "./prompt.ts";
import type { SessionState } from "../session-state.ts";
import type { StoreState } from "../state.ts";
import { viewPart } from "../read/view.ts";
import type { View } from "../read/view.ts";

/** The info of a listed session, with the times as they are to be shown now; undefined: it is deleted. */
export function shownInfo(entry: CatalogEntry): SessionInfo | DamagedSession | undefined {
  const { id, kind, info, updated, created } = entry;
  if (kind === "deleted") return undefined;
  if (kind === "damaged") return { id, damaged: info["damaged"] as string };
  return { ...info, id, createdAt: timeIn(created), updatedAt: timeIn(updated) } as SessionInfo;
}

let nowMs = -1;
let nowText = "";

/** A stamp begins with its time. A clock that lies in the future lists no session before its time. */
function timeIn(stamp: string): string {
  const now = Date.now();
  if (now !== nowMs) {
    nowMs = now;
    nowText = new Date(now).toISOString();
  }
  const time = stamp.slice(0, nowText.length);
  return time > nowText ? nowText : time;
}

/** So often others may write to a session between two looks before its listing says so. */
const MOST_LOOKS = 100;

/** True while the logs are those that were read. Their directories are looked at elsewhere, for logs that are new. */
export function isAsSeen(store: StoreState, { logs }: CatalogEntry): boolean {
  // It has just said so itself.
  if (store.remote !== undefined) return true;
  return logs.every(({ directory, file, print }) => {
    const stat = store.vfs.stat(store.layout.pathIn(directory, file));
    return stat !== undefined && isSameFile(print, stat);
  });
}

/**
 * Reads a session by its name. `places` are its logs, if the caller knows them: it saves the look-up in all
 * directories. `before` is what it showed the last time: of that, nothing of this machine's may be missing now. An entry
 * without logs: the session is gone.
 */
export async function describe(
  store: StoreState,
  name: string,
  before?: CatalogEntry,
  places?: readonly Place[],
): Promise<CatalogEntry> {
  const found = places ?? store.locator.find(name);
  const plain = decodeName(name);
  const header = plain === undefined ? await headerId(store, found) : undefined;
  const id = plain ?? header?.id;
  if (id === undefined) return damagedEntry(store, name, name, found, header?.reason ?? "", header?.isPassing);
  if (encodeName(id) !== name)
    return damagedEntry(store, name, name, found, `its header names session ${JSON.stringify(id)}`);
  const isKnown = store.sessions.has(id);
  // A session that nobody has open is read without being remembered: a listing fills no memory.
  const { session, release } = store.borrow(id);
  const had = ownLastIn(store, before);
  try {
    if (!isKnown) session.expect(had);
    if (!isKnown && places !== undefined) session.setPlaces(places);
    if (!isKnown) {
      const take = (view: View<Reading>): CatalogEntry => {
        if (session.isOurs && store.readOnly === undefined) store.owed.notice(session, view.fold);
        return entryIn(session, view.fold, () => promptIn(view));
      };
      return await viewPart(session, take, true);
    }
    // What it shows is to be believed by all: a look of a second ago does not serve.
    store.locator.tryRefresh();
    for (let looks = 1; looks <= MOST_LOOKS; looks++) {
      await refresh(session);
      if (session.fold === undefined) return goneEntry(name, id);
      await compareOwn(session, had);
      const entry = entryOf(session);
      if (entry !== undefined) return entry;
      // Others wrote to our log after our last look, which may still serve in this turn: it is to serve no more.
      session.writer?.doubt();
      await giveWay();
    }
    throw new StoreError("IO", "others write to the session without a pause; try again", { session: id });
  } catch (error) {
    if (!(error instanceof StoreError) || error.code === "CLOSED") throw error;
    if (error.code === "NOT_FOUND") return goneEntry(name, id);
    return damagedEntry(store, name, id, found, error.message, errno(error.cause) !== undefined);
  } finally {
    release();
  }
}

/** An open session was read when nobody knew yet what is known of it by now. */
async function compareOwn(session: SessionState, had: Stamp | undefined): Promise<void> {
  const { ownLast } = session;
  if (had === undefined || (ownLast !== undefined && compareStamps(had, ownLast) <= 0)) return;
  session.ownLast = had;
  const { noticeRolledBack } = await import("../check/rolled-back.ts");
  await session.queue.run(() => noticeRolledBack(session));
  if (session.ownLast === had) session.ownLast = ownLast;
}

/** What is known of a session; undefined: nothing, or others wrote to our log between two looks. */
export function entryOf(session: SessionState): CatalogEntry | undefined {
  const { store, fold, logs } = session;
  if (fold === undefined || logs.length === 0) return undefined;
  // After a write of ours a log has times that nobody has seen yet.
  for (const log of logs) if (Number.isNaN(log.mtimeMs) && log.look(store.vfs) !== "same") return undefined;
  return entryIn(session, fold, () => readPrompt(session));
}

/** `prompt` is asked where the session has no title. */
function entryIn(session: SessionState, fold: Reading, prompt: () => string | undefined): CatalogEntry {
  const { store, id, name, logs } = session;
  // Of a log to which others appended nobody knows whether they left the rest as it was: it is read again.
  const seen = logs.map((log) =>
    log.packed === undefined
      ? seenAt(store, log.path, log, log.hasGrown ? 0 : log.readAtMs)
      : seenAt(store, log.packed.path, log.packed.print, log.packed.readAtMs),
  );
  const { first, last } = fold as { first: Stamp; last: Stamp };
  const stamps = { updated: formatStamp(last), created: formatStamp(first), own: ownIn(session) };
  if (fold.deletedAt !== undefined) return { name, id, kind: "deleted", ...stamps, logs: seen, info: {} };
  const { id: _id, createdAt: _created, updatedAt: _updated, ...info } = infoOf(id, fold, logs);
  return {
    name,
    id,
    kind: "session",
    ...stamps,
    logs: seen,
    info,
    prompt: info.title === undefined ? prompt() : undefined,
  };
}

/** Undefined: all of it is ours, or nothing. */
function ownIn({ logs, ownLast, store }: SessionState): string | undefined {
  const isShared = logs.some(({ machine }) => !store.isOwn(machine));
  return isShared && ownLast !== undefined ? formatStamp(ownLast) : undefined;
}

/** The beginning of the first prompt; undefined: there is none, or it cannot be read now. */
export function readPrompt({ store, fold, logs }: SessionState): string | undefined {
  const files: OpenFile[] = [];
  try {
    for (const log of logs) {
      const open = log.open(store.descriptors)?.pin();
      if (open === undefined) return undefined;
      files.push(open);
    }
    return fold && promptOf(fold, files);
  } catch (error) {
    if (errno(error) === undefined) throw error;
    return undefined;
  } finally {
    for (const file of files) file.unpin();
  }
}

/** The same of a view; what is damaged in the log is told by whoever reads the message. */
function promptIn({ fold, files }: View<Reading>): string | undefined {
  return promptOf(fold, files);
}

/** It could not be read when it was described, for a reason that may be over. */
export function isUnread({ kind, logs }: CatalogEntry): boolean {
  return kind === "damaged" && logs.some(({ print }) => print.ctimeMs === NEVER_MS);
}

function goneEntry(name: string, id: string): CatalogEntry {
  return { name, id, kind: "session", updated: "", created: "", logs: [], info: {} };
}

/**
 * It has its place in the list by what can be read of it. `isPassing`: what the file system refused it may give the next
 * time, with no change to show for it, so the log is read again at each look.
 */
function damagedEntry(
  store: StoreState,
  name: string,
  id: string,
  places: readonly Place[],
  reason: string,
  isPassing = false,
): CatalogEntry {
  const logs: SeenLog[] = [];
  let updated = "";
  let created = "";
  for (const { path } of places) {
    const readAtMs = isPassing ? 0 : Date.now();
    const stat = statOf(store, path);
    if (stat === undefined) continue;
    logs.push(seenAt(store, path, stat, readAtMs));
    const ends = endsOf(store, path);
    if (ends.last > updated) updated = ends.last;
    if (created === "" || (ends.first !== "" && ends.first < created)) created = ends.first;
  }
  return { name, id, kind: "damaged", updated, created, logs, info: { damaged: reason } };
}

function seenAt(store: StoreState, path: string, stat: Fingerprint, readAtMs: number): SeenLog {
  const { directory, file } = store.layout.directoryOf(path);
  return seenLog(directory, file, fingerprintOf(stat), readAtMs);
}

/** What no file looks like: where not even a stat can be had the log is read again at each look. */
export const UNSEEN: Fingerprint = { dev: 0, ino: 0, size: 0, mtimeMs: 0, ctimeMs: 0 };

/** Undefined: it is gone. */
function statOf({ vfs }: StoreState, path: string): Fingerprint | undefined {
  try {
    return vfs.stat(path);
  } catch {
    return UNSEEN;
  }
}

/** The stamps of a log's first and last line, or nothing. */
function endsOf({ vfs }: StoreState, path: string): { first: string; last: string } {
  try {
    const file = vfs.open(path, "read");
    try {
      const { size } = file.stat();
      const first = firstLine(file, size)?.stamp;
      const last = lastStamp(file, size);
      return { first: first ? formatStamp(first) : "", last: last ? formatStamp(last) : "" };
    } finally {
      file.close();
    }
  } catch {
    return { first: "", last: "" };
  }
}

async function headerId(
  store: StoreState,
  places: readonly Place[],
): Promise<{ readonly id: string | undefined; readonly reason: string; readonly isPassing: boolean }> {
  let failure: unknown;
  for (const { path } of places) {
    try {
      const file = store.vfs.open(await store.unpacked.readable(path), "read");
      try {
        const header = firstLine(file, file.stat().size);
        if (header?.id !== undefined) return { id: header.id, reason: "", isPassing: false };
      } finally {
        file.close();
      }
    } catch (error) {
      // The next log may tell; if none does, the session is listed as damaged.
      failure = error;
    }
  }
  if (failure === undefined) return { id: undefined, reason: "it has no header", isPassing: false };
  return { id: undefined, reason: ioError(failure, "read the session").message, isPassing: true };
}
