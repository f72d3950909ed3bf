// What is held of an open session. The verbs work on this; the facade in session.ts calls them.
import { typedError } from "../base/errors.ts";
import type { StoreError } from "../base/errors.ts";
import type { Lease, LeaseOwner } from "../disk/lease.ts";
import { encodeName, LOG_ENDING } from "../disk/names.ts";
import type { Fold } from "../line/fold.ts";
import { compareStamps } from "../line/stamp.ts";
import type { Stamp } from "../line/stamp.ts";
import { Log } from "../log/log.ts";
import { LogWriter } from "../log/writer.ts";
import type { WriterOwner } from "../log/commit.ts";
import { Known } from "./read/known.ts";
import type { Place } from "./locator.ts";
import type { PartStreams } from "./write/part-streams.ts";
import { Queue } from "./queue.ts";
import { SidecarState } from "./read/sidecar-state.ts";
import type { StoreState } from "./state.ts";
import { newWriter } from "./write/writer-id.ts";

export class SessionState implements WriterOwner, LeaseOwner {
  readonly store: StoreState;
  readonly id: string;
  readonly name: string;
  readonly queue: Queue = new Queue((error) => this.typed(error));
  #lease: Lease | undefined;
  /** Parts that are growing; undefined: there were none yet. */
  streams: PartStreams | undefined;
  /** All logs of the session, in the order of their numbers. */
  logs: Log[] = [];
  /** The end of this machine's log; undefined: it has none yet. */
  writer: LogWriter | undefined;
  #writerId: string | undefined;
  /**
   * The greatest line that this machine's logs are known to have had. It outlives what is known of the session: who reads
   * the logs anew looks whether they still have it.
   */
  ownLast: Stamp | undefined;
  /** A line that was acknowledged, and that the file which took the log's place was seen not to have. */
  missing: Stamp | undefined;
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
  /** Resolves when the compaction is over that is under way. */
  compacting: Promise<void> | undefined;
  /** When this machine's log is longer than this, it is looked at for what is dead in it. */
  lookAt = 0;
  /** When it was written to, and when it was told that it would be. */
  wroteAt: number = Number.NEGATIVE_INFINITY;
  /** It was written to since the last search of titles. */
  isTitleStale = false;
  toldAt: number = Number.NEGATIVE_INFINITY;
  /** Its log came back from the archive, to be written to: with a new message it is none of the archived ones any more. */
  isBroughtBack = false;

  constructor(store: StoreState, id: string) {
    this.store = store;
    this.id = id;
    this.name = encodeName(id);
  }

  /** The 8 characters that our stamps end in. */
  get writerId(): string {
    this.#writerId ??= this.store.writer;
    return this.#writerId;
  }

