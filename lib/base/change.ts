// What a follower is told, in the words of the public API.
import type { Entry } from "./entry.ts";
import type { DamagedSession, SessionInfo } from "./session-info.ts";

/**
 * `message`, `part`: put or replaced. `remove`: of a message or a part. `truncate`, `purge`: messages went. `head`: the
 * history is another branch. `info`: the session's title or what else it is called. `delete`, `restore`: of the session.
 */
export type ChangeKind = "message" | "part" | "remove" | "truncate" | "purge" | "head" | "info" | "delete" | "restore";

/** One line that somebody wrote, of this process, of another one, or of another machine after a sync. */
export interface SessionChange<M extends object, P extends object> {
  readonly kind: ChangeKind;
  /** The line's stamp: follow({ from }) goes on behind it. */
  readonly at: string;
  /** Of the message that it concerns: its id, if that can still be read, and its place (`at` of its entry). */
  readonly id?: string;
  readonly place?: string;
  /** The message as it is now; absent where the history has it no more. */
  readonly entry?: Entry<M, P>;
  /** With `info`: what the session is called now; absent where it is deleted. */
  readonly info?: SessionInfo;
}

/** A session that is new, was written to, or went. */
export interface StoreChange {
  readonly id: string;
  /** As it is now; undefined: it is deleted, or its logs are gone. */
  readonly info?: SessionInfo | DamagedSession;
}
