// What a search is asked for, checked once, and what it tells.
import { ArgumentError } from "../../base/errors.ts";
import { checkOptions } from "../../base/options.ts";
import { Needle } from "../../line/needle.ts";
import { LogSearch } from "../../log/search.ts";
import { acceptor, FILTERS, msOf } from "../list/filter.ts";
import type { Accepts, SessionFilter } from "../list/filter.ts";
import { checkCount } from "../state.ts";

export interface SearchOptions {
  /** Only in these sessions. Throws NOT_FOUND if there is none with such an id. Default: in all. */
  ids?: readonly string[] | undefined;
  /** Only in sessions that this filter takes, in its order. Other than for sessions(), `all` is true by default. */
  sessions?: SessionFilter | undefined;
  /** Only messages of this time or later: a Date, milliseconds, or an ISO 8601 text. */
  since?: Date | number | string | undefined;
  /** At most so many hits. */
  limit?: number | undefined;
  /** Default true: see searchMessages(). */
  ignoreCase?: boolean | undefined;
  /**
   * Also what stands in a log and not in a history: truncated, removed, deleted and not moved to the trash yet, on
   * another branch, and versions that were replaced.
   */
  hidden?: boolean | undefined;
  signal?: AbortSignal | undefined;
  /** Called after each log and, within a long one, after each MiB. */
  onProgress?: ((progress: SearchProgress) => void) | undefined;
}

export interface SearchProgress {
  /** Bytes of logs that are done, and how many there were when the search began. */
  readonly bytes: number;
  readonly totalBytes: number;
  /** Sessions that are done. */
  readonly sessions: number;
}

/** A message or part that has the text. */
export interface SearchHit {
  readonly session: string;
  /** The message's id. */
  readonly id: string;
  /** The message's place: give it to page() as `around`. */
  readonly at: string;
  /** The message's, if it has one that is a text. */
  readonly role?: string;
  /** The id of the part, if the text stands in one. */
  readonly part?: string;
  /** The first place where it stands: what was found, and up to 80 characters of the same text on either side. */
  readonly snippet: { readonly before: string; readonly match: string; readonly after: string };
  /** It is not in the history. */
  readonly hidden?: true;
}

const OPTIONS = ["ids", "sessions", "since", "limit", "ignoreCase", "hidden", "signal", "onProgress"];
/** UTF-16 units of a needle; a longer one would cost its length at every place that looks like it. */
const MOST_UNITS = 1000;

/** What was asked for, checked. */
export interface Query {
  readonly needle: Needle;
  readonly search: LogSearch;
  readonly ids: readonly string[] | undefined;
  readonly order: "updated" | "created";
  /** Undefined: all sessions. */
  readonly accepts: Accepts | undefined;
  readonly hidden: boolean;
  readonly sinceMs: number;
  /** Sessions without a line of this time or later have no hit. */
  readonly activeMs: number;
  readonly signal: AbortSignal | undefined;
  /** How many more hits are wanted. */
  left: number;
}

export function queryOf(text: string, options: SearchOptions): Query {
  checkOptions("searchMessages", options, OPTIONS);
  const { sessions = {}, ignoreCase = true, hidden = false, limit, since, signal, onProgress } = options;
  checkOptions("searchMessages: sessions", sessions, FILTERS);
  const refuse = (reason: string): never => {
    throw new ArgumentError("INVALID_ARGUMENT", `searchMessages: ${reason}`);
  };
  if (typeof text !== "string" || text === "") refuse("it searches for a text that is not empty");
  if (text.length > MOST_UNITS) refuse(`the text has more than ${MOST_UNITS} characters`);
  if (!text.isWellFormed()) refuse("the text has a lone surrogate");
  if (typeof ignoreCase !== "boolean" || typeof hidden !== "boolean") refuse("ignoreCase and hidden are true or false");
  if (onProgress !== undefined && typeof onProgress !== "function") refuse("onProgress is a function");
  if (options.ids !== undefined && !Array.isArray(options.ids)) refuse("ids are a list");
  if (limit !== undefined) checkCount("limit", limit, 0);
  const needle = new Needle(text, ignoreCase);
  return {
    needle,
    search: new LogSearch(needle, signal),
    ids: options.ids,
    order: sessions.order ?? "updated",
    accepts: options.sessions === undefined ? undefined : acceptor({ ...sessions, all: sessions.all ?? true }),
    hidden,
    sinceMs: msOf(since),
    activeMs: Math.max(msOf(since), msOf(sessions.since)),
    signal,
    left: limit ?? Infinity,
  };
}