  /** Made for who writes: most sessions are only read. Undefined: the store has no leases. */
  get lease(): Lease | undefined {
    this.#lease ??= this.store.leases?.of(this.name, this);
    return this.#lease;
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

  /** Nor does it hold which logs there are: files were given other names. */
  forgetPlaces(): void {
    this.forget();
    this.generation = -1;
  }

  /** Nor whose they are: a folder was adopted. */
  forgetLogs(): void {
    this.writer?.endTurn();
    for (const log of this.logs) this.store.descriptors.drop(log.slot);
    this.forgetPlaces();
    this.logs = [];
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

  /** No operation on it is under way. */
  get isAtRest(): boolean {
    return this.compacting === undefined && this.queue.isIdle && this.loading === undefined;
  }

  get isIdle(): boolean {
    return this.streams?.isIdle !== false && this.isAtRest && this.writer?.isDirty !== true && !this.writer?.failure;
  }

  /** True when the fold has all that the logs have. Costs a look at each log, none within a turn of our own writes. */
  isReady(): boolean {
    return this.known !== undefined && this.loading === undefined && this.#isAsKnown();
  }

  /** True when the sidecar has all that the logs have. */
  isPagedReady(): boolean {
    return this.sidecar.paged !== undefined && this.loading === undefined && this.#isAsKnown();
  }

  /** The same for one who writes: under the lease one look serves for some milliseconds. */
  isReadyToWrite(): boolean {
    if (this.known === undefined || this.loading !== undefined) return false;
    const { lease, store } = this;
    if (lease?.isFresh(store.now) === true) return true;
    if (lease === undefined || store.readOnly !== undefined) return this.#isAsKnown();
    try {
      if (!lease.takeNow()) return false;
    } catch {
      // Who waits for it meets the same, and says so.
      return false;
    }
    const now = Date.now();
    if (!this.#looksAsKnown()) return false;
    lease.looked(now);
    return true;
  }

  #isAsKnown(): boolean {
    return this.writer?.isFresh(this.store.now) === true || this.#looksAsKnown();
  }

  #looksAsKnown(): boolean {
    const { store, writer } = this;
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
    const isKnown = (place: Place): boolean => this.logs.some((log) => this.#isAt(log, place));
    if (places.length !== this.logs.length || !places.every(isKnown)) return false;
    this.generation = locator.generation;
    return true;
  }

  #isAt({ path, packed }: Log, place: Place): boolean {
    if (place.packed === undefined || packed === undefined) return path === place.path;
    return packed.path === place.path && path === this.store.unpacked.pathOf(place.path, place.packed);
  }

  /** The logs are these, and nothing is known of them yet. */
  setPlaces(places: readonly Place[]): void {
    const { store, writer } = this;
    this.generation = store.locator.generation;
    for (const log of this.logs) store.descriptors.drop(log.slot);
    this.forget();
    this.writer = undefined;
    this.logs = places.map((place, number) => {
      const { path, machine, packed, size = 0 } = place;
      if (packed !== undefined) {
        const unpacked = store.unpacked.pathOf(path, packed);
        return new Log(unpacked, machine, number, "read", { path, print: packed, readAtMs: Date.now() });
      }
      const isOwn = store.isOwn(machine) && path.endsWith(LOG_ENDING);
      const log = new Log(path, machine, number, isOwn && store.readOnly === undefined ? "append" : "read");
      log.size = size;
      return log;
    });
    const own = store.eldest(this.logs.filter((log) => store.isOwn(log.machine) && log.place.endsWith(LOG_ENDING)));
    if (own !== undefined) this.setOwnLog(own, writer?.failure);
  }

  /** Makes `log` the one that we write to; after a failed sync it stays read-only. */
  setOwnLog(log: Log, failure?: StoreError): void {
    this.writer = new LogWriter(log, this.store.vfs, this.store.descriptors, this);
    this.writer.failure = failure;
  }

  /** This machine has a log of it, in use or in the archive. */
  get isOurs(): boolean {
    return this.logs.some(({ machine }) => this.store.isOwn(machine));
  }

  /** This machine's log lies in the archive, or lay in use until a moment ago: it comes back before anything is written. */
  get isPutAway(): boolean {
    return this.writer === undefined && this.isOurs;
  }

  /** The archive has a log of this machine. */
  get hasPacked(): boolean {
    return this.logs.some(({ packed, machine }) => packed !== undefined && this.store.isOwn(machine));
  }

  taken(): void {
    this.writer?.doubt();
  }

  settle(): void {
    this.writer?.endTurn();
  }

  moved(): void {
    this.forget();
  }

  rolledBack(had: Stamp): void {
    this.missing ??= had;
  }

  /** Somebody knows that this machine's logs have this line. */
  expect(stamp: Stamp | undefined): void {
    if (stamp !== undefined && (this.ownLast === undefined || compareStamps(this.ownLast, stamp) < 0))
      this.ownLast = stamp;
  }

  /** What the file system threw in an operation on this session, as callers know errors; anything else as it is. */
  typed(error: unknown): unknown {
    return typedError(error, "read or write the session", { session: this.id });
  }

  waits(): void {
    this.known?.settle();
  }

  lost(error: unknown): void {
    const message = "lines that were acknowledged could not be written to the log that replaced the session's log";
    this.store.warn({ code: "lost", message, session: this.id, path: this.writer?.log.path, cause: error });
  }

  /** After a failed write: nothing that we know holds, and a writer whose commit failed never writes again. */
  startAnew(): void {
    this.forget();
    this.renewWriter();
  }

  /** What is written next is another writer's. */
  renewWriter(): void {
    this.#writerId = newWriter();
    // A session that is forgotten and comes back, too, must not write as the one that failed.
    this.store.changeWriter();
  }
}
