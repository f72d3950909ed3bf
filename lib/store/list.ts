// Which sessions there are: the directories are the only truth. Newest first, page by page; only what a page shows is read.
import { join } from "node:path";
import { ArgumentError, ioError, StoreError } from "../base/errors.ts";
import { checkOptions } from "../base/options.ts";
import type { DamagedSession, SessionInfo } from "../base/session-info.ts";
import { decodeName, LOG_ENDING, OLD_ENDING } from "../disk/names.ts";
import { compareStamps, formatStamp, parseStamp, STAMP_LENGTH } from "../line/stamp.ts";
import type { Stamp } from "../line/stamp.ts";
import { firstLine, lastStamp } from "../log/last.ts";
import { giveWay } from "../log/turn.ts";
import { infoOf } from "./info.ts";
import { refresh } from "./load.ts";
import { checkCount, SessionState } from "./state.ts";
import type { StoreState } from "./state.ts";

export interface SessionFilter {
  project?: string | undefined;
  directory?: string | undefined;
  /** The children of this session. Default: sessions without a parent. */
  parent?: string | undefined;
  /** Sessions with and without a parent. */
  all?: boolean | undefined;
  archived?: boolean | undefined;
  pinned?: boolean | undefined;
  /** Sessions that have all of these. */
  tags?: readonly string[] | undefined;
  /** Active at or after this time: a Date, milliseconds, or an ISO 8601 text. */
  since?: Date | number | string | undefined;
  /** By the last activity, or by the creation; the newest first. Default "updated". */
  order?: "updated" | "created" | undefined;
}

export interface SessionPageOptions extends SessionFilter {
  limit: number;
  /** The cursor of a page: what lies before it in the list, or after it. */
  before?: string | undefined;
  after?: string | undefined;
}

export interface SessionPage {
  readonly items: (SessionInfo | DamagedSession)[];
  /** Cursor of the page before this one (give it as `before`); undefined: there is none. */
  readonly previous?: string;
  /** Cursor of the page after this one (give it as `after`); undefined: there is none. */
  readonly next?: string;
}

const FILTERS = ["project", "directory", "parent", "all", "archived", "pinned", "tags", "since", "order"];
/** So many files are looked at before others get their turn. */
const FILES_A_TURN = 64;

type Accepts = (info: SessionInfo | DamagedSession) => boolean;

/** A session's place in the list. One whose lines cannot be read has no stamp, and comes last. */
interface Listed {
  readonly name: string;
  readonly paths: string[];
  stamp: Stamp | undefined;
}

export async function get(store: StoreState, id: string): Promise<SessionInfo | DamagedSession | undefined> {
  const known = store.session(id);
  if (!known.queue.isIdle) await known.queue.settled();
  return await describe(known);
}

export async function page(store: StoreState, options: SessionPageOptions): Promise<SessionPage> {
  checkOptions("page", options, ["limit", "before", "after", ...FILTERS]);
  checkCount("limit", options.limit, 1);
  if (options.before !== undefined && options.after !== undefined) {
    throw new ArgumentError("INVALID_ARGUMENT", "page() takes one of before and after");
  }
  const accepts = acceptor(options);
  const list = await listAll(store, options.order ?? "updated");
  const start = options.after === undefined ? 0 : positionOf(list, options.after, true);
  const end = options.before === undefined ? list.length : positionOf(list, options.before, false);
  const isBackwards = options.before !== undefined;
  const found: { info: SessionInfo | DamagedSession; at: number }[] = [];
  // One more than the page has tells whether there is a next one.
  for (
    let at = isBackwards ? end - 1 : start;
    at >= start && at < end && found.length <= options.limit;
    at += isBackwards ? -1 : 1
  ) {
    const info = await accepted(store, list[at] as Listed, accepts);
    if (info !== undefined) found.push({ info, at });
  }
  const hasMore = found.length > options.limit;
  const shown = found.slice(0, options.limit);
  if (isBackwards) shown.reverse();
  const hasPrevious = isBackwards ? hasMore : options.after !== undefined;
  const hasNext = isBackwards || hasMore;
  const [first] = shown;
  const last = shown.at(-1);
  return {
    items: shown.map(({ info }) => info),
    ...(hasPrevious && first !== undefined && { previous: cursorOf(list[first.at] as Listed) }),
    ...(hasNext && last !== undefined && { next: cursorOf(list[last.at] as Listed) }),
  };
}

export async function* sessions(
  store: StoreState,
  filter: SessionFilter,
): AsyncGenerator<SessionInfo | DamagedSession> {
  checkOptions("sessions", filter, FILTERS);
  const accepts = acceptor(filter);
  for (const listed of await listAll(store, filter.order ?? "updated")) {
    const info = await accepted(store, listed, accepts);
    if (info !== undefined) yield info;
  }
}

export async function count(store: StoreState, filter: SessionFilter): Promise<number> {
  let found = 0;
  for await (const _ of sessions(store, filter)) found++;
  return found;
}

/** The ids of the session's children, their children, and so on. */
export async function descendants(store: StoreState, id: string): Promise<string[]> {
  const found = new Set([id]);
  // A set grows while it is walked: each session that is found is asked for its own children.
  for (const parent of found) for await (const child of sessions(store, { parent })) found.add(child.id);
  found.delete(id);
  return [...found];
}

async function listAll(store: StoreState, order: "updated" | "created"): Promise<Listed[]> {
  try {
    return await listMonths(store, order);
  } catch (error) {
    throw ioError(error, "list the sessions", { path: (error as { path?: string }).path });
  }
}

