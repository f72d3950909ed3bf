// What a session takes on disk.

export interface TypeStats {
  readonly lines: number;
  readonly bytes: number;
}

/** All in the session's logs of all machines; a line that several of them have counts once. Bytes with the newlines. */
export interface SessionStats {
  /** The size of the logs. */
  readonly bytes: number;
  /**
   * What somebody can still see, on any branch, or what must stay: the newest versions of living messages and parts, the
   * lines that set what the session is called, those of the tree and the tombstones.
   */
  readonly liveBytes: number;
  /** The rest: older versions, what was hidden, lines that stand twice, damage. Compaction may take it away. */
  readonly deadBytes: number;
  readonly lines: number;
  /** Lines that count, by their types: `message`, `part`, `info` and so on. */
  readonly types: Readonly<Record<string, TypeStats>>;
  /** Pieces of the logs that are no lines, or lines of commits that were never finished. */
  readonly skipped: number;
}
