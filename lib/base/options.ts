// What a caller may ask of a store, checked once, with its defaults.
import { ArgumentError } from "./errors.ts";
import { faultIn } from "./import.ts";
import type { ImportRequest, ImportSource } from "./import.ts";
import { checkPolicy } from "./retention.ts";
import type { RetentionPolicy } from "./retention.ts";

/**
 * `process`: append() resolves when its bytes are in the kernel, so a crash or kill -9 of the process loses nothing;
 * the disk follows within a second. `power`: append() resolves when the bytes are on the disk.
 */
export type Durability = "process" | "power";

/** What becomes of lone surrogates: replaced by U+FFFD with a warning, kept, or refused with a TypeError. */
export type WellFormed = "replace" | "keep" | "reject";

/** What redact() is told of a message or part. */
export interface RedactContext {
  /** The id of the session that it is written to. */
  readonly session: string;
  readonly kind: "message" | "part";
}

/** Declared as a method, so that a function of your own message type is one, too. */
export type Redact = { redact(value: object, context: RedactContext): object }["redact"];

export interface StoreOptions {
  /**
   * Texts in messages and parts that are base64, bare or in a data: URL, and longer than so many bytes lie in blobs/ as
   * files, once per content; reads give the same text. Default 32 KiB; at least 1,024. false: all stay in the log.
   */
  blobThreshold?: number | false | undefined;
  /**
   * How long a write waits, in ms, while another process writes to the session; then it throws SESSION_BUSY. Default
   * 5000; 0: it throws at once.
   */
  busyTimeoutMs?: number | undefined;
  /**
   * A log is compacted by itself, in the background, when more than this part of it is dead (what nobody can see any more:
   * older versions, what was removed or truncated), default 2/3, and more than so many bytes, default 256 KiB. With a ratio
   * of 1 it never is.
   */
  compactDeadRatio?: number | undefined;
  compactDeadBytes?: number | undefined;
  /** Make the store if there is none. Default true. */
  create?: boolean | undefined;
  durability?: Durability | undefined;
  /**
   * Sessions of other tools that come in by themselves, in the background, half a second after the store was opened: of one
   * tool, of all, or of what is listed. What lies still since the last time is not read again, a source that grew adds just the
   * new, and one that cannot be read is a `warning` ("import"). An `imported` event tells of each; store.imported() waits for
   * all. Closing the store ends it, and the next open goes on. A store that is read-only imports nothing.
   */
  importFrom?: ImportSource | "all" | readonly ImportRequest[] | undefined;
  /**
   * One writer at a time for a session and machine. Default true. Without it nothing is lost either, but processes that
   * write to one session at once can make branches of it.
   */
  lease?: boolean | undefined;
  /** The readable part of this machine's folder name. Default: the host name. */
  machine?: string | undefined;
  /** The longest line that is written, in bytes. Default 64 MiB. */
  maxLineBytes?: number | undefined;
  /** How many files the store keeps open at most. Default 128. */
  maxOpenFiles?: number | undefined;
  /**
   * Sees every message and part before it is written, by append, put, replace, commit, fork and import, and gives back
   * what is checked and written in its place: the same object, or another one. It must not be async. What it throws
   * reaches the caller, and nothing is written. The same value should always give the same result, or an import would
   * take over anew what it has.
   */
  redact?: Redact | undefined;
  /** How many days a deleted session can be restored, and an attachment stays that nothing names. Default 7. */
  restoreDays?: number | undefined;
  /**
   * How much history is kept. Default: all. With a policy what is over it goes to the trash by itself, in the background:
   * after the store was opened, and at most once a minute after writes. Each session that goes is an `evicted` event.
   */
  retention?: RetentionPolicy | undefined;
  /** A `warning` tells when a session's logs grow beyond each of these sizes, in MB. Default [100, 500, 1024]. */
  warnSessionMB?: readonly number[] | undefined;
  /** The same of all live logs together. */
  warnStoreMB?: readonly number[] | undefined;
  wellFormed?: WellFormed | undefined;
}

export interface Settings {
  readonly blobThreshold: number | false;
  readonly busyTimeoutMs: number;
  readonly compactDeadRatio: number;
  readonly compactDeadBytes: number;
  readonly create: boolean;
  readonly durability: Durability;
  readonly importFrom: readonly ImportRequest[] | undefined;
  readonly lease: boolean;
  readonly machine: string | undefined;
  readonly maxLineBytes: number;
  readonly maxOpenFiles: number;
  readonly redact: Redact | undefined;
  readonly restoreDays: number;
  readonly retention: RetentionPolicy | undefined;
  readonly warnSessionMB: readonly number[];
  readonly warnStoreMB: readonly number[];
  readonly wellFormed: WellFormed;
}

