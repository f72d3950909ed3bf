// Titles on their way into the columns of a base.
import { fold } from "./fold.ts";
import { sortRows } from "./sort.ts";
import { StringsBuilder } from "./strings.ts";
import type { Strings } from "./strings.ts";
import { normalTitle, comparePlaces } from "./title.ts";
import type { Title } from "./title.ts";
import type { Turns } from "./turns.ts";

export const IS_PROMPT = 1;
export const IS_ARCHIVED = 2;
export const HAS_ASCII_ID = 4;
export const HAS_ASCII_TEXT = 8;
/** So many rows are worked on before the clock is asked. */
export const STEP = 32;

/** One row for each title. A row's number is its rank: the newest has 0. */
export interface Columns {
  readonly at: Float64Array;
  readonly flags: Uint8Array;
  readonly ids: Strings;
  /** The ids, folded. Where there is nothing to fold, the same object as `ids`. */
  readonly keys: Strings;
  readonly texts: Strings;
  readonly folded: Strings;
  readonly ties: Strings;
}

export class ColumnsBuilder {
  readonly #seen = new Set<string>();
  #at = new Float64Array(1024);
  #flags = new Uint8Array(1024);
  readonly #ids = new StringsBuilder();
  readonly #keys = new StringsBuilder();
  readonly #texts = new StringsBuilder();
  readonly #folded = new StringsBuilder();
  readonly #ties = new StringsBuilder();
  #last: Title | undefined;
  #isSorted = true;
  #hasKeys = false;

  /** Of two titles with one id the first counts. */
  add(given: Title): void {
    if (this.#seen.has(given.id)) return;
    const row = this.#seen.size;
    this.#seen.add(given.id);
    const title = normalTitle(given);
    if (row === this.#at.length) this.#grow();
    const { id, text, isPrompt, archived, at, tie } = title;
    const key = fold(id);
    this.#hasKeys ||= key !== id;
    this.#at[row] = at;
    this.#keys.add(key);
    this.#flags[row] =
      (isPrompt ? IS_PROMPT : 0) |
      (archived ? IS_ARCHIVED : 0) |
      (this.#ids.add(id) === id.length ? HAS_ASCII_ID : 0) |
      (this.#texts.add(text) === text.length ? HAS_ASCII_TEXT : 0);
    this.#folded.add(fold(text));
    this.#ties.add(tie);
    if (this.#last !== undefined && comparePlaces(this.#last, title) > 0) this.#isSorted = false;
    this.#last = title;
  }

  /** The columns, newest first. */
  async build(turns: Turns): Promise<Columns> {
    const count = this.#seen.size;
    const ids = this.#ids.build();
    const columns = {
      at: this.#at.slice(0, count),
      flags: this.#flags.slice(0, count),
      ids,
      keys: this.#hasKeys ? this.#keys.build() : ids,
      texts: this.#texts.build(),
      folded: this.#folded.build(),
      ties: this.#ties.build(),
    };
    return this.#isSorted ? columns : await sortColumns(columns, turns);
  }

  #grow(): void {
    const at = new Float64Array(2 * this.#at.length);
    at.set(this.#at);
    this.#at = at;
    const flags = new Uint8Array(2 * this.#flags.length);
    flags.set(this.#flags);
    this.#flags = flags;
  }
}

/** Newest first. */
async function sortColumns(columns: Columns, turns: Turns): Promise<Columns> {
  const { at, flags, ids, keys, texts, folded, ties } = columns;
  const order = await sortRows(at.length, (a, b) => compareRows(columns, a, b), turns);
  const inOrder = async (strings: Strings): Promise<Strings> => {
    const builder = new StringsBuilder();
    for (let row = 0; row < order.length; row++) {
      builder.copy(strings, order[row] as number);
      if (row % STEP === 0 && turns.isOver) await turns.giveWay();
    }
    return builder.build();
  };
  const sortedIds = await inOrder(ids);
  return {
    at: at.map((_, row) => at[order[row] as number] as number),
    flags: flags.map((_, row) => flags[order[row] as number] as number),
    ids: sortedIds,
    keys: keys === ids ? sortedIds : await inOrder(keys),
    texts: await inOrder(texts),
    folded: await inOrder(folded),
    ties: await inOrder(ties),
  };
}

function compareRows({ at, ids, ties }: Columns, a: number, b: number): number {
  const atA = at[a] as number;
  const atB = at[b] as number;
  if (atA !== atB) return atA > atB ? -1 : 1;
  return comparePlaces({ id: ids.at(a), at: atA, tie: ties.at(a) }, { id: ids.at(b), at: atB, tie: ties.at(b) });
}
