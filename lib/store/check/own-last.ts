// The last line that this machine's logs of a session have, and looking for the one that they had. A log only grows, and
// who replaces it whole keeps every writer's last line: where that is missing, an older copy took the log's place.
import { machineIn } from "../../disk/names.ts";
import type { CatalogEntry } from "../../indexes/catalog/entry.ts";
import type { Fold } from "../../line/fold.ts";
import { compareStamps, parseStamp } from "../../line/stamp.ts";
import type { Stamp } from "../../line/stamp.ts";
import type { SessionState } from "../session-state.ts";
import type { StoreState } from "../state.ts";

/** The greatest line of this machine's logs, as far as the fold has them. */
export function ownLastOf(
  { logs, store }: Pick<SessionState, "logs" | "store">,
  { previous }: Pick<Fold, "previous">,
): Stamp | undefined {
  let last: Stamp | undefined;
  for (const { machine, number } of logs) {
    const own = store.isOwn(machine) ? previous[number] : undefined;
    if (own !== undefined && (last === undefined || compareStamps(last, own) < 0)) last = own;
  }
  return last;
}

/** The same as the catalog has it. */
export function ownLastIn(store: StoreState, entry: CatalogEntry | undefined): Stamp | undefined {
  if (entry === undefined || entry.kind === "damaged" || entry.logs.length === 0) return undefined;
  const isOnlyOurs = entry.logs.every(({ directory }) => store.isOwn(machineIn(directory)));
  return parseStamp(isOnlyOurs ? entry.updated : entry.own);
}

/** True when the first line proves that the second one was there: it is the writer's same, or a later one. */
export function proves(line: Stamp, had: Stamp): boolean {
  return line.writer === had.writer && compareStamps(line, had) >= 0;
}

/** Whether a session's logs still have what this machine's were known to have, while they are read. */
export class Lookout {
  readonly #session: SessionState;
  #had: Stamp | undefined;
  /** Nothing is missing. */
  isSeen = false;

  constructor(session: SessionState) {
    this.#session = session;
  }

  /** All is read from the beginning, for what is expected by now. */
  begin(): void {
    this.#had = this.#session.ownLast;
    this.isSeen = this.#had === undefined;
  }

  note(stamp: Stamp): void {
    if (!this.isSeen) this.isSeen = proves(stamp, this.#had as Stamp);
  }

  /** What was known before stands at the beginning of what there is. */
  trust(fold: Fold): void {
    const { ownLast } = this.#session;
    const last = ownLast && ownLastOf(this.#session, fold);
    this.isSeen ||= ownLast === undefined || (last !== undefined && compareStamps(ownLast, last) <= 0);
  }
}
