// The catalog of an open store: loaded when somebody lists, told of what this store writes, kept up to date meanwhile.
import { join } from "node:path";
import { DamagedIndexError } from "../../indexes/blocks.ts";
import { Catalog } from "../../indexes/catalog/catalog.ts";
import { fingerprintOf } from "../../disk/fingerprint.ts";
import type { CatalogEntry } from "../../indexes/catalog/entry.ts";
import type { CatalogView } from "../../indexes/catalog/view.ts";
import { giveWay } from "../../base/turn.ts";
import { atRest } from "./at-rest.ts";
import { describe } from "./describe.ts";
import { refresh } from "../read/load.ts";
import { checkMonth } from "./month-check.ts";
import type { Suspects } from "./month-check.ts";
import { reconcile } from "./reconcile.ts";
import { newWriter } from "../write/writer-id.ts";
import { TitleKeeper } from "./title-keeper.ts";
import type { SessionState } from "../session-state.ts";
import type { StoreState } from "../state.ts";

/** So often a writer repeats that it may write to a session. */
const LIVE_MS = 60_000;
/** A session that was not written to for so long is at rest: what it shows is told to all. */
const REST_MS = 1000;
/** To find out what a long session shows takes longer. */
const REST_MS_A_ROW = 0.1;
/** So often the directories are looked at while the store is open, and each time the files of one of them. */
const LOOK_MS = 2000;

/** A new base is not made more often, as long as what is young is not too much. */
const MERGE_MS = 30_000;

/** All sessions at one time. */
export interface Moment {
  readonly view: CatalogView;
  /** As long as it is the same, those who subscribed have all that changed. */
  readonly generation: number;
}

export class CatalogKeeper {
  readonly titles: TitleKeeper;
  readonly #store: StoreState;
  readonly #catalog: Catalog;
  #ownWriter: string | undefined;
  readonly #touched = new Set<SessionState>();
  readonly #subscribed = new Set<Set<string>>();
  #moment: Moment;
  /** Lets go of the moment's base. */
  #release: (() => void) | undefined;
  #restTimer: NodeJS.Timeout | undefined;
  #resting: Promise<void> | undefined;
  #lookTimer: NodeJS.Timeout | undefined;
  #looking: Promise<void> | undefined;
  #reconciling: Promise<void> | undefined;
  /** Who came while one was under way waits for the next. */
  #next: { readonly all: boolean; readonly done: Promise<void> } | undefined;
  #merging: Promise<void> | undefined;
  #mergedAt = Number.NEGATIVE_INFINITY;
  #looked = 0;

  constructor(store: StoreState) {
    this.#store = store;
    const { cache, aside } = store.layout;
    this.#catalog = new Catalog(store.vfs, join(cache, "catalog"), aside);
    this.#moment = { view: this.#catalog.view(), generation: -1 };
    this.titles = new TitleKeeper(store, this);
  }

