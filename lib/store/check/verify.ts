// Everything that is wrong with a store, without changing a byte of it.
import { ArgumentError } from "../../base/errors.ts";
import { checkOptions } from "../../base/options.ts";
import { giveWay } from "../../base/turn.ts";
import type { VerifyOptions, VerifyProblem } from "../../base/verify.ts";
import type { StoreState } from "../state.ts";
import { problemOf } from "./verify-codes.ts";
import { wrongBlobs } from "./verify-blobs.ts";
import { strayCaches } from "./verify-files.ts";
import { SessionCheck } from "./verify-session.ts";
import { remoteTargets, targetsOf } from "./verify-targets.ts";

export function checkVerify(call: string, options: VerifyOptions, known: readonly string[] = []): void {
  checkOptions(call, options, ["ids", "signal", "onProgress", ...known]);
  const { ids, onProgress } = options;
  const refuse = (reason: string): never => {
    throw new ArgumentError("INVALID_ARGUMENT", `${call}: ${reason}`);
  };
  if (ids !== undefined && !Array.isArray(ids)) refuse("ids are a list");
  if (onProgress !== undefined && typeof onProgress !== "function") refuse("onProgress is a function");
}

/** `withBlobs`: the contents of attachments are read, too. The problems, as they are found: those of one session after the other, then those of attachments and caches. */
export async function* verify(
  store: StoreState,
  options: VerifyOptions,
  withBlobs = true,
): AsyncGenerator<VerifyProblem> {
  const { ids, signal, onProgress } = options;
  signal?.throwIfAborted();
  store.checkOpen();
  // What was called before this is seen.
  for (const { queue } of store.sessions.values()) if (!queue.isIdle) await queue.settled();
  const progress = { sessions: 0, bytes: 0, problems: 0 };
  const count = (problem: VerifyProblem): VerifyProblem => {
    progress.problems++;
    return problem;
  };
  for await (const target of store.remote === undefined ? targetsOf(store, ids) : remoteTargets(store, ids)) {
    if ("error" in target) {
      const { path, machine, error } = target;
      const where = machine === undefined ? {} : { machine };
      yield count(problemOf({ code: "unreadable", file: path, ...where, by: "nobody", detail: error.message }));
      continue;
    }
    const check = new SessionCheck(store, target.name, target.places, signal);
    for await (const problem of check.problems()) yield count(problem);
    progress.sessions++;
    progress.bytes += check.bytes;
    onProgress?.({ ...progress });
    await giveWay();
    signal?.throwIfAborted();
    store.checkOpen();
  }
  if (ids !== undefined) return;
  if (withBlobs)
    for await (const problem of wrongBlobs(store, (bytes) => (progress.bytes += bytes), signal)) yield count(problem);
  if (!store.vfs.isVolatile) for await (const problem of strayCaches(store)) yield count(problem);
  onProgress?.({ ...progress });
}
