// Every error that this library throws on purpose. Codes are part of the API and stay; messages may change.

export type StoreErrorCode =
  | "NOT_FOUND"
  | "EXISTS"
  | "CONFLICT"
  | "SESSION_BUSY"
  | "DAMAGED"
  | "NEWER_FORMAT"
  | "NOT_A_STORE"
  | "READ_ONLY"
  | "NO_ACCESS"
  | "NO_SPACE"
  | "IO"
  | "CLOSED";

/**
 * What became of the lines of a commit that failed:
 * `no`: not a byte was written. `torn`: some bytes were, which can never become a line.
 * `unknown`: the lines may be there; read before you write them again.
 */
export type Written = "no" | "torn" | "unknown";

/** Who may write to a session: one thread of a process at a time. */
export interface LeaseHolder {
  readonly host: string;
  readonly pid: number;
  /** The number of the worker thread; 0 is the main thread. */
  readonly thread: number;
  /** Since when (ISO 8601, by its own clock). */
  readonly since: string;
}

export interface StoreErrorDetails {
  cause?: unknown;
  session?: string | undefined;
  path?: string | undefined;
  written?: Written | undefined;
  holder?: LeaseHolder | undefined;
}

/** The one class for conditions that a caller may want to handle; `code` is stable. */
export class StoreError extends Error {
  override readonly name: string = "StoreError";
  readonly code: StoreErrorCode;
  readonly session: string | undefined;
  readonly path: string | undefined;
  readonly written: Written | undefined;
  /** Of SESSION_BUSY: who writes to the session, where that could be told. */
  readonly holder: LeaseHolder | undefined;

  constructor(code: StoreErrorCode, message: string, details: StoreErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.session = details.session;
    this.path = details.path;
    this.written = details.written;
    this.holder = details.holder;
  }
}

export type ArgumentErrorCode =
  | "INVALID_ARGUMENT"
  | "INVALID_ID"
  | "INVALID_MESSAGE"
  | "INVALID_CURSOR"
  | "LINE_TOO_LONG";

/** A call that is wrong in itself: a TypeError, thrown before a byte is written. */
export class ArgumentError extends TypeError {
  override readonly name: string = "TypeError";
  readonly code: ArgumentErrorCode;

  constructor(code: ArgumentErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** The system's error code (ENOENT, ENOSPC, ...) of a failed file operation, if it has one. */
export function errno(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === "string" ? code : undefined;
}

const CODE_OF_ERRNO: Readonly<Record<string, StoreErrorCode>> = {
  ENOSPC: "NO_SPACE",
  EDQUOT: "NO_SPACE",
  EFBIG: "NO_SPACE",
  EROFS: "READ_ONLY",
  EACCES: "NO_ACCESS",
  EPERM: "NO_ACCESS",
};

/** The codes of the system, by which its errors are told from those that others throw. */
const ERRNO = /^E[A-Z0-9]+$/;

/** What a file operation threw, as a StoreError; anything else is passed on as it is. */
export function typedError(error: unknown, action: string, details: Omit<StoreErrorDetails, "cause"> = {}): unknown {
  const isOfSystem = !(error instanceof StoreError) && ERRNO.test(errno(error) ?? "");
  return isOfSystem ? ioError(error, action, details) : error;
}

/** A failed file operation as a StoreError. `action` completes "could not ..."; a StoreError passes through. */
export function ioError(cause: unknown, action: string, details: Omit<StoreErrorDetails, "cause"> = {}): StoreError {
  if (cause instanceof StoreError) return cause;
  const code = errno(cause);
  const message = cause instanceof Error ? cause.message : String(cause);
  return new StoreError((code && CODE_OF_ERRNO[code]) || "IO", `could not ${action}: ${message}`, {
    ...details,
    cause,
  });
}
