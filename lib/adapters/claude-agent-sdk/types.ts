// The SDK's shapes, and what it is given.

/** Which transcript: without `subpath` the main one, with it a subagent's. */
export interface SessionKey {
  projectKey: string;
  sessionId: string;
  subpath?: string;
}

/** One line of a transcript. */
export interface SessionStoreEntry {
  type: string;
  uuid?: string;
  timestamp?: string;
  [key: string]: unknown;
}

/** What the SDK keeps of a session for its listing. `data` is its own affair. */
export interface SessionSummaryEntry {
  sessionId: string;
  mtime: number;
  data: Record<string, unknown>;
}

/** foldSessionSummary() of the SDK. */
export type FoldSessionSummary = (
  before: SessionSummaryEntry | undefined,
  key: SessionKey,
  entries: SessionStoreEntry[],
) => SessionSummaryEntry;

export interface ClaudeSessionStoreOptions {
  /**
   * foldSessionSummary() of the SDK. With it each append keeps what listSessions() shows, and a listing reads no transcript;
   * without it the SDK loads each session that it lists.
   */
  foldSessionSummary?: FoldSessionSummary | undefined;
}

/** The SDK's `SessionStore`: give it as `sessionStore`. */
export interface ClaudeSessionStore {
  /** One commit: all entries or none are ever seen. One whose `uuid` is there already is not added again. */
  append(key: SessionKey, entries: SessionStoreEntry[]): Promise<void>;
  /** null: never written, or deleted. */
  load(key: SessionKey): Promise<SessionStoreEntry[] | null>;
  listSessions(projectKey: string): Promise<{ sessionId: string; mtime: number }[]>;
  /** There is one where the SDK's fold was given. */
  listSessionSummaries?(projectKey: string): Promise<SessionSummaryEntry[]>;
  /** To the trash; a main transcript with those of its subagents. */
  delete(key: SessionKey): Promise<void>;
  listSubkeys(key: { projectKey: string; sessionId: string }): Promise<string[]>;
}
