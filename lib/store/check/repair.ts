// Mends what verify() finds in this machine's own files, as far as it can be mended without losing a byte.
import { basename, dirname, join } from "node:path";
import { ArgumentError, errno, ioError, StoreError } from "../../base/errors.ts";
import type { RepairAction, RepairOptions, RepairReport, VerifyProblem } from "../../base/verify.ts";
import { hashIn } from "../../disk/blobs.ts";
import { nameOf } from "../../disk/names.ts";
import { headerIdOf } from "./header.ts";
import { repairSession } from "./repair-session.ts";
import type { StoreState } from "../state.ts";
import { wrongBlobs } from "./verify-blobs.ts";
import { problemOf } from "./verify-codes.ts";
import { SessionCheck } from "./verify-session.ts";
import { placesOf } from "./verify-targets.ts";
import { checkVerify, verify } from "./verify.ts";

/** With these nothing more can be written. */
const FATAL: ReadonlySet<string> = new Set(["NO_SPACE", "READ_ONLY", "CLOSED"]);

export async function repair(store: StoreState, options: RepairOptions): Promise<RepairReport> {
  checkVerify("repair", options, ["dryRun"]);
  const { dryRun: isTrial = false, signal, ...rest } = options;
  if (typeof isTrial !== "boolean") throw new ArgumentError("INVALID_ARGUMENT", "repair: dryRun is true or false");
  if (!isTrial && store.readOnly !== undefined) throw store.readOnly;
  const actions: RepairAction[] = [];
  const found: VerifyProblem[] = [];
  const names = new Set<string>();
  if (rest.ids === undefined) {
    // First, so that what is missing from then on is told.
    for await (const problem of wrongBlobs(store, () => undefined, signal)) {
      if (problem.isRepairable) actions.push(await moveBlob(store, problem, isTrial));
      else found.push(problem);
    }
  }
  for await (const problem of verify(store, { ...rest, signal }, false)) {
    if (problem.code === "cache") {
      actions.push(removeCache(store, problem, isTrial));
    } else {
      if (problem.isRepairable) names.add(sessionOf(problem.file));
      found.push(problem);
    }
  }
  const left: VerifyProblem[] = [];
  for (const name of names) {
    signal?.throwIfAborted();
    const failure = await repairOne(store, name, isTrial, actions, signal);
    if (failure !== undefined) left.push(failure);
    else if (!isTrial)
      for await (const problem of new SessionCheck(store, name, placesOf(store, name), signal).problems())
        left.push(problem);
  }
  for (const problem of found) {
    const isMended = names.has(sessionOf(problem.file));
    if (isTrial ? !problem.isRepairable : !isMended) left.push(problem);
  }
  return { actions, left };
}

/** The name of the session whose log this is; empty: it is none. */
function sessionOf(file: string): string {
  const name = basename(file);
  return nameOf(name) ?? nameOf(name, true) ?? "";
}

function removeCache({ vfs }: StoreState, { file, message }: VerifyProblem, isTrial: boolean): RepairAction {
  if (!isTrial) vfs.remove(file);
  return { code: "cache", action: "removed", message, file };
}

/** A file that is not what its name says makes room for one that is. */
async function moveBlob(
  { vfs, layout, blobs }: StoreState,
  { code, file, message, bytes }: VerifyProblem,
  isTrial: boolean,
): Promise<RepairAction> {
  const first = join(layout.lostBlobs, basename(file));
  let to = first;
  for (let number = 2; vfs.stat(to) !== undefined; number++) to = `${first}-${number}`;
  if (!isTrial) {
    blobs.forget(hashIn(basename(file)) as string);
    vfs.makeDirectory(layout.lostBlobs);
    vfs.rename(file, to);
    for (const each of [dirname(file), layout.lostBlobs, dirname(layout.lostBlobs), layout.root])
      await vfs.syncDirectory(each);
  }
  return { code, action: "moved", message, file, to, ...(bytes !== undefined && { bytes }) };
}

/** What keeps one session from being mended does not stop the others. -> why it was not */
async function repairOne(
  store: StoreState,
  name: string,
  isTrial: boolean,
  actions: RepairAction[],
  signal: AbortSignal | undefined,
): Promise<VerifyProblem | undefined> {
  const places = placesOf(store, name);
  try {
    const ids = places.map(({ path }) => headerIdOf(store, path));
    await repairSession(store, { name, places, ids }, isTrial, actions, signal);
    return undefined;
  } catch (error) {
    signal?.throwIfAborted();
    if (!(error instanceof StoreError) && errno(error) === undefined) throw error;
    const failure = ioError(error, "repair the session");
    if (FATAL.has(failure.code)) throw failure;
    const own = places.find(({ machine }) => store.isOwn(machine));
    const { path: file = name, machine = store.machine } = own ?? {};
    return problemOf({ code: "unreadable", file, machine, by: "nobody", detail: failure.message });
  }
}
