// The end of a session from the ends of its logs, where nothing else is asked for and nothing is known of it yet.
import type { OpenFile } from "../../disk/descriptors.ts";
import { LOG_ENDING, oldOf } from "../../disk/names.ts";
import { FORMAT, LF } from "../../line/codec.ts";
import { decodeHead } from "../../line/decode.ts";
import type { LineHead } from "../../line/decode.ts";
import { Log } from "../../log/log.ts";
import { foldTail, readLast } from "../../log/tail.ts";
import type { TailSource } from "../../log/tail.ts";
import type { Place } from "../locator.ts";
import { ownLastOf, proves } from "../check/own-last.ts";
import type { SessionState } from "../session-state.ts";
import { warningsOfFuture } from "../tell.ts";
import type { Take } from "./view.ts";

const HEADER_BYTES = 4096;

/** More of them are read whole. */
const MOST_LOGS = 16;

/** A log whose end is read, and its header; where there are several, on the way from a cold disk. */
interface Opened {
  readonly log: Log;
  readonly open: OpenFile;
  readonly header: Promise<LineHead | undefined>;
}

/**
 * What `take` makes of the end of a session's logs; undefined: they must be read whole, which tells why. `isListed`: the directories
 * have been looked at for this reading.
 */
export async function takeTail<T>(
  session: SessionState,
  messages: number,
  take: Take<T>,
  isListed: boolean,
): Promise<{ taken: T } | undefined> {
  const { vfs, locator, remote } = session.store;
  await remote?.look(session.name);
  const places = locator.find(session.name, isListed);
  if (places.length === 0 || places.length > MOST_LOGS || !places.every(isPlain)) return undefined;
  const opened: Opened[] = [];
  try {
    for (const place of places) opened.push(openEnd(session, place, opened.length, places.length === 1));
    if (opened.some(({ log }) => log.size === 0)) return undefined;
    // One was replaced since the look-up: the old log may have more.
    if (places.some(({ path }) => vfs.stat(oldOf(path)) !== undefined)) return undefined;
    const sources = await Promise.all(opened.map((each) => sourceOf(each, opened.length === 1)));
    const fold = foldTail(sources, messages);
    if (fold === undefined || fold.deletedAt !== undefined) return undefined;
    for (const { header } of opened) if (!isHeader(await header, session.id)) return undefined;
    const [logs, files] = [opened.map(({ log }) => log), opened.map(({ open }) => open)];
    // What this machine's log is known to have had may stand before all of this, or nowhere.
    const { ownLast, store } = session;
    const last = ownLast && ownLastOf({ logs, store }, fold);
    if (ownLast !== undefined && (last === undefined || !proves(last, ownLast))) return undefined;
    for (const warning of warningsOfFuture(session, fold)) store.warn(warning);
    return { taken: take({ fold, logs, files, skipped: 0 }) };
  } finally {
    for (const { header, open } of opened) {
      await header.catch(() => undefined);
      open.unpin();
    }
  }
}

/** It is no archived log, and no old one that stands beside for a while. */
function isPlain({ path, packed }: Place): boolean {
  return packed === undefined && path.endsWith(LOG_ENDING);
}

function openEnd(
  { store: { descriptors } }: SessionState,
  { path, machine }: Place,
  number: number,
  isOnly: boolean,
): Opened {
  const log = new Log(path, machine, number, "read");
  const open = log.reopen(descriptors).pin();
  // Nobody else asks for this slot: the file closes when the last snapshot of it is released.
  descriptors.drop(log.slot);
  const header = readHeader(open, isOnly);
  // It can fail while the ends are waited for: who takes the header is told.
  header.catch(() => undefined);
  return { log, open, header };
}

async function sourceOf({ log: { size, number }, open: { file } }: Opened, isOnly: boolean): Promise<TailSource> {
  return { file, size, log: number, last: isOnly ? undefined : await readLast(file, size) };
}

/** Of one log the end is read at once, too: the trip through the thread pool would cost more than both. */
async function readHeader({ file }: OpenFile, isOnly: boolean): Promise<LineHead | undefined> {
  const bytes = Buffer.allocUnsafe(HEADER_BYTES);
  const isNear = isOnly && file.isFar !== true;
  const count = isNear ? file.read(bytes, 0, HEADER_BYTES, 0) : await file.readLater(bytes, 0, HEADER_BYTES, 0);
  const end = bytes.subarray(0, count).indexOf(LF);
  return end === -1 ? undefined : decodeHead(bytes, 0, end);
}

/** True if it is the header of this session, in a format that we read. */
export function isHeader(header: LineHead | undefined, id: string): boolean {
  const format = (header?.data as { format?: unknown } | undefined)?.format;
  return header?.type === "session" && header.sound && header.id === id && format === FORMAT;
}
