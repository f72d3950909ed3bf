// What deletion moved away, as callers see it.

export interface TrashedSession {
  readonly id: string;
  /** What it was called when it was deleted. */
  readonly title?: string;
  /** ISO 8601, UTC. */
  readonly deletedAt: string;
  /** When its restore window ends: from then on it can go at any time, and restore() does not bring it back. */
  readonly expiresAt: string;
  readonly bytes: number;
  /** The log as it was, whole, deletion and all. */
  readonly path: string;
}

export interface TrashOptions {
  signal?: AbortSignal | undefined;
}

export interface EmptyTrashOptions extends TrashOptions {
  /** Only say what would go. */
  dryRun?: boolean | undefined;
}

/** What went from the trash, or would. */
export interface EmptyTrashReport {
  readonly sessions: number;
  readonly bytes: number;
}
