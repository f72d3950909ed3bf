// The index of titles of an open store: made when somebody searches, from the catalog or from what was kept of it, and
// told of every change from then on. Its code is loaded then, too.
import { Stop } from "../../base/stop.ts";
import { join } from "node:path";
import { ArgumentError, errno } from "../../base/errors.ts";
import { checkOptions } from "../../base/options.ts";
import { giveWay } from "../../base/turn.ts";
import { Aside } from "../../disk/aside.ts";
import { DamagedIndexError } from "../../indexes/blocks.ts";
import type { CatalogView } from "../../indexes/catalog/view.ts";
import type { CatalogEntry } from "../../indexes/catalog/entry.ts";
import type { TitleIndex } from "../../indexes/titles/title-index.ts";
import type { Title, TitleHit } from "../../indexes/titles/title.ts";
import type { TitleSearchOptions } from "../../indexes/titles/search.ts";
import { formatStamp, parseStamp } from "../../line/stamp.ts";
import type { CatalogKeeper } from "./catalog-keeper.ts";
import { readPrompt } from "./describe.ts";
import { checkCount } from "../state.ts";
import type { SessionState } from "../session-state.ts";
import type { StoreState } from "../state.ts";

/** Below this a scan of all titles is as fast as an index, and nothing is kept. */
const LEAST_KEPT = 10_000;
/** So long one look for what other processes changed serves: people type more slowly. */
const SERVES_MS = 50;
const PIECE_BYTES = 1024 * 1024;
/** Where the time of a stamp ends, and what decides between equal times begins. */
const TIE_START = 25;

export class TitleKeeper {
  readonly #store: StoreState;
  readonly #keeper: CatalogKeeper;
  readonly #path: string;
  readonly #stop = new Stop();
  #index: TitleIndex | undefined;
  /** The catalog's, when the index was made. */
  #generation = -1;
  /** What changed in the catalog since the last look. */
  #changes: Set<string> | undefined;
  #lookedAt = Number.NEGATIVE_INFINITY;
  #looking: Promise<TitleIndex> | undefined;
  /** Sessions that this store wrote to since the last search. */
  readonly #written: SessionState[] = [];
  /** The base of the catalog that what is kept was made for. */
  #keptFor: string | undefined;
  #working: Promise<void> | undefined;

  constructor(store: StoreState, keeper: CatalogKeeper) {
    this.#store = store;
    this.#keeper = keeper;
    this.#path = join(store.layout.cache, "titles");
  }

