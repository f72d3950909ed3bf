// One page of a history, in both directions.
import type { BlobMode } from "../../base/blob.ts";
import type { Page } from "../../base/entry.ts";
import { ArgumentError } from "../../base/errors.ts";
import { checkOptions } from "../../base/options.ts";
import type { Reading } from "../../line/reading.ts";
import type { Stamp } from "../../line/stamp.ts";
import { checkBlobs, Giver } from "../blobs/give.ts";
import { cursorOf, placeOf } from "../write/reference.ts";
import { Snapshot } from "./snapshot.ts";
import { checkCount } from "../state.ts";
import type { SessionState } from "../session-state.ts";
import { readAll, unlessStale } from "./stream.ts";
import { viewAll, viewLast, viewPart } from "./view.ts";
import type { View } from "./view.ts";

/** At most one of before, after and around: a message's id, its `at`, or a cursor. None: the newest page. */
export interface PageOptions {
  limit: number;
  before?: string | undefined;
  after?: string | undefined;
  around?: string | undefined;
  /** Give the parts of each message. Default true. */
  parts?: boolean | undefined;
  /** "restore" (default): attachments as the very texts that were given. "reference": what store.blob() takes. */
  blobs?: BlobMode | undefined;
}

/** More than this is read with the whole fold: blocks that are read one by one would hold up the others. */
const MOST_IN_PART = 50_000;

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
  checkOptions("page", options, ["limit", "parts", "blobs", ...BOUNDS]);
  checkBlobs("page", options);
  checkCount("limit", options.limit, 1);
  const bounds = BOUNDS.filter((each) => options[each] !== undefined);
  if (bounds.length > 1) throw new ArgumentError("INVALID_ARGUMENT", "page() takes one of before, after and around");
  return await unlessStale(session, async () => {
    const take = (view: View<Reading>): { snapshot: Snapshot<M, P>; rest: Omit<Page<M, P>, "items"> } => {
      const range = rangeOf(view, session.id, options);
      const rows = view.fold.history.slice(range.first, range.end);
      const snapshot = new Snapshot<M, P>(view, rows, options.parts ?? true);
      return { snapshot, rest: { ...neighbours(view, session.id, range), skipped: view.skipped } };
    };
    // One message more than the page has tells whether there is a previous one.
    const { snapshot, rest } = await (options.limit > MOST_IN_PART
      ? viewAll(session, take)
      : bounds.length === 0
        ? viewLast(session, options.limit + 1, take)
        : viewPart(session, take));
    try {
      return { items: await readAll(snapshot, new Giver(session, options.blobs)), ...rest };
    } finally {
      snapshot.release();
    }
  });
}

function rangeOf(view: View<Reading>, sessionId: string, { limit, before, after, around }: PageOptions): Range {
  const { history } = view.fold;
  const { length } = history;
  const reference = before ?? after ?? around;
  if (reference === undefined) return { first: Math.max(0, length - limit), end: length, bound: undefined };
  const bound = placeOf(view, sessionId, reference);
  if (before !== undefined) {
    const end = history.positionOf(bound);
    return { first: Math.max(0, end - limit), end, bound };
  }
  const first =
    after !== undefined
      ? positionAfter(view, bound)
      : Math.max(0, Math.min(history.positionOf(bound) - Math.floor(limit / 2), length - limit));
  return { first, end: Math.min(length, first + limit), bound };
}

/** The cursors of the pages before and after. */
function neighbours(
  { fold: { history, rows } }: View<Reading>,
  id: string,
  { first, end, bound }: Range,
): { previous?: string; next?: string } {
  // An empty page lies at its bound: beside it, not on it, so that the message there is on the next page.
  const place = (position: number, aside: number): Stamp =>
    first >= end && bound !== undefined ? { ...bound, ms: bound.ms + aside } : rows.place(history.rowAt(position));
  return {
    ...(first > 0 && { previous: cursorOf(id, place(first, 1)) }),
    ...(end < history.length && { next: cursorOf(id, place(end - 1, -1)) }),
  };
}

/** The position of the first message after this place. */
export function positionAfter({ fold: { history, rows } }: View<Reading>, place: Stamp): number {
  const position = history.positionOf(place);
  const isThere = position < history.length && rows.comparePlace(history.rowAt(position), place) === 0;
  return isThere ? position + 1 : position;
}
