// Which sessions a listing asks for.
import { ArgumentError } from "../../base/errors.ts";
import type { DamagedSession, SessionInfo } from "../../base/session-info.ts";

export interface SessionFilter {
  project?: string | undefined;
  directory?: string | undefined;
  /** The children of this session. Default: sessions without a parent. */
  parent?: string | undefined;
  /** Sessions with and without a parent. */
  all?: boolean | undefined;
  archived?: boolean | undefined;
  pinned?: boolean | undefined;
  /** Sessions with exactly this title. */
  title?: string | undefined;
  /** Sessions that have all of these. */
  tags?: readonly string[] | undefined;
  /** Active at or after this time: a Date, milliseconds, or an ISO 8601 text. */
  since?: Date | number | string | undefined;
  /** By the last activity, or by the creation; the newest first. Default "updated". */
  order?: "updated" | "created" | undefined;
}

export const FILTERS = [
  "project",
  "directory",
  "parent",
  "all",
  "archived",
  "pinned",
  "title",
  "tags",
  "since",
  "order",
] as const;

export type Accepts = (info: SessionInfo | DamagedSession) => boolean;

/** Tells which sessions a filter takes. A wrong filter is a TypeError. */
export function acceptor(filter: SessionFilter): Accepts {
  const { project, directory, parent, all, archived, pinned, title, tags } = filter;
  if (filter.order !== undefined && filter.order !== "updated" && filter.order !== "created") {
    throw new ArgumentError("INVALID_ARGUMENT", 'order is "updated" or "created"');
  }
  const sinceMs = msOf(filter.since);
  // Nobody knows what a damaged session belongs to: it is in every list that asks for no such thing.
  const isWide = [project, directory, parent, archived, pinned, title, tags].every((each) => each === undefined);
  return (info) =>
    "damaged" in info
      ? isWide
      : (project === undefined || info.project === project) &&
        (directory === undefined || info.directory === directory) &&
        ((all === true && parent === undefined) || info.parent === parent) &&
        (archived === undefined || info.archived === archived) &&
        (pinned === undefined || (info.pinned ?? false) === pinned) &&
        (title === undefined || info.title === title) &&
        (tags === undefined || tags.every((tag) => info.tags?.includes(tag))) &&
        Date.parse(info.updatedAt) >= sinceMs;
}

/** A time that a caller gives, in ms. */
export function msOf(since: Date | number | string | undefined): number {
  const ms = since === undefined ? Number.NEGATIVE_INFINITY : new Date(since).getTime();
  if (Number.isNaN(ms)) throw new ArgumentError("INVALID_ARGUMENT", `since is no time: ${String(since)}`);
  return ms;
}
