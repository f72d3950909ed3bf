// The public handle of an open store: lifecycle, and one line for each verb.
import type { AdoptOptions, AdoptReport } from "../base/adopt.ts";
import type { BlobReference, StoredBlob } from "../base/blob.ts";
import type { StoreChange } from "../base/change.ts";
import type { CopyOptions, CopyReport } from "../base/copy.ts";
import type { ExportOptions, ExportReport, ExportTarget } from "../base/export.ts";
import type { ImportOptions, ImportReport, ImportSource } from "../base/import.ts";
import type { MergeOptions, MergeReport } from "../base/merge.ts";
import type { PurgeReport } from "../base/purge.ts";
import type { DamagedSession, SessionInfo } from "../base/session-info.ts";
import type { StoreCompactOptions, StoreCompactResult } from "../base/compaction.ts";
import type { StoreStats, StoreStatsOptions } from "../base/store-stats.ts";
import type { EmptyTrashOptions, EmptyTrashReport, TrashedSession, TrashOptions } from "../base/trash.ts";
import type { RepairOptions, RepairReport, VerifyOptions, VerifyProblem } from "../base/verify.ts";
import type { TitleSearchOptions } from "../indexes/titles/search.ts";
import type { TitleHit } from "../indexes/titles/title.ts";
import { forgetFresh } from "../base/turn.ts";
import { archiveSession, unarchiveSession } from "./space/archive.ts";
import { createSession } from "./write/create-session.ts";
import type { CreateSessionOptions } from "./write/create-session.ts";
import type { StoreEvents } from "./events.ts";
import type { SessionFilter } from "./list/filter.ts";
import { count, get, ids, page, searchTitles, sessions } from "./list/list.ts";
import type { SessionPage, SessionPageOptions } from "./list/list.ts";
import type { Rooms } from "./rooms.ts";
import { Retention } from "./retention/retention.ts";
import type { SearchHit, SearchOptions } from "./search/search-options.ts";
import { Session } from "./session.ts";
import type { SessionOptions } from "./session.ts";
import type { StoreState } from "./state.ts";
import { watch } from "./list/watch.ts";
import type { WatchOptions } from "./list/watch.ts";

export class Store<M extends object = Record<string, unknown>, P extends object = Record<string, unknown>> {
  readonly #state: StoreState;
  readonly #rooms: Rooms;

  /** @internal Stores come from openStore() and openMemoryStore(). */
  constructor(state: StoreState, rooms: Rooms) {
    this.#state = state;
    this.#rooms = rooms;
  }

  /** The directory that it lies in, without symbolic links; of a store in a database where that is, without a password. */
  get path(): string {
    return this.#state.remote?.place ?? this.#state.layout.root;
  }

  /** The folder that this machine writes to: what a sync must not overwrite. Empty where the store is read-only. */
  get machine(): string {
    return this.#state.machine;
  }

  /** The folders that are this machine's: `machine`, then those that were adopted. Only what is in these is changed. */
  get machines(): readonly string[] {
    return this.#state.machines;
  }

  /**
   * Makes the folder of a machine whose id was lost (with the cache, by a move, with the computer) one of this machine's, for this
   * and every later open of the store at this place; other processes that have it open notice at their next open. Its sessions go
   * on in their logs there; of several logs in our folders one is made. Nobody must write as that machine any more: throws
   * SESSION_BUSY while a lease shows that somebody does, NOT_FOUND where there is no such folder.
   */
  async adopt(machine: string, options: AdoptOptions = {}): Promise<AdoptReport> {
    return await this.#state.track(async () => (await import("./space.ts")).adopt(this.#state, machine, options));
  }

