// What an open store and an open session hold. The verbs work on this; the facades in store.ts and session.ts call them.
import { randomBytes } from "node:crypto";
import { ArgumentError, StoreError } from "../base/errors.ts";
import type { Settings } from "../base/options.ts";
import { Descriptors } from "../disk/descriptors.ts";
import { checkId, encodeName, LOG_ENDING } from "../disk/names.ts";
import type { Layout } from "../disk/names.ts";
import type { Vfs } from "../disk/vfs.ts";
import type { Fold } from "../line/fold.ts";
import { writerOf } from "../line/stamp.ts";
import { Log } from "../log/log.ts";
import { LogWriter } from "../log/writer.ts";
import type { WriterOwner } from "../log/writer.ts";
import { Background } from "./background.ts";
import type { CatalogKeeper } from "./catalog-keeper.ts";
import { Events } from "./events.ts";
import type { StoreWarning } from "./events.ts";
import { Known } from "./known.ts";
import { Locator } from "./locator.ts";
import type { Place } from "./locator.ts";
import { Queue } from "./queue.ts";
import { ReplacedLogs } from "./replaced.ts";
import { Room } from "./room.ts";

export class StoreState {
  readonly vfs: Vfs;
  readonly layout: Layout;
  readonly settings: Settings;
  readonly machine: string;
  /** Why nothing can be written here; undefined: it can. */
  readonly readOnly: StoreError | undefined;
  /** The writer of this open store, fresh; after a failed write another, for sessions that are opened from then on. */
  writer: string = newWriter();
  readonly descriptors: Descriptors;
  readonly locator: Locator;
  readonly events: Events = new Events();
  readonly background: Background;
  readonly replaced: ReplacedLogs;
  /** Which sessions there are, and what they are called. */
  readonly catalog: CatalogKeeper;
  readonly sessions: Map<string, SessionState> = new Map();
  isClosed = false;
  readonly #room = new Room();
  #closing: Promise<void> | undefined;
  readonly #running = new Set<Promise<unknown>>();
  /** The wall clock when the present call began. */
  now: number = Date.now();
  #clock = 0;

  constructor(
    vfs: Vfs,
    layout: Layout,
    settings: Settings,
    machine: string,
    readOnly: StoreError | undefined,
    makeCatalog: (store: StoreState) => CatalogKeeper,
  ) {
    this.vfs = vfs;
    this.layout = layout;
    this.settings = settings;
    this.machine = machine;
    this.readOnly = readOnly;
    this.descriptors = new Descriptors(vfs, settings.maxOpenFiles);
    this.locator = new Locator(vfs, layout);
    const replaced = new ReplacedLogs(vfs, layout);
    this.replaced = replaced;
    this.background = new Background(
      vfs,
      (warning) => this.warn(warning),
      () => replaced.sweep(),
    );
    this.catalog = makeCatalog(this);
  }

  /** A call begins. Those that began before close() may still do all that they need. */
  enter(): void {
    if (this.#closing !== undefined) this.#refuse();
  }

  /** A call of several steps: close() waits for it. */
  async track<T>(call: () => Promise<T>): Promise<T> {
    this.enter();
    const running = call();
    this.#running.add(running);
    try {
      return await running;
    } finally {
      this.#running.delete(running);
    }
  }

  checkOpen(): void {
    if (this.isClosed) this.#refuse();
  }

  #refuse(): never {
    throw new StoreError("CLOSED", "the store is closed", { path: this.layout.root });
  }

  warn(warning: StoreWarning): void {
    this.events.emit("warning", warning);
  }

  /** The state of a session, the same for all handles of its id. */
  session(id: string): SessionState {
    this.checkOpen();
    this.now = Date.now();
    let session = this.sessions.get(id);
    if (session === undefined) {
      checkId(id);
      session = new SessionState(this, id);
      this.sessions.set(id, session);
    }
    session.used = ++this.#clock;
    return session;
  }

  /** A session that nobody has open is read without being remembered: to go through all of them fills no memory. */
  borrow(id: string): { readonly session: SessionState; readonly release: () => void } {
    const known = this.sessions.get(id);
    const session = known ?? new SessionState(this, id);
    const release = (): void => {
      if (known === undefined) for (const log of session.logs) this.descriptors.drop(log.slot);
    };
    return { session, release };
  }

  /** Waits for the operations that were called, brings what they wrote to the disk, closes all files. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    while (this.#running.size > 0) await Promise.allSettled(this.#running);
    this.isClosed = true;
    for (const session of this.sessions.values()) {
      await session.queue.settled();
      await session.loading?.catch(() => undefined);
      session.writer?.endTurn();
    }
    this.replaced.close();
    await this.catalog.close();
    await this.background.flush();
    this.descriptors.dropAll();
    this.sessions.clear();
  }

  /** Gives memory back: folds can be made again from their logs at any time. */
  makeRoom(): void {
    this.#room.make(this.sessions, (session) => {
      this.catalog.evict(session);
      this.sessions.delete(session.id);
      for (const log of session.logs) this.descriptors.drop(log.slot);
    });
  }
}

