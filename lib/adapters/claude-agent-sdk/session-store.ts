// The SessionStore.
import { ArgumentError, StoreError } from "../../base/errors.ts";
import type { SessionInfo, SessionPatch } from "../../base/session-info.ts";
import type { Store } from "../../store/store.ts";
import { distinct, entryOf, messageOf, nameOf, namesIn } from "./entry.ts";
import type {
  ClaudeSessionStore,
  ClaudeSessionStoreOptions,
  FoldSessionSummary,
  SessionKey,
  SessionStoreEntry,
  SessionSummaryEntry,
} from "./types.ts";
import { escaped, unescaped } from "../escaped.ts";
import { InTurn } from "../in-turn.ts";
import { ifThere, unlessCode } from "../unless-code.ts";

/** Where a session's metadata keep what the SDK's fold gave. */
const SUMMARY = "claudeSummary";

interface Write {
  /** The tip that was seen. */
  readonly expect?: string;
  readonly metadata?: Readonly<Record<string, unknown>>;
}

/** Sessions of the Claude Agent SDK in this store. The caller opens and closes the store. */
export function claudeSessionStore(store: Store, options: ClaudeSessionStoreOptions = {}): ClaudeSessionStore {
  const fold = options.foldSessionSummary;
  /** What is folded must be what the append before has left. */
  const turns = new InTurn();

  async function write(key: SessionKey, entries: readonly SessionStoreEntry[], more: Write = {}): Promise<void> {
    const id = idOf(key);
    const { subpath, ...main } = key;
    const patch: SessionPatch = {
      project: key.projectKey,
      ...(subpath !== undefined && { parent: idOf(main) }),
      ...(subpath === undefined ? namesIn(entries) : {}),
      ...(more.metadata && { metadata: more.metadata }),
    };
    await store.session(id, { create: more.expect === undefined }).commit(
      (commit) => {
        commit.update(patch);
        for (const entry of entries) {
          if (nameOf(entry) === undefined) commit.append(messageOf(entry));
          else commit.putMessage(messageOf(entry));
        }
      },
      { expect: more.expect },
    );
  }

  /** Entries and what is folded of them in one commit, against what stands. */
  async function writeFolded(fold: FoldSessionSummary, key: SessionKey, entries: SessionStoreEntry[]): Promise<void> {
    const session = store.session(idOf(key));
    for (let left = entries; ;) {
      const info = await unlessCode("NOT_FOUND", session.info());
      if (info === undefined) {
        // There is nothing yet to be compared with: of two processes that begin it, either could fold without the other's.
        await write(key, left);
        left = [];
        continue;
      }
      const before = summaryIn(key.sessionId, info);
      // What was written without a fold, or begun by two processes at once, or before a crash, is folded from its beginning.
      const known = before === undefined ? ((await load(key)) ?? []) : [];
      const fresh: SessionStoreEntry[] = [];
      for (const entry of left) {
        const name = nameOf(entry);
        if (name === undefined || (await session.message(name)) === undefined) fresh.push(entry);
      }
      const folded = [...known, ...fresh];
      if (folded.length === 0) return;
      const summary: Folded = { data: fold(before, key, folded).data, entries: info.messages + fresh.length };
      const metadata = { ...info.metadata, [SUMMARY]: summary };
      try {
        return await write(key, fresh, { expect: info.tip, metadata });
      } catch (error) {
        // Another process has written meanwhile, or deleted it.
        if (!(error instanceof StoreError) || (error.code !== "CONFLICT" && error.code !== "NOT_FOUND")) throw error;
      }
    }
  }

  async function load(key: SessionKey): Promise<SessionStoreEntry[] | null> {
    const entries: SessionStoreEntry[] = [];
    for await (const { data } of ifThere(store.session(idOf(key)).messages())) {
      const entry = entryOf(data);
      if (entry !== undefined) entries.push(entry);
    }
    return entries.length === 0 ? null : entries;
  }

  const sessionStore: ClaudeSessionStore = {
    async append(key, entries) {
      if (entries.length === 0) return;
      const once = distinct(entries);
      if (fold === undefined || key.subpath !== undefined) return await write(key, once);
      await turns.run(idOf(key), () => writeFolded(fold, key, once));
    },

    load,

    async listSessions(projectKey) {
      const found: { sessionId: string; mtime: number }[] = [];
      for await (const { sessionId, mtime } of sessionsOf(store, projectKey)) found.push({ sessionId, mtime });
      return found;
    },

    async delete(key) {
      const id = idOf(key);
      if (key.subpath === undefined) {
        const children: string[] = [];
        for await (const child of store.children(id)) children.push(child.id);
        for (const child of children) await unlessCode("NOT_FOUND", store.session(child).delete());
      }
      await unlessCode("NOT_FOUND", store.session(id).delete());
    },

    async listSubkeys({ projectKey, sessionId }) {
      const main = idOf({ projectKey, sessionId });
      const found: string[] = [];
      for await (const { id } of store.children(main))
        if (id.startsWith(`${main}/`)) found.push(id.slice(main.length + 1));
      return found;
    },
  };
  if (fold === undefined) return sessionStore;
  return {
    ...sessionStore,
    async listSessionSummaries(projectKey) {
      const found: SessionSummaryEntry[] = [];
      for await (const info of sessionsOf(store, projectKey)) {
        const summary = summaryIn(info.sessionId, info);
        // The SDK folds those that are missing by itself.
        if (summary !== undefined) found.push({ ...summary, mtime: info.mtime });
      }
      return found;
    },
  };
}

function idOf({ projectKey, sessionId, subpath }: SessionKey): string {
  if (subpath === "") throw new ArgumentError("INVALID_ARGUMENT", "a subpath is not empty: leave it out");
  return [escaped(projectKey), escaped(sessionId), ...(subpath === undefined ? [] : [subpath])].join("/");
}

/** The main transcripts of a project. */
async function* sessionsOf(
  store: Store,
  projectKey: string,
): AsyncGenerator<SessionInfo & { sessionId: string; mtime: number }> {
  const prefix = idOf({ projectKey, sessionId: "" });
  for await (const info of store.sessions({ project: projectKey })) {
    if ("damaged" in info || info.messages === 0 || !info.id.startsWith(prefix)) continue;
    const sessionId = unescaped(info.id.slice(prefix.length));
    yield { ...info, sessionId, mtime: Date.parse(info.updatedAt) };
  }
}

/** What a session's metadata keep. `entries` is how many were folded: where it is another number than there are, it is no use. */
interface Folded {
  readonly data: Record<string, unknown>;
  readonly entries: number;
}

/** Undefined: it is not that of all entries. */
function summaryIn(sessionId: string, { metadata, messages }: SessionInfo): SessionSummaryEntry | undefined {
  const folded = metadata?.[SUMMARY] as Folded | undefined;
  return folded?.entries === messages ? { sessionId, mtime: 0, data: folded.data } : undefined;
}
