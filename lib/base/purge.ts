// What erasing for good came to.

export interface PurgeReport {
  /** Lines with content that were erased from this machine's own logs, older versions and what was hidden among them. */
  readonly erased: number;
  /** The machines whose logs still hold some of it. Each erases it when it has the purge, by a sync, and opens the store. */
  readonly heldBy: readonly string[];
}
