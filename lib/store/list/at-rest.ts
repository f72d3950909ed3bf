// What a store tells all others of sessions that it has written to, when they are at rest.
import type { CatalogEntry } from "../../indexes/catalog/entry.ts";
import { entryOf } from "./describe.ts";
import type { SessionState } from "../session-state.ts";
import type { StoreState } from "../state.ts";

interface AtRest {
  readonly session: SessionState;
  readonly entry: CatalogEntry;
}

/**
 * What these sessions show, as far as nobody else has written to them: another store may have listed what we have not seen, in
 * directories that nobody looks through again, and what we know is not to take its place. What cannot be read now is left out, too:
 * whoever lists it says so.
 */
export function atRest({ locator }: StoreState, sessions: readonly SessionState[]): AtRest[] {
  if (sessions.length === 0 || !locator.tryRefresh()) return [];
  const found: AtRest[] = [];
  for (const session of sessions) {
    session.writer?.doubt();
    const entry = session.isReady() ? tryEntryOf(session) : undefined;
    if (entry !== undefined) found.push({ session, entry });
  }
  return found;
}

function tryEntryOf(session: SessionState): CatalogEntry | undefined {
  try {
    return entryOf(session);
  } catch {
    return undefined;
  }
}
