// The public handle of one session: one line for each verb.
import type { SessionChange } from "../base/change.ts";
import type { CompactOptions, CompactResult } from "../base/compaction.ts";
import type { Branch, Entry, Page, Part, Receipt } from "../base/entry.ts";
import { ArgumentError } from "../base/errors.ts";
import type { LeaseHolder } from "../base/errors.ts";
import { checkOptions } from "../base/options.ts";
import { checkId } from "../disk/names.ts";
import type { PurgeReport } from "../base/purge.ts";
import type { SessionInfo, SessionPatch } from "../base/session-info.ts";
import type { SessionStats } from "../base/session-stats.ts";
import { branches, checkout } from "./write/branch.ts";
import { commit, sync } from "./write/commit.ts";
import type { CommitOptions } from "./write/commit.ts";
import { CommitBuilder } from "./write/commit-builder.ts";
import { checkDelete, deleteSession, restoreSession } from "./space/delete.ts";
import type { DeleteOptions } from "./space/delete.ts";
import { breakLease } from "./exclusively.ts";
import { follow } from "./read/follow.ts";
import type { FollowOptions } from "./read/follow.ts";
import { fork } from "./write/fork.ts";
import type { ForkOptions } from "./write/fork.ts";
import type { BlobOptions } from "./blobs/give.ts";
import { info } from "./list/info.ts";
import { descendants } from "./list/list.ts";
import { append, putMessage, putPart, remove, truncate, update } from "./write/operations.ts";
import type { TruncateRange } from "./write/operations.ts";
import { page } from "./read/page.ts";
import type { PageOptions } from "./read/page.ts";
import { streamsOf } from "./write/part-streams.ts";
import type { PutPartOptions } from "./write/part-streams.ts";
import { prepare, preparePatch } from "./write/prepare.ts";
import { count, history, message, messageIds, messages, parts } from "./read/read.ts";
import type { ReadOptions } from "./read/read.ts";
import { replace } from "./write/replace.ts";
import { stats } from "./read/stats.ts";
import type { SessionState } from "./session-state.ts";
import type { StoreState } from "./state.ts";

export interface SessionOptions {
  /** Make the session with its first message if there is none. Default false: NOT_FOUND. */
  create?: boolean | undefined;
}

/**
 * A session by its id. Making a handle does no I/O. Calls on one session, from all its handles, take effect one after
 * the other in the order in which they were made; a read sees what was called before it.
 */
export class Session<M extends object = Record<string, unknown>, P extends object = Record<string, unknown>> {
  readonly id: string;
  readonly #store: StoreState;
  readonly #options: CommitOptions;

  /** @internal Handles come from a store. */
  constructor(store: StoreState, id: string, options: SessionOptions = {}) {
    checkOptions("session", options, ["create"]);
    checkId(id);
    this.#store = store;
    this.id = id;
    this.#options = { create: options.create ?? false };
  }

