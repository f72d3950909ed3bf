// Whether somebody writes as another machine: a container that shares the volume, or the store at the place that it was
// moved from.
import { basename, join } from "node:path";
import { judge } from "./lease-holder.ts";
import { LOCK_ENDING, readClaim } from "./lease-lock.ts";
import type { Claim } from "./lease-lock.ts";
import type { Layout } from "./names.ts";
import type { Vfs } from "./vfs.ts";

/**
 * A heartbeat that is older tells of nobody: a holder gives one every other second. The locks in a store that was copied
 * with its cache have none, though their holders may live and write elsewhere.
 */
const HEARD_MS = 30_000;

export interface LiveLease {
  /** The file name of the session. */
  readonly name: string;
  readonly path: string;
  readonly holder: Claim["holder"];
}

/** A lease by which a living process writes as this machine; undefined: there is none. */
export function liveLease(vfs: Vfs, layout: Layout, machine: string): LiveLease | undefined {
  const directory = join(layout.leases, machine);
  for (const file of vfs.names(directory)) {
    if (!file.endsWith(LOCK_ENDING)) continue;
    const path = join(directory, file);
    const claim = readClaim(vfs, path);
    if (claim === undefined || Math.abs(Date.now() - claim.heartbeatMs) > HEARD_MS) continue;
    const isDead = claim.holder !== undefined && judge(vfs, claim.holder, claim.heartbeatMs) === "dead";
    if (!isDead) return { name: basename(file, LOCK_ENDING), path, holder: claim.holder };
  }
  return undefined;
}
