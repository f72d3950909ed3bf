// opencode's shapes, as far as a store needs them. Whatever more they have is kept.

export interface OpencodeSession {
  id: string;
  projectID: string;
  title?: string;
  directory?: string;
  /** The session that this one works for. */
  parentID?: string;
  version?: string;
  time?: { archived?: number };
}

export interface OpencodeMessage {
  id: string;
  sessionID: string;
  role: string;
}

export interface OpencodePart {
  id: string;
  sessionID: string;
  messageID: string;
  type: string;
}

export interface OpencodeWithParts<M, P> {
  info: M;
  parts: P[];
}

export interface OpencodeSessionFilter {
  projectID?: string | undefined;
  /** The children of this session. Default: sessions of all kinds. */
  parentID?: string | undefined;
}

export interface OpencodePageOptions {
  limit: number;
  /** The cursor of another page. */
  before?: string | undefined;
  after?: string | undefined;
}

export interface OpencodePage<T> {
  readonly items: T[];
  /** Cursors of the pages beside this one (give them as `before` and `after`); undefined: there is none. */
  readonly previous?: string;
  readonly next?: string;
}

/** Reads give undefined, or no items, for what is not there; writes below something that is not there throw NOT_FOUND. */
export interface OpencodeStorage<S, M, P> {
  /** Makes the session, or changes it; its metadata are what opencode says of it. */
  writeSession(session: S): Promise<void>;
  /** Adds the message, or changes it; with parts in the same commit. */
  writeMessage(message: M, parts?: readonly P[]): Promise<void>;
  /**
   * Adds the part, or changes it. Text that is still being written (`time` without an `end`) is put together: its first version is
   * written at once, then the latest one every 250 ms, before anything else that is called on the session, and at the end.
   */
  writePart(part: P): Promise<void>;
  /**
   * After a crash, while no other process works on the session: calls of tools that were pending or running have failed, in one
   * commit, so that none is without its result. -> how many
   */
  endInterrupted(sessionID: string): Promise<number>;
  readSession(id: string): Promise<S | undefined>;
  readMessage(sessionID: string, id: string): Promise<OpencodeWithParts<M, P> | undefined>;
  readPart(sessionID: string, messageID: string, id: string): Promise<P | undefined>;
  /** The one that was written to last comes first. */
  sessionIDs(filter?: OpencodeSessionFilter): AsyncGenerator<string>;
  /** In the order in which they were written: ids have no order that lasts. */
  messageIDs(sessionID: string): AsyncGenerator<string>;
  partIDs(sessionID: string, messageID: string): AsyncGenerator<string>;
  count(filter?: OpencodeSessionFilter): Promise<number>;
  /** A page of sessions, the one that was written to last comes first. */
  sessions(options: OpencodePageOptions & OpencodeSessionFilter): Promise<OpencodePage<S>>;
  /** A page of messages, oldest first: without a cursor the newest ones. */
  messages(sessionID: string, options: OpencodePageOptions): Promise<OpencodePage<OpencodeWithParts<M, P>>>;
  /** To the trash, with all that descends from it. */
  removeSession(id: string): Promise<void>;
  removeMessage(sessionID: string, id: string): Promise<void>;
  removePart(sessionID: string, messageID: string, id: string): Promise<void>;
}
