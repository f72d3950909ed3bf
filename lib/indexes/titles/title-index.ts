// Search as you type over the titles of all sessions.
import { TitleBase } from "./base.ts";
import { buildBase } from "./build-base.ts";
import type { TitleSource } from "./build-base.ts";
import { searchTitles } from "./search.ts";
import type { TitleSearchOptions } from "./search.ts";
import { normalTitle } from "./title.ts";
import type { Title, TitleHit } from "./title.ts";
import { TitleSet } from "./title-set.ts";
import { Turns } from "../../base/slices.ts";

/** Up to here a scan of all titles does. */
const MOST_WITHOUT_BASE = 10_000;
/** Up to here young titles beside a base are scanned: that is as fast as to ask flexsearch, and costs nothing before. */
const MOST_UNFED = 256;
/** So many changes, or this share of the base, are worth a new one. */
const MOST_CHANGES = 4096;
const CHANGED_SHARE = 1 / 32;
/** So many changes are taken over at once. */
const STEP = 64;

export class TitleIndex {
  #titles: TitleSet;
  /** For each base that is to be made: the ids of what has changed since it was asked for. */
  readonly #changes = new Set<Set<string>>();
  #making: Promise<unknown> = Promise.resolve();

  /** Begins with a base that was built or decoded, or with nothing. */
  constructor(base: TitleBase = TitleBase.empty()) {
    this.#titles = new TitleSet(base);
  }

  /** What can be encoded. merge() and rebuild() replace it. */
  get base(): TitleBase {
    return this.#titles.base;
  }

  get size(): number {
    return this.#titles.size;
  }

  /** True when the next searches are worth a merge(). */
  get needsMerge(): boolean {
    const { base, hidden, young } = this.#titles;
    if (base.size === 0) return young.size > MOST_WITHOUT_BASE;
    return Math.max(young.weight, hidden.size) > Math.max(MOST_CHANGES, base.size * CHANGED_SHARE);
  }

  /** True when the next searches are worth a feed(). */
  get needsFeed(): boolean {
    const { base, young } = this.#titles;
    return base.size > 0 && young.unfed > MOST_UNFED;
  }

  get(id: string): Title | undefined {
    return this.#titles.get(id);
  }

  /** Takes over a session that is new, or of which anything has changed. What is as it was changes nothing. */
  set(title: Title): void {
    for (const changed of this.#changes) changed.add(title.id);
    this.#titles.set(normalTitle(title));
  }

  delete(id: string): void {
    for (const changed of this.#changes) changed.add(id);
    this.#titles.delete(id);
  }

  /**
   * The sessions whose title has every word of the text somewhere, or whose id begins with the text (from four characters
   * on), newest first. A session whose id is the text, or is the only one that begins with it, comes before all others.
   * Case, width, and the diacritics of Latin, Greek and Cyrillic do not count. A text without a word finds every session.
   */
  search(text: string, options: TitleSearchOptions = {}): TitleHit[] {
    return searchTitles(this.#titles, text, options);
  }

  /** Gives flexsearch the young titles that it does not have. In slices; searches and changes go on meanwhile. */
  async feed(signal?: AbortSignal): Promise<void> {
    await this.#titles.young.feed(signal);
  }

  /** Makes a new base of all titles. In slices; searches and changes go on meanwhile, and none is lost. */
  async merge(signal?: AbortSignal): Promise<TitleBase> {
    return await this.#replace(() => buildBase(this.#titles.titles(), signal), signal);
  }

  /** The same from these titles, which are all that there are: others are forgotten, unless they are set meanwhile. */
  async rebuild(titles: TitleSource, signal?: AbortSignal): Promise<TitleBase> {
    return await this.#replace(() => buildBase(titles, signal), signal);
  }

  async #replace(build: () => Promise<TitleBase>, signal: AbortSignal | undefined): Promise<TitleBase> {
    const changed = new Set<string>();
    this.#changes.add(changed);
    // One at a time.
    const before = this.#making;
    const making = before.then(() => this.#takeOver(build, changed, signal));
    this.#making = making.catch(() => undefined);
    try {
      return await making;
    } finally {
      this.#changes.delete(changed);
    }
  }

  async #takeOver(
    build: () => Promise<TitleBase>,
    changed: Set<string>,
    signal: AbortSignal | undefined,
  ): Promise<TitleBase> {
    const titles = new TitleSet(await build());
    const turns = new Turns(signal);
    let count = 0;
    // What changes again while the slices last comes back into the set. The new titles are in place when it is empty.
    for (const id of changed) {
      changed.delete(id);
      const title = this.#titles.get(id);
      if (title === undefined) titles.delete(id);
      else titles.set(title);
      if (++count % STEP === 0 && turns.isOver) await turns.giveWay();
    }
    this.#titles.young.stop();
    this.#titles = titles;
    return titles.base;
  }
}