async function listMonths(store: StoreState, order: "updated" | "created"): Promise<Listed[]> {
  const byName = new Map<string, Listed>();
  let files = 0;
  for (const { path: month } of store.locator.months()) {
    for await (const file of store.vfs.streamNames(month)) {
      const ending = [LOG_ENDING, OLD_ENDING].find((each) => file.endsWith(each));
      if (ending === undefined) continue;
      const name = file.slice(0, -ending.length);
      const path = join(month, file);
      const listed = byName.get(name) ?? { name, paths: [], stamp: undefined };
      byName.set(name, listed);
      listed.paths.push(path);
      const stamp = stampOf(store, path, order);
      const isNewer = stamp !== undefined && (listed.stamp === undefined || compareStamps(stamp, listed.stamp) > 0);
      if (isNewer === (order === "updated") && stamp !== undefined) listed.stamp = stamp;
      listed.stamp ??= stamp;
      if (++files % FILES_A_TURN === 0) await new Promise((resolve) => setImmediate(resolve));
    }
  }
  return [...byName.values()].sort(compareListed);
}

function compareListed(
  a: { name: string; stamp: Stamp | undefined },
  b: { name: string; stamp: Stamp | undefined },
): number {
  if (a.stamp !== undefined && b.stamp !== undefined)
    return compareStamps(b.stamp, a.stamp) || compareNames(a.name, b.name);
  if (a.stamp === undefined && b.stamp === undefined) return compareNames(a.name, b.name);
  return a.stamp === undefined ? 1 : -1;
}

function compareNames(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** The newest stamp of a log, or its oldest. What cannot be read has none: the session is listed as damaged. */
function stampOf(store: StoreState, path: string, order: "updated" | "created"): Stamp | undefined {
  try {
    const file = store.vfs.open(path, "read");
    try {
      const { size } = file.stat();
      return order === "updated" ? lastStamp(file, size) : firstLine(file, size)?.stamp;
    } finally {
      file.close();
    }
  } catch {
    return undefined;
  }
}

/** The info of a listed session if the filter takes it. */
async function accepted(
  store: StoreState,
  listed: Listed,
  accepts: Accepts,
): Promise<SessionInfo | DamagedSession | undefined> {
  await giveWay();
  store.checkOpen();
  const id = decodeName(listed.name) ?? headerId(store, listed.paths);
  const unless = (info: DamagedSession): DamagedSession | undefined => (accepts(info) ? info : undefined);
  if (id === undefined) return unless({ id: listed.name, damaged: "it has no header" });
  // A session that nobody has open is read without being remembered: a listing fills no memory.
  const known = store.sessions.get(id);
  const session = known ?? new SessionState(store, id);
  try {
    if (session.name !== listed.name)
      return unless({ id: listed.name, damaged: `its header names session ${JSON.stringify(id)}` });
    const info = await describe(session);
    return info !== undefined && accepts(info) ? info : undefined;
  } finally {
    if (known === undefined) for (const log of session.logs) store.descriptors.drop(log.slot);
  }
}

async function describe(session: SessionState): Promise<SessionInfo | DamagedSession | undefined> {
  try {
    await refresh(session);
    const { fold } = session;
    return fold === undefined || fold.deletedAt !== undefined ? undefined : infoOf(session.id, fold, session.logs);
  } catch (error) {
    if (!(error instanceof StoreError) || error.code === "CLOSED") throw error;
    return { id: session.id, damaged: error.message };
  }
}

function headerId(store: StoreState, paths: readonly string[]): string | undefined {
  for (const path of paths) {
    try {
      const file = store.vfs.open(path, "read");
      try {
        const header = firstLine(file, file.stat().size);
        if (header?.id !== undefined) return header.id;
      } finally {
        file.close();
      }
    } catch {
      // The next log may tell; if none does, the session is listed as damaged.
    }
  }
  return undefined;
}

function acceptor(filter: SessionFilter): Accepts {
  const { project, directory, parent, all, archived, pinned, tags, since } = filter;
  if (filter.order !== undefined && filter.order !== "updated" && filter.order !== "created") {
    throw new ArgumentError("INVALID_ARGUMENT", 'order is "updated" or "created"');
  }
  const sinceMs = since === undefined ? Number.NEGATIVE_INFINITY : new Date(since).getTime();
  if (Number.isNaN(sinceMs)) throw new ArgumentError("INVALID_ARGUMENT", `since is no time: ${String(since)}`);
  // Nobody knows what a damaged session belongs to: it is in every list that asks for no such thing.
  const isWide = [project, directory, parent, archived, pinned, tags].every((each) => each === undefined);
  return (info) =>
    "damaged" in info
      ? isWide
      : (project === undefined || info.project === project) &&
        (directory === undefined || info.directory === directory) &&
        ((all === true && parent === undefined) || info.parent === parent) &&
        (archived === undefined || info.archived === archived) &&
        (pinned === undefined || (info.pinned ?? false) === pinned) &&
        (tags === undefined || tags.every((tag) => info.tags?.includes(tag))) &&
        Date.parse(info.updatedAt) >= sinceMs;
}

function cursorOf({ stamp, name }: Listed): string {
  return `${stamp === undefined ? "" : formatStamp(stamp)}~${name}`;
}

/** The position of the first session behind the cursor, or of the cursor itself; the session need not be there any more. */
function positionOf(list: readonly Listed[], cursor: string, isBehind: boolean): number {
  const separator = cursor.indexOf("~");
  const stamp = separator === STAMP_LENGTH ? parseStamp(cursor.slice(0, separator)) : undefined;
  if (separator !== 0 && stamp === undefined)
    throw new ArgumentError("INVALID_CURSOR", `${cursor} is no cursor of a listing`);
  const mark = { name: cursor.slice(separator + 1), stamp };
  const position = list.findIndex((listed) =>
    isBehind ? compareListed(listed, mark) > 0 : compareListed(listed, mark) >= 0,
  );
  return position === -1 ? list.length : position;
}
