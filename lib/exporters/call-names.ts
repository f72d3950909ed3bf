// Which call a result answers, where the tool that shaped them gave calls no id.
import type { Block } from "./content.ts";

export class CallNames {
  readonly #prefix: string;
  #count = 0;
  /** Calls that have no result yet; those of a session that never gave any are let go. */
  #open: { readonly id: string; readonly name: string }[] = [];

  constructor(prefix: string) {
    this.#prefix = prefix;
  }

  /** -> the call's id, or one that is given to it */
  called({ id, name }: Block & { kind: "call" }): string {
    const own = id === undefined || id === "" ? `${this.#prefix}_turnlog_${++this.#count}` : id;
    this.#open = [...this.#open.slice(-MOST_OPEN), { id: own, name }];
    return own;
  }

  /** -> the id of the call that it answers: the one it names, or the first that waits, of its name if it has one */
  answered({ id, name }: Block & { kind: "result" }): string {
    const known = id === undefined || id === "" ? undefined : id;
    const open = this.#open.find((each) =>
      known === undefined ? (name ?? each.name) === each.name : each.id === known,
    );
    this.#open = this.#open.filter((each) => each !== open);
    return known ?? open?.id ?? `${this.#prefix}_turnlog_${++this.#count}`;
  }
}

const MOST_OPEN = 100;
