// Brings what we know of a session up to date with its logs: the appended part is read, or all of them.
import { setTimeout as sleep } from "node:timers/promises";
import { errno, ioError, StoreError } from "../../base/errors.ts";
import type { OpenFile } from "../../disk/descriptors.ts";
import { mayBeGrowing, WRITE_MS } from "../../disk/fingerprint.ts";
import { oldOf } from "../../disk/names.ts";
import { FORMAT } from "../../line/codec.ts";
import type { LineHead } from "../../line/decode.ts";
import { Fold } from "../../line/fold.ts";
import type { Log } from "../../log/log.ts";
import { isPieceStart } from "../../log/pieces.ts";
import { foldMerged } from "./fold-logs.ts";
import { Lookout, ownLastOf } from "../check/own-last.ts";
import { readFrom, readInto } from "./read-lines.ts";
import { restoreFold } from "./restore.ts";
import type { SessionState } from "../session-state.ts";
import { tell, warningsOf, warningsOfLog } from "../tell.ts";
import { unite } from "./unite.ts";

/** So often a log may go while the session is read, as where another process archives it and brings it back all the time. */
const MOST_TRIES = 50;
const RETRY_MS = 2;
/** So often a session is looked for that was there a moment ago, each time after twice as long. */
const TRIES_TO_FIND = 6;

/** Resolves when the fold has all that was in the logs when this was called, or the session is known not to exist. */
export async function refresh(session: SessionState): Promise<void> {
  await session.store.remote?.look(session.name);
  const before = session.loads;
  while (!session.isReady()) {
    if (session.loading === undefined) {
      session.loads++;
      session.loading = load(session).finally(() => {
        session.loading = undefined;
      });
    }
    const isOurs = session.loads > before;
    await session.loading;
    // One that began after we came has seen all that we may expect; the logs can have grown again meanwhile.
    if (isOurs) return;
  }
}

async function load(session: SessionState): Promise<void> {
  const before = session.fold;
  const lookout = new Lookout(session);
  const isKnown = session.exists;
  try {
    // What was acknowledged comes first: if the log was replaced meanwhile, it goes into the new one.
    session.writer?.endTurn();
    for (let tries = 1; ; tries++) {
      locate(session);
      if (session.logs.length === 0) {
        // It went to the archive and came back while we looked for it in one place after the other: a busy machine may have
        // held us up between two of them.
        if (!isKnown || tries === TRIES_TO_FIND) return session.store.makeRoom();
        await sleep(RETRY_MS * 2 ** (tries - 1));
        continue;
      }
      try {
        if (!(await unpacked(session))) {
          if (tries === MOST_TRIES) throw changing(session);
        } else if ((await goOn(session, lookout)) || (await rebuild(session, lookout, tries === MOST_TRIES))) {
          if ((await seenThrough(session)) || tries === MOST_TRIES) break;
          session.forget();
        }
        session.generation = -1;
      } catch (error) {
        // A log went between the look-up and now: an old one that stood beside, or all of the session.
        if (errno(error) !== "ENOENT" || tries === MOST_TRIES) throw error;
        session.generation = -1;
        await sleep(RETRY_MS);
      }
    }
    session.writer?.looked();
    const { fold } = session;
    const ofSession = fold === undefined || fold === before ? [] : warningsOf(session, fold);
    tell(session, [...ofSession, ...session.logs.flatMap((log) => warningsOfLog(session, log))]);
    if (fold !== undefined) {
      const isAll = lookout.isSeen && session.missing === undefined;
      if (isAll || (await (await import("../check/rolled-back.ts")).noticeRolledBack(session)))
        session.ownLast = ownLastOf(session, fold);
    }
    session.store.sidecars.loaded(session);
    if (session.isOurs && fold !== undefined) session.store.owed.notice(session, fold);
    session.store.makeRoom();
  } catch (error) {
    session.forget();
    if (error instanceof StoreError) throw error;
    throw ioError(error, "read the session", { session: session.id, path: (error as { path?: string }).path });
  }
}

/**
 * What an appender is just writing looks torn, or like a commit without an end, since a file grows page by page under a write: it is
 * waited for, about as long as WRITE_MS. False: something else became of a log meanwhile.
 */
async function seenThrough(session: SessionState): Promise<boolean> {
  const mayGoOn = (log: Log): boolean => log.unsettled.length > 0 && mayBeGrowing(log);
  for (let waitMs = 1; waitMs < WRITE_MS; waitMs *= 2) {
    if (session.store.vfs.isVolatile || !session.logs.some(mayGoOn)) return true;
    await sleep(waitMs);
    if (session.fold === undefined || !(await catchUp(session, session.fold))) return false;
  }
  return true;
}

/** What the archive has of it lies ready to be read. False: it is to be looked up anew. */
async function unpacked({ logs, store }: SessionState): Promise<boolean> {
  return !logs.some(({ packed }) => packed !== undefined) || (await store.unpacked.prepare(logs));
}

function changing({ id }: SessionState): StoreError {
  return new StoreError("IO", "the session's logs in the archive are replaced again and again", { session: id });
}

/** From what is known, or from what was saved, to what the logs have now. False: they must be read. */
async function goOn(session: SessionState, lookout: Lookout): Promise<boolean> {
  if (session.known !== undefined) {
    lookout.isSeen = true;
    return await catchUp(session, session.known.fold);
  }
  const fold = await restoreFold(session);
  if (fold === undefined) return false;
  lookout.trust(fold);
  if (!(await catchUp(session, fold))) return false;
  session.damage = undefined;
  return true;
}

