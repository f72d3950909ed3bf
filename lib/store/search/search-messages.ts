// Search in the text of all sessions, without an index: the logs' bytes are looked through, newest session first, and
// only a session that has the needle is read.
import { errno, ioError, StoreError } from "../../base/errors.ts";
import type { Line } from "../../line/decode.ts";
import type { Found, Needle } from "../../line/needle.ts";
import { formatStamp } from "../../line/stamp.ts";
import { firstLine } from "../../log/last.ts";
import { giveWay } from "../../base/turn.ts";
import { infoOf } from "../list/info.ts";
import { SearchCounter } from "./search-counter.ts";
import { queryOf } from "./search-options.ts";
import type { Query, SearchHit, SearchOptions } from "./search-options.ts";
import { SearchView } from "./search-session.ts";
import type { Match } from "./search-session.ts";
import { targetsOf } from "./search-targets.ts";
import type { Target } from "./search-targets.ts";
import { StaleError } from "../read/snapshot.ts";
import type { SessionState } from "../session-state.ts";
import type { StoreState } from "../state.ts";
import { changing, MOST_STALE } from "../read/stream.ts";
import { viewAll } from "../read/view.ts";
import { isHeader } from "../read/view-tail.ts";

const SNIPPET_UNITS = 80;
/** So many matches of a session are held at a time; for more of them it is searched again. */
const MOST_MATCHES = 50_000;

export async function* searchMessages(
  store: StoreState,
  text: string,
  options: SearchOptions,
): AsyncGenerator<SearchHit> {
  const query = queryOf(text, options);
  query.signal?.throwIfAborted();
  store.checkOpen();
  // What was called before this is seen.
  for (const { queue } of store.sessions.values()) if (!queue.isIdle) await queue.settled();
  const targets = await targetsOf(store, query);
  const counter = new SearchCounter(options.onProgress);
  await counter.measure(store.vfs, targets);
  for (const target of targets) {
    if (query.left === 0) return;
    store.checkOpen();
    query.signal?.throwIfAborted();
    if (target.damaged !== undefined) {
      // Nobody knows whether it is one that the filter takes.
      warn(store, target.id, target.damaged);
    } else if (await mayHave(store, target, query, counter)) {
      yield* hitsIn(store, target.id, query);
    }
    counter.endSession(target);
  }
}

/** True when a log has the needle, or must be read to tell what is wrong with it. */
async function mayHave(
  store: StoreState,
  { id, paths }: Target,
  { search, signal }: Query,
  counter: SearchCounter,
): Promise<boolean> {
  let isOdd = false;
  const sink = {
    match: () => true,
    problem: () => void (isOdd = true),
    progress: (bytes: number) => counter.add(bytes),
  };
  // Who reads it finds out: to look through its bytes would fetch them all the same.
  if (store.remote !== undefined) return true;
  for (const path of paths) {
    try {
      const file = store.vfs.open(await store.unpacked.readable(path), "read");
      try {
        const { size } = file.stat();
        const header = firstLine(file, size);
        if (header === undefined || !isHeader(header, id)) isOdd = true;
        if (await search.run(file, size, sink)) return true;
      } finally {
        file.close();
      }
    } catch (error) {
      if (signal?.aborted === true || errno(error) === undefined) throw error;
      isOdd = true;
    }
  }
  return isOdd;
}

/** The session's hits. What it suffers from does not stop the others: a warning tells. */
async function* hitsIn(store: StoreState, id: string, query: Query): AsyncGenerator<SearchHit> {
  const { session, release } = store.borrow(id);
  const told: { last: Match | undefined } = { last: undefined };
  try {
    for (let stale = 0; ; stale++) {
      try {
        yield* hitsAfter(session, query, told);
        return;
      } catch (error) {
        if (!(error instanceof StaleError)) throw error;
        if (stale === MOST_STALE) throw changing(session, error);
        session.forget();
      }
    }
  } catch (error) {
    const isStoreError = error instanceof StoreError && error.code !== "CLOSED";
    if (query.signal?.aborted === true || (!isStoreError && errno(error) === undefined)) throw error;
    const { code, message } = ioError(error, "search the session", { session: id });
    // It was deleted, before or meanwhile.
    if (code !== "NOT_FOUND") warn(store, id, message, error);
  } finally {
    release();
  }
}

/** The hits after the last that was told. */
async function* hitsAfter(
  session: SessionState,
  query: Query,
  told: { last: Match | undefined },
): AsyncGenerator<SearchHit> {
  const { needle, search, accepts, hidden, sinceMs, signal } = query;
  const view = await viewAll(
    session,
    (all) => (accepts?.(infoOf(session.id, all.fold, all.logs)) === false ? undefined : new SearchView(all)),
    hidden,
  );
  if (view === undefined) return;
  try {
    for (let hasMore = true; hasMore;) {
      const most = Math.min(query.left, MOST_MATCHES);
      const matches = await view.matches(search, { hidden, sinceMs, after: told.last, most });
      for (const match of matches) {
        const hit = await hitOf(session.id, view, match, needle);
        told.last = match;
        query.left--;
        yield hit;
        signal?.throwIfAborted();
        await giveWay();
      }
      hasMore = matches.length === most && query.left > 0;
    }
  } finally {
    view.release();
  }
}

async function hitOf(session: string, view: SearchView, match: Match, needle: Needle): Promise<SearchHit> {
  const line = await view.line(match);
  const found = needle.findIn(line.data);
  if (found === undefined) throw new StaleError();
  const at = formatStamp(match.message);
  const message: Line | undefined = match.part === undefined ? line : await view.message(match.message);
  const role = (message?.data as { role?: unknown } | null | undefined)?.role;
  return {
    session,
    id: message?.id ?? at,
    at,
    ...(typeof role === "string" && { role }),
    ...(match.part !== undefined && { part: line.id ?? formatStamp(match.part) }),
    snippet: snippetOf(found, needle.text.length),
    ...(match.isHidden && { hidden: true as const }),
  };
}

function snippetOf({ text, index }: Found, length: number): SearchHit["snippet"] {
  const end = index + length;
  let from = Math.max(0, index - SNIPPET_UNITS);
  let to = Math.min(text.length, end + SNIPPET_UNITS);
  // Not through a surrogate pair.
  if (isPair(text, from)) from++;
  if (isPair(text, to)) to--;
  return { before: text.slice(from, index), match: text.slice(index, end), after: text.slice(end, to) };
}

/** True when one character stands on both sides of this place. */
function isPair(text: string, at: number): boolean {
  return at > 0 && /^[\ud800-\udbff][\udc00-\udfff]$/.test(text.slice(at - 1, at + 1));
}

function warn(store: StoreState, session: string, reason: string, cause?: unknown): void {
  store.warn({ code: "unread", message: `the session could not be searched: ${reason}`, session, cause });
}
