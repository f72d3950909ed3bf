// What an open store and an open session hold. The verbs work on this; the facades in store.ts and session.ts call them.
import { randomBytes } from "node:crypto";
import { ArgumentError, StoreError } from "../base/errors.ts";
import type { Settings } from "../base/options.ts";
import { Descriptors } from "../disk/descriptors.ts";
import { checkId, encodeName } from "../disk/names.ts";
import type { Layout } from "../disk/names.ts";
import type { Vfs } from "../disk/vfs.ts";
import type { Fold } from "../line/fold.ts";
import { writerOf } from "../line/stamp.ts";
import type { Log } from "../log/log.ts";
import { LogWriter } from "../log/writer.ts";
import type { WriterOwner } from "../log/writer.ts";
import { Background } from "./background.ts";
import { Events } from "./events.ts";
import type { StoreWarning } from "./events.ts";
import { Known } from "./known.ts";
import { Locator } from "./locator.ts";
import { Queue } from "./queue.ts";
import { ReplacedLogs } from "./replaced.ts";
import { SidecarState } from "./sidecar-state.ts";
import { Sidecars } from "./sidecars.ts";

/** Rows of all folds that are kept, 45 bytes each; the longest unused session's go first. */
const MOST_ROWS = 1_000_000;
/** So much of it stays when room is made, so that it is not made again at once. */
const LEFT = 0.9;
const LOADS_A_LOOK = 16;
/** Sessions that are remembered at all. */
const MOST_SESSIONS = 10_000;

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
  readonly sidecars: Sidecars = new Sidecars(this);
  readonly sessions: Map<string, SessionState> = new Map();
  isClosed = false;
  #loads = 0;
  #closing: Promise<void> | undefined;
  readonly #running = new Set<Promise<unknown>>();
  /** The wall clock when the present call began. */
  now: number = Date.now();
  #clock = 0;

  constructor(vfs: Vfs, layout: Layout, settings: Settings, machine: string, readOnly: StoreError | undefined) {
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
    await this.background.flush();
    await this.sidecars.close();
    this.descriptors.dropAll();
    this.sessions.clear();
  }

  /** Gives memory back: folds can be made again from their logs at any time. */
  makeRoom(): void {
    // The sum is not made anew for each session of a program that makes many.
    if (this.sessions.size <= MOST_SESSIONS && ++this.#loads % LOADS_A_LOOK !== 0) return;
    let rows = 0;
    for (const session of this.sessions.values()) rows += session.rowsInMemory;
    if (rows <= MOST_ROWS && this.sessions.size <= MOST_SESSIONS) return;
    const idle = [...this.sessions.values()].filter((session) => session.isIdle).sort((a, b) => a.used - b.used);
    for (const session of idle.slice(0, -1)) {
      if (rows <= MOST_ROWS * LEFT && this.sessions.size <= MOST_SESSIONS * LEFT) break;
      rows -= session.rowsInMemory;
      this.sidecars.evicted(session);
      this.sessions.delete(session.id);
      session.sidecar.paged?.close();
      for (const log of session.logs) this.descriptors.drop(log.slot);
    }
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
  readonly sidecar: SidecarState = new SidecarState();
  /** The locator's, when the logs were looked up. */
  generation = -1;
  loading: Promise<void> | undefined;
  loads = 0;
  used = 0;

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
    this.sidecar.paged?.close();
    this.sidecar.paged = undefined;
  }

  /** A line was not where it was known to lie: what was saved of that is not to be believed either. */
  distrust(): void {
    this.forget();
    this.store.sidecars.discard(this);
  }

  get rowsInMemory(): number {
    return (this.fold ?? this.sidecar.paged?.reading)?.rows.inMemory ?? 0;
  }

  get exists(): boolean {
    return this.logs.length > 0;
  }

  get isIdle(): boolean {
    return this.queue.isIdle && this.loading === undefined && this.writer?.isDirty !== true && !this.writer?.failure;
  }

  /** True when the fold has all that the logs have. Costs a look at each log, none within a turn of our own writes. */
  isReady(): boolean {
    return this.known !== undefined && this.loading === undefined && this.#isAsKnown();
  }

  /** True when the sidecar has all that the logs have. */
  isPagedReady(): boolean {
    return this.sidecar.paged !== undefined && this.loading === undefined && this.#isAsKnown();
  }

  #isAsKnown(): boolean {
    const { store, writer } = this;
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