/** Looks the logs up again if one may have come or gone. */
export function locate(session: SessionState): void {
  const { store } = session;
  const isListed = store.locator.check();
  if (session.generation === store.locator.generation && session.logs.length > 0) return;
  if (session.logs.length > 0 && session.isWhereItWas()) return;
  session.setPlaces(store.locator.find(session.name, isListed));
}

/** Reads what was appended to the logs. False: something else became of one, or what was appended fits nowhere. */
export async function catchUp(session: SessionState, fold: Fold): Promise<boolean> {
  for (const log of session.logs) {
    const look = log.look(session.store.vfs);
    if (look === "same") continue;
    if (look !== "grown") return false;
    const open = log.open(session.store.descriptors)?.pin();
    if (open === undefined) return false;
    try {
      if (!(await isPieceStart(open.file, log.covered))) return false;
      const lines: LineHead[] = [];
      const isInOrder = await readFrom(log, open, (line) => lines.push(line));
      // A writer that is heard again: its commit that had no end may have one now.
      if (lines.some((line) => log.closed.has(line.stamp.writer))) return false;
      if (!isInOrder || !lines.every((line) => fold.apply(line, log.number))) return false;
      log.hasGrown = true;
    } finally {
      open.unpin();
    }
  }
  session.setFold(fold);
  return true;
}

/** Told of lines in the order in which they stand in a log. */
type NoteLine = (log: Log, line: LineHead) => void;

/** False: a log was replaced since they were looked up, and there is one more. */
async function rebuild(session: SessionState, lookout: Lookout, isLastTry: boolean): Promise<boolean> {
  session.sidecar.covered = 0;
  lookout.begin();
  const headers: Headers = new Map();
  const opens: OpenFile[] = [];
  try {
    for (const log of session.logs) opens.push(log.reopen(session.store.descriptors).pin());
    // Looked for when the new ones are open: an old log has its name before the new one has.
    if (!isLastTry && session.logs.some((log) => hasOld(session, log.path))) return false;
    const [only] = session.logs;
    const note = (log: Log, line: LineHead): void => {
      noteHeader(headers, log, line);
      lookout.note(line.stamp);
    };
    let fold: Fold | undefined;
    if (session.logs.length === 1) fold = await foldOne(only as Log, opens[0] as OpenFile, note);
    else fold = await foldMerged(session.logs, opens, note);
    fold ??= await foldAll(session, opens, note);
    checkHeaders(session, headers);
    session.setFold(fold);
    return true;
  } finally {
    for (const open of opens) open.unpin();
  }
}

/** The log that this one has replaced stands beside it, and nobody has met it yet. */
function hasOld({ logs, store }: SessionState, path: string): boolean {
  const old = oldOf(path);
  return !logs.some((log) => log.path === old) && store.vfs.stat(old) !== undefined;
}

/** Nearly every session has one log, in order: it goes straight into the fold. Undefined: this one is not in order. */
export async function foldOne(log: Log, open: OpenFile, note?: NoteLine): Promise<Fold | undefined> {
  const fold = new Fold();
  let isInOrder = true;
  const isSorted = await readFrom(log, open, (line) => {
    note?.(log, line);
    isInOrder &&= fold.apply(line, log.number);
  });
  return isInOrder && isSorted && fold.repeats === 0 ? fold : undefined;
}

async function foldAll(session: SessionState, opens: readonly OpenFile[], note: NoteLine): Promise<Fold> {
  const all: { readonly log: Log; readonly lines: LineHead[]; readonly open: OpenFile }[] = [];
  for (const [index, log] of session.logs.entries()) {
    const lines: LineHead[] = [];
    const open = opens[index] as OpenFile;
    log.covered = 0;
    log.problems = [];
    log.closed.clear();
    await readInto(log, open, (line) => lines.push(line));
    for (const line of lines) note(log, line);
    all.push({ log, lines, open });
  }
  const fold = new Fold();
  const { lines, before, last } = unite(all);
  for (const { line, log } of lines) fold.apply(line, log.number, before.get(line));
  for (const [log, stamp] of last) fold.previous[log.number] = stamp;
  return fold;
}

/** The header of each log. */
type Headers = Map<Log, { readonly id: string | undefined; readonly format: unknown }>;

function noteHeader(headers: Headers, log: Log, line: LineHead): void {
  if (line.type !== "session" || headers.has(log)) return;
  headers.set(log, { id: line.id, format: (line.data as { format?: unknown } | undefined)?.format });
}

/** Refuses a session without a sound header. With one, a log that has none is read, and never written. */
function checkHeaders(session: SessionState, headers: Headers): void {
  const { id } = session;
  session.damage = undefined;
  let damage: StoreError | undefined;
  for (const log of session.logs) {
    const header = headers.get(log);
    if (typeof header?.format === "number" && header.format > FORMAT) {
      throw new StoreError("NEWER_FORMAT", `the session has format ${header.format}; this version reads ${FORMAT}`, {
        session: id,
        path: log.place,
      });
    }
    const reason =
      header === undefined
        ? "it has no header"
        : header.id !== id
          ? `its header names session ${JSON.stringify(header.id)}`
          : undefined;
    if (reason === undefined) continue;
    damage = new StoreError("DAMAGED", `a log of the session is damaged: ${reason}`, { session: id, path: log.place });
    if (headers.size === 0 || header !== undefined) throw damage;
    if (log === session.writer?.log) session.damage = damage;
  }
}
