// THE WRITE PATH. One commit: the session's state brought up to date, its operations as lines, one write.
//
// Where nothing has to be read or waited for, all of it happens before the call returns its promise: the bytes are in
// the kernel when the caller gets control back, and no other operation can come between.
import { StoreError } from "../../base/errors.ts";
import { isCanonicalLoaded, loadCanonical } from "../../line/canonical.ts";
import { LineBuffer } from "../../line/encode.ts";
import { Fold } from "../../line/fold.ts";
import { formatStamp } from "../../line/stamp.ts";
import { isRival } from "../../log/replace.ts";
import type { LogWriter } from "../../log/writer.ts";
import { giveWay, isLongTurn } from "../../base/turn.ts";
import { createLog } from "./create.ts";
import { exclusively } from "../exclusively.ts";
import { Known } from "../read/known.ts";
import { refresh } from "../read/load.ts";
import type { Encoded } from "./prepare.ts";
import { update } from "./operations.ts";
import { notFound } from "../state.ts";
import type { SessionState } from "../session-state.ts";
import { StaleError, Transaction } from "./transaction.ts";

/** So often others may write between our look and our write before we write all the same: a branch, at worst. */
const MOST_LOOKS = 100;

export interface CommitOptions {
  /** Make the session if there is none, and begin it anew if it was deleted. */
  readonly create?: boolean;
  /** The tip that the caller has seen. If it is another one by now: CONFLICT. */
  readonly expect?: string | undefined;
  /** A deleted session may be written to: by restore(). */
  readonly allowDeleted?: boolean;
}

/**
 * Runs `plan` on the session's present state and writes what it adds, or nothing of it. No promise: it is done. Attachments
 * of what it adds (`encoded`) come first, and the session's later calls wait for them.
 */
export function commit<T>(
  session: SessionState,
  options: CommitOptions,
  plan: (tx: Transaction) => T,
  encoded?: readonly Encoded[],
): T | Promise<T> {
  const hasAttachments = encoded?.some(({ taken }) => taken !== undefined) === true;
  if (
    hasAttachments ||
    !session.queue.isIdle ||
    !isCanonicalLoaded() ||
    session.writer === undefined ||
    session.hasPacked ||
    session.store.remote !== undefined ||
    !session.isReadyToWrite()
  ) {
    const prepare = hasAttachments ? () => attachAll(session, encoded) : undefined;
    return exclusively(session, () => commitLater(session, options, plan), prepare).then((result) =>
      acknowledge(session, result),
    );
  }
  let result: T;
  try {
    result = commitNow(session, session.writer, options, plan);
  } catch (error) {
    if (!(error instanceof StaleError)) throw session.typed(error);
    return exclusively(session, () => commitLater(session, options, plan)).then((again) => acknowledge(session, again));
  }
  const { settings, now } = session.store;
  if (settings.durability === "power") return acknowledge(session, result);
  return isLongTurn(now) ? giveWay().then(() => result) : result;
}

/** Keeps the attachments of what is to be written, as a step of an operation that has the queue already. */
export async function attachAll(session: SessionState, encoded: readonly Encoded[]): Promise<void> {
  if (!encoded.some(({ taken }) => taken !== undefined)) return;
  checkWritable(session);
  const { attach } = await import("../blobs/attachments.ts");
  for (const each of encoded) await attach(session, each);
}

/** Resolves when what was written may be acknowledged: at once, or with durability "power" when it is on the disk. */
export async function acknowledge<T>(session: SessionState, result: T): Promise<T> {
  if (session.store.settings.durability === "power") await session.writer?.sync();
  return result;
}

/** Resolves when all that was written before is on the disk. */
export async function sync(session: SessionState): Promise<void> {
  await session.queue.run(() => refresh(session));
  if (!session.exists) throw notFound(session);
  await session.writer?.sync();
}

/** The same as commit(), as a step of an operation that has the queue and the lease already. */
export async function commitLater<T>(
  session: SessionState,
  options: CommitOptions,
  plan: (tx: Transaction) => T,
): Promise<T> {
  await loadCanonical();
  for (let looks = 1; ; looks++) {
    if (session.store.readOnly === undefined) await session.lease?.take();
    await refresh(session);
    session.store.now = Date.now();
    // While we waited for that, another store of this process, or another process, may have written.
    if (session.known !== undefined && !session.isReadyToWrite()) {
      if (looks < MOST_LOOKS) continue;
      if (options.expect !== undefined)
        throw new StoreError("CONFLICT", "others write to the session without a pause", { session: session.id });
    }
    if ((session.isPutAway || session.hasPacked) && looks < MOST_LOOKS) {
      checkWritable(session);
      const { bringBack } = await import("../space/packed-log.ts");
      try {
        await bringBack(session);
      } catch (error) {
        if (!isRival(error)) throw error;
        session.forgetPlaces();
      }
      if (session.writer === undefined || !session.isReadyToWrite()) continue;
    }
    try {
      return session.writer !== undefined && session.known !== undefined
        ? commitNow(session, session.writer, options, plan)
        : await commitFirst(session, options, plan);
    } catch (error) {
      if (error instanceof StaleError && looks < MOST_LOOKS) continue;
      // Another process made our machine's log of it at the same moment: we go on with that one.
      const isRace = error instanceof StoreError && error.code === "EXISTS" && error.path !== undefined;
      if (!isRace || looks >= MOST_LOOKS) throw error;
      // What the directories showed a moment ago does not hold.
      session.generation = -1;
    }
  }
}

