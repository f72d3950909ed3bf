// What a read works on: a fold that is up to date, and the files that its rows lie in.
import { StoreError } from "../base/errors.ts";
import type { OpenFile } from "../disk/descriptors.ts";
import { FORMAT, LF } from "../line/codec.ts";
import { decodeHead } from "../line/decode.ts";
import type { Fold } from "../line/fold.ts";
import { Log } from "../log/log.ts";
import { foldTail } from "../log/tail.ts";
import { refresh } from "./load.ts";
import { notFound } from "./state.ts";
import type { SessionState } from "./state.ts";

export interface View {
  readonly fold: Fold;
  readonly logs: readonly Log[];
  /** By the logs' numbers, pinned. */
  readonly files: readonly OpenFile[];
  /** Pieces of the logs that are left out. */
  readonly skipped: number;
  release(): void;
}

const HEADER_BYTES = 4096;
/** So often a log may be replaced between our look and our opening it. */
const MOST_TRIES = 5;

/** All of the session. Throws NOT_FOUND if there is none, or it is deleted. */
export async function viewAll(session: SessionState): Promise<View> {
  await ready(session);
  for (let tries = 0; tries < MOST_TRIES; tries++) {
    const { fold } = session;
    if (fold === undefined || fold.deletedAt !== undefined) throw notFound(session);
    const files = session.logs.map((log) => log.open(session.store.descriptors)?.pin());
    const release = (): void => files.forEach((file) => file?.unpin());
    if (files.every((file) => file !== undefined)) {
      return { fold, logs: session.logs, files, skipped: skippedIn(session.logs), release };
    }
    release();
    session.forget();
    await refresh(session);
  }
  throw new StoreError("IO", "the session's logs are replaced again and again", { session: session.id });
}

/** A session's state, with all that was asked of it before, in the order of the calls. */
export async function ready(session: SessionState): Promise<void> {
  session.store.checkOpen();
  if (!session.queue.isIdle) await session.queue.settled();
  await refresh(session);
}

/** At least the last messages. Where nothing is known of the session yet, only the end of its log is read. */
export async function viewLast(session: SessionState, messages: number): Promise<View> {
  session.store.checkOpen();
  const isCold = session.fold === undefined && session.loading === undefined && session.queue.isIdle;
  return (isCold ? viewTail(session, messages) : undefined) ?? viewAll(session);
}

function viewTail(session: SessionState, messages: number): View | undefined {
  const { vfs, descriptors, locator } = session.store;
  const [place, ...others] = locator.find(session.name);
  if (place === undefined || others.length > 0 || (vfs.stat(place.path)?.size ?? 0) === 0) return undefined;
  const log = new Log(place.path, place.machine, 0, "read");
  const open = log.reopen(descriptors).pin();
  // Nobody else asks for this slot: the file closes when the view is released.
  descriptors.drop(log.slot);
  const fold = hasHeader(open, session.id) ? foldTail(open.file, log.size, log.number, messages) : undefined;
  if (fold === undefined || fold.deletedAt !== undefined) {
    open.unpin();
    return undefined;
  }
  return { fold, logs: [log], files: [open], skipped: 0, release: () => open.unpin() };
}

/** True for a header in the first line. Where it is not as plain as that, the whole log is read, which tells why. */
function hasHeader({ file }: OpenFile, id: string): boolean {
  const bytes = Buffer.allocUnsafe(HEADER_BYTES);
  const end = bytes.subarray(0, file.read(bytes, 0, HEADER_BYTES, 0)).indexOf(LF);
  const header = end === -1 ? undefined : decodeHead(bytes, 0, end);
  const format = (header?.data as { format?: unknown } | undefined)?.format;
  return header?.type === "session" && header.sound && header.id === id && format === FORMAT;
}

function skippedIn(logs: readonly Log[]): number {
  const isLeftOut = ({ code }: { code: string }): boolean => code !== "altered" && code !== "glued";
  return logs.reduce((sum, log) => sum + [...log.problems, ...log.unsettled].filter(isLeftOut).length, 0);
}
