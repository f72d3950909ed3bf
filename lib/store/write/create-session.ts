// A new session, with what it is called from the start.
import { StoreError } from "../../base/errors.ts";
import type { SessionPatch } from "../../base/session-info.ts";
import { loadCanonical } from "../../line/canonical.ts";
import { acknowledge, commitFirst, commitLater } from "./commit.ts";
import { exclusively } from "../exclusively.ts";
import { refresh } from "../read/load.ts";
import { update } from "./operations.ts";
import { preparePatch } from "./prepare.ts";
import type { StoreState } from "../state.ts";
import type { Transaction } from "./transaction.ts";
import { uuidv7 } from "./uuid.ts";

export interface CreateSessionOptions extends SessionPatch {
  /** Any text that is not empty. Default: a new UUID of version 7. */
  id?: string | undefined;
}

/** -> the id. If we crash in here, there is no session, or all of it. */
export async function createSession(store: StoreState, options: CreateSessionOptions): Promise<string> {
  const { id: given, ...patch } = options;
  const session = store.session(given ?? uuidv7(Date.now()));
  const set = preparePatch(session, patch);
  const checkNew = (): void => {
    if (session.exists)
      throw new StoreError("EXISTS", `session ${JSON.stringify(session.id)} exists`, { session: session.id });
  };
  const plan = (tx: Transaction): void => {
    checkNew();
    tx.connect();
    update(tx, set);
  };
  await exclusively(session, async () => {
    await loadCanonical();
    store.now = Date.now();
    // An id that was made just now is in no directory.
    if (given === undefined) return await commitFirst(session, { create: true }, plan);
    // One that is archived stays so.
    await refresh(session);
    checkNew();
    await commitLater(session, { create: true }, plan);
  });
  return await acknowledge(session, session.id);
}
