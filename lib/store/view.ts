// What a read works on: a fold that is up to date, and the files that its rows lie in.
import { errno, StoreError } from "../base/errors.ts";
import type { OpenFile } from "../disk/descriptors.ts";
import { FORMAT, LF } from "../line/codec.ts";
import { decodeHead } from "../line/decode.ts";
import type { LineHead } from "../line/decode.ts";
import type { Fold } from "../line/fold.ts";
import { Log } from "../log/log.ts";
import { foldTail } from "../log/tail.ts";
import { refresh, warnOfFuture } from "./load.ts";
import { notFound } from "./state.ts";
import type { SessionState } from "./state.ts";

/** One moment of a session; valid while `take` runs. A Snapshot made of it stays readable for longer. */
export interface View {
  readonly fold: Fold;
  readonly logs: readonly Log[];
  /** By the logs' numbers. */
  readonly files: readonly OpenFile[];
  /** Pieces of the logs that are left out. */
  readonly skipped: number;
}

type Take<T> = (view: View) => T;

const HEADER_BYTES = 4096;
/** So often a log may be replaced between our look and our opening it. */
const MOST_TRIES = 5;

/**
 * What `take` makes of the session as it stands after the calls that were made before this one, and before those that
 * come after it. Throws NOT_FOUND if there is no session, or it is deleted.
 */
export async function viewAll<T>(session: SessionState, take: Take<T>): Promise<T> {
  session.store.checkOpen();
  return await viewWhole(session, take);
}

async function viewWhole<T>(session: SessionState, take: Take<T>): Promise<T> {
  const { queue } = session;
  if (!queue.isIdle || !session.isReady()) return await queue.run(() => viewNext(session, take));
  const files = openAll(session);
  return files === undefined ? await queue.run(() => viewNext(session, take)) : taken(session, files, take);
}

/** The same as a step of an operation that has the queue already. */
export async function viewNext<T>(session: SessionState, take: Take<T>): Promise<T> {
  for (let tries = 0; tries < MOST_TRIES; tries++) {
    await refresh(session);
    const files = openAll(session);
    if (files !== undefined) return taken(session, files, take);
    session.forget();
  }
  throw new StoreError("IO", "the session's logs are replaced again and again", { session: session.id });
}

/** At least the last messages. Where nothing is known of the session yet, only the end of its log is read. */
export async function viewLast<T>(session: SessionState, messages: number, take: Take<T>): Promise<T> {
  session.store.checkOpen();
  const isCold = session.fold === undefined && session.loading === undefined && session.queue.isIdle;
  const found = isCold
    ? await session.queue.run(() => takeTail(session, messages, take)).catch(unlessSystem)
    : undefined;
  return found === undefined ? await viewWhole(session, take) : found.taken;
}

/** All logs open, and pinned; undefined: a path names another file by now. */
function openAll(session: SessionState): OpenFile[] | undefined {
  const files: OpenFile[] = [];
  for (const log of session.logs) {
    const file = log.open(session.store.descriptors)?.pin();
    if (file !== undefined) files.push(file);
  }
  if (files.length === session.logs.length) return files;
  for (const file of files) file.unpin();
  return undefined;
}

function taken<T>(session: SessionState, files: readonly OpenFile[], take: Take<T>): T {
  try {
    const { fold, logs } = session;
    if (fold === undefined || fold.deletedAt !== undefined) throw notFound(session);
    return take({ fold, logs, files, skipped: skippedIn(logs) });
  } finally {
    for (const file of files) file.unpin();
  }
}

/** What `take` makes of the end of a session's only log; undefined: the whole log must be read, which tells why. */
async function takeTail<T>(session: SessionState, messages: number, take: Take<T>): Promise<{ taken: T } | undefined> {
  const { vfs, descriptors, locator } = session.store;
  const [place, ...others] = locator.find(session.name);
  if (place === undefined || others.length > 0 || (vfs.stat(place.path)?.size ?? 0) === 0) return undefined;
  const log = new Log(place.path, place.machine, 0, "read");
  const open = log.reopen(descriptors).pin();
  // Nobody else asks for this slot: the file closes when the last snapshot of it is released.
  descriptors.drop(log.slot);
  // It comes from a cold disk while the end is read and folded.
  const header = readHeader(open);
  try {
    const fold = foldTail(open.file, log.size, log.number, messages);
    if (fold === undefined || fold.deletedAt !== undefined || !isHeader(await header, session.id)) return undefined;
    warnOfFuture(session, fold);
    return { taken: take({ fold, logs: [log], files: [open], skipped: 0 }) };
  } finally {
    await header.catch(() => undefined);
    open.unpin();
  }
}

/** What the system refuses to open or to read, or what went a moment ago: the whole log must be read, which tells why. */
function unlessSystem(error: unknown): undefined {
  if (error instanceof StoreError || errno(error) === undefined) throw error;
}

async function readHeader({ file }: OpenFile): Promise<LineHead | undefined> {
  const bytes = Buffer.allocUnsafe(HEADER_BYTES);
  const end = bytes.subarray(0, await file.readLater(bytes, 0, HEADER_BYTES, 0)).indexOf(LF);
  return end === -1 ? undefined : decodeHead(bytes, 0, end);
}

function isHeader(header: LineHead | undefined, id: string): boolean {
  const format = (header?.data as { format?: unknown } | undefined)?.format;
  return header?.type === "session" && header.sound && header.id === id && format === FORMAT;
}

function skippedIn(logs: readonly Log[]): number {
  const isLeftOut = ({ code }: { code: string }): boolean => code !== "altered" && code !== "glued";
  return logs.reduce((sum, log) => sum + [...log.problems, ...log.unsettled].filter(isLeftOut).length, 0);
}
