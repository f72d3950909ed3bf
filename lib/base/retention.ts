// How much history a store keeps, as callers say it and are told of it.
import { ArgumentError } from "./errors.ts";
import type { SessionInfo } from "./session-info.ts";

/** What is not given is not limited. */
export interface RetentionPolicy {
  /** Sessions go that are older, in days. */
  maxAgeDays?: number | undefined;
  /** The oldest go until so many are left. */
  maxSessions?: number | undefined;
  /**
   * The oldest go until all live logs and their attachments take no more, in MB of 1,048,576 bytes; archive/ and trash/ do not
   * count, and what is archived stays.
   */
  maxSizeMB?: number | undefined;
  /** What makes a session old: its last activity (the default), or its creation. */
  by?: "activity" | "created" | undefined;
  /**
   * A session goes with all its children and theirs: they are as old as the newest of them, and stay if one of them must.
   * Default false: each is judged by itself, and none goes before its children.
   */
  children?: boolean | undefined;
  /** What always stays: so many of the newest sessions, those with these ids, or those that the function picks. */
  keep?: number | readonly string[] | ((session: SessionInfo) => boolean) | undefined;
}

/** Which limit a session is over. */
export type RetentionReason = "age" | "sessions" | "size";

/**
 * Why a session stays that a limit would take: it is pinned; the policy keeps it; somebody has its lease, and so writes to it
 * now or has a moment ago (a policy that the store keeps by itself leaves alone what the store wrote in the last ten minutes);
 * another machine writes to it, too; a child of it stays; it cannot be read.
 */
export type RetentionObstacle = "pinned" | "kept" | "in use" | "machines" | "children" | "damaged";

export interface RetentionItem {
  readonly id: string;
  readonly title?: string;
  readonly parent?: string;
  readonly reason: RetentionReason;
  readonly bytes: number;
  readonly messages: number;
  /** The time that makes it old (ISO 8601, from its lines). */
  readonly at: string;
  /** The stamp of its newest line: a session that was written to since stays. */
  readonly last: string;
}

export interface RetentionPlan {
  readonly policy: RetentionPolicy;
  /** What would go: the oldest first, children before their parents. */
  readonly items: readonly RetentionItem[];
  readonly bytes: number;
  /** What a limit would take, and that stays. */
  readonly kept: readonly { readonly id: string; readonly obstacle: RetentionObstacle }[];
  /** What would be left. */
  readonly left: { readonly sessions: number; readonly bytes: number };
  /** Why the clock is not believed, if it is not: the ages are counted from an earlier time then. */
  readonly doubt?: string;
}

export interface RetentionOptions {
  signal?: AbortSignal | undefined;
}

export interface ApplyOptions extends RetentionOptions {
  /** Called after each session. */
  onProgress?: ((progress: { readonly sessions: number; readonly bytes: number }) => void) | undefined;
}

/** A session that went by a policy. */
export interface EvictedSession {
  readonly id: string;
  readonly title?: string;
  readonly reason: RetentionReason;
  readonly bytes: number;
  /** Where it lies until its restore window ends. */
  readonly path: string;
}

export interface SkippedSession {
  readonly id: string;
  /** `changed`: it was written to since the plan was made. `gone`: it was deleted. `failed`: an error, told as a warning. */
  readonly why: RetentionObstacle | "changed" | "gone" | "failed";
}

export interface RetentionReport {
  readonly evicted: readonly EvictedSession[];
  /** What the plan named, and that stays. */
  readonly skipped: readonly SkippedSession[];
  readonly bytes: number;
}

type Check = readonly [test: (value: unknown) => boolean, expected: string];

const isNumber = (value: unknown): boolean => typeof value === "number" && Number.isFinite(value) && value >= 0;
const isCount = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= 0;

const CHECKS: Readonly<Record<keyof RetentionPolicy, Check>> = {
  maxAgeDays: [isNumber, "days, at least 0"],
  maxSessions: [isCount, "a whole number, at least 0"],
  maxSizeMB: [isNumber, "megabytes, at least 0"],
  by: [(value) => value === "activity" || value === "created", '"activity" or "created"'],
  children: [(value) => typeof value === "boolean", "true or false"],
  keep: [
    (value) =>
      typeof value === "function" ||
      isCount(value) ||
      (Array.isArray(value) && value.every((id) => typeof id === "string")),
    "a number of sessions, a list of ids or a function",
  ],
};

/** Refuses what is no policy: one that is misspelt would keep or take what nobody meant. */
export function checkPolicy(policy: unknown): asserts policy is RetentionPolicy {
  if (policy === null || typeof policy !== "object" || Array.isArray(policy))
    throw new ArgumentError("INVALID_ARGUMENT", "a retention policy must be an object");
  for (const [key, value] of Object.entries(policy)) {
    const check = Object.hasOwn(CHECKS, key) ? CHECKS[key as keyof RetentionPolicy] : undefined;
    if (check === undefined) {
      const known = Object.keys(CHECKS).join(", ");
      throw new ArgumentError("INVALID_ARGUMENT", `retention: unknown key ${key} (known: ${known})`);
    }
    if (value !== undefined && !check[0](value))
      throw new ArgumentError("INVALID_ARGUMENT", `retention: ${key} must be ${check[1]}`);
  }
}
