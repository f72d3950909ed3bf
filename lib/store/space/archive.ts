// Archiving a session, and taking that back. To the user it is a flag of the session's info; to the disk it is the place and
// the form of this machine's log. A session of the archive is listed, searched and read as any other.
import { ioError, StoreError } from "../../base/errors.ts";
import { isRival } from "../../log/replace.ts";
import { commitLater } from "../write/commit.ts";
import { entryOf } from "../list/describe.ts";
import { exclusively } from "../exclusively.ts";
import { refresh } from "../read/load.ts";
import { settleOld } from "./rewrite.ts";
import type { SessionState } from "../session-state.ts";
import { notFound } from "../state.ts";
import { update } from "../write/operations.ts";

/** So often others may write while the log is packed. */
const MOST_TRIES = 3;

/** Marks the session as archived, durably, and puts this machine's log of it away. What is archived already stays as it is. */
export async function archiveSession(session: SessionState): Promise<void> {
  try {
    await exclusively(session, () => archiveNext(session));
  } catch (error) {
    throw ioError(error, "archive the session", { session: session.id });
  }
}

/** Brings this machine's log back, byte for byte, and takes the mark away. */
export async function unarchiveSession(session: SessionState): Promise<void> {
  try {
    await exclusively(session, async () => {
      await refreshLiving(session);
      if (session.isPutAway || session.hasPacked) {
        const { bringBack } = await import("./packed-log.ts");
        await bringBack(session);
      }
      await mark(session, null);
      await session.writer?.sync();
    });
  } catch (error) {
    throw ioError(error, "bring the session back from the archive", { session: session.id });
  }
}

/** The same as a step of an operation that has the queue and the lease already. */
export async function archiveNext(session: SessionState): Promise<void> {
  for (let tries = 1; tries <= MOST_TRIES; tries++) {
    if (await archiveOnce(session).catch(unlessRival)) return;
    // What the directories showed a moment ago does not hold.
    session.forgetPlaces();
  }
  throw new StoreError("SESSION_BUSY", "others write to the session without a pause", { session: session.id });
}

/** False: others wrote to it meanwhile, and it is in use. */
async function archiveOnce(session: SessionState): Promise<boolean> {
  const { bringBack, packLog } = await import("./packed-log.ts");
  await refreshLiving(session);
  if (session.isPutAway && session.hasPacked && session.fold?.info.get("archived") === true) return true;
  // If we crash after this one, the session is archived to whoever lists it, and its log is where it was.
  await mark(session, true);
  // A database has no other place for it.
  if (session.store.remote !== undefined) return true;
  if (session.hasPacked) await bringBack(session);
  session.isBroughtBack = false;
  // All that is known of it may be another machine's, that has marked it.
  if (session.writer === undefined) return true;
  await session.writer.sync();
  await settleOld(session, session.writer);
  await refresh(session);
  const entry = entryOf(session);
  if (session.writer !== undefined && !(await packLog(session, session.writer))) return false;
  if (entry !== undefined) session.store.catalog.archived(session, entry);
  session.store.wake(session.id);
  return true;
}

/** A writer without a lease has brought the log back, or put it away, at the same moment. */
function unlessRival(error: unknown): false {
  if (isRival(error)) return false;
  throw error;
}

async function refreshLiving(session: SessionState): Promise<void> {
  await refresh(session);
  if (session.fold === undefined || session.fold.deletedAt !== undefined) throw notFound(session);
}

async function mark(session: SessionState, archived: true | null): Promise<void> {
  await commitLater(session, {}, (tx) => update(tx, new Map([["archived", archived]])));
}
