// What the catalog knows of one session: what a listing shows, its place in the two orders, and the files that say so.
import { isRacy } from "../../disk/fingerprint.ts";
import type { Fingerprint } from "../../disk/fingerprint.ts";
import { hashId } from "../../line/codec.ts";

/** A log as it was when the session was read. */
export interface SeenLog {
  /** Machine and month, as in `laptop-k3f9x2ab/2026-11`. */
  readonly directory: string;
  readonly file: string;
  readonly print: Fingerprint;
}

export interface CatalogEntry {
  /** The logs' file name without its ending: what a session is known by, readable or not. */
  readonly name: string;
  readonly id: string;
  /** A deleted session is known, so that its log is not read at each look, and is listed nowhere. */
  readonly kind: "session" | "damaged" | "deleted";
  /** The stamps of its newest and its oldest line; empty where nothing could be read. */
  readonly updated: string;
  readonly created: string;
  /** None: the session is gone. */
  readonly logs: readonly SeenLog[];
  /** What the listing shows, without what the rest of this says; of a damaged one {damaged: the reason}. */
  readonly info: Readonly<Record<string, unknown>>;
  /** The beginning of its first prompt, where it has no title. */
  readonly prompt?: string | undefined;
  /** The last line of this machine's logs, where others have some of it, too; else that is the newest. */
  readonly own?: string | undefined;
}

export type Order = "updated" | "created";

/** A session's place in an order: the newest first, of two with one stamp (or none) the lesser name. */
export interface Mark {
  readonly stamp: string;
  readonly name: string;
}

export const HAS_PARENT = 1;
export const ARCHIVED = 2;
export const PINNED = 4;
export const DAMAGED = 8;
export const DELETED = 16;
export const ALL_FLAGS = 31;

/** A change within one tick of the file system's clock leaves no trace: what was seen in it fits nothing. */
export const NEVER_MS = -1;

/** What was seen of a log at a time, so that it fits no file if it proves nothing. */
export function seenLog(directory: string, file: string, print: Fingerprint, seenMs: number): SeenLog {
  return { directory, file, print: isRacy(print, seenMs) ? { ...print, ctimeMs: NEVER_MS } : print };
}

export function markOf(entry: CatalogEntry, order: Order): Mark {
  return { stamp: order === "updated" ? entry.updated : entry.created, name: entry.name };
}

/** Stamps compare as their texts do, and none is less than any. */
export function compareMarks(a: Mark, b: Mark): number {
  if (a.stamp !== b.stamp) return a.stamp > b.stamp ? -1 : 1;
  return a.name < b.name ? -1 : a.name > b.name ? 1 : 0;
}

export function flagsOf({ kind, info }: CatalogEntry): number {
  return (
    (info["parent"] === undefined ? 0 : HAS_PARENT) |
    (info["archived"] === true ? ARCHIVED : 0) |
    (info["pinned"] === true ? PINNED : 0) |
    (kind === "damaged" ? DAMAGED : 0) |
    (kind === "deleted" ? DELETED : 0)
  );
}

/** 0: there is no such key. Equal values have equal hashes; the entry tells whether they are equal. */
export function hashOf(value: unknown): number {
  return typeof value === "string" ? hashId(value) : 0;
}

/** A bit for each tag; a session with a tag has its bit. */
export function tagBits(tags: unknown): number {
  if (!Array.isArray(tags)) return 0;
  let bits = 0;
  for (const tag of tags) bits |= 1 << (hashOf(tag) & 31);
  return bits >>> 0;
}

/** 53 bits of a file's name. Two names with one hash cost a look at both, as the files they name are not the same. */
export function hashName(name: string): number {
  let low = 0x9e3779b9;
  let high = 0x7f4a7c15;
  for (let index = 0; index < name.length; index++) {
    const code = name.charCodeAt(index);
    low = Math.imul(low ^ code, 0x85ebca6b);
    high = Math.imul(high ^ code, 0xc2b2ae35);
    // Each half depends on both, or names that one half confuses the other would, too.
    low ^= high >>> 15;
    high ^= low >>> 13;
  }
  return (high & 0x1fffff) * 0x1_0000_0000 + (low >>> 0);
}

/** An entry as JSON, by position: a catalog holds many of them. */
export function encodeEntry(entry: CatalogEntry): unknown {
  const { name, id, kind, updated, created, logs, info, prompt, own } = entry;
  const seen = logs.map(({ directory, file, print: { dev, ino, size, mtimeMs, ctimeMs } }) => [
    directory,
    file,
    dev,
    ino,
    size,
    mtimeMs,
    ctimeMs,
  ]);
  const rest = own === undefined ? (prompt === undefined ? [] : [prompt]) : [prompt ?? null, own];
  return [name, id, kind, updated, created, seen, info, ...rest];
}

/** What encodeEntry() made; its bytes were checked. */
export function decodeEntry(value: unknown): CatalogEntry {
  const [name, id, kind, updated, created, seen, info, prompt, own] = value as [
    string,
    string,
    CatalogEntry["kind"],
    string,
    string,
    [string, string, number, number, number, number, number][],
    Record<string, unknown>,
    string | null | undefined,
    string | undefined,
  ];
  const logs = seen.map(([directory, file, dev, ino, size, mtimeMs, ctimeMs]) => ({
    directory,
    file,
    print: { dev, ino, size, mtimeMs, ctimeMs },
  }));
  return { name, id, kind, updated, created, logs, info, prompt: prompt ?? undefined, own };
}
