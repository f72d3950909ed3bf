// Which sessions there are: pages, streams and counts, from the catalog, which the logs have the last word over.
import { ArgumentError } from "../../base/errors.ts";
import { checkOptions } from "../../base/options.ts";
import type { DamagedSession, SessionInfo } from "../../base/session-info.ts";
import { giveWay } from "../../base/turn.ts";
import { DamagedIndexError } from "../../indexes/blocks.ts";
import { compareMarks, markOf } from "../../indexes/catalog/entry.ts";
import type { CatalogEntry, Mark, Order } from "../../indexes/catalog/entry.ts";
import type { TitleSearchOptions } from "../../indexes/titles/search.ts";
import type { TitleHit } from "../../indexes/titles/title.ts";
import { parseStamp, STAMP_LENGTH } from "../../line/stamp.ts";
import { describe, isAsSeen, shownInfo } from "./describe.ts";
import { acceptor, FILTERS, msOf } from "./filter.ts";
import type { SessionFilter } from "./filter.ts";
import { isNews } from "./reconcile.ts";
import { checkCount } from "../state.ts";
import type { StoreState } from "../state.ts";
import { walk } from "./walk.ts";

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

interface Found {
  readonly info: SessionInfo | DamagedSession;
  /** Its place in the list. */
  readonly mark: Mark;
  /** It has another place by now. */
  readonly isMoved: boolean;
}

/** So often a list is walked anew when sessions change their places under our eyes. */
const MOST_TRIES = 3;

export async function get(store: StoreState, id: string): Promise<SessionInfo | DamagedSession | undefined> {
  const known = store.session(id);
  if (!known.queue.isIdle) await known.queue.settled();
  const { remote } = store;
  const entry = remote === undefined ? await describe(store, known.name) : await remote.entry(known.name);
  return entry === undefined || entry.logs.length === 0 ? undefined : shownInfo(entry);
}

export async function page(store: StoreState, options: SessionPageOptions): Promise<SessionPage> {
  checkOptions("page", options, ["limit", "before", "after", ...FILTERS]);
  checkCount("limit", options.limit, 1);
  if (options.before !== undefined && options.after !== undefined) {
    throw new ArgumentError("INVALID_ARGUMENT", "page() takes one of before and after");
  }
  const isBackwards = options.before !== undefined;
  const cursor = options.before ?? options.after;
  const mark = cursor === undefined ? undefined : parseCursor(cursor);
  let found: Found[] = [];
  for (let tries = 0; tries < MOST_TRIES; tries++) {
    // One more than the page has tells whether there is a next one.
    found = [];
    for await (const each of find(store, options, isBackwards ? -1 : 1, mark))
      if (found.push(each) > options.limit) break;
    if (!found.some(({ isMoved }) => isMoved)) break;
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
    ...(hasPrevious && first !== undefined && { previous: cursorOf(first.mark) }),
    ...(hasNext && last !== undefined && { next: cursorOf(last.mark) }),
  };
}

export async function* sessions(
  store: StoreState,
  filter: SessionFilter,
): AsyncGenerator<SessionInfo | DamagedSession> {
  checkOptions("sessions", filter, FILTERS);
  for await (const { info } of findTyped(store, filter)) yield info;
}

export async function* ids(store: StoreState): AsyncGenerator<string> {
  for await (const { info } of findTyped(store, { all: true })) yield info.id;
}

/** For the streams, which nobody else sees the errors of. */
async function* findTyped(store: StoreState, filter: SessionFilter): AsyncGenerator<Found> {
  try {
    yield* find(store, filter, 1);
  } catch (error) {
    throw store.typed(error);
  }
}

export async function count(store: StoreState, filter: SessionFilter): Promise<number> {
  checkOptions("count", filter, FILTERS);
  if (store.remote !== undefined) {
    acceptor(filter);
    return await store.remote.count(filter);
  }
  const counted = filter.since === undefined ? await countColumns(store, filter) : undefined;
  if (counted !== undefined) return counted;
  let found = 0;
  for await (const _ of find(store, filter, 1)) found++;
  return found;
}

/** Undefined: the columns do not tell. */
async function countColumns(store: StoreState, filter: SessionFilter): Promise<number | undefined> {
  const accepts = acceptor(filter);
  const { view } = await store.catalog.current();
  const release = view.base?.hold();
  try {
    const counting = view.count(filter, (entry) => isTaken(entry, accepts));
    let step = counting.next();
    for (; step.done !== true; step = counting.next()) await giveWay();
    return step.value;
  } catch (error) {
    if (!(error instanceof DamagedIndexError)) throw error;
    store.catalog.drop();
    return undefined;
  } finally {
    release?.();
  }
}

export async function searchTitles(store: StoreState, text: string, options: TitleSearchOptions): Promise<TitleHit[]> {
  const { remote, catalog } = store;
  return await (remote === undefined ? catalog.titles.search(text, options) : remote.searchTitles(text, options));
}

/** The ids of the session's children, their children, and so on. */
export async function descendants(store: StoreState, id: string): Promise<string[]> {
  const found = new Set([id]);
  // A set grows while it is walked: each session that is found is asked for its own children.
  for (const parent of found) for await (const child of sessions(store, { parent })) found.add(child.id);
  found.delete(id);
  return [...found];
}

/** What the filter takes, as it is on disk now, from the mark on; in the order that the list had at the beginning. */
async function* find(store: StoreState, filter: SessionFilter, direction: 1 | -1, from?: Mark): AsyncGenerator<Found> {
  const accepts = acceptor(filter);
  const order = filter.order ?? "updated";
  for await (const entry of walk(store, order, direction, from, { ...filter, sinceMs: msOf(filter.since) })) {
    const mark = markOf(entry, order);
    const current = isAsSeen(store, entry) ? entry : await renew(store, entry);
    const info = current.logs.length === 0 ? undefined : shownInfo(current);
    if (info !== undefined && accepts(info)) yield { info, mark, isMoved: isElsewhere(current, mark, order) };
  }
}

/** The logs are others than those that the catalog has seen. */
export async function renew(store: StoreState, entry: CatalogEntry): Promise<CatalogEntry> {
  const renewed = await describe(store, entry.name, entry);
  if (isNews(entry, renewed)) store.catalog.put(renewed);
  return renewed;
}

function isElsewhere(entry: CatalogEntry, mark: Mark, order: Order): boolean {
  return compareMarks(markOf(entry, order), mark) !== 0;
}

function isTaken(entry: CatalogEntry, accepts: (info: SessionInfo | DamagedSession) => boolean): boolean {
  const info = shownInfo(entry);
  return info !== undefined && accepts(info);
}

function cursorOf({ stamp, name }: Mark): string {
  return `${stamp}~${name}`;
}

function parseCursor(cursor: string): Mark {
  const separator = cursor.indexOf("~");
  const stamp = cursor.slice(0, separator);
  if (separator !== 0 && (separator !== STAMP_LENGTH || parseStamp(stamp) === undefined))
    throw new ArgumentError("INVALID_CURSOR", `${cursor} is no cursor of a listing`);
  return { stamp, name: cursor.slice(separator + 1) };
}
