// What a compaction tells of itself.

export interface CompactResult {
  /** The size of this machine's log before, and after it. Its old form stays beside it for a minute. */
  readonly bytesBefore: number;
  readonly bytesAfter: number;
  /** Lines that nobody can see any more, which are gone. */
  readonly lines: number;
  /** Pieces that were no lines, which are in lost+found/ now. */
  readonly fragments: number;
}

export interface CompactOptions {
  signal?: AbortSignal | undefined;
}

export interface CompactProgress {
  /** Sessions that were looked at, and those whose logs are shorter now. */
  readonly sessions: number;
  readonly compacted: number;
  readonly freedBytes: number;
}

export interface StoreCompactOptions extends CompactOptions {
  onProgress?: ((progress: CompactProgress) => void) | undefined;
}

/** What became of attachments that nothing has named for the restore window. */
export interface BlobCollection {
  /** Moved to the trash; and gone from it for good, with these bytes. */
  readonly trashed: number;
  readonly removed: number;
  readonly bytes: number;
}

/** What store.compact() has done. */
export interface StoreCompactResult extends CompactProgress {
  /** An error: something that may name an attachment could not be read, so none was touched. */
  readonly blobs: BlobCollection | Error;
  /** Sessions that could not be compacted, and why: another process writes to it, or it is damaged. */
  readonly failed: readonly { readonly id: string; readonly error: Error }[];
}
