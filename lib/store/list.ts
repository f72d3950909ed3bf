// Lists of sessions, newest first, page by page; only what a page shows is read.
import { ArgumentError, StoreError } from "../base/errors.ts";
import { checkOptions } from "../base/options.ts";
import type { DamagedSession, SessionInfo } from "../base/session-info.ts";
import { formatStamp, parseStamp, STAMP_LENGTH } from "../line/stamp.ts";
import { giveWay } from "../log/turn.ts";
import { infoOf } from "./info.ts";
import { compareListed, identify, listAll } from "./listed.ts";
import type { Listed } from "./listed.ts";
import { refresh } from "./load.ts";
import { checkCount } from "./state.ts";
import type { SessionState, StoreState } from "./state.ts";

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

export const FILTERS: readonly string[] = [
  "project",
  "directory",
  "parent",
  "all",
  "archived",
  "pinned",
  "tags",
  "since",
  "order",
];

export type Accepts = (info: SessionInfo | DamagedSession) => boolean;

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

/** The info of a listed session if the filter takes it. */
async function accepted(
  store: StoreState,
  listed: Listed,
  accepts: Accepts,
): Promise<SessionInfo | DamagedSession | undefined> {
  await giveWay();
  store.checkOpen();
  const found = identify(store, listed);
  const info = typeof found === "string" ? await describeOne(store, found) : found;
  return info !== undefined && accepts(info) ? info : undefined;
}

async function describeOne(store: StoreState, id: string): Promise<SessionInfo | DamagedSession | undefined> {
  const borrowed = store.borrow(id);
  try {
    return await describe(borrowed.session);
  } finally {
    borrowed.release();
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

export function acceptor(filter: SessionFilter): Accepts {
  const { project, directory, parent, all, archived, pinned, tags, since } = filter;
  if (filter.order !== undefined && filter.order !== "updated" && filter.order !== "created") {
    throw new ArgumentError("INVALID_ARGUMENT", 'order is "updated" or "created"');
  }
  const sinceMs = msOf(since);
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

/** The time that `since` says, in milliseconds; undefined: since ever. */
export function msOf(since: Date | number | string | undefined): number {
  const ms = since === undefined ? Number.NEGATIVE_INFINITY : new Date(since).getTime();
  if (Number.isNaN(ms)) throw new ArgumentError("INVALID_ARGUMENT", `since is no time: ${String(since)}`);
  return ms;
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