  /**
   * Adds a message, or several in one commit: all of them or none are ever seen. Resolves when they are safe (see
   * `durability`). A text `id` in a message is its id. Throws EXISTS if the id lives with other content.
   */
  append(messages: readonly M[]): Promise<Receipt[]>;
  append(message: M): Promise<Receipt>;
  async append(given: M | readonly M[]): Promise<Receipt | Receipt[]> {
    const session = this.#session;
    if (!Array.isArray(given)) {
      const prepared = prepare(session, given, "message");
      return commit(session, this.#options, (tx) => append(tx, prepared), [prepared]);
    }
    const prepared = given.map((each: M) => prepare(session, each, "message"));
    return commit(session, this.#options, (tx) => prepared.map((each) => append(tx, each)), prepared);
  }

  /** Runs several operations as one commit. With `expect`, throws CONFLICT unless the session's tip is still this one. */
  async commit<T>(
    build: (commit: CommitBuilder<M, P>) => T,
    options: { expect?: string | undefined } = {},
  ): Promise<T> {
    checkOptions("commit", options, ["expect"]);
    if (typeof build !== "function") throw new ArgumentError("INVALID_ARGUMENT", "commit() takes a function");
    const session = this.#session;
    const builder = new CommitBuilder<M, P>(session);
    const result = build(builder);
    if (result instanceof Promise)
      throw new ArgumentError("INVALID_ARGUMENT", "commit() takes a function that is not async");
    await commit(session, { ...this.#options, expect: options.expect }, (tx) => builder.run(tx), builder.prepared);
    return result;
  }

  /** Replaces the message with this id, or adds it. One that equals what stands writes nothing. */
  async putMessage(message: M): Promise<Receipt> {
    const prepared = prepare(this.#session, message, "message");
    return commit(this.#session, this.#options, (tx) => putMessage(tx, prepared), [prepared]);
  }

  /** Replaces the part with this id of a message, or adds it. With `final: false` more of it is to come. */
  async putPart(messageId: string, part: P, options: PutPartOptions = {}): Promise<Receipt> {
    checkOptions("putPart", options, ["final"]);
    this.#store.enter();
    const session = this.#store.session(this.id);
    const prepared = prepare(session, part, "part");
    if (options.final === false) return await streamsOf(session).put(messageId, prepared);
    session.streams?.end(messageId, prepared.id);
    return commit(this.#session, {}, (tx) => putPart(tx, messageId, prepared), [prepared]);
  }

  /** Removes a message with its parts, or one part. */
  async remove(messageId: string, partId?: string): Promise<void> {
    await commit(this.#session, {}, (tx) => remove(tx, messageId, partId));
  }

  async update(patch: SessionPatch): Promise<void> {
    const set = preparePatch(this.#session, patch);
    await commit(this.#session, this.#options, (tx) => update(tx, set));
  }

  /** Hides what is not kept; -> how many messages. The lines stay until compaction. */
  async truncate(range: TruncateRange): Promise<number> {
    return commit(this.#session, {}, (tx) => truncate(tx, range));
  }

  async clear(): Promise<number> {
    return commit(this.#session, {}, (tx) => truncate(tx, { keepLast: 0 }));
  }

  /** Makes the history these messages, in one commit. What is equal at the beginning stays as it is. */
  async replace(messages: readonly M[]): Promise<Receipt[]> {
    return await replace(this.#session, this.#options, messages);
  }

  /** Makes the history end at this message, of any branch. */
  async checkout(messageId: string): Promise<void> {
    await checkout(this.#session, messageId);
  }

  async branches(): Promise<Branch[]> {
    return await branches(this.#session);
  }

  /** Copies the history, or its beginning, into a new session. */
  async fork(options: ForkOptions = {}): Promise<Session<M, P>> {
    return new Session(this.#store, await this.#store.track(() => fork(this.#session, options)));
  }

  messages(options: ReadOptions = {}): AsyncGenerator<Entry<M, P>> {
    return messages<M, P>(this.#session, options);
  }

  async page(options: PageOptions): Promise<Page<M, P>> {
    return await page<M, P>(this.#session, options);
  }

  /** All messages. A long session is better read with messages(). */
  async history(options: BlobOptions = {}): Promise<Entry<M, P>[]> {
    return await history<M, P>(this.#session, options);
  }

  async message(id: string, options: BlobOptions = {}): Promise<Entry<M, P> | undefined> {
    return await message<M, P>(this.#session, id, options);
  }

  parts(messageId: string, options: BlobOptions = {}): AsyncGenerator<Part<P>> {
    return parts<P>(this.#session, messageId, options);
  }

  messageIds(): AsyncGenerator<string> {
    return messageIds(this.#session);
  }

  async count(): Promise<number> {
    return await count(this.#session);
  }

  async info(): Promise<SessionInfo> {
    return await info(this.#session);
  }

  /** How many lines and bytes the session has on disk, by their types, and how much of that nobody can see any more. */
  async stats(): Promise<SessionStats> {
    return await stats(this.#session);
  }

  /**
   * What is written to the session from the first step on, or after `from`: by this process, by others, and what a sync
   * brings. Each line is told once, in the order of the stamps as they arrive, also when the log is compacted or replaced
   * meanwhile. Others' changes show at once where the file system tells of them, else within a tenth of a second
   * (a second, if it keeps one to itself). Waiting keeps no process alive. Ends when the store closes.
   */
  follow(options: FollowOptions = {}): AsyncGenerator<SessionChange<M, P>> {
    this.#store.enter();
    return follow<M, P>(this.#store, this.id, options);
  }

  /** Resolves when all that was written is on the disk. */
  async sync(): Promise<void> {
    await sync(this.#session);
  }

  /**
   * Takes the right to write from whoever has it, for people who know that nobody needs it any more: a process that is
   * stopped for good, a host that is gone. Whoever had it sees that before they write again, and asks for it as anybody.
   * -> who that was; undefined: nobody. Nothing is lost if they did need it: at worst there are two branches.
   */
  async breakLease(): Promise<LeaseHolder | undefined> {
    return breakLease(this.#session);
  }

  /**
   * Takes out of this machine's log what nobody can see any more: older versions, what was removed or truncated. History,
   * branches and cursors stay what they are, and so does every byte of the other lines. Appending and reading go on
   * meanwhile, in every process. The log as it was stays beside for a minute, for what others may still write to it.
   */
  async compact(options: CompactOptions = {}): Promise<CompactResult> {
    checkOptions("compact", options, ["signal"]);
    return await this.#store.track(async () => {
      const session = this.#session;
      const { compactSession, nothingDone } = await import("./space.ts");
      return (await compactSession(session, { ...options, settle: true })) ?? nothingDone(session);
    });
  }

  async delete(options: DeleteOptions = {}): Promise<void> {
    checkDelete(options);
    await this.#store.track(async () => {
      const ids = options.children === true ? await descendants(this.#store, this.id) : [];
      for (const id of [...ids.reverse(), this.id]) await deleteSession(this.#store.session(id), options);
    });
  }

  async restore(): Promise<void> {
    await this.#store.track(() => restoreSession(this.#session));
  }

  /**
   * Erases messages for good, by their ids, with their parts and all their versions: on this machine at once, in its log, its
   * caches, the trash and lost+found/; on others when they have the purge, by a sync, and open the store. A message that was
   * removed, truncated or replaced is found as well. Throws NOT_FOUND, and erases nothing, if one of them never was.
   */
  async purge(ids: string | readonly string[]): Promise<PurgeReport> {
    const list = typeof ids === "string" ? [ids] : ids;
    const session = this.#session;
    return await this.#store.track(async () => {
      const { purgeMessages } = await import("./space.ts");
      return await purgeMessages(session, list);
    });
  }

  get #session(): SessionState {
    this.#store.enter();
    const session = this.#store.session(this.id);
    session.streams?.flush();
    return session;
  }
}
