// What every importer is: it finds a tool's sessions and says what is in them. Writing is the store's part.
import { StoreError } from "../base/errors.ts";
import { isObject } from "../base/object.ts";
import type { FoundSession } from "../store/import/import.ts";

export interface Importer {
  /** Where the tool keeps its sessions; undefined: nowhere of its own. */
  defaultPath(): string | undefined;
  /** True if the file, or the directory, is one of the tool's. */
  recognizes(path: string): Promise<boolean>;
  /** The sessions in a file or directory. */
  find(path: string, onProblem: OnProblem, asked: Asked): Promise<SourceSession[]>;
}

/** What else is said by who wants the import. */
export interface Asked {
  /** What the session is to be called, where the source has only one. */
  readonly id?: string | undefined;
  /** The file is a copy of a stream: its name and time say nothing. */
  readonly isStream?: boolean;
  readonly signal?: AbortSignal | undefined;
  /** Is given what is to be closed when all sessions have been read. */
  readonly onEnd: (close: () => Promise<void>) => void;
}

export type OnProblem = (path: string, reason: string, line?: number) => void;

/** What cannot be read below the path that was named is told of, and the rest goes on. */
export function tolerating<T>(path: string, onProblem: OnProblem, read: () => T, otherwise: T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    onProblem(path, error.message);
    return otherwise;
  }
}

/** The same for what takes its time. */
export async function toleratingLater<T>(
  path: string,
  onProblem: OnProblem,
  read: () => Promise<T>,
  otherwise: T,
): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    onProblem(path, error.message);
    return otherwise;
  }
}

export interface SourceSession extends FoundSession {
  /** The files that it was read from, for markMigrated. */
  readonly files: readonly string[];
  /**
   * All that its lines are made of and its files do not have, as JSON. While it and the files are what they were, so are the
   * lines, and nothing is read. Undefined: nobody can tell.
   */
  readonly beside?: unknown;
  /** The session that its messages are the beginning of, so that it is not taken over by itself. */
  aliasOf?(): Promise<SourceSession | undefined>;
}

/** Stamps end with the year 9999, and each is greater than the one before: such a time would leave no room for more. */
const NEVER_MS = Date.UTC(2200, 0, 1);
const GO_ZERO_MS = Date.UTC(2000, 0, 1) - 730_119 * 86_400_000;

/** Of nearly all times. */
const ISO_LENGTH = "2026-11-21T09:08:13.123Z".length;

/** A time in ms; undefined for what is none. */
export function timeOf(value: unknown): number | undefined {
  if (typeof value !== "string" && typeof value !== "number") return undefined;
  if (typeof value === "string" && value.length === ISO_LENGTH && value.endsWith("Z"))
    return inRange(Date.parse(value));
  // A time without a zone is read as UTC, so that it is the same on every machine.
  const isLocal = typeof value === "string" && /^\d{4}-\d\d-\d\dT[\d:.]+$/.test(value);
  return inRange(new Date(isLocal ? `${value}Z` : value).getTime());
}

function inRange(ms: number): number | undefined {
  // Go writes the year 1 for a time that nobody has set.
  return Number.isNaN(ms) || ms <= GO_ZERO_MS || ms >= NEVER_MS ? undefined : ms;
}

export function textIn(value: Record<string, unknown>, key: string): string | undefined {
  const text = value[key];
  return typeof text === "string" && text !== "" ? text : undefined;
}

/** So many levels can be walked by recursion; a message may have fewer. */
const MOST_LEVELS = 1000;

export function isShallow(value: unknown, depth = 0): boolean {
  if (typeof value !== "object" || value === null) return true;
  return depth < MOST_LEVELS && Object.values(value).every((each) => isShallow(each, depth + 1));
}

export function parseObject(text: string): Record<string, unknown> | undefined {
  const value = parseAnyObject(text);
  return value !== undefined && isShallow(value) ? value : undefined;
}

/** Undefined: it is no JSON, or no message could hold it. */
export function parseValue(text: string): unknown {
  const value = parsed(text);
  return isShallow(value) ? value : undefined;
}

/** The same as parseObject(), however deep it is. */
export function parseAnyObject(text: string): Record<string, unknown> | undefined {
  const value = parsed(text);
  return isObject(value) ? value : undefined;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
