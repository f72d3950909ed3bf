// What a session has that no import wrote: an export that comes back to where it was made adds nothing of that again.
import { isEqual } from "../../line/canonical.ts";
import { NONE } from "../../line/rows.ts";
import { parseStamp } from "../../line/stamp.ts";
import type { Stamp } from "../../line/stamp.ts";
import type { SessionState } from "../session-state.ts";
import { Transaction } from "../write/transaction.ts";

export class NativeSession {
  readonly #tx: Transaction | undefined;

  /** The session as it is known now; what the import adds to it does not show. */
  constructor(session: SessionState) {
    this.#tx = session.known === undefined ? undefined : new Transaction(session, session.known);
  }

  /** False: nothing is there. */
  get hasAny(): boolean {
    return this.#tx !== undefined;
  }

  /** The place of a message that was written at this place, dead or alive, or that has this id in the history. */
  message(at: string, id: string): Stamp | undefined {
    if (this.#tx === undefined) return undefined;
    const { rows } = this.#tx.fold;
    const place = parseStamp(at);
    const written = place === undefined ? NONE : rows.find(place);
    const row = written !== NONE && !rows.isPart(written) ? written : this.#tx.findMessage(id);
    return row === NONE ? undefined : rows.place(row);
  }

  /** True if a part of this message was written at this place, or has this id. */
  hasPart(message: Stamp, at: string, id: string): boolean {
    if (this.#tx === undefined) return false;
    const { rows } = this.#tx.fold;
    const place = parseStamp(at);
    const written = place === undefined ? NONE : rows.find(place);
    if (written !== NONE && rows.isPart(written)) return true;
    const owner = rows.find(message);
    return owner !== NONE && this.#tx.findPart(owner, id) !== NONE;
  }

  /** True if this is what stands. */
  isSo(key: string, value: unknown): boolean {
    const stands = this.#tx?.fold.info.get(key);
    return this.#tx !== undefined && isEqual(stands ?? (key === "archived" ? false : null), value);
  }
}