  /** Before a commit. */
  willWrite(session: SessionState): void {
    if (this.#index === undefined || session.isTitleStale) return;
    session.isTitleStale = true;
    this.#written.push(session);
  }

  async search(text: string, options: TitleSearchOptions): Promise<TitleHit[]> {
    checkOptions("searchTitles", options, ["limit", "order"]);
    if (typeof text !== "string") throw new ArgumentError("INVALID_ARGUMENT", "searchTitles() takes a text");
    if (options.limit !== undefined) checkCount("limit", options.limit, 1);
    const { order = "updated" } = options;
    if (order !== "updated" && order !== "best")
      throw new ArgumentError("INVALID_ARGUMENT", 'order is "updated" or "best"');
    const index = await this.#current();
    const hits = index.search(text, options);
    if (index.needsFeed || index.needsMerge || this.#isOutdated(index)) this.#work();
    return hits;
  }

  /** What was kept has words that are to be gone. The next search makes it anew. */
  async erase(): Promise<void> {
    await this.#looking?.catch(() => undefined);
    await this.#working;
    this.#index = undefined;
    this.#keptFor = undefined;
    this.#store.vfs.remove(this.#path);
  }

  /** What is under way is given up. */
  async close(): Promise<void> {
    this.#stop.stop();
    await this.#looking?.catch(() => undefined);
    await this.#working;
    this.#index = undefined;
  }

  async #current(): Promise<TitleIndex> {
    const isFresh = performance.now() - this.#lookedAt < SERVES_MS;
    if (this.#index === undefined || !isFresh || !this.#takeWritten(this.#index)) {
      this.#looking ??= this.#look().finally(() => {
        this.#looking = undefined;
      });
      return await this.#looking;
    }
    return this.#index;
  }

  /** What this store wrote itself; false: of some of it nothing is known without a look. */
  #takeWritten(index: TitleIndex): boolean {
    let isKnown = true;
    for (const session of this.#written.splice(0)) {
      session.isTitleStale = false;
      const title = titleOf(session, index.get(session.id));
      if (title === undefined) isKnown = false;
      else if (title === "deleted") index.delete(session.id);
      else index.set(title);
    }
    return isKnown;
  }

  async #look(): Promise<TitleIndex> {
    this.#changes ??= this.#keeper.subscribe();
    const { view, generation } = await this.#keeper.current();
    const changes = [...this.#changes];
    this.#changes.clear();
    const release = view.base?.hold();
    try {
      if (this.#index === undefined || this.#generation !== generation) {
        this.#index = await this.#make(view);
        this.#generation = generation;
      } else {
        for (const name of changes) {
          const entry = view.young(name) ?? view.find(name);
          if (entry !== undefined) take(this.#index, entry);
          await giveWay();
        }
      }
    } catch (error) {
      if (!(error instanceof DamagedIndexError)) throw error;
      // The next look learns everything anew.
      this.#store.catalog.drop();
      this.#index = undefined;
      return await this.#look();
    } finally {
      release?.();
    }
    this.#takeWritten(this.#index);
    this.#lookedAt = performance.now();
    return this.#index;
  }

  /** From what was kept for this base of the catalog, else from all entries. */
  async #make(view: CatalogView): Promise<TitleIndex> {
    const baseId = view.base?.content.id;
    const kept = await this.#read(baseId);
    if (kept !== undefined) {
      for (const entry of view.youngEntries()) {
        take(kept, entry);
        await giveWay();
      }
      return kept;
    }
    const { TitleIndex } = await import("../../indexes/titles/title-index.ts");
    const index = new TitleIndex();
    const entries = view.walk("updated", 1);
    if (view.size < LEAST_KEPT) {
      for (const entry of entries) {
        if (entry !== undefined) take(index, entry);
        await giveWay();
      }
      return index;
    }
    await index.rebuild(titlesIn(entries), this.#stop.signal);
    await this.#keep(index, baseId);
    return index;
  }

  async #read(baseId: string | undefined): Promise<TitleIndex | undefined> {
    if (baseId === undefined) return undefined;
    try {
      const file = this.#store.vfs.open(this.#path, "read");
      try {
        const bytes = Buffer.allocUnsafeSlow(file.stat().size);
        if ((await file.readLater(bytes, 0, bytes.length, 0)) !== bytes.length) return undefined;
        const { decodeBase } = await import("../../indexes/titles/base-file.ts");
        const decoded = await decodeBase(bytes, this.#stop.signal);
        if (decoded?.tag !== baseId) return undefined;
        this.#keptFor = baseId;
        const { TitleIndex } = await import("../../indexes/titles/title-index.ts");
        return new TitleIndex(decoded.base);
      } finally {
        file.close();
      }
    } catch (error) {
      if (errno(error) === undefined) throw error;
      return undefined;
    }
  }

  /** The next process need not make it. Where it cannot be kept it is made again. */
  async #keep(index: TitleIndex, baseId: string | undefined): Promise<void> {
    const { vfs, layout, readOnly } = this.#store;
    if (baseId === undefined || readOnly !== undefined || index.base.size < LEAST_KEPT) return;
    const { encodeBase } = await import("../../indexes/titles/base-file.ts");
    const pieces = await encodeBase(index.base, baseId, this.#stop.signal);
    try {
      const aside = new Aside(vfs, layout.aside);
      try {
        for (const { buffer, byteOffset, byteLength } of pieces) {
          for (let at = 0; at < byteLength; at += PIECE_BYTES) {
            aside.write(Buffer.from(buffer, byteOffset + at, Math.min(PIECE_BYTES, byteLength - at)));
            await giveWay();
          }
        }
        aside.replace(this.#path);
        this.#keptFor = baseId;
      } finally {
        aside.discard();
      }
    } catch (error) {
      if (errno(error) === undefined) throw error;
    }
  }

  /** What makes the next searches faster, off the path of this one. */
  #work(): void {
    this.#working ??= this.#workOn()
      .catch(() => undefined)
      .finally(() => {
        this.#working = undefined;
      });
  }

  async #workOn(): Promise<void> {
    const { signal } = this.#stop;
    const index = await this.#look();
    if (!index.needsMerge && !this.#isOutdated(index)) return await index.feed(signal);
    const baseId = this.#baseId;
    await index.merge(signal);
    if (index === this.#index) await this.#keep(index, baseId);
  }

  /** The catalog has another base than what is kept was made for. */
  #isOutdated({ base }: TitleIndex): boolean {
    return base.size >= LEAST_KEPT && this.#baseId !== undefined && this.#baseId !== this.#keptFor;
  }

  get #baseId(): string | undefined {
    return this.#keeper.moment.view.base?.content.id;
  }
}

function take(index: TitleIndex, entry: CatalogEntry): void {
  const title = titleIn(entry);
  if (title === undefined) index.delete(entry.id);
  else index.set(title);
}

function* titlesIn(entries: Iterable<CatalogEntry | undefined>): Generator<Title> {
  for (const entry of entries) {
    const title = entry && titleIn(entry);
    if (title !== undefined) yield title;
  }
}

/** Undefined: the session is gone, or deleted. A damaged one is found by its id. */
function titleIn({ id, kind, logs, info, prompt, updated }: CatalogEntry): Title | undefined {
  if (logs.length === 0 || kind === "deleted") return undefined;
  const title = info["title"] as string | undefined;
  return {
    id,
    text: title ?? prompt ?? "",
    isPrompt: title === undefined,
    archived: info["archived"] === true,
    at: parseStamp(updated)?.ms ?? Number.NEGATIVE_INFINITY,
    tie: updated.slice(TIE_START),
  };
}

/** The same of a session that this store has written to; undefined: it is to be read first. */
function titleOf(session: SessionState, known: Title | undefined): Title | "deleted" | undefined {
  const { id, fold } = session;
  if (fold?.last === undefined) return undefined;
  if (fold.deletedAt !== undefined) return "deleted";
  const title = fold.info.get("title") as string | undefined;
  // To find the first prompt takes long where much is said, and it stays the first: a listing has the last word.
  const prompt = title === undefined && known?.isPrompt === true && known.text !== "" ? known.text : undefined;
  return {
    id,
    text: title ?? prompt ?? readPrompt(session) ?? "",
    isPrompt: title === undefined,
    archived: fold.info.get("archived") === true,
    at: fold.last.ms,
    tie: formatStamp(fold.last).slice(TIE_START),
  };
}
