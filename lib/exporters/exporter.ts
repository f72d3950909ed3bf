// What every exporter is: it says how sessions look in its format. Reading them and writing files are the driver's part.
import type { BlobMode } from "../base/blob.ts";
import type { Entry } from "../base/entry.ts";
import type { SessionInfo } from "../base/session-info.ts";
import type { TreeEntry } from "../store/read/read-tree.ts";

/** A session on its way out. */
export interface OutgoingSession {
  readonly info: SessionInfo;
  /** Why the messages ended before their end, once they have. */
  readonly damaged: string | undefined;
  /** The history. What cannot be read ends it. */
  messages(blobs?: BlobMode): AsyncGenerator<Entry>;
  /** The messages of all branches, each after the one that it follows, those of the history alone at last. */
  tree(): AsyncGenerator<TreeEntry>;
  /** It is not written, or not as it should be. */
  tell(reason: string, isWritten: boolean): void;
}

export interface Folder {
  /**
   * Writes a file that appears whole; the name may lead through directories, which are made. `keep`: one that is there stays.
   * False: it was there.
   */
  write(name: string, content: AsyncIterable<string | Uint8Array>, keep?: "keep"): Promise<boolean>;
}

export type Sessions = AsyncIterable<OutgoingSession>;
export type Text = AsyncGenerator<string>;

export interface Exporter {
  /** What the names of its files end in. */
  readonly ending: string;
  /** All sessions as one text. */
  all?(sessions: Sessions): Text;
  /** One session as a text of its own; where there is no `all`, it takes a single one. */
  one?(session: OutgoingSession): Text;
  /** All sessions, each in files of its own. */
  into?(folder: Folder, sessions: Sessions): Promise<void>;
}

/** What a listing shows of a session, without what is counted. */
export function givenInfo({
  id,
  messages: _messages,
  bytes: _bytes,
  branches: _branches,
  machines: _machines,
  tip: _tip,
  ...given
}: SessionInfo): Omit<SessionInfo, "messages" | "bytes" | "branches" | "machines" | "tip"> {
  return { id, ...given };
}

/** What import reads of a message: parts only where there are some. */
export function givenEntry({ parts, ...entry }: Entry): object {
  return parts.length > 0 ? { ...entry, parts } : entry;
}