/** The least threshold of attachments: what is shorter costs less in the log than as a file. */
export const LEAST_BLOB = 1024;
const WARN_MB: readonly number[] = [100, 500, 1024];
const SIZES = "a list of sizes in MB, each greater than 0";

const DEFAULTS: Settings = {
  blobThreshold: 32 * 1024,
  busyTimeoutMs: 5000,
  compactDeadRatio: 2 / 3,
  compactDeadBytes: 256 * 1024,
  create: true,
  durability: "process",
  importFrom: undefined,
  lease: true,
  machine: undefined,
  maxLineBytes: 64 * 1024 * 1024,
  maxOpenFiles: 128,
  redact: undefined,
  restoreDays: 7,
  retention: undefined,
  warnSessionMB: WARN_MB,
  warnStoreMB: WARN_MB,
  wellFormed: "replace",
};

const CHECKS: { readonly [K in keyof Settings]: readonly [test: (value: unknown) => boolean, expected: string] } = {
  blobThreshold: [(v) => v === false || isWhole(v, LEAST_BLOB), `bytes, at least ${LEAST_BLOB}, or false`],
  busyTimeoutMs: [(v) => isWhole(v, 0, 0x7fff_ffff), "milliseconds, a whole number"],
  compactDeadRatio: [(v) => typeof v === "number" && v > 0 && v <= 1, "a number above 0, at most 1"],
  compactDeadBytes: [(v) => isWhole(v, 0), "bytes, a whole number"],
  create: [(v) => typeof v === "boolean", "true or false"],
  durability: [(v) => v === "process" || v === "power", '"process" or "power"'],
  importFrom: [isImport, 'a source, "all", or a list of { source, path }'],
  lease: [(v) => typeof v === "boolean", "true or false"],
  machine: [(v) => typeof v === "string" && v !== "" && !v.includes("\0") && v.isWellFormed(), "a text"],
  maxLineBytes: [(v) => isWhole(v, 1024, 256 * 1024 * 1024), "bytes, 1,024 to 268,435,456"],
  maxOpenFiles: [(v) => isWhole(v, 4, 1_000_000), "a number, at least 4"],
  redact: [(v) => typeof v === "function", "a function"],
  restoreDays: [(v) => isWithin(v, 0, 36_500), "days, 0 to 36,500"],
  retention: [isPolicy, "a policy"],
  warnSessionMB: [isSizes, SIZES],
  warnStoreMB: [isSizes, SIZES],
  wellFormed: [(v) => v === "replace" || v === "keep" || v === "reject", '"replace", "keep" or "reject"'],
};

/** Options with their defaults. A wrong or unknown one is a TypeError: a misspelt option would do nothing in silence. */
export function settingsOf(options: StoreOptions = {}): Settings {
  checkOptions("openStore", options, Object.keys(CHECKS));
  const settings: Record<string, unknown> = { ...DEFAULTS };
  for (const [key, [test, expected]] of Object.entries(CHECKS)) {
    const value = options[key as keyof StoreOptions];
    if (value === undefined) continue;
    if (!test(value)) throw new ArgumentError("INVALID_ARGUMENT", `option ${key} must be ${expected}`);
    settings[key] = key === "importFrom" && typeof value === "string" ? [{ source: value }] : value;
  }
  return settings as unknown as Settings;
}

/** Refuses options that are not an object or have a key that nothing reads. */
export function checkOptions(call: string, options: unknown, known: readonly string[]): void {
  if (options === null || typeof options !== "object" || Array.isArray(options)) {
    throw new ArgumentError("INVALID_ARGUMENT", `${call}: the options must be an object`);
  }
  for (const key of Object.keys(options)) {
    if (!known.includes(key)) {
      throw new ArgumentError("INVALID_ARGUMENT", `${call}: unknown option ${key} (known: ${known.join(", ")})`);
    }
  }
}

function isWhole(value: unknown, least: number, most: number = Number.MAX_SAFE_INTEGER): value is number {
  return Number.isInteger(value) && (value as number) >= least && (value as number) <= most;
}

function isWithin(value: unknown, least: number, most: number): boolean {
  return typeof value === "number" && value >= least && value <= most;
}

/** Throws what is wrong with it. */
function isPolicy(value: unknown): boolean {
  checkPolicy(value);
  return true;
}

/** Throws what is wrong with it. */
function isImport(value: unknown): boolean {
  const requests: unknown[] = Array.isArray(value) ? value : [{ source: value }];
  const fault = requests.map(faultIn).find((each) => each !== undefined);
  if (fault !== undefined) throw new ArgumentError("INVALID_ARGUMENT", `option importFrom: ${fault}`);
  return true;
}

function isSizes(value: unknown): boolean {
  return Array.isArray(value) && value.every((each) => isWithin(each, Number.MIN_VALUE, Number.MAX_SAFE_INTEGER));
}
