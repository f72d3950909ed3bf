// What an open store holds. The verbs work on this; the facade in store.ts calls them.
import { ArgumentError, StoreError, typedError } from "../base/errors.ts";
import type { Settings } from "../base/options.ts";
import { Blobs } from "../disk/blobs.ts";
import { Descriptors } from "../disk/descriptors.ts";
import { Leases } from "../disk/leases.ts";
import { checkId } from "../disk/names.ts";
import type { Layout } from "../disk/names.ts";
import type { Vfs } from "../disk/vfs.ts";
import { Background } from "./background.ts";
import type { CatalogKeeper } from "./list/catalog-keeper.ts";
import type { Remote } from "./remote.ts";
import { Clock } from "./clock.ts";
import { Compactions } from "./space/compactions.ts";
import { Events } from "./events.ts";
import type { StoreWarning } from "./events.ts";
import type { ImportAtOpen } from "./import/import-at-open.ts";
import { Locator } from "./locator.ts";
import { Owed } from "./space/owed.ts";
import { ReplacedLogs } from "./space/replaced.ts";
import { Room } from "./room.ts";
import { SessionState } from "./session-state.ts";
import { Sidecars } from "./read/sidecars.ts";
import { UnpackedLogs } from "./space/unpacked.ts";
import { Upkeep } from "./upkeep.ts";
import type { Waker } from "./waker.ts";
import { newWriter } from "./write/writer-id.ts";

export class StoreState {
  readonly vfs: Vfs;
  readonly layout: Layout;
  readonly settings: Settings;
  /** The folder that new logs go to. Empty where nothing can be written. */
  readonly machine: string;
  readonly #machines: Set<string>;
  /** Undefined: the store lies in a file system of its own. */
  readonly remote: Remote | undefined;
  /** Why nothing can be written here; undefined: it can. */
  readonly readOnly: StoreError | undefined;
  readonly descriptors: Descriptors;
  readonly blobs: Blobs;
  readonly locator: Locator;
  readonly events: Events = new Events();
  readonly background: Background;
  /** Undefined: who writes asks nobody. */
  readonly leases: Leases | undefined;
  readonly replaced: ReplacedLogs;
  readonly unpacked: UnpackedLogs;
  /** Which sessions there are, and what they are called. */
  readonly catalog: CatalogKeeper;
  readonly sidecars: Sidecars = new Sidecars(this);
  readonly compactions: Compactions = new Compactions(this);
  /** What time it is, for those who delete by age. */
  readonly clock: Clock;
  readonly upkeep: Upkeep = new Upkeep(this);
  /** Undefined: the store imports nothing by itself. */
  importing: ImportAtOpen | undefined;
  /** Sessions of which something is to be erased yet. */
  readonly owed: Owed;
  readonly sessions: Map<string, SessionState> = new Map();
  /** Those who wait for changes. */
  readonly wakers: Set<Waker> = new Set();
  isClosed = false;
  readonly #room = new Room();
  #closing: Promise<void> | undefined;
  readonly #running = new Set<Promise<unknown>>();
  /** The wall clock when the present call began. */
  now: number = Date.now();
  #clock = 0;
  #writer: string | undefined;

  constructor(
    vfs: Vfs,
    layout: Layout,
    settings: Settings,
    machines: readonly string[],
    readOnly: StoreError | undefined,
    makeCatalog: (store: StoreState) => CatalogKeeper,
    remote?: Remote,
  ) {
    this.remote = remote;
    this.vfs = vfs;
    this.layout = layout;
    this.settings = settings;
    const [machine = ""] = machines;
    this.machine = machine;
    this.#machines = new Set(machines);
    this.readOnly = readOnly;
    const hasLeases = settings.lease && !vfs.isVolatile;
    this.leases = hasLeases ? new Leases(vfs, layout, machine, settings.busyTimeoutMs) : undefined;
    this.descriptors = new Descriptors(vfs, settings.maxOpenFiles);
    this.locator = new Locator(vfs, layout);
    this.blobs = remote?.blobs ?? new Blobs(vfs, layout);
    this.clock = new Clock(vfs, layout);
    this.owed = new Owed(vfs, layout, () => this.upkeep.soon());
    const unpacked = new UnpackedLogs(vfs, layout);
    this.unpacked = unpacked;
    const { leases } = this;
    const replaced = new ReplacedLogs(vfs, layout, (name, operation) =>
      leases === undefined ? operation() : leases.exclusively(name, operation),
    );
    this.replaced = replaced;
    // Nobody can be writing to a log of a database that was replaced: the row of its session is locked.
    if (remote !== undefined) replaced.close();
    this.background = new Background(
      vfs,
      (warning) => this.warn(warning),
      async () => {
        await replaced.sweep();
        unpacked.sweep();
        await leases?.sweep();
        await this.upkeep.afterWrites();
      },
    );
    this.catalog = makeCatalog(this);
  }

  /** The folders that are this machine's: that for new logs, then those that were adopted. */
  get machines(): readonly string[] {
    return [...this.#machines];
  }

  isOwn(machine: string): boolean {
    return this.#machines.has(machine);
  }

  addMachine(machine: string): void {
    this.#machines.add(machine);
  }

  /** Of several logs of ours the one that is written to, and that the others are united with: the oldest folder's. */
  eldest<T extends { readonly machine: string }>(own: readonly T[]): T | undefined {
    return own.find(({ machine }) => machine !== this.machine) ?? own[0];
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
    } catch (error) {
      throw this.typed(error);
    } finally {
      this.#running.delete(running);
    }
  }

  /** The writer of this open store, fresh; after a failed write another, for sessions that write first from then on. */
  get writer(): string {
    this.#writer ??= newWriter();
    return this.#writer;
  }

  changeWriter(): void {
    this.#writer = undefined;
  }

  get isClosing(): boolean {
    return this.#closing !== undefined;
  }

  /** A session was written to. */
  wake(id: string): void {
    for (const waker of this.wakers) if (waker.id === undefined || waker.id === id) waker.wake();
  }

  /** What the file system threw, as callers know errors; anything else as it is. */
  typed(error: unknown): unknown {
    return typedError(error, "read or write the store", { path: this.layout.root });
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
      if (known !== undefined) return;
      session.sidecar.paged?.close();
      for (const log of session.logs) this.descriptors.drop(log.slot);
    };
    return { session, release };
  }

  /** Waits for the operations that were called, brings what they wrote to the disk, closes all files. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    for (const waker of this.wakers) waker.stop();
    for (const { streams } of this.sessions.values()) streams?.flush();
    await this.importing?.close();
    await this.upkeep.close();
    while (this.#running.size > 0) await Promise.allSettled(this.#running);
    await this.compactions.close();
    this.isClosed = true;
    for (const session of this.sessions.values()) {
      await session.queue.settled();
      await session.loading?.catch(() => undefined);
      session.writer?.endTurn();
    }
    this.replaced.close();
    await this.catalog.close();
    await this.background.flush();
    this.leases?.close();
    await this.sidecars.close();
    this.descriptors.dropAll();
    this.unpacked.close();
    await this.remote?.close();
    this.sessions.clear();
  }

  /** Gives memory back: folds can be made again from their logs at any time. */
  makeRoom(): void {
    this.#room.make(this.sessions, (session) => {
      this.catalog.evict(session);
      this.sidecars.evicted(session);
      this.sessions.delete(session.id);
      session.sidecar.paged?.close();
      session.lease?.giveUp();
      for (const log of session.logs) this.descriptors.drop(log.slot);
    });
  }
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