export class SessionState implements WriterOwner {
  readonly store: StoreState;
  readonly id: string;
  readonly name: string;
  readonly queue: Queue = new Queue();
  /** All logs of the session, in the order of their numbers. */
  logs: Log[] = [];
  /** The end of this machine's log; undefined: it has none yet. */
  writer: LogWriter | undefined;
  /** The 8 characters that our stamps end in. */
  writerId: string;
  /** Undefined: the logs must be read. */
  known: Known | undefined;
  /** Why nothing may be written to the session: its own log has no header. */
  damage: StoreError | undefined;
  /** The locator's, when the logs were looked up. */
  generation = -1;
  loading: Promise<void> | undefined;
  loads = 0;
  used = 0;
  /** When it was written to, and when it was told that it would be. */
  wroteAt: number = Number.NEGATIVE_INFINITY;
  /** It was written to since the last search of titles. */
  isTitleStale = false;
  toldAt: number = Number.NEGATIVE_INFINITY;

  constructor(store: StoreState, id: string) {
    this.store = store;
    this.id = id;
    this.name = encodeName(id);
    this.writerId = store.writer;
  }

  get fold(): Fold | undefined {
    return this.known?.fold;
  }

  /** What the logs were read to. */
  setFold(fold: Fold): void {
    this.known = new Known(fold, this.writer?.log.number ?? this.logs.length);
  }

  /** What was known no longer holds: the logs are read before anything else. */
  forget(): void {
    this.known = undefined;
  }

  get exists(): boolean {
    return this.logs.length > 0;
  }

  get isIdle(): boolean {
    return this.queue.isIdle && this.loading === undefined && this.writer?.isDirty !== true && !this.writer?.failure;
  }

  /** True when the fold has all that the logs have. Costs a look at each log, none within a turn of our own writes. */
  isReady(): boolean {
    const { store, writer } = this;
    if (this.known === undefined || this.loading !== undefined) return false;
    if (writer?.isFresh(store.now)) return true;
    try {
      store.locator.check();
      if (this.generation !== store.locator.generation && !this.isWhereItWas()) return false;
      for (const log of this.logs) if (log.look(store.vfs) !== "same") return false;
    } catch {
      // The load that follows meets the same, and says so.
      this.forget();
      return false;
    }
    writer?.looked();
    return true;
  }

  /** True when the look-up finds the logs that we know, and no other. */
  isWhereItWas(): boolean {
    const { locator } = this.store;
    const places = locator.find(this.name);
    if (places.length !== this.logs.length || places.some(({ path }, index) => path !== this.logs[index]?.path))
      return false;
    this.generation = locator.generation;
    return true;
  }

  /** The logs are these, and nothing is known of them yet. */
  setPlaces(places: readonly Place[]): void {
    const { store, writer } = this;
    this.generation = store.locator.generation;
    for (const log of this.logs) store.descriptors.drop(log.slot);
    this.forget();
    this.writer = undefined;
    this.logs = places.map(({ path, machine }, number) => {
      const isOwn = machine === store.machine && path.endsWith(LOG_ENDING);
      return new Log(path, machine, number, isOwn && store.readOnly === undefined ? "append" : "read");
    });
    const own = this.logs.find((log) => log.machine === store.machine && log.path.endsWith(LOG_ENDING));
    if (own !== undefined) this.setOwnLog(own, writer?.failure);
  }

  /** Makes `log` the one that we write to; after a failed sync it stays read-only. */
  setOwnLog(log: Log, failure?: StoreError): void {
    this.writer = new LogWriter(log, this.store.vfs, this.store.descriptors, this);
    this.writer.failure = failure;
  }

  moved(): void {
    this.forget();
  }

  lost(error: unknown): void {
    const message = "lines that were acknowledged could not be written to the log that replaced the session's log";
    this.store.warn({ code: "lost", message, session: this.id, path: this.writer?.log.path, cause: error });
  }

  /** After a failed write: nothing that we know holds, and a writer whose commit failed never writes again. */
  startAnew(): void {
    this.forget();
    this.writerId = newWriter();
    // A session that is forgotten and comes back, too, must not write as the one that failed.
    this.store.writer = newWriter();
  }
}

export function newWriter(): string {
  return writerOf(randomBytes(8));
}

export function notFound(session: SessionState): StoreError {
  return new StoreError("NOT_FOUND", `no session ${JSON.stringify(session.id)}`, { session: session.id });
}

/** Refuses a limit that is no whole number from `least` on. */
export function checkCount(name: string, value: unknown, least: number): void {
  if (!Number.isSafeInteger(value) || (value as number) < least) {
    throw new ArgumentError("INVALID_ARGUMENT", `${name} must be a whole number, at least ${least}`);
  }
}
