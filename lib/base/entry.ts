// What callers put in and get back: messages, parts, and where they stand.

/** One message of a session's history, with its parts. */
export interface Entry<M extends object = Record<string, unknown>, P extends object = Record<string, unknown>> {
  /** The caller's id, or the one that the store made. */
  readonly id: string;
  /** The message's place: the stamp of its first version. Unique in the world, sorts as text, stays. */
  readonly at: string;
  /** Deeply equal to what was given. */
  readonly data: M;
  readonly parts: readonly Part<P>[];
  /** The line on disk was changed after it was written: it is shown, but its checksum is wrong. */
  readonly altered?: true;
  /** The file of an attachment is missing, or not what was written: its reference stands in its place. */
  readonly missing?: true;
}

export interface Part<P extends object = Record<string, unknown>> {
  readonly id: string;
  readonly at: string;
  readonly data: P;
  readonly altered?: true;
  readonly missing?: true;
}

/** Where a message or part was put. */
export interface Receipt {
  readonly id: string;
  readonly at: string;
}

/** One page of a history, oldest first. */
export interface Page<M extends object, P extends object> {
  readonly items: Entry<M, P>[];
  /** Cursor of the page before this one (give it as `before`); undefined: there is none. */
  readonly previous?: string;
  /** Cursor of the page after this one (give it as `after`); undefined: there is none yet. */
  readonly next?: string;
  /**
   * Pieces of the session's logs that could not be read as lines and were left out. The newest page of a session that was
   * not read yet may come from the ends of its logs alone: then all that stands among its messages and after them is
   * counted, and what stands before them when the session is read.
   */
  readonly skipped: number;
}

/** One line of history among those that a session has. */
export interface Branch {
  /** The newest message: give it to checkout() or fork(). */
  readonly id: string;
  readonly at: string;
  /** The last message that it shares with the history; undefined: none. */
  readonly forkedAt?: string;
  /** The folder of the machine that wrote its newest message, or changed it last. */
  readonly machine: string;
  /** Messages from the fork point on; for the history itself, all. */
  readonly messages: number;
  /** When its newest message was written: ISO 8601, UTC. */
  readonly updatedAt: string;
  /** It is the history. */
  readonly current: boolean;
}
