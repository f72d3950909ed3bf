// What a session is called and belongs to: the part that may change, and the part that is computed from its lines.
import { ArgumentError } from "./errors.ts";
import { isObject } from "./object.ts";

/** What update() takes: each key given replaces what stood, null clears it, undefined leaves it. */
export interface SessionPatch {
  title?: string | null | undefined;
  /** Who gave the title. A user's title is never replaced by an automatic one. Default "user". */
  titleSource?: "user" | "auto" | undefined;
  summary?: string | null | undefined;
  project?: string | null | undefined;
  directory?: string | null | undefined;
  /** The id of the session that this one belongs to. */
  parent?: string | null | undefined;
  archived?: boolean | null | undefined;
  pinned?: boolean | null | undefined;
  tags?: readonly string[] | null | undefined;
  metadata?: Readonly<Record<string, unknown>> | null | undefined;
}

export interface SessionInfo {
  readonly id: string;
  readonly title?: string;
  readonly titleSource?: "user" | "auto";
  readonly summary?: string;
  readonly project?: string;
  readonly directory?: string;
  readonly parent?: string;
  readonly archived: boolean;
  readonly pinned?: boolean;
  readonly tags?: readonly string[];
  readonly metadata?: Readonly<Record<string, unknown>>;
  /** ISO 8601, UTC, from the lines. */
  readonly createdAt: string;
  readonly updatedAt: string;
  /** Messages of the history. */
  readonly messages: number;
  /** Size of the session's logs. */
  readonly bytes: number;
  readonly branches: number;
  /** The folders that hold a log of it. */
  readonly machines: readonly string[];
  /** What the next message will follow: give it to commit() as `expect`. */
  readonly tip: string;
}

/** A session that is on disk and cannot be read. It is listed, with the reason, and never written over. */
export interface DamagedSession {
  readonly id: string;
  readonly damaged: string;
}

const KINDS: Readonly<Record<keyof SessionPatch, (value: unknown) => boolean>> = {
  title: isText,
  titleSource: (value) => value === "user" || value === "auto",
  summary: isText,
  project: isText,
  directory: isText,
  parent: (value) => isText(value) && value !== "",
  archived: isFlag,
  pinned: isFlag,
  tags: (value) => Array.isArray(value) && value.every(isText),
  metadata: isObject,
};

/** The keys that a patch sets, with a title's source beside it. A wrong or unknown key is a TypeError. */
export function checkedPatch(patch: SessionPatch): Map<string, unknown> {
  if (patch === null || typeof patch !== "object" || Array.isArray(patch)) {
    throw new ArgumentError("INVALID_ARGUMENT", "a session's info must be an object");
  }
  const set = new Map<string, unknown>();
  for (const [key, value] of Object.entries(patch)) {
    const isValid = Object.hasOwn(KINDS, key) ? KINDS[key as keyof SessionPatch] : undefined;
    if (isValid === undefined) {
      throw new ArgumentError("INVALID_ARGUMENT", `unknown info ${key} (known: ${Object.keys(KINDS).join(", ")})`);
    }
    if (value === undefined) continue;
    if ((value === null && key === "titleSource") || (value !== null && !isValid(value))) {
      throw new ArgumentError("INVALID_ARGUMENT", `info ${key} has a value of the wrong kind`);
    }
    set.set(key, value);
  }
  // Without its source beside it, a title would take over the source of the one before.
  if (set.has("title")) set.set("titleSource", set.get("title") === null ? null : (set.get("titleSource") ?? "user"));
  return set;
}

function isText(value: unknown): value is string {
  return typeof value === "string";
}

function isFlag(value: unknown): value is boolean {
  return typeof value === "boolean";
}
