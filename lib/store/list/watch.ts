// The sessions of a store that change, whoever changes them: what the catalog finds out, compared with what it knew.
import { join } from "node:path";
import type { StoreChange } from "../../base/change.ts";
import { ArgumentError } from "../../base/errors.ts";
import { checkOptions } from "../../base/options.ts";
import { giveWay } from "../../base/turn.ts";
import { DamagedIndexError } from "../../indexes/blocks.ts";
import { encodeEntry, markOf } from "../../indexes/catalog/entry.ts";
import type { CatalogEntry } from "../../indexes/catalog/entry.ts";
import type { CatalogView } from "../../indexes/catalog/view.ts";
import { parseStamp } from "../../line/stamp.ts";
import type { Moment } from "./catalog-keeper.ts";
import { shownInfo } from "./describe.ts";
import type { SessionWatcher } from "../remote.ts";
import { rounds } from "./rounds.ts";
import type { StoreState } from "../state.ts";
import { Waker } from "../waker.ts";

export interface WatchOptions {
  /** A stamp, as a session's `tip`: sessions that were written to after it come first. Default: only from now on. */
  from?: string | undefined;
  signal?: AbortSignal | undefined;
}

/** Ends when the store closes; rejects with the signal's reason. */
export async function* watch(store: StoreState, options: WatchOptions): AsyncGenerator<StoreChange> {
  checkOptions("watch", options, ["from", "signal"]);
  const { from, signal } = options;
  if (from !== undefined && parseStamp(from) === undefined)
    throw new ArgumentError("INVALID_CURSOR", "watch() goes on from a stamp");
  const waker = new Waker(store.vfs);
  // What other processes tell each other lies here.
  waker.watchAll(join(store.layout.cache, "catalog"));
  const watcher = store.remote?.watcher() ?? new Watcher(store);
  try {
    yield* rounds(store, waker, signal, async function* (isFirst) {
      for await (const entry of isFirst ? watcher.begin(from) : watcher.changes()) {
        const info = entry.logs.length === 0 ? undefined : shownInfo(entry);
        yield { id: entry.id, ...(info && { info }) };
      }
    });
  } finally {
    watcher.stop();
  }
}

class Watcher implements SessionWatcher {
  readonly #store: StoreState;
  readonly #names: Set<string>;
  #known: Moment | undefined;
  /** Lets go of its base. */
  #release: (() => void) | undefined;

  constructor(store: StoreState) {
    this.#store = store;
    this.#names = store.catalog.subscribe();
  }

  stop(): void {
    this.#store.catalog.unsubscribe(this.#names);
    this.#release?.();
  }

  /** What is there is known from now on; what was written to after `from` comes first, the oldest change first. */
  async *begin(from: string | undefined): AsyncGenerator<CatalogEntry> {
    const { view } = await this.#next();
    if (from === undefined) return;
    const found: CatalogEntry[] = [];
    for (const entry of view.walk("updated", 1)) {
      await giveWay();
      if (entry === undefined) continue;
      if (markOf(entry, "updated").stamp <= from) break;
      found.push(entry);
    }
    yield* found.reverse();
  }

  /** What differs from what was told before. */
  async *changes(): AsyncGenerator<CatalogEntry> {
    const before = this.#known as Moment;
    // What was known before must stay readable until all of it was compared.
    const release = this.#release;
    this.#release = undefined;
    try {
      const now = await this.#next();
      const names = [...this.#names];
      this.#names.clear();
      if (now.generation === before.generation) yield* changed(before.view, now.view, names);
      else yield* changed(before.view, now.view, namesIn([before.view, now.view]));
    } catch (error) {
      if (!(error instanceof DamagedIndexError)) throw error;
      // The next look learns everything anew.
      this.#store.catalog.drop();
      this.#known = before;
    } finally {
      release?.();
    }
  }

  async #next(): Promise<Moment> {
    const moment = await this.#store.catalog.current();
    this.#release = moment.view.base?.hold();
    this.#known = moment;
    return moment;
  }
}

async function* changed(
  before: CatalogView,
  now: CatalogView,
  names: Iterable<string | undefined>,
): AsyncGenerator<CatalogEntry> {
  for (const name of names) {
    await giveWay();
    if (name === undefined) continue;
    const [old, entry] = [before.find(name), now.find(name)];
    if (asText(old) === asText(entry)) continue;
    if (entry !== undefined) yield entry;
    else if (old !== undefined) yield { ...old, logs: [] };
  }
}

/** The names that one of the views has, each once; now and then undefined. */
function* namesIn(views: readonly CatalogView[]): Generator<string | undefined> {
  for (const [index, view] of views.entries()) {
    for (const entry of view.walk("updated", 1)) {
      const isKnown = entry !== undefined && views.slice(0, index).some((each) => each.find(entry.name) !== undefined);
      yield isKnown ? undefined : entry?.name;
    }
  }
}

/** What a listing shows of it: that it lies in another file by now is no change. */
function asText(entry: CatalogEntry | undefined): string {
  return entry === undefined || entry.logs.length === 0 ? "" : JSON.stringify(encodeEntry({ ...entry, logs: [] }));
}
