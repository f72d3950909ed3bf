// What the places where opencode has kept sessions have in common, files or a database.
import type { Dated } from "./opencode-ids.ts";

export type Fields = Record<string, unknown>;

/** A place, read only. What cannot be read is told of and undefined; what another program has removed meanwhile is undefined. */
export interface Room {
  readonly path: string;
  /** All that it has something of: sessions, and what says that it belongs to one that is not there. */
  sessions(): AsyncIterable<RoomSession>;
  /** What opencode says of a session: its Session, as its exports have it. */
  session(id: string): Promise<Fields | undefined>;
  /** In no order. */
  messages(id: string): Promise<Dated[]>;
  message(session: string, id: string): Promise<Fields | undefined>;
  /** In no order. */
  partIds(session: string, message: string): Promise<string[]>;
  part(session: string, message: string, id: string): Promise<Fields | undefined>;
  /** What belongs to a session beside its messages, by what opencode calls it: project, todo, session_diff. */
  asides(id: string, session: Fields | undefined): Promise<Fields>;
  close(): Promise<void>;
}

export interface RoomSession {
  readonly id: string;
  readonly path: string;
  readonly createdMs: number;
  /** By which the newer of two rooms is known. */
  readonly updatedMs: number;
}

/** What opens a shared session to others, and what an agent may do here: that is not history. */
const NEVER = /^(?:share|share_url|secret|permission)$/;

export function withoutSecrets(session: Fields): Fields {
  return Object.fromEntries(Object.entries(session).filter(([key]) => !NEVER.test(key)));
}
