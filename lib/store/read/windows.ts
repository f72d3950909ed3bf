// What a stream gives, window by window. Of a session that its sidecar has, a few blocks of rows are in memory at a time: a long
// session takes no more of it than a short one. One that is known whole can change at any moment, so all that is asked of it is
// noted at once.
import type { OpenFile } from "../../disk/descriptors.ts";
import type { Reading } from "../../line/reading.ts";
import type { PinnedSidecar } from "./open-sidecar.ts";
import { Snapshot } from "./snapshot.ts";
import type { View } from "./view.ts";

/** So few that what is known of them is garbage before V8 takes it for lasting. */
const WINDOW_MESSAGES = 256;

/** Positions in the history, [first, end). */
export interface Positions {
  readonly first: number;
  readonly end: number;
}

export interface WindowOptions {
  readonly parts: boolean;
  readonly reverse: boolean;
}

export class Windows<M extends object, P extends object> implements Iterable<Snapshot<M, P>> {
  readonly #view: View<Reading>;
  readonly #positions: Positions;
  readonly #options: WindowOptions;
  readonly #files: readonly OpenFile[];
  /** Undefined: `#all` has all of it. */
  readonly #sidecar: PinnedSidecar | undefined;
  readonly #all: Snapshot<M, P> | undefined;

  constructor(view: View<Reading>, { first, end }: Positions, options: WindowOptions) {
    this.#view = view;
    this.#positions = { first, end: Math.max(first, end) };
    this.#options = options;
    if (view.sidecar === undefined || end - first <= WINDOW_MESSAGES) this.#all = this.#snapshot(view, this.#positions);
    else this.#sidecar = view.sidecar.pin();
    this.#files = view.files.map((file) => file.pin());
  }

  /** They serve until release(). Throws BadSidecarError. */
  *[Symbol.iterator](): Generator<Snapshot<M, P>> {
    if (this.#all !== undefined) yield this.#all;
    if (this.#sidecar === undefined) return;
    const { first, end } = this.#positions;
    const { reverse } = this.#options;
    const view = { ...this.#view, fold: this.#sidecar.reading };
    for (let given = 0; given < end - first; given += WINDOW_MESSAGES) {
      const window = reverse
        ? { first: Math.max(first, end - given - WINDOW_MESSAGES), end: end - given }
        : { first: first + given, end: Math.min(end, first + given + WINDOW_MESSAGES) };
      yield this.#snapshot(view, window);
    }
  }

  release(): void {
    for (const file of this.#files) file.unpin();
    this.#sidecar?.release();
  }

  /** The files are pinned here, for all of them. */
  #snapshot(view: View<Reading>, { first, end }: Positions): Snapshot<M, P> {
    return new Snapshot<M, P>(view, view.fold.history.slice(first, end), this.#options.parts, false);
  }
}
