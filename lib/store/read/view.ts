// What a read works on: a fold that is up to date, and the files that its rows lie in.
import { errno, StoreError } from "../../base/errors.ts";
import type { OpenFile } from "../../disk/descriptors.ts";
import { reaching } from "../../disk/far.ts";
import type { Fold } from "../../line/fold.ts";
import type { Reading } from "../../line/reading.ts";
import { BadSidecarError } from "../../indexes/offsets/sidecar.ts";
import type { Log } from "../../log/log.ts";
import { locate, refresh } from "./load.ts";
import type { OpenSidecar } from "./open-sidecar.ts";
import { believedSidecar } from "./restore.ts";
import type { Believed } from "./restore.ts";
import { notFound } from "../state.ts";
import type { SessionState } from "../session-state.ts";
import { tellOfPart, warningsOf, warningsOfLog } from "../tell.ts";
import { takeTail } from "./view-tail.ts";

/** One moment of a session; valid while `take` runs. A Snapshot made of it stays readable for longer. */
export interface View<F extends Reading = Fold> {
  readonly fold: F;
  readonly logs: readonly Log[];
  /** By the logs' numbers. */
  readonly files: readonly OpenFile[];
  /** Pieces of the logs that are left out. */
  readonly skipped: number;
  /** What `fold` is read from; undefined: nothing, it is whole. */
  readonly sidecar?: OpenSidecar | undefined;
}

/** What is made of a view, while it is valid. */
export type Take<T, F extends Reading = Fold> = (view: View<F>) => T;

/** So often a log may be replaced between our look and our opening it. */
const MOST_TRIES = 5;

/**
 * What `take` makes of the session as it stands after the calls that were made before this one, and before those that
 * come after it. Throws NOT_FOUND if there is no session, or it is deleted (unless that is wanted, too).
 */
export async function viewAll<T>(session: SessionState, take: Take<T>, evenDeleted = false): Promise<T> {
  const { queue, store } = session;
  store.checkOpen();
  if (store.remote !== undefined) return await queue.run(() => reaching(() => viewNext(session, take, evenDeleted)));
  const files = queue.isIdle && session.isReady() ? tryOpenAll(session) : undefined;
  return files === undefined
    ? await queue.run(() => viewNext(session, take, evenDeleted))
    : taken(session, session.fold, files, take, evenDeleted);
}

/** The same as a step of an operation that has the queue already. */
export async function viewNext<T>(session: SessionState, take: Take<T>, evenDeleted = false): Promise<T> {
  for (let tries = 0; tries < MOST_TRIES; tries++) {
    await refresh(session);
    const files = openAll(session);
    if (files !== undefined) return taken(session, session.fold, files, take, evenDeleted);
    session.forget();
  }
  throw new StoreError("IO", "the session's logs are replaced again and again", { session: session.id });
}

/** The same where the answer needs little of a session: of one that nobody has open, the sidecar may have it. */
export async function viewPart<T>(session: SessionState, take: Take<T, Reading>, evenDeleted = false): Promise<T> {
  const { queue, store } = session;
  store.checkOpen();
  if (session.known !== undefined || store.remote !== undefined) return await viewAll(session, take, evenDeleted);
  const isIdle = queue.isIdle;
  const found = isIdle ? takePaged(session, take, evenDeleted) : undefined;
  if (found !== undefined) return found.taken;
  return await queue.run(async () => {
    const waited = isIdle ? undefined : takePaged(session, take, evenDeleted);
    return waited === undefined ? await viewNext(session, take, evenDeleted) : waited.taken;
  });
}

/** At least the last messages. Where nothing is known of the session yet, only the end of its log is read. */
export async function viewLast<T>(session: SessionState, messages: number, take: Take<T, Reading>): Promise<T> {
  session.store.checkOpen();
  const isCold = session.known === undefined && session.loading === undefined && session.queue.isIdle;
  const { locator } = session.store;
  const { looks } = locator;
  // A sidecar knows more than the end does: what is damaged before it, and lines that are not in order.
  const paged = isCold && session.store.remote === undefined ? takePaged(session, take, false) : undefined;
  if (paged !== undefined) return paged.taken;
  const isListed = locator.looks > looks;
  const found = isCold
    ? await session.queue.run(() => reaching(() => takeTail(session, messages, take, isListed)).catch(unlessSystem))
    : undefined;
  if (found !== undefined) return found.taken;
  return await viewPart(session, take);
}

/** From a sidecar whose logs are as it says. Undefined: there is none, or it is not whole. */
function takePaged<T>(session: SessionState, take: Take<T, Reading>, evenDeleted: boolean): { taken: T } | undefined {
  if (session.known !== undefined || session.loading !== undefined) return undefined;
  let paged: Believed | undefined;
  try {
    paged = session.sidecar.paged === undefined ? openPaged(session) : reopenPaged(session, session.sidecar.paged);
  } catch {
    // The load that follows meets the same, and says so.
    session.forget();
  }
  if (paged === undefined) return undefined;
  try {
    const { sidecar, files } = paged;
    return { taken: taken(session, sidecar.reading, files, take, evenDeleted, sidecar) };
  } catch (error) {
    if (!(error instanceof BadSidecarError)) throw error;
    session.distrust();
    return undefined;
  }
}

function openPaged(session: SessionState): Believed | undefined {
  locate(session);
  const believed = session.logs.length === 0 ? undefined : believedSidecar(session);
  if (believed === undefined) return undefined;
  const { sidecar } = believed;
  session.sidecar.paged = sidecar;
  session.damage = undefined;
  session.writer?.looked();
  const ofLogs = session.logs.flatMap((log) => warningsOfLog(session, log));
  tellOfPart(session, [...warningsOf(session, sidecar.reading), ...ofLogs]);
  return believed;
}

function reopenPaged(session: SessionState, sidecar: OpenSidecar): Believed | undefined {
  const files = session.isPagedReady() ? openAll(session) : undefined;
  return files && { sidecar, files };
}

/** All logs open, and pinned; undefined: a path names another file by now. */
function openAll(session: SessionState): OpenFile[] | undefined {
  const files: OpenFile[] = [];
  try {
    for (const log of session.logs) {
      const file = log.open(session.store.descriptors)?.pin();
      if (file !== undefined) files.push(file);
    }
    if (files.length === session.logs.length) return files.splice(0);
    return undefined;
  } finally {
    for (const file of files) file.unpin();
  }
}

/** The same; what cannot be opened at once is met again, and told of, by the load that follows. */
function tryOpenAll(session: SessionState): OpenFile[] | undefined {
  try {
    return openAll(session);
  } catch {
    session.forget();
    return undefined;
  }
}

function taken<T, F extends Reading>(
  session: SessionState,
  fold: F | undefined,
  files: readonly OpenFile[],
  take: Take<T, F>,
  evenDeleted = false,
  sidecar?: OpenSidecar,
): T {
  try {
    if (fold === undefined || (fold.deletedAt !== undefined && !evenDeleted)) throw notFound(session);
    return take({ fold, logs: session.logs, files, skipped: skippedIn(session.logs), sidecar });
  } finally {
    for (const file of files) file.unpin();
  }
}

/** What the system refuses to open or to read, or what went a moment ago: the whole log must be read, which tells why. */
function unlessSystem(error: unknown): undefined {
  if (error instanceof StoreError || errno(error) === undefined) throw error;
}

function skippedIn(logs: readonly Log[]): number {
  const isLeftOut = ({ code }: { code: string }): boolean => code !== "altered" && code !== "glued";
  return logs.reduce((sum, log) => sum + [...log.problems, ...log.unsettled].filter(isLeftOut).length, 0);
}
