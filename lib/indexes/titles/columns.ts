// Titles on their way into the columns of a base.
import { fold } from "../../line/searched.ts";
import { StringsBuilder } from "./strings.ts";
import type { Strings } from "./strings.ts";
import { comparePlaces, normalTitle } from "./title.ts";
import type { Title } from "./title.ts";
import type { Turns } from "../../base/slices.ts";

export const IS_PROMPT = 1;
export const IS_ARCHIVED = 2;
/** So many rows are worked on before the clock is asked. */
export const STEP = 32;

/** One row for each title. In a base a row's number is its rank: the newest has 0. */
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
  #length = 0;
  #at = new Float64Array(1024);
  #flags = new Uint8Array(1024);
  readonly #ids = new StringsBuilder();
  #keys: StringsBuilder | undefined;
  readonly #texts = new StringsBuilder();
  readonly #folded = new StringsBuilder();
  readonly #ties = new StringsBuilder();
  #last: Title | undefined;
  #isSorted = true;

  /** True while every title was older than the one before. */
  get isSorted(): boolean {
    return this.#isSorted;
  }

  add(given: Title): void {
    const row = this.#length++;
    if (row === this.#at.length) this.#grow();
    const title = normalTitle(given);
    const { id, text, isPrompt, archived, at, tie } = title;
    this.#ids.add(id);
    this.#texts.add(text);
    this.#folded.add(fold(text));
    this.#ties.add(tie);
    this.#addKey(id);
    this.#at[row] = at;
    this.#flags[row] = (isPrompt ? IS_PROMPT : 0) | (archived ? IS_ARCHIVED : 0);
    if (this.#last !== undefined && comparePlaces(this.#last, title) >= 0) this.#isSorted = false;
    this.#last = title;
  }

  /** The columns, in the order in which the titles came. */
  async build(turns: Turns): Promise<Columns> {
    const built = async (builder: StringsBuilder): Promise<Strings> => {
      if (turns.isOver) await turns.giveWay();
      return builder.build();
    };
    const ids = await built(this.#ids);
    return {
      at: this.#at.slice(0, this.#length),
      flags: this.#flags.slice(0, this.#length),
      ids,
      keys: this.#keys === undefined ? ids : await built(this.#keys),
      texts: await built(this.#texts),
      folded: await built(this.#folded),
      ties: await built(this.#ties),
    };
  }

  /** Ids are their own keys until one comes that is not. */
  #addKey(id: string): void {
    const key = fold(id);
    if (this.#keys === undefined && key === id) return;
    this.#keys ??= this.#ids.withoutLast();
    this.#keys.add(key);
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
