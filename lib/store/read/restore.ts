// From a sidecar to what it was made of. A log that is the same file as then, by all that a file system tells, is
// believed; of any other the beginning that the sidecar covers must have the same checksum.
import type { OpenFile } from "../../disk/descriptors.ts";
import { isRacy, isSameFile } from "../../disk/fingerprint.ts";
import type { FileStat } from "../../disk/vfs.ts";
import type { SavedLog } from "../../indexes/offsets/layout.ts";
import { BadSidecarError } from "../../indexes/offsets/sidecar.ts";
import { LF } from "../../line/codec.ts";
import { Fold } from "../../line/fold.ts";
import { Rows } from "../../line/rows.ts";
import type { Log } from "../../log/log.ts";
import type { ProblemCode } from "../../log/pieces.ts";
import { prefixOf } from "../../log/prefix.ts";
import { giveWay } from "../../base/turn.ts";
import { LEAST_BYTES, OpenSidecar } from "./open-sidecar.ts";
import type { SessionState } from "../session-state.ts";

type Saved = SavedLog<ProblemCode>;

/** A sidecar, and the logs that it is of: open, and pinned by whoever asked. */
export interface Believed {
  readonly sidecar: OpenSidecar;
  readonly files: readonly OpenFile[];
}

/** The sidecar of a session whose logs are as it says, which are taken over then. Undefined: there is none to believe. */
export function believedSidecar(session: SessionState): Believed | undefined {
  const { logs, store } = session;
  // How much an archived log unpacks to is not known yet.
  const sizes = logs.map(({ packed, size }) => (packed === undefined ? size : LEAST_BYTES));
  if (!isWorthIt(session, sizes)) return undefined;
  const sidecar = OpenSidecar.of(session);
  if (sidecar === undefined) return undefined;
  const files: OpenFile[] = [];
  let isBelieved = false;
  try {
    for (const log of logs) files.push(log.reopen(store.descriptors).pin());
    isBelieved = files.every(({ stat }, number) => isUnchanged(sidecar, number, stat));
    isBelieved &&= logs.every((log) => log.isPackedAsMet(store.vfs));
  } finally {
    if (!isBelieved) {
      for (const file of files) file.unpin();
      sidecar.close();
    }
  }
  if (!isBelieved) return undefined;
  for (const [number, log] of logs.entries()) takeOver(log, sidecar.logs[number] as Saved, sidecar.writtenMs);
  return { sidecar, files };
}

/**
 * The fold as it was saved, and the logs taken over as they were then: what was appended since is to be read.
 * Undefined: there is no sidecar to believe.
 */
export async function restoreFold(session: SessionState): Promise<Fold | undefined> {
  let sidecar: OpenSidecar | undefined;
  try {
    sidecar = session.sidecar.paged ?? (await checkedSidecar(session));
    if (sidecar === undefined) return undefined;
    return await readFold(session, sidecar);
  } catch (error) {
    if (!(error instanceof BadSidecarError)) throw error;
    session.distrust();
    return undefined;
  } finally {
    sidecar?.close();
    session.sidecar.paged = undefined;
  }
}

async function readFold(session: SessionState, open: OpenSidecar): Promise<Fold> {
  session.sidecar.covered = open.logs.reduce((sum, { covered }) => sum + covered, 0);
  return await open.pinned(async (sidecar) => {
    const rows = new Rows(sidecar.text.rows, sidecar.writers, await sidecar.blocks());
    const steps = await sidecar.state();
    let step = steps.next();
    for (; step.done !== true; step = steps.next()) await giveWay();
    return new Fold(rows, step.value);
  });
}

async function checkedSidecar(session: SessionState): Promise<OpenSidecar | undefined> {
  const { vfs } = session.store;
  const sizes = session.logs.map((log) => vfs.stat(log.path)?.size ?? 0);
  if (!isWorthIt(session, sizes)) return undefined;
  const sidecar = OpenSidecar.of(session);
  if (sidecar === undefined) return undefined;
  for (const [number, log] of session.logs.entries()) {
    if (await isCovered(session, log, sidecar, number)) continue;
    sidecar.close();
    return undefined;
  }
  return sidecar;
}

/** True: the log is taken over, up to where the sidecar covers it. */
async function isCovered(session: SessionState, log: Log, sidecar: OpenSidecar, number: number): Promise<boolean> {
  const saved = sidecar.logs[number] as Saved;
  const open = log.reopen(session.store.descriptors).pin();
  try {
    const { file } = open;
    if (isUnchanged(sidecar, number, file.stat())) {
      takeOver(log, saved, sidecar.writtenMs);
      return true;
    }
    session.sidecar.isDoubted = true;
    const readAtMs = Date.now();
    const { covered, crc } = saved;
    if (log.size < covered || (await prefixOf(file, covered))?.crc !== crc) return false;
    takeOver(
      log,
      { ...saved, dev: log.dev, ino: log.ino, size: covered, mtimeMs: Number.NaN, unsettled: [] },
      readAtMs,
    );
    const last = Buffer.alloc(1);
    log.endsClean = covered === 0 || (file.read(last, 0, 1, covered - 1) === 1 && last[0] === LF);
    return true;
  } finally {
    open.unpin();
  }
}

function isUnchanged({ logs, writtenMs }: OpenSidecar, number: number, stat: FileStat): boolean {
  const saved = logs[number] as Saved;
  return isSameFile(saved, stat) && !isRacy(saved, writtenMs);
}

function isWorthIt({ sidecar, store }: SessionState, sizes: readonly number[]): boolean {
  if (sidecar.isDistrusted || store.vfs.isVolatile) return false;
  return sizes.reduce((sum, size) => sum + size, 0) >= LEAST_BYTES;
}

function takeOver(log: Log, saved: Saved, readAtMs: number): void {
  log.readAtMs = readAtMs;
  log.dev = saved.dev;
  log.ino = saved.ino;
  log.size = saved.size;
  log.mtimeMs = saved.mtimeMs;
  log.ctimeMs = saved.ctimeMs;
  log.covered = saved.covered;
  log.isAhead = false;
  log.endsClean = saved.endsClean;
  log.problems = [...saved.problems];
  log.unsettled = [...saved.unsettled];
  log.closed.clear();
  for (const writer of saved.closed) log.closed.add(writer);
  log.told = 0;
  log.prefix = { end: saved.covered, crc: saved.crc };
}
