// One page of a history, in both directions.
import type { Page } from "../base/entry.ts";
import { ArgumentError } from "../base/errors.ts";
import { checkOptions } from "../base/options.ts";
import type { Stamp } from "../line/stamp.ts";
import { cursorOf, placeOf } from "./reference.ts";
import { Snapshot } from "./snapshot.ts";
import { checkCount } from "./state.ts";
import type { SessionState } from "./state.ts";
import { readAll, unlessStale } from "./stream.ts";
import { viewAll, viewLast } from "./view.ts";
import type { View } from "./view.ts";

/** At most one of before, after and around: a message's id, its `at`, or a cursor. None: the newest page. */
export interface PageOptions {
  limit: number;
  before?: string | undefined;
  after?: string | undefined;
  around?: string | undefined;
  /** Give the parts of each message. Default true. */
  parts?: boolean | undefined;
}

const BOUNDS = ["before", "after", "around"] as const;

/** Positions in the history, [first, end), and the place that bounds them. */
interface Range {
  readonly first: number;
  readonly end: number;
  readonly bound: Stamp | undefined;
}

export async function page<M extends object, P extends object>(
  session: SessionState,
  options: PageOptions,
): Promise<Page<M, P>> {
  checkOptions("page", options, ["limit", "parts", ...BOUNDS]);
  checkCount("limit", options.limit, 1);
  const bounds = BOUNDS.filter((each) => options[each] !== undefined);
  if (bounds.length > 1) throw new ArgumentError("INVALID_ARGUMENT", "page() takes one of before, after and around");
  return await unlessStale(session, async () => {
    const take = (view: View): { snapshot: Snapshot<M, P>; rest: Omit<Page<M, P>, "items"> } => {
      const list = view.fold.history.list();
      const range = rangeOf(view, session.id, list, options);
      const snapshot = new Snapshot<M, P>(view, list.subarray(range.first, range.end), options.parts ?? true);
      return { snapshot, rest: { ...neighbours(view, session.id, list, range), skipped: view.skipped } };
    };
    // One message more than the page has tells whether there is a previous one.
    const { snapshot, rest } = await (bounds.length === 0
      ? viewLast(session, options.limit + 1, take)
      : viewAll(session, take));
    try {
      return { items: await readAll(snapshot), ...rest };
    } finally {
      snapshot.release();
    }
  });
}

function rangeOf(
  view: View,
  sessionId: string,
  list: Uint32Array,
  { limit, before, after, around }: PageOptions,
): Range {
  const reference = before ?? after ?? around;
  if (reference === undefined) return { first: Math.max(0, list.length - limit), end: list.length, bound: undefined };
  const bound = placeOf(view, sessionId, reference);
  if (before !== undefined) {
    const end = positionOf(view, list, bound);
    return { first: Math.max(0, end - limit), end, bound };
  }
  const first =
    after !== undefined
      ? positionAfter(view, list, bound)
      : Math.max(0, Math.min(positionOf(view, list, bound) - Math.floor(limit / 2), list.length - limit));
  return { first, end: Math.min(list.length, first + limit), bound };
}

/** The cursors of the pages before and after. */
function neighbours(
  view: View,
  id: string,
  list: Uint32Array,
  { first, end, bound }: Range,
): { previous?: string; next?: string } {
  const { rows } = view.fold;
  const isEmpty = first >= end;
  const place = (position: number): Stamp => rows.place(list[position] as number);
  // An empty page lies at its bound: beside it, not on it, so that the message there is on the next page.
  const previous = isEmpty && bound !== undefined ? { ...bound, ms: bound.ms + 1 } : place(first);
  const next = isEmpty && bound !== undefined ? { ...bound, ms: bound.ms - 1 } : place(end - 1);
  return {
    ...(first > 0 && { previous: cursorOf(id, previous) }),
    ...(end < list.length && { next: cursorOf(id, next) }),
  };
}

/** How many messages of the history have a place before this one. */
export function positionOf(view: View, list: Uint32Array, place: Stamp): number {
  let low = 0;
  let high = list.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (view.fold.rows.comparePlace(list[middle] as number, place) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The position of the first message after this place. */
export function positionAfter(view: View, list: Uint32Array, place: Stamp): number {
  const position = positionOf(view, list, place);
  const isThere = position < list.length && view.fold.rows.comparePlace(list[position] as number, place) === 0;
  return isThere ? position + 1 : position;
}
