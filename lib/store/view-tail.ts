// The end of a session's only log, where nothing else is asked for and nothing is known of the session yet.
import type { OpenFile } from "../disk/descriptors.ts";
import { oldOf } from "../disk/names.ts";
import { FORMAT, LF } from "../line/codec.ts";
import { decodeHead } from "../line/decode.ts";
import type { LineHead } from "../line/decode.ts";
import { Log } from "../log/log.ts";
import { foldTail } from "../log/tail.ts";
import { proves } from "./own-last.ts";
import type { SessionState } from "./session-state.ts";
import { warningsOfFuture } from "./tell.ts";
import type { Take } from "./view.ts";

const HEADER_BYTES = 4096;

/** What `take` makes of the end of a session's only log; undefined: the whole log must be read, which tells why. */
export async function takeTail<T>(
  session: SessionState,
  messages: number,
  take: Take<T>,
): Promise<{ taken: T } | undefined> {
  const { vfs, descriptors, locator } = session.store;
  const [place, ...others] = locator.find(session.name);
  if (place === undefined || place.packed !== undefined || others.length > 0 || (vfs.stat(place.path)?.size ?? 0) === 0)
    return undefined;
  const log = new Log(place.path, place.machine, 0, "read");
  const open = log.reopen(descriptors).pin();
  // Nobody else asks for this slot: the file closes when the last snapshot of it is released.
  descriptors.drop(log.slot);
  // It comes from a cold disk while the end is read and folded.
  const header = readHeader(open);
  try {
    // It was replaced since the look-up: the old log may have more.
    if (vfs.stat(oldOf(place.path)) !== undefined) return undefined;
    const fold = foldTail(open.file, log.size, log.number, messages);
    if (fold === undefined || fold.deletedAt !== undefined || !isHeader(await header, session.id)) return undefined;
    // What this machine's log is known to have had may stand before all of this, or nowhere.
    const { ownLast, store } = session;
    const isOwn = place.machine === store.machine;
    if (ownLast !== undefined && !(isOwn && fold.last !== undefined && proves(fold.last, ownLast))) return undefined;
    for (const warning of warningsOfFuture(session, fold)) session.store.warn(warning);
    return { taken: take({ fold, logs: [log], files: [open], skipped: 0 }) };
  } finally {
    await header.catch(() => undefined);
    open.unpin();
  }
}

async function readHeader({ file }: OpenFile): Promise<LineHead | undefined> {
  const bytes = Buffer.allocUnsafe(HEADER_BYTES);
  const end = bytes.subarray(0, await file.readLater(bytes, 0, HEADER_BYTES, 0)).indexOf(LF);
  return end === -1 ? undefined : decodeHead(bytes, 0, end);
}

/** True if it is the header of this session, in a format that we read. */
export function isHeader(header: LineHead | undefined, id: string): boolean {
  const format = (header?.data as { format?: unknown } | undefined)?.format;
  return header?.type === "session" && header.sound && header.id === id && format === FORMAT;
}
