// Whether this machine's logs of a session have what they are known to have had: by what an index saw last, by what this
// process knows, and by what was found missing before. The indexes are believed for nothing else.
import { errno } from "../../base/errors.ts";
import { readMeta } from "../../indexes/offsets/sidecar.ts";
import type { LineHead } from "../../line/decode.ts";
import { formatStamp, parseStamp } from "../../line/stamp.ts";
import type { Stamp } from "../../line/stamp.ts";
import { GapSearch } from "./gap-search.ts";
import type { Inspected } from "./inspect.ts";
import { ownLastIn } from "./own-last.ts";
import { forgetRolledBack, recall } from "./rolled-back.ts";
import type { StoreState } from "../state.ts";

export class OwnCheck {
  readonly #store: StoreState;
  readonly #name: string;
  /** What was found missing before. */
  readonly #recalled: readonly GapSearch[];
  readonly #searches: readonly GapSearch[];

  /** Made before the logs are read: what is written from then on is not asked for. */
  constructor(store: StoreState, name: string, id: string | undefined) {
    this.#store = store;
    this.#name = name;
    this.#recalled = recall(store, name).map((had) => new GapSearch(had, true));
    const open = id === undefined ? undefined : store.sessions.get(id);
    open?.settle();
    const known = [open?.ownLast, ownLastSaved(store, name), ownLastIn(store, store.catalog.known(name))];
    this.#searches = [
      ...this.#recalled,
      ...known.flatMap((had) => (had === undefined ? [] : [new GapSearch(had)])),
      ...(open?.missing === undefined ? [] : [new GapSearch(open.missing, true)]),
    ];
  }

  line(line: LineHead, machine: string, number: number): void {
    if (this.#searches.length === 0) return;
    const own = this.#store.isOwn(machine) ? number : undefined;
    for (const search of this.#searches) search.line(line, own);
  }

  /** The log is read anew. */
  forget(number: number): void {
    for (const search of this.#searches) search.forget(number);
  }

  /** The last line that is missing, now that all logs were read; undefined: none is. */
  missing(logs: readonly Inspected[]): string | undefined {
    for (const [number, { place, examination }] of logs.entries()) {
      if (!this.#store.isOwn(place.machine)) continue;
      // That is told as what it is, and no older copy is like that.
      if (examination.header === undefined) return undefined;
      for (const finding of examination.findings) for (const search of this.#searches) search.problem(finding, number);
    }
    if (this.#recalled.length > 0 && !this.#recalled.some(({ isMissing }) => isMissing))
      forgetRolledBack(this.#store, this.#name);
    const missing = this.#searches.filter(({ isMissing }) => isMissing).map(({ had }) => formatStamp(had));
    return missing.sort().at(-1);
  }
}

/** As the session's sidecar has it, whether its logs are still those that it is of or not. */
function ownLastSaved({ vfs, layout, machine }: StoreState, name: string): Stamp | undefined {
  try {
    const file = vfs.open(layout.sidecar(name), "read");
    try {
      const text = readMeta(file, file.stat().size)?.text;
      return text?.machine === machine ? parseStamp(text.ownLast) : undefined;
    } finally {
      file.close();
    }
  } catch (error) {
    if (errno(error) === undefined) throw error;
    return undefined;
  }
}