  get #writer(): string {
    this.#ownWriter ??= newWriter();
    return this.#ownWriter;
  }

  /** Before a commit. Costs a write when the session was at rest, and once a minute. */
  willWrite(session: SessionState): void {
    const { now } = this.#store;
    session.wroteAt = now;
    this.titles.willWrite(session);
    if (this.#store.remote !== undefined || (now - session.toldAt < LIVE_MS && now >= session.toldAt)) return;
    session.toldAt = now;
    this.#touched.add(session);
    this.#catalog.touch(session.name, this.#writer, now);
    this.#startRest();
  }

  /**
   * The sessions as the logs have them now. Who goes on with the view holds its base at once, and is likely to ask again:
   * then the directories are looked at from time to time.
   */
  async current(keepsLooking = true): Promise<Moment> {
    await this.#reconcile(false);
    if (keepsLooking) this.#startLook();
    return this.#moment;
  }

  /** The moment that the last look at the logs ended with. */
  get moment(): Moment {
    return this.#moment;
  }

  /** A set that each moment from now on adds the names of the sessions to that changed before it. */
  subscribe(): Set<string> {
    const changes = new Set<string>();
    this.#subscribed.add(changes);
    return changes;
  }

  unsubscribe(changes: Set<string>): void {
    this.#subscribed.delete(changes);
  }

  /** Compares every file with what is known of it. */
  async checkAll(): Promise<void> {
    await this.#reconcile(true);
  }

  /** What it knew of a session at the last look; nobody has compared that with the logs. */
  known(name: string): CatalogEntry | undefined {
    try {
      this.#catalog.load();
      return this.#catalog.find(name);
    } catch (error) {
      if (!(error instanceof DamagedIndexError)) throw error;
      return undefined;
    }
  }

  /** What a reader has found out about a session. */
  put(entry: CatalogEntry): void {
    this.#catalog.put([entry]);
  }

  /** The session's log went to the archive, with all that is known of it. */
  archived(session: SessionState, entry: CatalogEntry): void {
    const { store } = session;
    const places = store.locator.find(session.name);
    const logs = places.flatMap(({ path }) => {
      const stat = store.vfs.stat(path);
      // The files are ours: nothing can have changed in them without a sign.
      return stat === undefined ? [] : [{ ...store.layout.directoryOf(path), print: fingerprintOf(stat) }];
    });
    this.#catalog.rest([{ ...entry, logs }], this.#writer);
    session.toldAt = Number.NEGATIVE_INFINITY;
    this.#touched.delete(session);
  }

  /** What it knows does not hold: it is learnt anew. */
  drop(): void {
    this.#catalog.drop();
  }

  /** What was said in these sessions is gone from their logs: nothing of it stays here. Throws what the system throws. */
  async erase(names: readonly string[]): Promise<void> {
    const { vfs, layout } = this.#store;
    const { cache } = layout;
    await this.#reconciling?.catch(() => undefined);
    await this.#merging;
    for (const name of names) this.#catalog.put([await describe(this.#store, name)]);
    await this.titles.erase();
    await this.#catalog.erase();
    for (const directory of [join(cache, "catalog"), cache]) await vfs.syncDirectory(directory);
    this.#capture();
  }

  /** A session that is forgotten is told of first. */
  evict(session: SessionState): void {
    if (this.#touched.has(session)) this.#rest([session]);
  }

  /** Tells of all that was written. Nothing is written after it. */
  async close(): Promise<void> {
    clearTimeout(this.#restTimer);
    clearTimeout(this.#lookTimer);
    await this.titles.close();
    // They end at their next step. What they went on with later would open files that nobody closes any more.
    await this.#resting;
    await this.#looking;
    await this.#reconciling?.catch(() => undefined);
    this.#rest([...this.#touched]);
    await this.#mergeIfRipe(false);
    await this.#merging;
    this.#release?.();
    this.#catalog.close();
  }

  async #reconcile(all: boolean): Promise<void> {
    if (this.#reconciling === undefined) return await this.#run(all);
    if (this.#next === undefined || (all && !this.#next.all)) {
      const before = this.#next?.done ?? this.#reconciling;
      const done = before.catch(() => undefined).then(() => this.#run(all));
      this.#next = { all, done };
    }
    await this.#next.done;
  }

  async #run(all: boolean): Promise<void> {
    this.#next = undefined;
    this.#store.checkOpen();
    this.#reconciling = reconcile(this.#store, this.#catalog, all);
    try {
      await this.#reconciling;
      this.#capture();
    } finally {
      this.#reconciling = undefined;
    }
    void this.#mergeIfRipe(this.#touched.size > 0 || performance.now() - this.#mergedAt < MERGE_MS);
  }

  /** What is known now, at once: the cache may vanish under the next look at it. */
  #capture(): void {
    const catalog = this.#catalog;
    const view = catalog.view();
    const release = view.base?.hold();
    this.#release?.();
    this.#release = release;
    this.#moment = { view, generation: catalog.generation };
    for (const changes of this.#subscribed) for (const name of catalog.changes) changes.add(name);
    catalog.changes.clear();
  }

  #startRest(): void {
    this.#restTimer ??= setTimeout(() => {
      this.#resting = this.#restIdle();
    }, REST_MS).unref();
  }

  async #restIdle(): Promise<void> {
    const now = Date.now();
    const idle = [...this.#touched].filter(
      ({ wroteAt, queue, known }) =>
        queue.isIdle && Math.abs(now - wroteAt) >= REST_MS + (known?.rows ?? 0) * REST_MS_A_ROW,
    );
    for (const session of idle) {
      if (this.#store.isClosed) return;
      // Others wrote to it, too; what cannot be read now is told of by whoever lists it.
      if (!session.isReady()) await refresh(session).catch(() => undefined);
      if (!this.#store.isClosed) this.#rest([session]);
      await giveWay();
    }
    this.#restTimer = undefined;
    // close() tells of the rest, and makes the base.
    if (this.#store.isClosed) return;
    if (this.#touched.size > 0) this.#startRest();
    await this.#mergeIfRipe(this.#touched.size > 0 || performance.now() - this.#mergedAt < MERGE_MS);
  }

  /** What these sessions show now, in one write; they are told of again before the next write to them. */
  #rest(sessions: readonly SessionState[]): void {
    const found = atRest(this.#store, sessions);
    for (const { session } of found) {
      session.toldAt = Number.NEGATIVE_INFINITY;
      this.#touched.delete(session);
    }
    const entries = found.map(({ entry }) => entry);
    if (entries.length > 0) this.#catalog.rest(entries, this.#writer);
  }

  #startLook(): void {
    if (this.#store.isClosed) return;
    this.#lookTimer ??= setTimeout(() => {
      this.#looking = this.#look().finally(() => {
        this.#lookTimer = undefined;
        this.#startLook();
      });
    }, LOOK_MS).unref();
  }

  /** Finds what others changed: in directories that show it, and of one after the other in the files. */
  async #look(): Promise<void> {
    try {
      await this.#reconcile(false);
      const { months } = this.#store.locator;
      const month = months[this.#looked++ % Math.max(1, months.length)];
      if (month === undefined) return;
      const suspects: Suspects = new Map();
      const { view } = this.#moment;
      await checkMonth(this.#store, view, month, suspects).finally(view.base?.hold());
      if (suspects.size > 0) await this.#reconcile(true);
    } catch {
      // Whoever lists is told.
    }
  }

  async #mergeIfRipe(isBusy: boolean): Promise<void> {
    const catalog = this.#catalog;
    // A look that is under way ends with this, too: nothing is forgotten under it.
    if (this.#merging !== undefined || this.#reconciling !== undefined || this.#store.readOnly !== undefined) return;
    // What was compared in doubt becomes a base at once: others need not compare it again.
    if (!catalog.isChecked) {
      if (!catalog.isRipe(isBusy)) return;
      // A process that only wrote does not know yet how much there is.
      catalog.load();
      if (!catalog.isRipe(isBusy)) return;
    }
    this.#mergedAt = performance.now();
    this.#merging = this.#catalog.merge().catch(() => undefined);
    await this.#merging;
    this.#merging = undefined;
  }
}