  /** How much history is kept: what a policy would take, and taking it. */
  get retention(): Retention {
    return new Retention(this.#state);
  }

  /** Makes a session. Throws EXISTS if there is one with this id. */
  async createSession(options: CreateSessionOptions = {}): Promise<Session<M, P>> {
    return new Session(this.#state, await this.#state.track(() => createSession(this.#state, options)));
  }

  /** A handle. No I/O until it is used. */
  session(id: string, options: SessionOptions = {}): Session<M, P> {
    this.#state.enter();
    return new Session(this.#state, id, options);
  }

  /** Sessions, the newest first; damaged ones with their reason. By default those without a parent. */
  sessions(filter: SessionFilter = {}): AsyncGenerator<SessionInfo | DamagedSession> {
    return sessions(this.#state, filter);
  }

  async page(options: SessionPageOptions): Promise<SessionPage> {
    return await this.#state.track(() => page(this.#state, options));
  }

  /** What a session is called and belongs to; undefined: there is none, or it is deleted. */
  async get(id: string): Promise<SessionInfo | DamagedSession | undefined> {
    return await this.#state.track(() => get(this.#state, id));
  }

  /** The ids of all sessions, children among them. */
  ids(): AsyncGenerator<string> {
    return ids(this.#state);
  }

  children(id: string): AsyncGenerator<SessionInfo | DamagedSession> {
    return sessions(this.#state, { parent: id });
  }

  async count(filter: SessionFilter = {}): Promise<number> {
    return await this.#state.track(() => count(this.#state, filter));
  }

  /**
   * Sessions by their title, archived ones and children too; those without a title by the beginning of their first prompt;
   * all by their id, or the first characters of it (from four on). Every word of the text must be somewhere in the title. Case,
   * width, and the diacritics of Latin, Greek and Cyrillic letters do not count. Newest first; a text without a word finds all.
   * Fast enough for every key that is typed; what other processes change shows within a twentieth of a second.
   */
  async searchTitles(text: string, options: TitleSearchOptions = {}): Promise<TitleHit[]> {
    return await this.#state.track(() => searchTitles(this.#state, text, options));
  }

  /**
   * The messages and parts that have this text (at most 1,000 characters) in a string of their data, newest session
   * first, newest message first. No index: the logs' bytes are read. Case is ignored by default: two characters are one
   * if their upper-case forms are one single character (a A, é É, σ ς Σ; not ß and SS); an ASCII letter equals ASCII
   * letters only, and nothing is normalised. A session that cannot be read is a `warning` ("unread") and stops no other.
   * Throws INVALID_ARGUMENT for an empty or too long text, NOT_FOUND for an id in `ids` that is none.
   */
  async *searchMessages(text: string, options: SearchOptions = {}): AsyncGenerator<SearchHit> {
    const { searchMessages } = await import("./search/search-messages.ts");
    yield* searchMessages(this.#state, text, options);
  }

  /**
   * Takes over another tool's sessions, or those of an export, with their times. The source is never changed (but see
   * `markMigrated`), and a second import adds only what is new in it. With "auto" the path's content tells the tool;
   * "all": every tool that has something there, or without a path, on this machine. What cannot be read is reported and
   * skipped. Throws NOT_FOUND where there is nothing at the path.
   */
  async importFrom(source: ImportSource | "auto" | "all", options: ImportOptions = {}): Promise<ImportReport> {
    return await this.#state.track(() => this.#rooms.importFrom(this.#state, source, options));
  }

  /** What the option `importFrom` brings in: resolves when it is through, or the store closes. It begins now, if it has not. */
  async imported(): Promise<readonly ImportReport[]> {
    return (await this.#state.importing?.done()) ?? [];
  }

  /**
   * Writes sessions with their messages, for programs, people or other tools, to files that appear whole or to a stream, message by
   * message. A session that cannot be read is reported and stops no other. Throws NOT_FOUND for an id in `ids` that is none,
   * before a byte is written.
   */
  async exportTo(target: ExportTarget, options: ExportOptions): Promise<ExportReport> {
    return await this.#state.track(() => this.#rooms.exportTo(this.#state, target, options));
  }

  /**
   * Marks the session as archived and puts this machine's log of it away: to archive/, as gzip, which is compared with the log
   * before that goes. It stays listed (`archived`), searched and read as before. To write to it brings the log back first, and
   * a new message takes the mark away. Nothing is done where it is archived already. Throws NOT_FOUND, and SESSION_BUSY if others
   * write to it without a pause.
   */
  async archive(id: string): Promise<void> {
    await this.#state.track(() => archiveSession(this.#state.session(id)));
  }

  /** Brings the log of an archived session back, byte for byte, and takes the mark away. Throws NOT_FOUND. */
  async unarchive(id: string): Promise<void> {
    await this.#state.track(() => unarchiveSession(this.#state.session(id)));
  }

  /**
   * Compares every log with what is known of it, for what a sync, an editor or a person changed. Files that came or went
   * are found without it by the next listing, changes inside a file within a while, or when the session is read.
   */
  async refresh(): Promise<void> {
    await this.#state.track(() => this.#state.catalog.checkAll());
    forgetFresh();
    this.#state.leases?.doubt();
  }

  /**
   * Sessions that are new, change or go from the first step on, or that were written to after `from`; by this process, by
   * others, and by a sync. Each once for all that happened since it was told last, mostly within a second (an edit in
   * place by another program as refresh() has it). Waiting keeps no process alive. Ends when the store closes.
   */
  watch(options: WatchOptions = {}): AsyncGenerator<StoreChange> {
    this.#state.enter();
    return watch(this.#state, options);
  }

  /**
   * The file of an attachment, to be opened or streamed. `reference` is what a read with `blobs: "reference"` gives in the
   * place of its text. Undefined: it is missing, or not as long as the reference says.
   */
  async blob(reference: BlobReference): Promise<StoredBlob | undefined> {
    return await this.#state.track(async () => {
      const { blobOf } = await import("./blobs/attachments.ts");
      return await blobOf(this.#state, reference);
    });
  }

  /**
   * Finds what is wrong with the store, session by session, without changing a byte or a time of it: torn, damaged, altered,
   * repeated and misplaced lines, commits without an end, lost headers, gaps, attachments that are missing or not what they say,
   * leftovers. Every byte of every log is read (no index is believed), memory is bounded by the longest session, and what cannot
   * be read is a problem as any other and stops nothing. Throws NOT_FOUND for an id in `ids` that is none.
   */
  async *verify(options: VerifyOptions = {}): AsyncGenerator<VerifyProblem> {
    const { checkVerify, verify } = await import("./check/verify.ts");
    checkVerify("verify", options);
    yield* verify(this.#state, options);
  }

  /**
   * Mends what verify() finds in this machine's own folder, and tells it: every byte that is taken out of a log is on the
   * disk in lost+found/ first, lines are copied byte for byte into a new log, which replaces the old one whole. The history
   * stays what it was. Altered lines, other machines' logs and what a later version wrote are left. A second repair does
   * nothing. With `dryRun` nothing is changed, and the report says what would be.
   */
  async repair(options: RepairOptions = {}): Promise<RepairReport> {
    const { repair } = await import("./check/repair.ts");
    return await this.#state.track(() => repair(this.#state, options));
  }

  /**
   * Brings in what another store, a part of one, or a log has, by its path (a store that is open by itself, wherever it lies): of
   * each log the union of the lines. The source is only read; what cannot be merged is in the report. Throws NOT_FOUND, NOT_A_STORE, NEWER_FORMAT; INVALID_ARGUMENT for the store itself.
   */
  async merge(source: string | Store<M, P>, options: MergeOptions = {}): Promise<MergeReport> {
    const { merge } = await import("./machines/merge.ts");
    const from = source instanceof Store ? source.#state : source;
    return await this.#state.track(() => merge(this.#state, from, options));
  }

  /**
   * Copies all that is here, but for the trash, into another store that is open, in files or in a database, and compares both
   * then, by the number of each session's lines and a checksum over them. Goes on where one that was cut short has ended.
   */
  async copyTo(target: Store<M, P>, options: CopyOptions = {}): Promise<CopyReport> {
    const { copy } = await import("./machines/copy.ts");
    return await this.#state.track(() => target.#state.track(() => copy(this.#state, target.#state, options)));
  }

  /**
   * Compacts the logs of all sessions, one after the other, as session.compact() does. What fails stops no other. Then
   * attachments that no line of any machine has named for the restore window move to the trash, and from it for good.
   */
  async compact(options: StoreCompactOptions = {}): Promise<StoreCompactResult> {
    return await this.#state.track(async () => (await import("./space.ts")).compactStore(this.#state, options));
  }

  /**
   * Deletes a session and erases all that was said in it for good, of a deleted one too: what it was called, its messages, its
   * log's content, caches, trash and lost+found/; on other machines when they have the purge, by a sync, and open the store.
   * That there was a session with this id, and when, stays. Throws NOT_FOUND if there never was one.
   */
  async purge(id: string): Promise<PurgeReport> {
    return await this.#state.track(async () => {
      const session = this.#state.session(id);
      const { purgeSession } = await import("./space.ts");
      return await purgeSession(session);
    });
  }

  /** What is in the trash: deleted sessions that restore() brings back, until `restoreDays` after the deletion. */
  async *trash(options: TrashOptions = {}): AsyncGenerator<TrashedSession> {
    this.#state.enter();
    const { trash } = await import("./space.ts");
    yield* trash(this.#state, options);
  }

  /** Removes all that is in the trash, before its time. With `dryRun` nothing goes, and the report says what would. */
  async emptyTrash(options: EmptyTrashOptions = {}): Promise<EmptyTrashReport> {
    return await this.#state.track(async () => (await import("./space.ts")).emptyTrash(this.#state, options));
  }

  /**
   * What the store takes on disk: live logs, by machine, the ten largest sessions, growth by month, attachments, archive, trash,
   * lost+found/ and caches. With `lines` every log is read, too, for lines by type, and live and dead bytes.
   */
  async stats(options: StoreStatsOptions = {}): Promise<StoreStats> {
    return await this.#state.track(async () => (await import("./space.ts")).storeStats(this.#state, options));
  }

  /** Calls the listener for every event of this kind. Returns a function that ends it. */
  on<E extends keyof StoreEvents>(event: E, listener: (event: StoreEvents[E]) => void): () => void {
    return this.#state.events.on(event, listener);
  }

  /** Waits for what is under way, brings it to the disk and lets go of all files. Every later call throws CLOSED. */
  async close(): Promise<void> {
    await this.#state.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}
