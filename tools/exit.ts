// Exit codes, and the error that carries one.
import { ArgumentError, StoreError } from "../lib/index.ts";
import type { StoreErrorCode } from "../lib/index.ts";

export const EXIT = { done: 0, problems: 1, usage: 2, busy: 3, damaged: 4, io: 5, interrupted: 130 } as const;

const EXIT_OF_CODE: Readonly<Record<StoreErrorCode, number>> = {
  NOT_FOUND: EXIT.problems,
  EXISTS: EXIT.problems,
  CONFLICT: EXIT.busy,
  SESSION_BUSY: EXIT.busy,
  DAMAGED: EXIT.damaged,
  NEWER_FORMAT: EXIT.damaged,
  NOT_A_STORE: EXIT.damaged,
  IO: EXIT.io,
  NO_SPACE: EXIT.io,
  NO_ACCESS: EXIT.io,
  READ_ONLY: EXIT.io,
  CLOSED: EXIT.io,
};

/** Ends the command with a message for people. */
export class Failure extends Error {
  readonly exit: number;

  constructor(exit: number, message: string, options?: ErrorOptions) {
    super(message, options);
    this.exit = exit;
  }
}

export function wrongUsage(message: string): Failure {
  return new Failure(EXIT.usage, message);
}

export function exitOf(error: unknown): number {
  if (error instanceof Failure) return error.exit;
  if (error instanceof ArgumentError) return EXIT.usage;
  if (error instanceof StoreError) return EXIT_OF_CODE[error.code] ?? EXIT.io;
  return EXIT.io;
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