function commitNow<T>(
  session: SessionState,
  writer: LogWriter,
  options: CommitOptions,
  plan: (tx: Transaction) => T,
): T {
  const known = session.known as Known;
  checkWritable(session);
  checkState(session, known, options);
  const tx = new Transaction(session, known);
  const result = planned(session, tx, plan);
  if (tx.lines.length === 0) return result;
  session.store.catalog.willWrite(session);
  if (!writer.isScheduled) session.store.upkeep.sizes.wrote(session);
  try {
    writer.append(tx, session.lease?.isTrusted === true);
  } catch (error) {
    session.startAnew();
    throw error;
  }
  session.ownLast = tx.lines.at(-1)?.stamp;
  if (session.isBroughtBack && hasNewMessage(tx)) session.isBroughtBack = false;
  known.rest();
  session.store.sidecars.grew(session, writer.log.covered);
  session.store.compactions.grew(session, writer.log.covered, tx.lines);
  if (session.store.wakers.size > 0) session.store.wake(session.id);
  session.store.background.addWriter(writer);
  return result;
}

/** The first commit in this machine's log, which makes the log. */
export async function commitFirst<T>(
  session: SessionState,
  options: CommitOptions,
  plan: (tx: Transaction) => T,
): Promise<T> {
  checkWritable(session);
  if (!session.exists && options.create !== true) throw notFound(session);
  const known = session.known ?? new Known(new Fold(), session.logs.length);
  checkState(session, known, options);
  // While the log is made, nobody may read what is ahead of it.
  session.forget();
  const tx = new Transaction(session, known);
  const result = planned(session, tx, plan);
  const [first] = tx.lines;
  if (first === undefined) return result;
  session.store.catalog.willWrite(session);
  session.store.upkeep.sizes.wrote(session);
  const log = await createLog(session, known.fold.first ?? first.stamp, (aside) => {
    const lines = new LineBuffer();
    tx.encodeInto(lines, 0);
    aside.write(lines.bytes.subarray(0, lines.length));
  });
  session.ownLast = tx.lines.at(-1)?.stamp;
  if (session.loading === undefined && log.number === session.logs.length - 1) session.known ??= known;
  if (session.writer !== undefined) session.store.background.addWriter(session.writer);
  session.store.makeRoom();
  session.store.wake(session.id);
  return result;
}

/** A plan that fails half way leaves lines that nobody wrote: what is known is made anew. */
function planned<T>(session: SessionState, tx: Transaction, plan: (tx: Transaction) => T): T {
  try {
    const result = plan(tx);
    if (hasNewMessage(tx) && wasArchived(session, tx)) update(tx, new Map([["archived", null]]));
    return result;
  } catch (error) {
    if (tx.lines.length > 0) session.forget();
    throw error;
  }
}

/** Its log came back from the archive for this; where there is no other place for one that is archived, the mark alone tells. */
function wasArchived({ isBroughtBack, store }: SessionState, { known }: Transaction): boolean {
  return isBroughtBack || (store.remote !== undefined && known.fold.info.get("archived") === true);
}

function hasNewMessage({ lines }: Transaction): boolean {
  return lines.some(({ type, of }) => type === "message" && of === undefined);
}

/** Throws the reason for which nothing may be written to the session. */
export function checkWritable(session: SessionState): void {
  const reason = session.store.readOnly ?? session.damage ?? session.writer?.failure;
  if (reason !== undefined) throw reason;
}

function checkState(session: SessionState, known: Known, { create, expect, allowDeleted }: CommitOptions): void {
  if (create !== true && allowDeleted !== true && known.isDeleted) throw notFound(session);
  if (expect === undefined) return;
  const { tip } = known.fold;
  if (tip === undefined || formatStamp(tip) !== expect) {
    const found = tip === undefined ? "not there" : formatStamp(tip);
    throw new StoreError("CONFLICT", `the session's tip is ${found}, not ${expect}`, { session: session.id });
  }
}
