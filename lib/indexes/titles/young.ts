// The titles that came or changed since the base was made. Few, and they change: objects, in lists that are kept sorted.
import { firstPlace } from "./bisect.ts";
import { fold, hasWords } from "../../line/searched.ts";
import { comparePlaces } from "./title.ts";
import type { Place, Title } from "./title.ts";
import { Turns } from "../../base/slices.ts";
import { YoungPostings } from "./young-postings.ts";

/** So many titles are fed before the clock is asked. */
const STEP = 8;
/** What it costs to look through a candidate, in steps of a scan: it is kept in order, where a scan meets it in order. */
const CANDIDATE_COST = 2;

export interface Young {
  title: Title;
  readonly folded: string;
  /** The folded id. */
  readonly key: string;
}

export class YoungTitles {
  readonly #byId = new Map<string, Young>();
  /** Oldest first: what is new comes at the end, where it is cheap to put. */
  readonly #order: Young[] = [];
  readonly #byKey: Young[] = [];
  #postings: YoungPostings | undefined;
  /** By slot; what has gone since leaves a hole. */
  readonly #fed: (Young | undefined)[] = [];
  readonly #slots = new Map<Young, number>();
  readonly #unfed = new Set<Young>();

  get size(): number {
    return this.#order.length;
  }

  /** How many titles the postings do not have yet. */
  get unfed(): number {
    return this.#unfed.size;
  }

  /** All that is kept: the titles, and in the postings what has gone since. */
  get weight(): number {
    return this.#fed.length + this.#unfed.size;
  }

  get(id: string): Title | undefined {
    return this.#byId.get(id)?.title;
  }

  /** Newest first. */
  titles(): Title[] {
    return this.#order.map(({ title }) => title).reverse();
  }

  set(title: Title): void {
    const known = this.#byId.get(title.id);
    if (known !== undefined && known.title.text === title.text) {
      this.#order.splice(this.#placeOf(known.title), 1);
      known.title = title;
      this.#order.splice(this.#placeOf(title), 0, known);
      return;
    }
    if (known !== undefined) this.#remove(known);
    const young = { title, folded: fold(title.text), key: fold(title.id) };
    this.#byId.set(title.id, young);
    this.#order.splice(this.#placeOf(title), 0, young);
    this.#byKey.splice(this.#firstKey(young.key), 0, young);
    this.#unfed.add(young);
  }

  delete(id: string): void {
    const young = this.#byId.get(id);
    if (young !== undefined) this.#remove(young);
  }

  /** The newest that have all the words, newest first. */
  search(words: readonly string[], limit: number): Young[] {
    if (words.length === 0) return this.#order.slice(-limit).reverse();
    const candidates = this.#postings?.candidates(words);
    if (candidates === undefined) return this.#scan(words, limit);
    // A scan meets the newest first, and ends when it has enough: where most have the words, it looks at fewer.
    const scanned = Math.min(this.size, (limit * this.size) / (candidates.length + 1));
    if (scanned < CANDIDATE_COST * candidates.length) return this.#scan(words, limit);
    const newest = new Newest(limit);
    // The later slots are the newer ones as a rule. What is taken early keeps others out.
    for (let at = candidates.length - 1; at >= 0; at--) {
      const young = this.#fed[candidates[at] as number];
      if (young !== undefined && newest.wants(young) && hasWords(young.folded, words)) newest.take(young);
    }
    for (const young of this.#unfed) {
      if (newest.wants(young) && hasWords(young.folded, words)) newest.take(young);
    }
    return newest.list;
  }

  /** Those whose folded id begins with this, or is this. */
  named(key: string, isWhole: boolean): Young[] {
    const start = this.#firstKey(key);
    const byKey = this.#byKey;
    let end = start;
    const fits = (young: Young): boolean => (isWhole ? young.key === key : young.key.startsWith(key));
    while (end < byKey.length && fits(byKey[end] as Young)) end++;
    return byKey.slice(start, end);
  }

  /** Gives the postings what they do not have yet. */
  async feed(signal?: AbortSignal): Promise<void> {
    const loaded = this.#postings ?? (await YoungPostings.load());
    this.#postings ??= loaded;
    const turns = new Turns(signal);
    let count = 0;
    for (const young of this.#unfed) {
      this.#unfed.delete(young);
      const slot = this.#fed.push(young) - 1;
      this.#slots.set(young, slot);
      this.#postings.add(slot, young.folded);
      if (++count % STEP === 0 && turns.isOver) await turns.giveWay();
    }
  }

  /** Others have taken these titles over: what is still being fed need not be. */
  stop(): void {
    this.#unfed.clear();
  }

  #scan(words: readonly string[], limit: number): Young[] {
    const found: Young[] = [];
    for (let at = this.#order.length - 1; at >= 0 && found.length < limit; at--) {
      const young = this.#order[at] as Young;
      if (hasWords(young.folded, words)) found.push(young);
    }
    return found;
  }

  #remove(young: Young): void {
    this.#byId.delete(young.title.id);
    this.#order.splice(this.#placeOf(young.title), 1);
    this.#byKey.splice(this.#byKey.indexOf(young, this.#firstKey(young.key)), 1);
    this.#unfed.delete(young);
    const slot = this.#slots.get(young);
    if (slot === undefined) return;
    this.#slots.delete(young);
    this.#fed[slot] = undefined;
  }

  /** Where it stands in the order, or would. */
  #placeOf(place: Place): number {
    const order = this.#order;
    return firstPlace(0, order.length, (at) => comparePlaces((order[at] as Young).title, place) <= 0);
  }

  #firstKey(key: string): number {
    const byKey = this.#byKey;
    return firstPlace(0, byKey.length, (at) => (byKey[at] as Young).key >= key);
  }
}

/** The newest of those that come in any order. */
class Newest {
  readonly list: Young[] = [];
  readonly #limit: number;

  constructor(limit: number) {
    this.#limit = limit;
  }

  wants({ title }: Young): boolean {
    if (this.list.length < this.#limit) return true;
    const last = this.list.at(-1);
    return last !== undefined && comparePlaces(title, last.title) < 0;
  }

  take(young: Young): void {
    const { list } = this;
    const place = firstPlace(0, list.length, (at) => comparePlaces((list[at] as Young).title, young.title) > 0);
    list.splice(place, 0, young);
    if (list.length > this.#limit) list.pop();
  }
}
